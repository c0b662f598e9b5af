"""What an answer says of itself: where it was read, since when that is complete, and what its numbers may be off by."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from factbook.core.clock import epoch_ms
from factbook.core.scope import Scope
from factbook.queries.asking.ask import ask
from factbook.queries.asking.request import from_json
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

from .test_errors import NOW, TENANT

WEEK = {"start_time": "2026-03-02", "end_time": "2026-03-08", "timezone": "UTC"}
TENTH = datetime(2026, 2, 10, tzinfo=UTC)
FOURTH = datetime(2026, 3, 4, tzinfo=UTC)


def told(warehouse: Warehouse, scope: Scope, kept: dict[str, datetime], **question: Any) -> dict[str, Any]:
    tenant = replace(TENANT, kept={level: epoch_ms(since) for level, since in kept.items()})
    answer: dict[str, Any] = ask(warehouse, scope, tenant, from_json({**WEEK, **question}), NOW)
    return answer


@pytest.mark.parametrize(
    ("question", "since"),
    [
        ({"metrics": ["orders"]}, None),
        ({"metrics": ["gifts"]}, "2026-03-04T00:00:00+00:00"),
        ({"metrics": ["orders"], "include_bots": True}, "2026-03-04T00:00:00+00:00"),
        (
            {"metrics": ["orders"], "compare": "previous_period", "start_time": "2026-02-09"},
            "2026-02-10T00:00:00+00:00",
        ),
        ({"metrics": ["fortnight"], "end_time": "2026-02-22", "start_time": "2026-02-22"}, "2026-02-10T00:00:00+00:00"),
        ({"metrics": ["plans"]}, "2026-03-04T00:00:00+00:00"),
        ({"metrics": ["gifts"], "start_time": "2026-03-04"}, None),
    ],
)
def test_it_says_since_when_what_it_was_read_from_is_complete(
    warehouse: Warehouse, scope: Scope, question: dict[str, Any], since: str | None
) -> None:
    assert told(warehouse, scope, {"1d": TENTH, "raw": FOURTH}, **question)["complete_since"] == since


def test_it_explains_each_statement(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [{"at": "2026-03-05T00:00:00Z", "type": "order.placed", "country": "DE"}])
    explained = told(warehouse, scope, {}, metrics=["orders", "plans"], dimensions=["country"], explain=True)["explain"]
    assert [each["reason"] for each in explained] == [
        "the values told apart",
        "a cut by country is answered from single events",
        "a cut by country is answered from single events",
    ]
    assert all("{tenant:String}" in each["sql"] and each["milliseconds"] > 0 for each in explained)


def test_it_says_how_exact_it_is_and_what_it_is_counted_in(warehouse: Warehouse, scope: Scope) -> None:
    answer = told(warehouse, scope, {}, metrics=["stickiness", "middle", "net", "large_share"])
    shown = [(m["unit"], m.get("currency"), sorted(m["error"])) for m in answer["metrics"]]
    assert shown == [
        ("percent", None, ["distinct"]),
        ("number", None, ["quantile"]),
        ("currency", "EUR", []),
        ("percent", None, []),
    ]
    assert answer["metrics"][2]["formula"] == "revenue - coalesce(returned, 0)"


@pytest.mark.parametrize("granularity", ["none", "1d"])
@pytest.mark.parametrize(
    ("order", "first"),
    [
        ("country", [("AT", "a"), ("AT", "b"), ("DE", "a")]),
        ("-country", [("DE", "a"), ("DE", "b"), ("AT", "a")]),
        ("category", [("AT", "a"), ("DE", "a"), ("AT", "b")]),
        ("-category", [("AT", "b"), ("DE", "b"), ("AT", "a")]),
    ],
)
def test_by_a_dimension_what_is_alike_there_stays_in_the_order_of_the_names(
    warehouse: Warehouse,
    engine: Engine,
    scope: Scope,
    order: str,
    first: list[tuple[str, str]],
    granularity: str,
) -> None:
    sold = [(country, category) for country in ("DE", "AT") for category in ("b", "a")]
    events = [
        {"at": "2026-03-05T00:00:00Z", "type": "order.placed", "country": country, "texts": {"category": category}}
        for country, category in sold
    ]
    given(engine, scope, events)
    asked = {"metrics": ["orders"], "dimensions": ["country", "category"], "order": order, "granularity": granularity}
    for other in (False, True):
        rows = told(warehouse, scope, {}, **asked, limit=3, other=other, compare="previous_period")["rows"]
        assert [tuple(row["dimensions"].values()) for row in rows[:3]] == first
