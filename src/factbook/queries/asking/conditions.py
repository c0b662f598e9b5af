"""Expressions over an event's columns and properties as SQL, every value a bound parameter.

What an event does not have is null: no comparison but `!=` holds for it (as in filters), arithmetic with it is null.
The warehouse holds '' or 0 in its place: what these do not meet either is written without nulls, which takes the engine
less time to plan.
"""

from __future__ import annotations

from factbook.core.errors import invalid
from factbook.core.sql import Parameters
from factbook.events.filters import ALIASES, COLUMNS, PROPERTY, Nature
from factbook.metrics.expressions import Binary, Call, Expression, In, IsNull, Literal, Name, Unary
from factbook.queries.where import column

_COMPARED = {"=", "!=", "<", "<=", ">", ">="}


def condition(expression: Expression, parameters: Parameters) -> str:
    """True or false, never null."""
    match expression:
        case Binary("and" | "or" as operator, left, right):
            return f"({condition(left, parameters)} {operator.upper()} {condition(right, parameters)})"
        case Unary("not", operand):
            return f"NOT {condition(operand, parameters)}"
        case Binary("=" | "!=" as operator, Name() as left, Name() as right) if _properties(left, right):
            same = " OR ".join(
                f"ifNull({read(left, parameters)} = {read(right, parameters)}, 0)" for read in (_text, number)
            )
            return f"({same})" if operator == "=" else f"NOT ({same})"
        case Binary(operator, Name(name), Literal() as right) if (held := _held(name, right, parameters)) and (
            not _meets_nothing(operator, right)
        ):
            return f"{held} {operator} {_plain(right, parameters)}"
        case Binary(operator, left, right) if operator in _COMPARED:
            read = _flag if _is_flag(left, right) else _text if _is_text(left, right) else number
            compared = f"{read(left, parameters)} {operator} {read(right, parameters)}"
            return f"ifNull({compared}, {1 if operator == '!=' else 0})"
        case In(operand, values):
            return _among(operand, values, parameters)
        case IsNull(operand):
            if isinstance(operand, Name):
                text = f"{_text(operand, parameters)} IS NULL"
                return (
                    f"({text})"
                    if _is_text_column(operand.name)
                    else f"({text} AND {number(operand, parameters)} IS NULL)"
                )
            return f"({number(operand, parameters)} IS NULL)"
        case Call("contains", (held, Literal(part))):
            found = f"positionCaseInsensitiveUTF8({_text(held, parameters)}, {parameters.add(str(part), 'String')}) > 0"
            return f"ifNull({found}, 0)"
        case Name() | Literal(bool()):
            return f"ifNull({_flag(expression, parameters)} = 1, 0)"
    raise invalid("That is no condition over events.", field="where")


def number(expression: Expression, parameters: Parameters) -> str:
    """A Nullable(Float64)."""
    match expression:
        case Literal(value) if not isinstance(value, str):
            return parameters.add(float(value), "Float64")
        case Name(name):
            known = _column(name)
            if known is None:
                key = _key(name, parameters)
                return f"if(mapContains(numbers, {key}), numbers[{key}], NULL)"
            if COLUMNS[known] is Nature.NUMBER:
                return f"nullIf(toFloat64({column(known)}), 0)"
            raise invalid(f"{name} is not a number.", field="where")
        case Unary("-", operand):
            return f"(-{number(operand, parameters)})"
        case Binary("/", left, Literal(float() | int() as divisor)) if divisor:
            return f"({number(left, parameters)} / {parameters.add(float(divisor), 'Float64')})"
        case Binary("/", left, right):
            return f"({number(left, parameters)} / nullIf({number(right, parameters)}, 0))"
        case Binary("+" | "-" | "*" as operator, left, right):
            return f"({number(left, parameters)} {operator} {number(right, parameters)})"
    raise invalid("That is no number of an event.", field="measure")


def amount(expression: Expression, parameters: Parameters) -> tuple[str, str]:
    """(the number of an event that has it, whether an event has it)."""
    match expression:
        case Name(name) if _column(name) is None:
            key = _key(name, parameters)
            return f"numbers[{key}]", f"mapContains(numbers, {key})"
        case Binary("+" | "-" | "*" | "/" as operator, left, Literal(float() | int() as other)) if other:
            value, there = amount(left, parameters)
            return f"({value} {operator} {parameters.add(float(other), 'Float64')})", there
    found = number(expression, parameters)
    return f"ifNull({found}, 0)", f"isNotNull({found})"


def plain_property(expression: Expression | None) -> str | None:
    """The property that `expression` is, where it is nothing else."""
    if isinstance(expression, Name) and _column(expression.name) is None:
        return expression.name.removeprefix(PROPERTY)
    return None


def _column(name: str) -> str | None:
    known = ALIASES.get(name, name)
    return known if known in COLUMNS else None


def _is_flag(*sides: Expression) -> bool:
    return any(isinstance(side, Literal) and isinstance(side.value, bool) for side in sides)


def _is_text(*sides: Expression) -> bool:
    if any(isinstance(side, Literal) and isinstance(side.value, str) for side in sides):
        return True
    return any(isinstance(side, Name) and _is_text_column(side.name) for side in sides)


def _is_text_column(name: str) -> bool:
    known = _column(name)
    return known is not None and COLUMNS[known] is not Nature.NUMBER


def _properties(*names: Name) -> bool:
    return all(_column(name.name) is None for name in names)


def _flag(expression: Expression, parameters: Parameters) -> str:
    if isinstance(expression, Literal):
        return "1" if expression.value is True else "0"
    if isinstance(expression, Name):
        name = _column(expression.name)
        if name is not None and COLUMNS[name] is Nature.FLAG:
            return column(name)
        if name is None:
            text = _text(expression, parameters)
            return f"multiIf({text} = 'true', 1, {text} = 'false', 0, NULL)"
    raise invalid("That is neither true nor false.", field="where")


def _text(expression: Expression, parameters: Parameters) -> str:
    match expression:
        case Literal(value):
            return parameters.add(str(value), "String")
        case Name(name):
            known = _column(name)
            if known is None:
                key = _key(name, parameters)
                return f"if(mapContains(texts, {key}), texts[{key}], NULL)"
            empty = "0" if COLUMNS[known] is Nature.NUMBER else ""
            return f"nullIf(toString({column(known)}), '{empty}')"
    raise invalid("That is no text of an event.", field="where")


def _held(name: str, literal: Literal, parameters: Parameters) -> str | None:
    """SQL of what the warehouse holds for `name`, '' or 0 for nothing; None where that is not of the literal's kind."""
    known = _column(name)
    if known is not None:
        is_text = COLUMNS[known] is Nature.TEXT and isinstance(literal.value, str)
        return f"toString({column(known)})" if is_text else None
    return f"{'texts' if isinstance(literal.value, str | bool) else 'numbers'}[{_key(name, parameters)}]"


def _meets_nothing(operator: str, literal: Literal) -> bool:
    """Whether '' or 0 would meet the comparison."""
    value = literal.value
    if isinstance(value, str | bool):
        return operator != "=" or value == ""
    met = {"=": value == 0, ">": value < 0, ">=": value <= 0, "<": value > 0, "<=": value >= 0}
    return met.get(operator, True)


def _plain(literal: Literal, parameters: Parameters) -> str:
    value = literal.value
    if isinstance(value, bool):
        return "'true'" if value else "'false'"
    return parameters.add(value, "String") if isinstance(value, str) else parameters.add(float(value), "Float64")


def _key(name: str, parameters: Parameters) -> str:
    return parameters.add(name.removeprefix(PROPERTY), "String")


def _among(operand: Expression, values: tuple[Literal, ...], parameters: Parameters) -> str:
    texts = [str(literal.value) for literal in values if isinstance(literal.value, str)]
    numbers = [float(literal.value) + 0.0 for literal in values if not isinstance(literal.value, str)]
    parts = []
    if isinstance(operand, Name) and not any(_meets_nothing("=", literal) for literal in values):
        if texts and (held := _held(operand.name, Literal(texts[0]), parameters)):
            parts.append(f"{held} IN {parameters.add(texts, 'Array(String)')}")
            texts = []
        if numbers and (held := _held(operand.name, Literal(numbers[0]), parameters)):
            parts.append(f"{held} IN {parameters.add(numbers, 'Array(Float64)')}")
            numbers = []
    if texts:
        parts.append(f"ifNull({_text(operand, parameters)} IN {parameters.add(texts, 'Array(String)')}, 0)")
    if numbers:
        listed = parameters.add(numbers, "Array(Float64)")
        # A set tells 0 and -0 apart: adding 0 makes them one.
        parts.append(f"ifNull(({number(operand, parameters)} + 0.) IN {listed}, 0)")
    return f"({' OR '.join(parts)})"
