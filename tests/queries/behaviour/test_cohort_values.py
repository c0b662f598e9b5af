"""What cohorts brought: counted by hand, and against a plain sum over each person's events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as whatever
from hypothesis import strategies as st

from factbook.core.errors import FactbookError, Kind
from factbook.core.money import Money
from factbook.core.scope import Role, Scope
from factbook.queries.behaviour.cohorts.question import cohorts
from factbook.queries.behaviour.cohorts.values import values
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

from .histories import Event, events, persons
from .tenants import BERLIN, tenant

NOW = datetime(2026, 3, 23, 12, 0, tzinfo=UTC)
MARCH: dict[str, Any] = {"cohort_type": "day", "start_date": "2026-03-20", "end_date": "2026-03-23", "periods": 3}


def asked(
    warehouse: Warehouse, scope: Scope, how: Mapping[str, Any], money: Money | None = None, now: datetime = NOW
) -> Any:
    question = {**MARCH, "metric": "revenue", **how}
    return values(warehouse, scope, cohorts(question, BERLIN, now), tenant(money))


def bought(day: int, user: str, amount: float, currency: str = "EUR", type: str = "purchase") -> Event:
    at = datetime(2026, 3, day, 12, tzinfo=UTC)
    return {"at": at, "user": user, "type": type, "properties": {"amount": amount, "currency": currency}}


def test_revenue_is_told_in_sum_and_for_each_member(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [bought(20, "a", 10), bought(20, "a", 5), bought(20, "b", 0, type="view")])
    given(engine, scope, [bought(21, "a", 7), bought(21, "b", 3), bought(23, "b", 1), bought(19, "old", 99)])
    answer = asked(warehouse, scope, {})
    assert answer["currency"] == "EUR"
    first = answer["cohorts"][0]
    assert first == {
        "cohort": "2026-03-20T00:00:00+01:00",
        "partial": False,
        "size": 2,
        "values": [15, 10, 0, 1],
        "per_person": [7.5, 5, 0, 0.5],
        "cumulative": [15, 25, 25, 26],
        "cumulative_per_person": [7.5, 12.5, 12.5, 13],
        "incomplete": [False, False, False, True],
    }
    assert answer["cohorts"][2]["cumulative_per_person"] == [None] * 4
    # the last column is over for no cohort with a member
    assert answer["average"]["per_person"] == [7.5, 5, 0, None]


def test_orders_and_other_counts_are_told_alike(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [bought(20, "a", 10), bought(20, "a", 5), bought(22, "a", 7)])
    assert asked(warehouse, scope, {"metric": "orders"})["cohorts"][0]["values"] == [2, 0, 1, 0]
    assert asked(warehouse, scope, {"metric": "purchase.amount"})["cohorts"][0]["values"] == [15, 0, 7, 0]
    assert asked(warehouse, scope, {"metric": "orders", "brackets": "0-1,2-3"})["cohorts"][0]["values"] == [2, 1]


def test_amounts_are_in_the_tenants_currency(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [bought(20, "a", 10), bought(20, "a", 10, "USD")])
    told = asked(warehouse, scope, {}, Money("EUR", {"USD": 0.5}))
    assert told["cohorts"][0]["values"][0] == 15
    with pytest.raises(FactbookError) as refused:
        asked(warehouse, scope, {})
    assert (refused.value.kind, refused.value.field) == (Kind.CONFLICT, "rates")


@pytest.mark.parametrize(
    ("how", "field"),
    [
        ({"metric": "active_users"}, "metric"),
        ({"metric": "average_order_value"}, "metric"),
        ({"metric": "no_such_thing"}, "metric"),
        ({"returns": "on_or_after"}, "returns"),
        ({"reference": "previous"}, "reference"),
        ({"rolling": True}, "rolling"),
    ],
)
def test_what_does_not_add_up_is_refused(warehouse: Warehouse, scope: Scope, how: dict[str, Any], field: str) -> None:
    with pytest.raises(FactbookError) as refused:
        asked(warehouse, scope, how)
    assert refused.value.field == field


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@whatever(history=events, recurring=st.booleans())
def test_revenue_is_that_of_a_plain_sum(
    warehouse: Warehouse, engine: Engine, history: list[Event], recurring: bool
) -> None:
    scope = Scope(tenant=uuid4().hex, actor="test", role=Role.OWNER)
    given(engine, scope, history)
    how = {"end_date": "2026-04-01", "occurrence": "recurring" if recurring else "first_time"}
    answer = asked(warehouse, scope, how, now=datetime(2026, 5, 1, tzinfo=UTC))
    first = date(2026, 3, 20)
    expected = [[0.0] * 4 for _ in range(13)]
    for own in persons(history).values():
        days = [event["at"].astimezone(ZoneInfo("Europe/Berlin")).date() for event in own]
        for start in set(days) if recurring else days[:1]:
            for day, event in zip(days, own, strict=True):
                base, period = (start - first).days, (day - start).days
                if event["type"] == "purchase" and 0 <= base < 13 and 0 <= period < 4:
                    expected[base][period] += event["properties"]["amount"]
    end = date(2026, 4, 2)
    told = [
        [amount if start + timedelta(k) < end else None for k, amount in enumerate(row)]
        for start, row in ((first + timedelta(n), row) for n, row in enumerate(expected))
    ]
    assert [each["values"] for each in answer["cohorts"]] == told
