"""Questions on a real ClickHouse server: the oracle's answers, and questions as large as they may be."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from factbook.core.scope import Role, Scope
from factbook.queries.asking.ask import ask
from factbook.queries.asking.request import from_json
from factbook.storage.engine import Engine
from factbook.storage.migrate import migrate
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given
from tests.servers import clickhouse

from .drawn import requests, worlds
from .test_against_oracle import CUTS, assert_holds, assert_holds_on_both_paths, kept
from .test_errors import NOW, TENANT


@pytest.fixture(scope="module")
def server(
    clickhouse_server: clickhouse.ClickHouseServer | clickhouse.GivenServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    address = clickhouse_server.url(clickhouse.fresh_database())
    engine = Engine(address, tmp_path_factory.mktemp("server"))
    try:
        migrate(engine)
        yield engine
    finally:
        engine.close()
        clickhouse.drop(address)


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@drawn(st.data())
def test_answers_are_what_the_events_say(server: Engine, data: st.DataObject) -> None:
    world = data.draw(worlds())
    scope, warehouse = kept(server, world), Warehouse(server)
    assert_holds_on_both_paths(warehouse, scope, world, data.draw(requests(world)))
    assert_holds_on_both_paths(warehouse, scope, world, data.draw(requests(world, dimensions=("event_type",))))
    assert_holds(warehouse, scope, world, data.draw(requests(world, dimensions=CUTS)))
    assert_holds(warehouse, scope, world, data.draw(requests(world, dimensions=CUTS, filtered=True)))


def asked(server: Engine, scope: Scope, question: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = ask(Warehouse(server), scope, TENANT, from_json(question), NOW)
    return answer


def test_a_thousand_rows_of_long_values_are_told_apart(server: Engine) -> None:
    scope = Scope(f"long-{uuid.uuid4().hex}", "test", Role.OWNER)
    at = "2026-03-05T00:00:00Z"
    given(server, scope, [{"at": at, "type": "order.placed", "user_agent": f"{n} " + "x" * 400} for n in range(1200)])
    question = {"metrics": ["orders"], "dimensions": ["user_agent", "event_type"], "limit": 1000, "show": ["share"]}
    answer = asked(server, scope, question)
    assert [row["values"]["orders"] for row in answer["rows"]] == [1] * 1000 + [200]


@pytest.mark.parametrize("include_bots", [False, True])
def test_the_most_buckets_there_may_be_are_answered(server: Engine, include_bots: bool) -> None:
    scope = Scope(f"many-{uuid.uuid4().hex}", "test", Role.OWNER)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    given(server, scope, [{"at": start + timedelta(minutes=10 * n), "type": "order.placed"} for n in range(2016)])
    question = {
        "metrics": ["orders"],
        "start_time": "2026-03-08T00:00:00Z",
        "end_time": "2026-03-14T22:40:00Z",
        "compare": "previous_period",
        "granularity": "1m",
        "include_bots": include_bots,
    }
    answer = asked(server, scope, question)
    assert answer["total"]["series"]["orders"] == answer["total"]["previous_series"]["orders"]
    assert sum(answer["total"]["series"]["orders"]) == answer["total"]["values"]["orders"] == 1000


def test_years_of_running_totals_and_windows_are_answered(server: Engine) -> None:
    scope = Scope(f"years-{uuid.uuid4().hex}", "test", Role.OWNER)
    days = [datetime(2025, 1, 1, 12, tzinfo=UTC) + timedelta(days=n) for n in range(0, 400, 10)]
    given(server, scope, [{"at": day, "type": "order.placed", "user": f"{n}"} for n, day in enumerate(days)])
    question = {
        "metrics": ["buyers", "weekly", "fortnight"],
        "start_time": "2024-11-01",
        "end_time": "2026-02-28",
        "granularity": "1d",
        "show": ["running_total"],
        "timezone": "Asia/Kolkata",
    }
    answer = asked(server, scope, question)
    assert answer["total"]["running_total"]["buyers"][-1] == 40
    assert max(answer["total"]["series"]["weekly"]) == 1


def test_as_many_filters_as_may_be_asked_reach_the_server(server: Engine, scope: Scope) -> None:
    values = ["'" + "ü" * 25 + str(n) for n in range(900)]
    given(server, scope, [{"at": "2026-03-05T00:00:00Z", "type": "order.placed", "country": values[-1]}])
    question = {"metrics": ["orders"], "filters": {"country": values}}
    assert asked(server, scope, question)["total"]["values"] == {"orders": 1}
