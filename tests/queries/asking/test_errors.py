"""What a senseless question is told: which field is wrong, of what kind the error is, and what to do."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from factbook.core.calendar import Calendar
from factbook.core.errors import FactbookError, Kind
from factbook.core.money import Money
from factbook.core.scope import Role, Scope, Tier
from factbook.metrics.catalog import Catalog, load_pack
from factbook.queries.asking.ask import Tenant, ask
from factbook.queries.asking.request import from_json, from_query
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

from .drawn import CATALOG, LOOKING_BACK

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
TENANT = Tenant(CATALOG, Calendar(ZoneInfo("Europe/Berlin")), Money("EUR", {"USD": 0.5}), {})
DAYS = {"start_time": "2026-03-01", "end_time": "2026-03-07"}

EVERY_METRIC = sorted(set(CATALOG.metrics) - LOOKING_BACK)

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"metrics": []}, "metrics"),
    ({"metrics": None}, "metrics"),
    ({"metrics": [1]}, "metrics"),
    ({"metrics": {"a": 1}}, "metrics"),
    ({"metrics": ["order"]}, "metrics"),
    ({"metrics": ["no such"]}, "metrics"),
    ({"metrics": ["."]}, "metrics"),
    ({"metrics": ["orders."]}, "metrics"),
    ({"metrics": ["a" * 600]}, "metrics"),
    ({"metrics": [f"m{n}" for n in range(51)]}, "metrics"),
    ({"metrics": [".".join("a" * 255)] * 2 + [".".join("b" * 255)]}, "metrics"),
    ({"metric": "orders", "metrics": ["orders"]}, "metric"),
    ({"dimensions": ["contry"]}, "dimensions"),
    ({"dimensions": ["property."]}, "dimensions"),
    ({"dimensions": "property.\0"}, "dimensions"),
    ({"dimensions": ["country", "city", "os", "device", "browser", "region"]}, "dimensions"),
    ({"metrics": ["narrow"], "dimensions": ["city"]}, "dimensions"),
    ({"filters": 7}, "filters"),
    ({"filters": [{"field": "country"}]}, "filters"),
    ({"filters": [{"field": 7, "value": 1}]}, "filters"),
    ({"filters": [{"field": "property.a", "operator": "like", "value": "x"}]}, "filters"),
    ({"filters": [{"field": "property.a", "operator": ["eq"], "value": "x"}]}, "filters"),
    ({"filters": {"contry": "DE"}}, "contry"),
    ({"filters": {"": "DE"}}, "filters"),
    ({"filters": {"country": {"eq": "DE"}}}, "country"),
    ({"filters": {"country": [["DE"]]}}, "country"),
    ({"filters": {"country": None}}, "country"),
    ({"filters": {"country": "\0"}}, "filters"),
    ({"filters": {"country.gt.lt": "DE"}}, "country.gt.lt"),
    ({"filters": {"timestamp": "soon"}}, "timestamp"),
    ({"filters": {"is_bot": "perhaps"}}, "is_bot"),
    ({"filters": {"session": -1}}, "session"),
    ({"filters": {"id": "x"}}, "id"),
    ({"filters": {"property.amount": 10**400}}, "property.amount"),
    ({"filters": {"country": ["x"] * 1001}}, "country"),
    ({"filters": {"country": "x" * 40_000}}, "filters"),
    ({"filters": {f"property.p{n}": 1 for n in range(51)}}, "filters"),
    ({"period": "last_0_days"}, "period"),
    ({"period": "sometimes"}, "period"),
    ({"period": "last_999999999_months"}, "period"),
    ({"period": "today", "start_time": "2026-03-01"}, "period"),
    ({"start_time": "yesterday"}, "start_time"),
    ({"end_time": "2026-13-01"}, "end_time"),
    ({"start_time": "2026-03-02", "end_time": "2026-03-01T00:00:00Z"}, "end_time"),
    ({"start_time": "1700-01-01"}, "start_time"),
    ({"end_time": "9999-12-31"}, "end_time"),
    ({"timezone": "Mars/Olympus"}, "timezone"),
    ({"timezone": "../../etc/passwd"}, "timezone"),
    ({"granularity": "2d"}, "granularity"),
    ({"granularity": "1m", "period": "last_30_days"}, "granularity"),
    ({"granularity": "1h", "period": "last_2000_days"}, "granularity"),
    ({"granularity": ""}, "granularity"),
    ({"granularity": "1d", "period": "last_2000_days", "show": ["running_total"]}, "granularity"),
    (
        {"granularity": "1d", "period": "last_9000_days", "metrics": EVERY_METRIC, "compare": "previous_period"},
        "granularity",
    ),
    ({"compare": "last_period"}, "compare"),
    ({"order": "price", "dimensions": ["country"]}, "order"),
    ({"order": "", "dimensions": ["country"]}, "order"),
    ({"limit": 0}, "limit"),
    ({"limit": 1001}, "limit"),
    ({"limit": 10**30}, "limit"),
    ({"limit": "10"}, "limit"),
    ({"limit": True}, "limit"),
    ({"top_per": "country"}, "top_per"),
    ({"top_per": "country", "dimensions": ["country"]}, "top_per"),
    ({"fill": "interpolate"}, "fill"),
    ({"show": ["median"]}, "show"),
    ({"show": ["moving_average_0"], "granularity": "1d"}, "show"),
    ({"show": ["moving_average_1000"], "granularity": "1d"}, "show"),
    ({"show": ["running_total"]}, "granularity"),
    ({"metrics": ["growth"], "granularity": "1d", "show": ["running_total"]}, "show"),
    ({"other": "yes"}, "other"),
    ({"explain": 1}, "explain"),
    ({"include_bots": []}, "include_bots"),
    ({"colour": "red"}, "colour"),
]
PACK = load_pack(
    "pack: more\nlabel: More\nmetrics:\n"
    "- {id: narrow, label: N, unit: count, description: N, measure: count, dimensions: [country]}\n"
    "- {id: dear, label: D, unit: count, description: D, measure: count, tier: enterprise}\n"
    "- {id: twice, label: T, unit: number, description: T, formula: previous(once) * 2}\n"
    "- {id: once, label: O, unit: number, description: O, formula: previous(orders) * 2}\n",
    "more.yaml",
)
MORE = replace(TENANT, catalog=Catalog((*CATALOG.packs, PACK)))


def refusal(warehouse: Warehouse, scope: Scope, question: dict[str, Any]) -> FactbookError:
    with pytest.raises(FactbookError) as refused:
        ask(warehouse, scope, MORE, from_json({"metrics": ["orders"], **question}), NOW)
    return refused.value


@pytest.mark.parametrize(
    ("question", "field"), WRONG, ids=lambda value: str(value)[:60] if isinstance(value, dict) else ""
)
def test_what_is_wrong_is_named(warehouse: Warehouse, scope: Scope, question: dict[str, Any], field: str) -> None:
    error = refusal(warehouse, scope, question)
    assert (error.kind, error.field) == (Kind.INVALID, field)


def test_a_question_is_an_object() -> None:
    bodies: list[Any] = [[], "orders", 7, None]
    for body in bodies:
        with pytest.raises(FactbookError) as refused:
            from_json(body)
        assert refused.value.kind is Kind.INVALID


def test_a_metric_nearly_called_so_is_named(warehouse: Warehouse, scope: Scope) -> None:
    assert refusal(warehouse, scope, {"metrics": ["ordrs"]}).hint == "Did you mean 'orders'?"
    assert refusal(warehouse, scope, {"dimensions": ["contry"]}).hint == "Did you mean 'country'?"


def test_a_metric_that_looks_back_twice_is_refused(warehouse: Warehouse, scope: Scope) -> None:
    assert refusal(warehouse, scope, {"metrics": ["twice"]}).field == "metrics"


def test_a_metric_of_a_higher_tier_is_forbidden(warehouse: Warehouse, scope: Scope) -> None:
    error = refusal(warehouse, scope, {"metrics": ["dear"]})
    assert (error.kind, error.field) == (Kind.FORBIDDEN, "metrics")
    ask(warehouse, replace(scope, tier=Tier.ENTERPRISE), MORE, from_json({"metrics": ["dear"]}), NOW)


def test_too_many_values_to_be_ordered_by_what_needs_them_all_are_refused(
    warehouse: Warehouse, engine: Engine, scope: Scope
) -> None:
    many = [{"at": "2026-03-05T00:00:00Z", "type": "order.placed", "content_id": f"c{n}"} for n in range(1001)]
    given(engine, scope, many)
    asked = {**DAYS, "metrics": ["orders", "once"], "dimensions": ["content_id"], "order": "-once"}
    assert refusal(warehouse, scope, asked).field == "order"


@pytest.mark.parametrize("filters", [{}, {"country.exists": False}])
def test_an_amount_in_a_currency_without_a_rate_is_a_conflict(
    warehouse: Warehouse, engine: Engine, filters: dict[str, Any]
) -> None:
    scope = Scope(f"money-{uuid.uuid4().hex}", "test", Role.OWNER)
    sold = {"type": "order.placed", "properties": {"amount": 10, "currency": "gbp"}}
    given(engine, scope, [{"at": "2026-03-05T00:00:00Z", **sold}])
    error = refusal(warehouse, scope, {**DAYS, "metrics": ["revenue"], "filters": filters})
    assert (error.kind, error.field) == (Kind.CONFLICT, "rates")
    assert "GBP" in error.message


def test_a_query_string_says_the_same_as_json() -> None:
    asked = from_query(
        {"metric_name": "orders, revenue", "by": "country", "limit": "5", "other": "false", "period": "7d", "x": "y"},
        (("country", "DE"),),
    )
    said = {"metrics": ["orders", "revenue"], "dimensions": ["country"], "limit": 5, "other": False, "period": "7d"}
    assert asked == from_json({**said, "filters": {"country": "DE"}})
    for pairs, field in (({"metrics": "a", "other": "maybe"}, "other"), ({"metrics": "a", "limit": "many"}, "limit")):
        with pytest.raises(FactbookError) as refused:
            from_query(pairs)
        assert refused.value.field == field
