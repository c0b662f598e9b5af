"""Whether one event meets conditions, told without the warehouse: what `queries/where.py` means by them in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from factbook.core.clock import epoch_ms

from .filters import Condition, Nature, Operator, Value, number


def meets(row: Mapping[str, Any], conditions: Sequence[Condition]) -> bool:
    """row: the columns of an event as the warehouse takes them, ids as bytes, maps as pairs, times as datetimes."""
    return all(_column(row, one) if one.nature else _property(row, one) for one in conditions)


def _column(row: Mapping[str, Any], condition: Condition) -> bool:
    held = row["event_id" if condition.name == "id" else condition.name]
    operator, values = condition.operator, condition.values
    match condition.nature:
        case Nature.PEOPLE:
            raise AssertionError("whose event it is cannot be told from it alone")
        case Nature.ID:
            held = UUID(bytes=bytes(held))
        case Nature.TIME:
            held = epoch_ms(held)
            values = tuple(epoch_ms(value) for value in values if isinstance(value, datetime))
    if operator is Operator.EXISTS:
        return bool(held) is values[0]
    if operator is Operator.CONTAINS:
        return _plain(str(values[0])) in _plain(held)
    if operator is Operator.IN:
        return held in values
    if isinstance(held, str):
        return _compared(operator, held.encode(), str(values[0]).encode())
    return _compared(operator, held, values[0])


def _property(row: Mapping[str, Any], condition: Condition) -> bool:
    name, operator, values = condition.name, condition.operator, condition.values
    numbers, texts = dict(row["numbers"]), dict(row["texts"])
    match operator:
        case Operator.EXISTS:
            there = name in numbers or name in texts or _is_in(row["properties"], name)
            return there is values[0]
        case Operator.CONTAINS:
            return name in texts and _plain(str(values[0])) in _plain(texts[name])
        case Operator.EQ | Operator.IN:
            return _equal(name, numbers, texts, values)
        case Operator.NE:
            return not _equal(name, numbers, texts, values)
    amount = _amount(values[0])
    if amount is None:
        return name in texts and _compared(operator, texts[name].encode(), str(values[0]).encode())
    return name in numbers and _compared(operator, numbers[name], amount)


def _equal(name: str, numbers: Mapping[str, float], texts: Mapping[str, str], values: Sequence[Value]) -> bool:
    """Text that reads as a number equals that number and that text; a number equals numbers alone."""
    amounts = [amount for value in values if (amount := _amount(value)) is not None]
    written = [value for value in values if isinstance(value, str)]
    return (name in numbers and numbers[name] in amounts) or (name in texts and texts[name] in written)


def _amount(value: Value) -> float | None:
    return value if isinstance(value, float) else number(str(value))


def _is_in(properties: str, name: str) -> bool:
    """Whether the object holds anything but null there, by its path or by a key with dots in it."""
    found = msgspec.json.decode(properties) if properties else {}
    below: Any = found
    for part in name.split("."):
        below = below.get(part) if isinstance(below, dict) else None
    return below is not None or (isinstance(found, dict) and found.get(name) is not None)


def _compared(operator: Operator, held: Any, value: Any) -> bool:
    match operator:
        case Operator.EQ:
            return bool(held == value)
        case Operator.NE:
            return bool(held != value)
        case Operator.GT:
            return bool(held > value)
        case Operator.GTE:
            return bool(held >= value)
        case Operator.LT:
            return bool(held < value)
        case _:
            return bool(held <= value)


def _plain(text: str) -> str:
    """Lower case letter by letter, as the engine compares."""
    return "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)
