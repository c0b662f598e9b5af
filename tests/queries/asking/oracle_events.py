"""One event in plain Python: the texts and numbers it holds, whether a condition is true of it, where a cut puts it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from factbook.events.filters import COLUMNS, Condition, Nature, Operator
from factbook.events.filters import number as read_number
from factbook.metrics.expressions import Binary, Call, Expression, In, IsNull, Literal, Name, Unary
from factbook.metrics.model import Dimension, TimePart
from tests.queries.given import leaves

Event = Mapping[str, Any]


def column(event: Event, name: str) -> Any:
    """What `name` holds, '' or 0 where it is empty."""
    known = {"event_type": event.get("type", "page_view"), "user_id": event.get("user", ""), "timestamp": event["at"]}
    known |= {"is_bot": event.get("is_bot", False), "session": event.get("session", 0), "id": event["id"]}
    return known.get(name, event.get(name, ""))


def held(event: Event, name: str) -> Any:
    """A property by its dotted path, None where it is missing."""
    return dict(leaves(event.get("properties", {}))).get(name)


def number_of(event: Event, prop: str) -> float | None:
    value = held(event, prop)
    return float(value) if type(value) in (int, float) else None


def text_of(event: Event, name: str) -> str | None:
    """A column or property as text; None for numbers and what is missing."""
    if name in COLUMNS:
        value = column(event, name)
        return (str(value).lower() if isinstance(value, bool) else str(value)) or None
    value = held(event, name.removeprefix("property."))
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else None


def shown(event: Event, name: str) -> str:
    """A column or property as text, numbers too; '' for what is missing."""
    amount = None if name in COLUMNS else number_of(event, name.removeprefix("property."))
    return text_of(event, name) or ("" if amount is None else f"{amount:g}")


def number(expression: Expression, event: Event) -> float | None:
    match expression:
        case Literal(value):
            return float(value)
        case Name("session"):
            return float(column(event, "session")) or None
        case Name(name):
            return number_of(event, name.removeprefix("property."))
        case Unary("-", operand):
            found = number(operand, event)
            return None if found is None else -found
        case Binary(operator, left, right):
            one, other = number(left, event), number(right, event)
            if one is None or other is None or (operator == "/" and other == 0):
                return None
            return {"+": one + other, "-": one - other, "*": one * other, "/": one / (other or 1)}[operator]
    raise AssertionError(expression)


def is_true(expression: Expression, event: Event) -> bool:
    match expression:
        case Binary("and", left, right):
            return is_true(left, event) and is_true(right, event)
        case Binary("or", left, right):
            return is_true(left, event) or is_true(right, event)
        case Unary("not", operand):
            return not is_true(operand, event)
        case Binary("=" | "!=" as operator, Name(one), Name(other)) if not {one, other} & set(COLUMNS):
            texts, numbers = [text_of(event, n) for n in (one, other)], [number_of(event, n) for n in (one, other)]
            same = any(pair[0] is not None and pair[0] == pair[1] for pair in (texts, numbers))
            return same == (operator == "=")
        case Binary(operator, left, right):
            return _compares(operator, left, right, event)
        case In(operand, values):
            texts = [v.value for v in values if isinstance(v.value, str)]
            numbers = [v.value for v in values if not isinstance(v.value, str)]
            as_text = bool(texts) and isinstance(operand, Name) and text_of(event, operand.name) in texts
            return as_text or (bool(numbers) and number(operand, event) in numbers)
        case IsNull(Name("session")):
            return not column(event, "session")
        case IsNull(Name(name)):
            return text_of(event, name) is None and (name in COLUMNS or number(Name(name), event) is None)
        case IsNull(operand):
            return number(operand, event) is None
        case Call("contains", (Name(name), Literal(part))):
            return str(part).lower() in (text_of(event, name) or "").lower() and text_of(event, name) is not None
    raise AssertionError(expression)


def _compares(operator: str, left: Expression, right: Expression, event: Event) -> bool:
    sides = (left, right)
    literals = [side.value for side in sides if isinstance(side, Literal)]
    a: Any
    b: Any
    if any(isinstance(value, bool) for value in literals):
        a, b = (_flag(side, event) for side in sides)
    elif any(isinstance(value, str) for value in literals) or any(_is_text_column(side) for side in sides):
        a, b = (_text(side, event) for side in sides)
    else:
        a, b = (number(side, event) for side in sides)
    if a is None or b is None:
        return operator == "!="
    return bool({"=": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator])


def _is_text_column(side: Expression) -> bool:
    return isinstance(side, Name) and COLUMNS.get(side.name) in (Nature.TEXT, Nature.ID)


def _text(side: Expression, event: Event) -> str | None:
    if isinstance(side, Literal):
        return str(side.value)
    assert isinstance(side, Name)
    return text_of(event, side.name)


def _flag(side: Expression, event: Event) -> bool | None:
    if isinstance(side, Literal):
        return side.value is True
    assert isinstance(side, Name)
    return {"true": True, "false": False}.get(text_of(event, side.name) or "")


def passes(condition: Condition, event: Event) -> bool:
    """A filter of the request."""
    if condition.nature is None:
        return _property_passes(condition, event)
    value, operator, first = column(event, condition.name), condition.operator, condition.values[0]
    if condition.nature is Nature.ID:
        value = UUID(value)
    match operator:
        case Operator.EXISTS:
            return (value not in ("", 0)) == first
        case Operator.IN:
            return value in condition.values
        case Operator.CONTAINS:
            return str(first).lower() in str(value).lower()
    return _ordered(operator, value, first)


def _property_passes(condition: Condition, event: Event) -> bool:
    value, operator, first = held(event, condition.name), condition.operator, condition.values[0]
    text = str(value).lower() if isinstance(value, bool) else value if isinstance(value, str) else None
    amount = float(value) if type(value) in (int, float) else None

    def equals(one: Any) -> bool:
        read = read_number(one) if isinstance(one, str) else float(one)
        return (text is not None and text == one) or (amount is not None and amount == read)

    match operator:
        case Operator.EXISTS:
            return (value is not None) == first
        case Operator.CONTAINS:
            return text is not None and str(first).lower() in text.lower()
        case Operator.EQ | Operator.IN:
            return any(equals(one) for one in condition.values)
        case Operator.NE:
            return not equals(first)
    limit = read_number(first) if isinstance(first, str) else float(str(first))
    if limit is not None:
        return amount is not None and _ordered(operator, amount, limit)
    return text is not None and _ordered(operator, text, first)


def _ordered(operator: Operator, value: Any, limit: Any) -> bool:
    match operator:
        case Operator.EQ:
            return bool(value == limit)
        case Operator.NE:
            return bool(value != limit)
        case Operator.GT:
            return bool(value > limit)
        case Operator.GTE:
            return bool(value >= limit)
        case Operator.LT:
            return bool(value < limit)
    return bool(value <= limit)


def cut(dimension: Dimension, event: Event, zone: ZoneInfo) -> str:
    """The value of `dimension`, '' where the event has none."""
    if dimension.time_part:
        return str(_part(dimension.time_part, event["at"].astimezone(zone)))
    name = dimension.field.removeprefix("property.")
    if dimension.edges:
        amount = number_of(event, name)
        return "" if amount is None else bucket(dimension, amount)
    value = shown(event, dimension.field)
    return dimension.lookup.get(value, value)


def bucket(dimension: Dimension, amount: float) -> str:
    edges = dimension.edges
    if amount < edges[0]:
        return f"<{edges[0]:g}"
    if amount >= edges[-1]:
        return f">={edges[-1]:g}"
    return next(f"{a:g}-{b:g}" for a, b in pairwise(edges) if a <= amount < b)


def place(dimension: Dimension, text: str) -> Any:
    """What the values of `dimension` are sorted by."""
    if dimension.time_part:
        return int(text)
    if dimension.edges:
        return [bucket(dimension, at) for at in (float("-inf"), *dimension.edges)].index(text) + 1 if text else 0
    return text


def _part(part: TimePart, wall: datetime) -> int:
    match part:
        case TimePart.HOUR_OF_DAY:
            return wall.hour
        case TimePart.DAY_OF_WEEK:
            return wall.isoweekday()
        case TimePart.DAY_OF_MONTH:
            return wall.day
        case TimePart.WEEK_OF_YEAR:
            return wall.isocalendar().week
        case TimePart.MONTH_OF_YEAR:
            return wall.month
        case TimePart.QUARTER:
            return (wall.month + 2) // 3
    return wall.year
