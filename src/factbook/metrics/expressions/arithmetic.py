"""The grammar of numbers: arithmetic over properties, and over metrics with functions."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from factbook.core.errors import invalid

from .leaves import literal, name, refused
from .nodes import Binary, Call, Expression, Literal, Name, Unary

FUNCTIONS: Mapping[str, tuple[int, int]] = {
    "previous": (1, 1),
    "opening": (1, 1),
    "coalesce": (2, 10),
    "least": (2, 10),
    "greatest": (2, 10),
    "abs": (1, 1),
    "sqrt": (1, 1),
    "days": (0, 0),
}
"""What a formula may call: name → fewest and most arguments."""

OF_METRICS = ("previous", "opening")
"""Functions that look at a metric at another time, hence take its name and nothing else."""

NUMBERS = "Use properties, numbers, + - * / and brackets."
FORMULAS = "Use metric ids, numbers, + - * /, brackets and " + ", ".join(f"{one}()" for one in FUNCTIONS) + "."

_OPERATORS: Mapping[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}


def number(node: exp.Expr, field: str, hint: str = NUMBERS) -> Expression:
    """Arithmetic over properties."""
    return _arithmetic(node, field, hint, calls=False)


def formula(node: exp.Expr, field: str) -> Expression:
    """Arithmetic and FUNCTIONS over metrics."""
    return _arithmetic(node, field, FORMULAS, calls=True)


def _arithmetic(node: exp.Expr, field: str, hint: str, *, calls: bool) -> Expression:
    match node:
        case exp.Paren():
            return _arithmetic(node.this, field, hint, calls=calls)
        case exp.Add() | exp.Sub() | exp.Mul() | exp.Div():
            left = _arithmetic(node.left, field, hint, calls=calls)
            return Binary(_OPERATORS[type(node)], left, _arithmetic(node.right, field, hint, calls=calls))
        case exp.Neg():
            match _arithmetic(node.this, field, hint, calls=calls):
                case Literal(float() as value):
                    return Literal(-value)
                case operand:
                    return Unary("-", operand)
        case exp.Literal() if not node.is_string:
            return literal(node, field, hint)
        case exp.Column() | exp.Dot():
            return name(node, field, hint)
        case exp.Anonymous() if calls:
            return _call(node, field)
    raise refused(node, field, hint)


def _call(node: exp.Anonymous, field: str) -> Call:
    called = str(node.this).lower()
    if called not in FUNCTIONS:
        raise refused(node, field, FORMULAS)
    fewest, most = FUNCTIONS[called]
    arguments = tuple(formula(one, field) for one in node.expressions)
    if not fewest <= len(arguments) <= most:
        takes = str(fewest) if fewest == most else f"{fewest} to {most}"
        raise invalid(f"{called}() takes {takes} arguments, not {len(arguments)}.", field=field)
    if called in OF_METRICS and not isinstance(arguments[0], Name):
        raise invalid(f"{called}() takes the id of a metric.", field=field, hint=f"For example {called}(mrr).")
    return Call(called, arguments)
