"""Systems on a real ClickHouse server: the same answers as from the embedded engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from factbook.core.scope import Scope
from factbook.queries.inquiry import Inquiry
from factbook.queries.records import Records
from factbook.queries.systems import health, hours, lists
from factbook.queries.systems.apdex import apdex
from factbook.queries.systems.groups import errors, statements
from factbook.queries.systems.objectives import Objective, objectives
from factbook.queries.systems.promises import Promises
from factbook.storage.engine import Engine
from tests.queries.both_engines import both
from tests.queries.trading.desk import Desk

PROMISES = Promises({"shop": {"apdex_ms": 64.0, "availability": 0.9}}, {})
KINDS = ("api_request", "api_request", "error_occurred", "db_query", "external_call", "cache_access", "resource_usage")


def happened() -> list[dict[str, Any]]:
    found = []
    for number in range(210):
        properties = {
            "service": ("shop", "mail")[number % 2],
            "endpoint": ("/a", "/b")[number % 3 % 2],
            "status_code": 500 if number % 11 == 0 else 200,
            "duration_ms": 2 ** (number % 12),
            "message": f"order {number} is lost",
            "query": f"SELECT {number} FROM t",
            "hit": number % 5 > 1,
            "cpu_percent": number % 90,
        }
        at = f"2026-03-13T{9 + number // 90:02}:{number % 60:02}:00Z"
        found.append({"at": at, "type": KINDS[number % 7], "user": f"u{number % 4}", "properties": properties})
    return found


def told(desk: Desk) -> Any:
    async def read(asked: Inquiry) -> Any:
        records = asked.records
        ever = {name: value for name, value in records.about.items() if name != "period"}
        return [
            await health.health(records, PROMISES, 10),
            await lists.services(records, PROMISES, 10),
            await lists.endpoints(records, 32, 10, "p95"),
            await lists.usage(records, "service", 10),
            await lists.databases(records, "table", 10),
            await lists.performance(records, await apdex(records, 32), "previous_period", "1h"),
            await hours.hours(records, "shop", 500.0),
            await objectives(
                Records(records.answers, desk.scope, records.tenant, records.now, ever), "shop", Objective()
            ),
            errors(desk.warehouse, desk.scope, asked.about, 10),
            statements(desk.warehouse, desk.scope, asked.about, 100, 10),
            desk.warehouse.rows(desk.scope, "SELECT * FROM system_metrics WHERE tenant = {tenant:String} ORDER BY ALL"),
        ]

    return desk.ask(read, {"period": "last_24_hours"})


def test_every_read_has_the_same_answer(clickhouse_url: str, engine: Engine, scope: Scope, tmp_path: Path) -> None:
    here, there = both(engine, clickhouse_url, scope, tmp_path, happened(), told)
    for answer in (*here, *there):
        if isinstance(answer, dict):
            answer.pop("calculated_at", None)
    assert [one["service_name"] for one in here[1]["services"]] == ["mail", "shop"]
    assert here[8]["errors"] == 30
    assert there == here
