"""Segments on a real ClickHouse server: the same people and sizes as from the embedded engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from factbook.core.calendar import Calendar
from factbook.core.money import Money
from factbook.core.scope import Scope
from factbook.queries.behaviour.segments.over_time import over_time, sizes_over_time
from factbook.queries.behaviour.segments.people import sizes
from factbook.queries.behaviour.segments.segments import Segments
from factbook.storage.engine import Engine
from factbook.storage.migrate import migrate
from factbook.storage.rows import SegmentRow
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

NOW = datetime(2026, 4, 5, 12, tzinfo=UTC)
RULES: dict[str, dict[str, Any]] = {
    "often": {"did": "purchase", "count": {"gte": 2}, "within": "7d"},
    "never": {"did_not": "purchase"},
    "german": {"property": "country", "eq": "DE"},
    "unknown": {"property": "property.plan", "exists": False},
    "elsewhere": {"property": "country", "ne": "DE"},
    "spent": {"aggregate": "sum", "of": "amount", "over": "purchase", "gte": 20},
    "most": {"aggregate": "avg", "of": "amount", "gt": 5},
    "both": {"any": [{"segment": "often"}, {"not": {"segment": "german"}}]},
}


def answers(engine: Engine, scope: Scope) -> list[Any]:
    warehouse = Warehouse(engine)
    rows = {id_: SegmentRow("", id_, id_, "", rule, None, 1, 0, 0) for id_, rule in RULES.items()}
    money = Money("EUR", {"USD": 0.5})
    kept = Segments(lambda: rows, Calendar(ZoneInfo("Europe/Berlin")), NOW, lambda of, over, is_money: money)
    asked = over_time({"period": "last_5_weeks", "granularity": "1w"}, kept)
    now = sizes(warehouse, scope, [kept.rule(id_) for id_ in RULES])
    return [now, *(sizes_over_time(warehouse, scope, asked, kept, id_, {})["sizes"] for id_ in RULES)]


def test_every_rule_holds_the_same_people(clickhouse_url: str, engine: Engine, scope: Scope, tmp_path: Path) -> None:
    start = datetime(2026, 3, 2, tzinfo=UTC)
    happened = [
        {
            "at": start + timedelta(hours=hour),
            "user": f"u{hour % 7}" if hour % 3 else "",
            "visitor": f"v{hour % 5}",
            "type": ("view", "signup", "purchase")[hour % 11 % 3],
            "country": ("DE", "FR", "")[hour % 3],
            "properties": {"amount": hour % 13, "currency": ("USD", "EUR")[hour % 2]},
        }
        for hour in range(0, 700, 17)
    ]
    server = Engine(clickhouse_url, tmp_path)
    try:
        migrate(server)
        for each in (server, engine):
            given(each, scope, happened)
        found = answers(server, scope)
        assert found == answers(engine, scope)
        assert len({str(size) for size in found[1:]}) > 4
    finally:
        server.close()
