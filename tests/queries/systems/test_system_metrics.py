"""The view that clients ask in SQL tells what the record of a service tells."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from factbook.core.scope import Scope
from factbook.queries.records import Records
from factbook.queries.systems.fields import SERVICE
from factbook.queries.systems.hours import hours
from factbook.storage.engine import Engine
from factbook.storage.versions import LocalVersions
from tests.queries.answering import NOW, TENANT, process
from tests.queries.given import given


def event(minute: int, kind: str, **properties: Any) -> dict[str, Any]:
    at = NOW.replace(hour=9, minute=minute)
    return {"at": at.isoformat(), "type": kind, "properties": {"service": "shop", **properties}}


EVENTS = [
    *(event(n, "api_request", duration_ms=2**n, status_code=500 if n == 3 else 200) for n in range(12)),
    event(20, "api_request"),
    event(21, "resource_usage", cpu_percent=40, memory_percent=10),
    event(22, "db_query", duration_ms=1000),
    event(23, "db_query"),
    event(24, "cache_access", hit=True),
    event(25, "cache_access", hit=False),
    event(26, "cache_access"),
    event(27, "external_call", success=False, duration_ms=4),
    event(28, "external_call", status_code=502),
    {**event(29, "api_request", duration_ms=5), "is_bot": True},
]


@pytest.mark.parametrize("events", [EVENTS, [event(1, "external_call", success=True)]])
def test_a_row_of_the_view_is_the_record_of_that_hour(
    engine: Engine, scope: Scope, events: list[dict[str, Any]]
) -> None:
    given(engine, scope, events)
    asking = process(engine, scope, LocalVersions())
    told = asyncio.run(hours(Records(asking.answers, scope, TENANT, NOW, {"period": "today"}), "shop", 500.0))
    asking.reads.close()
    [record] = [one for one in told["hours"] if one["hour"] == 9]
    [row] = engine.records("SELECT * FROM system_metrics WHERE tenant = {t:String}", {"t": scope.tenant})
    assert row["service_name"] == "shop"
    assert {name: row[name] for name in SERVICE} == {
        name: None if record[name] is None else pytest.approx(record[name], rel=0.01) for name in SERVICE
    }
