"""Conditions over events: one syntax for query strings and JSON, checked here and compiled to SQL elsewhere.

A key is `COLUMN`, `COLUMN.OPERATOR`, `property.NAME` or `property.NAME.OPERATOR`; without an operator it means `eq`.
NAME may contain dots (the path into nested objects); if its last part is itself called like an operator, name the
operator too (`property.signal.in.eq=1`). Conditions are joined by AND; the same key given twice with `eq` means either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from factbook.core.errors import invalid
from factbook.core.times import parse_moment

from .personal import refuse_personal


class Operator(StrEnum):
    EQ = "eq"  # equal
    NE = "ne"  # not equal, or not there at all
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    IN = "in"  # equal to one of a comma list
    CONTAINS = "contains"  # text holds this, whatever the case
    EXISTS = "exists"  # true: has a value; false: has none


class Nature(StrEnum):
    """What a column holds, hence which operators make sense for it."""

    TEXT = "text"
    TIME = "time"
    ID = "id"
    FLAG = "flag"
    NUMBER = "number"
    PEOPLE = "people"  # no column: whose event it is


COLUMNS: dict[str, Nature] = {
    "id": Nature.ID,
    "event_type": Nature.TEXT,
    "event_category": Nature.TEXT,
    "timestamp": Nature.TIME,
    "processed_at": Nature.TIME,
    "user_id": Nature.TEXT,
    "anonymous_id": Nature.TEXT,
    "session_id": Nature.TEXT,
    "session": Nature.NUMBER,
    "content_id": Nature.TEXT,
    "resource_type": Nature.TEXT,
    "resource_id": Nature.TEXT,
    "ip_address": Nature.TEXT,
    "user_agent": Nature.TEXT,
    "device": Nature.TEXT,
    "browser": Nature.TEXT,
    "os": Nature.TEXT,
    "is_bot": Nature.FLAG,
    "referrer": Nature.TEXT,
    "referrer_source": Nature.TEXT,
    "utm_source": Nature.TEXT,
    "utm_medium": Nature.TEXT,
    "utm_campaign": Nature.TEXT,
    "utm_term": Nature.TEXT,
    "utm_content": Nature.TEXT,
    "country": Nature.TEXT,
    "region": Nature.TEXT,
    "city": Nature.TEXT,
    "source": Nature.TEXT,
    "batch_id": Nature.ID,
    "correlation_id": Nature.TEXT,
    "data_class": Nature.TEXT,
}
"""Columns of an event as the API names them, in the order of answers (`properties` comes last)."""

ALIASES = {"event_id": "id"}
PROPERTY = "property."
SEGMENT = "segment"
"""The key of conditions on the segments that an event's person is in."""
MAX_CONDITIONS = 50
MAX_VALUES = 1000

Value = str | float | int | bool | datetime | UUID

_ORDERING = {Operator.GT, Operator.GTE, Operator.LT, Operator.LTE}
_ALLOWED: dict[Nature, set[Operator]] = {
    Nature.TEXT: set(Operator),
    Nature.TIME: {Operator.EQ, Operator.NE, *_ORDERING},
    Nature.ID: {Operator.EQ, Operator.NE, Operator.IN},
    Nature.FLAG: {Operator.EQ, Operator.NE},
    Nature.NUMBER: {Operator.EQ, Operator.NE, Operator.IN, Operator.EXISTS},
    Nature.PEOPLE: {Operator.EQ, Operator.NE, Operator.IN},
}
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?\Z")
_SYNTAX = "Use COLUMN, COLUMN.OPERATOR, property.NAME or property.NAME.OPERATOR, with " + ", ".join(Operator) + "."


@dataclass(frozen=True, slots=True)
class Condition:
    """One test of an event. `nature` is None for a property, whose values may be number or text."""

    name: str
    nature: Nature | None
    operator: Operator
    values: tuple[Value, ...]

    @property
    def is_sparse(self) -> bool:
        """Whether few events meet it, which lie anywhere in a day."""
        return self.name == "user_id" and self.operator is Operator.EQ


def number(text: str) -> float | None:
    """`text` read as a finite number, None when it is none."""
    if not _NUMBER.match(text):
        return None
    value = float(text)
    return value if abs(value) != float("inf") else None


def field_of(key: str, *, field: str | None = None) -> tuple[str, Nature | None]:
    """(name, nature) of a column or `property.NAME`, without an operator. INVALID naming `field` when there is none."""
    if key.startswith(PROPERTY) and len(key) > len(PROPERTY) and "\0" not in key:
        return key.removeprefix(PROPERTY), None
    name = ALIASES.get(key, key)
    if name not in COLUMNS:
        raise invalid(f"There is no event column {key[:60]!r}.", field=field or key[:60] or "filters", hint=_SYNTAX)
    return name, COLUMNS[name]


def from_pairs(pairs: Iterable[tuple[str, Any]], zone: ZoneInfo) -> tuple[Condition, ...]:
    """Conditions from `(key, value)` pairs: of a query string (text) or of a JSON object (any scalar, or a list).

    INVALID naming the key; FORBIDDEN for personal data that is hidden from whoever asks.
    """
    found: dict[tuple[str, Nature | None, Operator, int], list[Value]] = {}
    for count, (key, given) in enumerate(pairs):
        if count >= MAX_CONDITIONS:
            raise invalid(f"At most {MAX_CONDITIONS} conditions are taken.", field="filters")
        name, nature, operator = _split(key)
        if nature:
            refuse_personal(name)
        if nature is Nature.TEXT and name == "event_type" and operator is Operator.EQ and isinstance(given, str):
            operator = Operator.IN
        if isinstance(given, list) and operator is Operator.EQ:
            operator = Operator.IN
        if operator not in (_ALLOWED[nature] if nature else set(Operator)):
            raise invalid(f"{key[:60]!r} does not know {operator}.", field=key[:60], hint=_SYNTAX)
        merged = 0 if operator in (Operator.EQ, Operator.IN) else count
        slot = (name, nature, Operator.IN if merged == 0 and operator is Operator.IN else operator, merged)
        found.setdefault(slot, []).extend(_values(key, nature, operator, given, zone))
    conditions = []
    for (name, nature, operator, _), values in found.items():
        if len(values) > MAX_VALUES:
            raise invalid(f"At most {MAX_VALUES} values are taken for one condition.", field=name)
        several = operator is Operator.EQ and len(values) > 1
        conditions.append(Condition(name, nature, Operator.IN if several else operator, tuple(values)))
    return tuple(conditions)


def from_json(text: str, zone: ZoneInfo) -> tuple[Condition, ...]:
    """Conditions from the `filters` parameter.

    Either an object with the keys of the query string, `{"country": "DE", "property.price.gte": 10}`, or a list of
    `{"field": "property.price", "operator": "gte", "value": 10}`.
    """
    try:
        given = msgspec.json.decode(text)
    except msgspec.DecodeError:
        raise invalid("filters is not JSON.", field="filters", hint='For example {"country": "DE"}.') from None
    if isinstance(given, dict):
        return from_pairs(given.items(), zone)
    if not isinstance(given, list):
        raise invalid("filters is neither an object nor a list.", field="filters")
    pairs = []
    for item in given:
        if (
            not isinstance(item, dict)
            or not {"field", "value"} <= set(item) <= {"field", "operator", "value"}
            or not isinstance(item["field"], str)
        ):
            raise invalid("Each filter needs field and value, and may have operator.", field="filters")
        operator = item.get("operator", "eq")
        if operator not in set(Operator):
            raise invalid(f"{operator!r} is not an operator.", field="filters", hint=_SYNTAX)
        pairs.append((f"{item['field']}.{operator}", item["value"]))
    return from_pairs(pairs, zone)


def _split(key: str) -> tuple[str, Nature | None, Operator]:
    head, dot, last = key.rpartition(".")
    if key == SEGMENT or (head == SEGMENT and last in set(Operator)):
        return SEGMENT, Nature.PEOPLE, Operator(last) if dot else Operator.EQ
    if dot and last in set(Operator) and head != PROPERTY.rstrip("."):
        return *field_of(head, field=key[:60]), Operator(last)
    return *field_of(key), Operator.EQ


def _values(key: str, nature: Nature | None, operator: Operator, given: Any, zone: ZoneInfo) -> list[Value]:
    if operator is Operator.IN and isinstance(given, str):
        given = [part.strip() for part in given.split(",") if part.strip()]
    items = given if isinstance(given, list) else [given]
    if not items or (isinstance(given, list) and operator is not Operator.IN):
        raise invalid(f"{key[:60]} needs {'a value' if not items else 'one value'}.", field=key[:60])
    if operator is Operator.EXISTS:
        return [_flag(key, item) for item in items]
    return [_value(key, nature, item, zone) for item in items]


def _value(key: str, nature: Nature | None, item: Any, zone: ZoneInfo) -> Value:
    if not isinstance(item, str | int | float | bool):
        raise invalid(f"{key[:60]} takes text, a number or true/false.", field=key[:60])
    text = ("true" if item else "false") if isinstance(item, bool) else str(item)
    if "\0" in text:
        raise invalid(f"{key[:60]} holds a zero character.", field=key[:60])
    match nature:
        case Nature.TIME:
            return parse_moment(text, zone, key)
        case Nature.FLAG:
            return _flag(key, item)
        case Nature.ID:
            try:
                return UUID(text)
            except ValueError:
                raise invalid(f"{key[:60]} is not a UUID.", field=key[:60]) from None
        case Nature.NUMBER:
            if not re.fullmatch(r"\d{1,20}", text) or int(text) >= 2**64:
                raise invalid(f"{key[:60]} is not a whole number.", field=key[:60])
            return int(text)
        case Nature.TEXT | Nature.PEOPLE:
            return text
        case None:
            return text if isinstance(item, str | bool) else _finite(key, item)


def _finite(key: str, item: float) -> float:
    try:
        value = float(item)
    except OverflowError:
        value = float("inf")
    if abs(value) == float("inf"):
        raise invalid(f"{key[:60]} is too large a number.", field=key[:60])
    return value


def _flag(key: str, item: Any) -> bool:
    text = str(item).lower()
    if text not in ("true", "false", "1", "0"):
        raise invalid(f"{key[:60]} takes true or false.", field=key[:60])
    return text in ("true", "1")
