"""Live numbers: every case of tests/cases/overview.yaml, and the lists of who is active."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from factbook.core.scope import Scope
from factbook.queries.board import board
from factbook.queries.live import active_users, overview, top_content
from factbook.queries.people import listed_sessions, listed_users
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse

from .given import given
from .lives import live_at
from .test_cases import assert_holds

CASES = yaml.safe_load((Path(__file__).parent.parent / "cases" / "overview.yaml").read_text())


@pytest.mark.parametrize("case", [pytest.param(case, id=case["promise"]) for case in CASES])
def test_case(engine: Engine, warehouse: Warehouse, scope: Scope, case: dict[str, Any]) -> None:
    given(engine, scope, case["events"])
    live = live_at(case["now"], case["zone"])
    answer = overview(warehouse, scope, live) | {"top_content": top_content(warehouse, scope, live)}
    assert_holds(answer, case["answer"])


def test_a_missing_rate_leaves_all_but_the_amounts_standing(engine: Engine, warehouse: Warehouse, scope: Scope) -> None:
    purchases = [("a", "EUR"), ("b", "USD"), ("b", "USD")]
    given(
        engine,
        scope,
        [
            {
                "at": "2026-03-01T11:30:00Z",
                "user": user,
                "type": "purchase",
                "properties": {"amount": 5, "currency": code},
            }
            for user, code in purchases
        ],
    )
    answer = overview(warehouse, scope, live_at("2026-03-01T12:00:00Z"))
    assert (answer["orders_today"], answer["users_today"], answer["active_users"]) == (3, 2, 2)
    assert (answer["revenue_today"], answer["cart_value_avg"]) == (None, None)
    assert answer["change"]["revenue_today"] is None


def test_the_newest_minute_is_the_last_of_sixty(engine: Engine, warehouse: Warehouse, scope: Scope) -> None:
    given(engine, scope, [{"at": "2026-03-01T11:01:00Z", "user": "a"}, {"at": "2026-03-01T12:00:30Z", "user": "b"}])
    given(engine, scope, [{"at": "2026-03-01T11:00:59.999Z", "user": "too early"}])
    series = active_users(warehouse, scope, live_at("2026-03-01T12:00:40Z"))["series"]
    assert [point["count"] for point in series] == [1, *[0] * 58, 1]
    assert series[-1]["time"] == "2026-03-01T12:00:00+00:00"


def test_lists_name_users_and_visitors_the_most_recent_first(
    engine: Engine, warehouse: Warehouse, scope: Scope
) -> None:
    given(
        engine,
        scope,
        [
            {"at": "2026-03-01T11:45:00Z", "user": "a", "session": 5, "device": "mobile", "country": "DE"},
            {"at": "2026-03-01T11:50:00Z", "anonymous_id": "visitor", "session": 6},
            {"at": "2026-03-01T11:55:00Z", "user": "a", "session": 5, "type": "purchase", "device": "mobile"},
            {"at": "2026-03-01T11:55:00Z"},
        ],
    )
    live = live_at("2026-03-01T12:00:00Z")
    users = listed_users(warehouse, scope, live, 10)
    assert [(user["user_id"], user["anonymous_id"], user["events"]) for user in users] == [
        ("a", None, 2),
        (None, "visitor", 1),
    ]
    assert users[0]["last_event_type"] == "purchase"
    sessions = listed_sessions(warehouse, scope, live, 10)
    assert [(session["session"], session["events"], session["device"]) for session in sessions] == [
        ("5", 2, "mobile"),
        ("6", 1, None),
    ]
    assert len(listed_users(warehouse, scope, live, 1)) == 1


def test_the_board_counts_todays_trading(engine: Engine, warehouse: Warehouse, scope: Scope) -> None:
    start = {"type": "strategy.started", "properties": {"strategy_id": "s1"}}
    given(
        engine,
        scope,
        [
            {"at": "2026-02-01T08:00:00Z", **start},
            {"at": "2026-02-01T08:00:00Z", "type": "strategy.started", "properties": {"strategy_id": "s2"}},
            {"at": "2026-02-02T08:00:00Z", "type": "strategy.stopped", "properties": {"strategy_id": "s2"}},
            {"at": "2026-03-01T08:00:00Z", "type": "order.placed"},
            {"at": "2026-03-01T08:00:00Z", "type": "order.placed"},
            {"at": "2026-03-01T08:00:00Z", "type": "order.filled", "properties": {"volume": 12.5}},
            {"at": "2026-03-01T08:00:00Z", "type": "api_request", "properties": {"duration_ms": 10}},
            {"at": "2026-03-01T08:00:00Z", "type": "api_request", "properties": {"duration_ms": 30}},
            {"at": "2026-03-01T08:00:00Z", "type": "error_occurred"},
        ],
    )
    answer = board(warehouse, scope, live_at("2026-03-01T12:00:00Z"))
    assert (answer["orders_placed"], answer["orders_filled"], answer["active_strategies"]) == (2, 1, 1)
    assert (answer["total_volume"], answer["average_latency"], answer["error_rate"]) == (12.5, 20, 0.5)
    assert answer["custom_metrics"]["events.count.order.placed"] == 2


def test_what_events_are_about_is_the_content_else_the_resource(
    engine: Engine, warehouse: Warehouse, scope: Scope
) -> None:
    given(
        engine,
        scope,
        [
            {"at": "2026-03-01T11:45:00Z", "user": "a", "resource_type": "flight", "resource_id": "UA1"},
            {"at": "2026-03-01T11:50:00Z", "user": "b", "resource_type": "flight", "resource_id": "UA1"},
            {"at": "2026-03-01T11:55:00Z", "user": "a", "content_id": "film", "resource_id": "not shown"},
            {"at": "2026-03-01T11:55:00Z", "user": "a"},
        ],
    )
    top = top_content(warehouse, scope, live_at("2026-03-01T12:00:00Z"))
    assert [(row["label"], row["content_id"], row["count"], row["users"]) for row in top] == [
        ("flight UA1", None, 2, 2),
        ("film", "film", 1, 1),
    ]
