"""Row filters: as callers give them, as a Scope carries them, as they are kept."""

from __future__ import annotations

from typing import Any

import pytest

from factbook.core.errors import FactbookError
from factbook.events.filters import Operator
from factbook.events.row_filters import conditions_of, kept, read, rows_of, told

CASES: list[tuple[dict[str, Any], str, tuple[Any, ...]]] = [
    ({"field": "country", "value": "DE"}, "country.eq", ("DE",)),
    ({"field": "country", "operator": "in", "value": ["DE", "FR"]}, "country.in", ("DE", "FR")),
    ({"field": "country", "value": ["DE", "FR"]}, "country.in", ("DE", "FR")),
    ({"field": "event_type", "value": "purchase"}, "event_type.in", ("purchase",)),
    ({"field": "event_id", "value": "0190cf00-0000-7000-8000-000000000000"}, "id.eq", None),  # type: ignore[list-item]
    ({"field": "property.price", "operator": "gte", "value": 10}, "property.price.gte", (10.0,)),
    ({"field": "property.signal.in", "operator": "eq", "value": "up"}, "property.signal.in.eq", ("up",)),
    ({"field": "is_bot", "value": False}, "is_bot.eq", (False,)),
    ({"field": "user_id", "operator": "exists", "value": True}, "user_id.exists", (True,)),
    ({"field": "timestamp", "operator": "gte", "value": "2026-01-01T00:00:00Z"}, "timestamp.gte", None),  # type: ignore[list-item]
]


@pytest.mark.parametrize(("given", "key", "values"), CASES, ids=[key for _, key, _ in CASES])
def test_a_condition_keeps_its_meaning_wherever_it_is(given: dict[str, Any], key: str, values: Any) -> None:
    rows = rows_of([given])
    assert rows[0][0] == key
    assert values is None or rows[0][1] == values
    assert hash(rows)
    assert read(kept(rows)) == rows == rows_of(told(rows))
    [condition] = conditions_of(rows)
    assert condition.operator is Operator(key.rpartition(".")[2])
    assert len(condition.values) == len(rows[0][1])


def test_the_same_field_twice_is_both_conditions_and_not_either() -> None:
    rows = rows_of([{"field": "country", "value": "DE"}, {"field": "country", "value": "FR"}])
    assert [condition.values for condition in conditions_of(rows)] == [("DE",), ("FR",)]


def test_none_is_every_event() -> None:
    assert rows_of(None) == rows_of([]) == read(None) == ()
    assert kept(()) is None


@pytest.mark.parametrize(
    "given",
    [
        "country=DE",
        {"country": "DE"},
        ["country"],
        [{"field": "country"}],
        [{"field": "nothing", "value": 1}],
        [{"field": "country", "operator": "like", "value": "D"}],
        [{"field": "country", "value": "DE", "or": 1}],
        [{"field": "segment", "value": "vip"}],
        [{"field": "segment.in", "value": ["vip"]}],
        [{"field": 5, "value": 1}],
        [{"field": "is_bot", "value": "perhaps"}],
        [{"field": "country", "operator": "in", "value": []}],
        [{"field": "country", "value": {"a": 1}}],
        [{"field": "country", "operator": ["in"], "value": "DE"}],
        [{"field": "country", "value": "DE"}] * 51,
    ],
)
def test_what_is_no_condition_is_refused_by_its_place(given: Any) -> None:
    with pytest.raises(FactbookError) as refusal:
        rows_of(given)
    assert str(refusal.value.field).startswith("row_filter")
