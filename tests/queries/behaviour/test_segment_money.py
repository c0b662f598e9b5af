"""Amounts of money in a segment's rule are told in the tenant's currency, as in metrics, or refused."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from factbook.core.calendar import Calendar
from factbook.core.errors import FactbookError, Kind
from factbook.core.money import Money
from factbook.core.scope import Scope
from factbook.metrics.catalog import built_in
from factbook.queries.asking.lookups import Lookups
from factbook.queries.behaviour.segments.amounts import Amounts
from factbook.queries.behaviour.segments.people import listed
from factbook.queries.behaviour.segments.segments import Segments
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

from .test_segments import NOW

EUROS = Money("EUR", {"USD": 0.5, "GBP": 2.0})
BOUGHT = {"aggregate": "sum", "of": "amount", "over": "purchase"}


def bought(user: str, amount: float, currency: str = "", **properties: Any) -> dict[str, Any]:
    named = {"currency": currency} if currency else {}
    return {
        "at": "2026-03-10T10:00:00Z",
        "user": user,
        "type": "purchase",
        "properties": {"amount": amount, **named, **properties},
    }


@pytest.fixture
def shop(engine: Engine, scope: Scope) -> Scope:
    events = [
        bought("ann", 100, "USD"),
        bought("ann", 30, "EUR"),
        bought("bob", 90),
        bought("eve", 50, "gbp", stars=5),
    ]
    given(engine, scope, events)
    return scope


def inside(warehouse: Warehouse, scope: Scope, rule: dict[str, Any], money: Money = EUROS) -> set[str]:
    amounts = Amounts(built_in(), money, Lookups(warehouse, scope).currencies)
    segments = Segments(dict, Calendar(ZoneInfo("UTC")), NOW, amounts.told_in)
    people, _ = listed(warehouse, scope, segments.read(rule), segments.calendar.zone, limit=100)
    return {one["user_id"] for one in people}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({**BOUGHT, "eq": 80}, {"ann"}),
        ({**BOUGHT, "gte": 90}, {"bob", "eve"}),
        ({**BOUGHT, "aggregate": "avg", "eq": 40}, {"ann"}),
        ({**BOUGHT, "aggregate": "max", "eq": 50}, {"ann"}),
        ({**BOUGHT, "aggregate": "min", "lt": 50}, {"ann"}),
        ({**BOUGHT, "of": "property.amount", "over": {}, "gte": 90}, {"bob", "eve"}),
        ({**BOUGHT, "money": False, "gte": 90}, {"ann", "bob"}),
        ({**BOUGHT, "of": "stars", "eq": 5}, {"eve"}),
        ({**BOUGHT, "of": "stars", "money": True, "eq": 10}, {"eve"}),
    ],
    ids=lambda given: str(sorted(given) if isinstance(given, set) else given),
)
def test_amounts_are_told_in_the_tenants_currency(
    warehouse: Warehouse, shop: Scope, rule: dict[str, Any], expected: set[str]
) -> None:
    assert inside(warehouse, shop, rule) == expected


def test_a_currency_without_a_rate_is_refused_with_the_way_out(warehouse: Warehouse, shop: Scope) -> None:
    with pytest.raises(FactbookError) as refused:
        inside(warehouse, shop, {**BOUGHT, "gte": 90}, Money("EUR", {"USD": 0.5}))
    assert (refused.value.kind, refused.value.field) == (Kind.CONFLICT, "rates")
    assert refused.value.details == {"currencies": ["GBP"]}
    assert "PUT /api/v1/settings" in (refused.value.hint or "")


def test_a_filter_on_the_currency_needs_its_rate_alone(warehouse: Warehouse, shop: Scope) -> None:
    of_dollars = {"event": "purchase", "filters": {"property.currency": "USD"}}
    assert inside(warehouse, shop, {**BOUGHT, "over": of_dollars, "eq": 50}, Money("EUR", {"USD": 0.5})) == {"ann"}


def test_whoever_named_no_currency_counts_in_the_only_one_there_is(
    warehouse: Warehouse, engine: Engine, scope: Scope
) -> None:
    given(engine, scope, [bought("ann", 90, "USD"), bought("bob", 10)])
    assert inside(warehouse, scope, {**BOUGHT, "gte": 90}, Money()) == {"ann"}
