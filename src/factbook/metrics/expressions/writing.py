"""From an expression to its canonical text, which reads back as the same expression."""

from __future__ import annotations

import re

from .dialect import KEYWORDS
from .nodes import Binary, Call, Expression, In, IsNull, Literal, Name, Unary

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*\Z")
_STRENGTH = {"or": 1, "and": 2, "not": 3, "+": 5, "-": 5, "*": 6, "/": 6}
_COMPARISON, _NEGATION, _ATOM = 4, 7, 8


def text(expression: Expression) -> str:
    """The expression in words that `parse_…` takes, with no more brackets than needed."""
    match expression:
        case Name(name):
            return name if _PLAIN.match(name) and not _is_keyword(name) else _quoted(name, '"')
        case Literal(value):
            return _literal(value)
        case Unary("not", IsNull(operand)):
            return f"{_side(operand, _COMPARISON + 1)} is not null"
        case Unary("not", In(operand, values)):
            return f"{_side(operand, _COMPARISON + 1)} not in ({', '.join(map(text, values))})"
        case Unary("not", operand):
            return f"not {_side(operand, _STRENGTH['not'])}"
        case Unary(_, operand):
            return f"-{_side(operand, _ATOM)}"
        case Binary(operator, left, right):
            strength = _STRENGTH.get(operator, _COMPARISON)
            least = strength + 1 if strength == _COMPARISON else strength
            return f"{_side(left, least)} {operator} {_side(right, strength + 1)}"
        case In(operand, values):
            return f"{_side(operand, _COMPARISON + 1)} in ({', '.join(map(text, values))})"
        case IsNull(operand):
            return f"{_side(operand, _COMPARISON + 1)} is null"
        case Call(name, arguments):
            return f"{name}({', '.join(map(text, arguments))})"


def _side(expression: Expression, least: int) -> str:
    """In brackets when it binds less than `least`."""
    written = text(expression)
    return written if _strength(expression) >= least else f"({written})"


def _strength(expression: Expression) -> int:
    match expression:
        case Binary(operator):
            return _STRENGTH.get(operator, _COMPARISON)
        case Unary("not", In() | IsNull()) | In() | IsNull():
            return _COMPARISON
        case Unary("not"):
            return _STRENGTH["not"]
        case Unary():
            return _NEGATION
        case Literal(float() as value) if value < 0:
            return _NEGATION
        case _:
            return _ATOM


def _is_keyword(name: str) -> bool:
    return any(part.upper() in KEYWORDS for part in name.split("."))


def _literal(value: float | str | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value, "'")
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)


def _quoted(content: str, mark: str) -> str:
    return mark + content.replace(mark, mark * 2) + mark
