"""Questions about cohorts on a real ClickHouse server: the same answers as from the embedded engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from factbook.core.scope import Scope
from factbook.queries.behaviour.cohorts.people import Place, people_of
from factbook.queries.behaviour.cohorts.question import cohorts
from factbook.queries.behaviour.cohorts.retention import retention
from factbook.queries.behaviour.cohorts.values import values
from factbook.queries.behaviour.lifecycle import lifecycle, lifecycle_asked
from factbook.queries.behaviour.stickiness import stickiness, stickiness_asked
from factbook.storage.engine import Engine
from factbook.storage.migrate import migrate
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

from .tenants import BERLIN, tenant

NOW = datetime(2026, 4, 5, 12, tzinfo=UTC)
WAYS: list[dict[str, Any]] = [
    {},
    {"cohort_type": "month"},
    {"cohort_type": "day", "rolling": True, "returns": "on_or_after"},
    {"cohort_type": "channel", "limit": 1},
    {"cohort_event": "signup", "return_event": "purchase"},
    {"occurrence": "recurring", "brackets": "0,1-2,3+"},
    {"metric": "revenue", "cohort_type": "channel"},
    {"filters": {"country": "DE"}},
]


def answers(engine: Engine, scope: Scope) -> list[Any]:
    warehouse, found = Warehouse(engine), []
    for way in WAYS:
        asked = cohorts({"start_date": "2026-03-02", **way}, BERLIN, NOW)
        if asked.metric == "retention":
            found.append(retention(warehouse, scope, asked, {}))
        else:
            found.append(values(warehouse, scope, asked, tenant()))
    weekly = cohorts({"start_date": "2026-03-02"}, BERLIN, NOW)
    people, _ = people_of(warehouse, scope, weekly, Place("2026-03-02", "1"), limit=10)
    life = lifecycle(warehouse, scope, lifecycle_asked({}, BERLIN, NOW), {})
    days = stickiness(warehouse, scope, stickiness_asked({}, BERLIN, NOW), {})
    return [*found, people, life, days]


def test_every_way_to_ask_has_the_same_answer(
    clickhouse_url: str, engine: Engine, scope: Scope, tmp_path: Path
) -> None:
    start = datetime(2026, 3, 2, tzinfo=UTC)
    happened = [
        {
            "at": start + timedelta(hours=hour),
            "user": f"u{hour % 7}" if hour % 3 else "",
            "visitor": f"v{hour % 5}",
            "type": ("view", "signup", "purchase")[hour % 11 % 3],
            "utm_source": ("", "mail", "news")[hour % 4 % 3],
            "country": ("DE", "FR")[hour % 2],
            "properties": {"amount": hour % 13},
        }
        for hour in range(0, 700, 17)
    ]
    server = Engine(clickhouse_url, tmp_path)
    try:
        migrate(server)
        for each in (server, engine):
            given(each, scope, happened)
        assert answers(server, scope) == answers(engine, scope)
    finally:
        server.close()
