"""Funnels on a real ClickHouse server: the same answers as from the embedded engine, whatever the form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from factbook.core.calendar import Calendar
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.metrics.catalog import built_in
from factbook.queries.behaviour.funnels.answer import funnel
from factbook.queries.behaviour.funnels.attempts import attempts
from factbook.queries.behaviour.funnels.held import held
from factbook.queries.behaviour.funnels.listed import listed
from factbook.queries.behaviour.funnels.question import Question, question
from factbook.queries.behaviour.people import people
from factbook.storage.engine import Engine
from factbook.storage.migrate import migrate
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

START = datetime(2026, 3, 2, tzinfo=UTC)
NOW = datetime(2026, 4, 5, 12, tzinfo=UTC)
WAYS: list[dict[str, Any]] = [
    {},
    {"order": "strict", "breakdown": "country", "attribution": "last"},
    {"order": "any", "breakdown": "country", "attribution": "step:2"},
    {"steps": [{"event": "a"}, {"event": "b", "optional": True}, {"event": "c", "where": "amount > 3"}]},
    {"exclusions": ["d"], "hold_constant": "country", "breakdown": "country"},
    {"count": "totals", "breakdown": "country", "exclusions": ["d"]},
    {"count": "sessions"},
    {"filters": {"country": "DE"}, "granularity": "1h", "end_date": "2026-03-04"},
]
MOST = [chr(ord("a") + number % 4) for number in range(12)]
LARGEST: list[dict[str, Any]] = [
    {"steps": MOST[:6], "order": "any", "breakdown": "property.plan"},
    {"steps": MOST[:6], "order": "any", "count": "sessions", "hold_constant": "country", "breakdown": "country"},
    {
        "steps": [MOST[0], *({"event": kind, "optional": True} for kind in MOST[1:4]), *MOST[4:]],
        "exclusions": [{"event": kind, "from_step": 1, "to_step": 12} for kind in "vwxyz"],
        "breakdown": "country",
    },
]
"""As many parts as a statement can have: parsed in no time, planned in many seconds."""


def asked(**way: Any) -> Question:
    fields = {"start_date": "2026-03-02", "end_date": "2026-03-31", "steps": ["a", "b", "c"], **way}
    calendar = Calendar(ZoneInfo("Europe/Berlin"))
    return question(fields, calendar, NOW, dimension=built_in().dimension, named=lambda name: {})


def answers(engine: Engine, scope: Scope) -> list[Any]:
    warehouse, found = Warehouse(engine), list[Any]()
    for way in WAYS:
        about = asked(**way)
        found.append(funnel(warehouse, scope, about, NOW, {}))
        if way in WAYS[:2]:
            found.append(listed(warehouse, scope, about, 2, dropped=True, limit=10, cursor=None))
            found.append(held(warehouse, scope, about, 2, least=1))
    return found


def test_every_way_to_ask_has_the_same_answer(
    clickhouse_url: str, engine: Engine, scope: Scope, tmp_path: Path
) -> None:
    happened = [
        {
            "at": START + timedelta(hours=hour),
            "user": f"u{hour % 7}" if hour % 3 else "",
            "visitor": f"v{hour % 5}",
            "type": "abcd"[hour * hour % 13 % 4],
            "session": hour // 90 + 1,
            "country": ("DE", "FR", "")[hour % 4 % 3],
            "properties": {"amount": hour % 13, "plan": "pro" if hour % 2 else "free"},
        }
        for hour in range(0, 700, 5)
    ]
    server = Engine(clickhouse_url, tmp_path)
    try:
        migrate(server)
        for each in (server, engine):
            given(each, scope, happened)
        told = answers(server, scope)
        assert told == answers(engine, scope)
        assert told[0]["converted"] > 0
    finally:
        server.close()


def test_a_server_takes_the_largest_statements(clickhouse_url: str, scope: Scope, tmp_path: Path) -> None:
    server = Engine(clickhouse_url, tmp_path)
    try:
        migrate(server)
        warehouse = Warehouse(server)
        for way in LARGEST:
            parameters = Parameters()
            sql = attempts(asked(**way), people(warehouse, scope), parameters)
            [(lines,)] = warehouse.rows(scope, f"SELECT count() FROM (EXPLAIN AST {sql})", parameters.values)
            assert lines > 0
    finally:
        server.close()
