"""Which events a role, person or key may see: conditions as the API gives them, and as a Scope carries them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from factbook.core.errors import FactbookError, invalid
from factbook.core.scope import Rows

from .filters import MAX_CONDITIONS, PROPERTY, SEGMENT, Condition, Operator, from_pairs
from .personal import hiding

_UTC = ZoneInfo("UTC")
_FORM = 'Send a list such as [{"field": "country", "operator": "in", "value": ["DE", "FR"]}].'


def rows_of(given: Any, *, field: str = "row_filter") -> Rows:
    """A list of `{field, operator, value}` (`operator` is `eq` by default). INVALID naming `field`, with its index.

    Segments are refused: whoever may change one would widen what he sees.
    """
    if given is None:
        return ()
    if not isinstance(given, list):
        raise invalid("A row filter is a list of conditions.", field=field, hint=_FORM)
    if len(given) > MAX_CONDITIONS:
        raise invalid(f"A row filter has at most {MAX_CONDITIONS} conditions.", field=field)
    rows = []
    for index, item in enumerate(given):
        place = f"{field}.{index}"
        if (
            not isinstance(item, dict)
            or not {"field", "value"} <= set(item) <= {"field", "operator", "value"}
            or not isinstance(item["field"], str)
        ):
            raise invalid("A condition has `field` and `value`, and may have `operator`.", field=place, hint=_FORM)
        if item["field"] == SEGMENT:
            raise invalid("A row filter cannot name segments.", field=place, hint="Name columns or properties.")
        operator = item.get("operator", "eq")
        if not isinstance(operator, str) or operator not in set(Operator):
            raise invalid(f"There is no operator {str(operator)[:20]!r}.", field=place, hint=", ".join(Operator))
        try:
            with hiding(False):
                condition = from_pairs([(f"{item['field']}.{operator}", item["value"])], _UTC)[0]
        except FactbookError as error:
            raise invalid(error.message, field=place, hint=error.hint) from error
        rows.append((f"{_name(condition)}.{condition.operator}", tuple(_plain(value) for value in condition.values)))
    return tuple(rows)


def conditions_of(rows: Rows) -> tuple[Condition, ...]:
    """For whoever holds reads to them."""
    with hiding(False):
        return tuple(from_pairs([(_key(item), item["value"])], _UTC)[0] for item in told(rows))


def told(rows: Rows) -> list[dict[str, Any]]:
    """As `rows_of` takes them."""
    found = []
    for key, values in rows:
        field, _, operator = key.rpartition(".")
        value = list(values) if operator == Operator.IN else values[0]
        found.append({"field": field, "operator": operator, "value": value})
    return found


def kept(rows: Rows) -> str | None:
    """As text for a column; None for every row."""
    return json.dumps(told(rows)) if rows else None


def read(text: str | None) -> Rows:
    """What `kept` wrote."""
    return rows_of(json.loads(text)) if text else ()


def _key(item: dict[str, Any]) -> str:
    return f"{item['field']}.{item['operator']}"


def _name(condition: Condition) -> str:
    return condition.name if condition.nature else PROPERTY + condition.name


def _plain(value: Any) -> str | float | bool:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
