"""The same queries on a real ClickHouse server: the same answers as from the embedded engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from factbook.core.scope import Scope
from factbook.core.times import Period
from factbook.events.filters import from_pairs
from factbook.queries.counts import counts_by_type
from factbook.queries.events import EventsRequest, event, events
from factbook.queries.export import FORMATS, export_events
from factbook.queries.live import active_sessions, active_users, conversions, overview, top_content
from factbook.queries.people import listed_conversions, listed_sessions, listed_users
from factbook.queries.series import series
from factbook.storage.engine import Engine
from factbook.storage.migrate import migrate
from factbook.storage.warehouse import Warehouse

from .given import given, moment
from .lives import live_at
from .test_cases import CASES, asked, assert_holds
from .test_where import HOSTILE

DAY = Period(moment("2026-03-01T00:00:00Z"), moment("2026-03-02T00:00:00Z"))


@pytest.fixture
def server(clickhouse_url: str, tmp_path: Path) -> Iterator[Engine]:
    engine = Engine(clickhouse_url, tmp_path)
    try:
        migrate(engine)
        yield engine
    finally:
        engine.close()


def test_every_case_has_the_same_answer(server: Engine) -> None:
    cases: list[Any] = [parameter.values[0] for parameter in CASES if parameter.values[1] == "rollups"]
    for number, case in enumerate(cases):
        scope = Scope.system(f"case-{number}")
        given(server, scope, case["events"])
        assert_holds(series(Warehouse(server), scope, asked(case["ask"])), case["answer"], case["promise"])


def test_events_exports_and_live_numbers_are_answered(server: Engine, engine: Engine, scope: Scope) -> None:
    shop: list[dict[str, Any]] = [
        {
            "at": "2026-03-01T11:50:00.123Z",
            "type": kind,
            "user": "a",
            "session": 7,
            "id": f"00000000-0000-4000-8000-00000000000{number}",
            "content_id": "sku",
            "properties": {"amount": number, "plan": "it's \\ a\tplan"},
        }
        for number, kind in enumerate(["purchase", "purchase", "refund", "page_view"])
    ]
    live = live_at("2026-03-01T12:00:00.250Z")
    answers = []
    for one in (server, engine):
        given(one, scope, shop)
        warehouse = Warehouse(one)
        page = events(warehouse, scope, EventsRequest(limit=2))
        rest = events(warehouse, scope, EventsRequest(limit=2, cursor=page.next_cursor))
        found = [*page.events, *rest.events]
        assert rest.next_cursor is None
        assert event(warehouse, scope, found[0]["id"])["properties"] == found[0]["properties"]
        answers.append(
            [
                found,
                [
                    read(warehouse, scope, live)
                    for read in (overview, top_content, active_users, active_sessions, conversions)
                ],
                [read(warehouse, scope, live, 10) for read in (listed_users, listed_sessions, listed_conversions)],
                [
                    b"".join(export_events(warehouse, scope, EventsRequest(), name))
                    for name in FORMATS
                    if name != "parquet"
                ],
                counts_by_type(
                    warehouse,
                    scope,
                    DAY,
                ),
            ]
        )
    assert answers[0] == answers[1]


def test_hostile_text_reaches_the_server_as_it_is(server: Engine, scope: Scope) -> None:
    ids = given(server, scope, [{"at": "2026-03-01T09:00:00Z", "content_id": text} for text in HOSTILE])
    for wanted, text in zip(ids, HOSTILE, strict=True):
        for key, value in (("content_id", text), ("content_id.in", [text])):
            conditions = from_pairs([(key, value)], ZoneInfo("UTC"))
            page = events(Warehouse(server), scope, EventsRequest(conditions=conditions))
            assert [event["id"] for event in page.events] == [wanted], text
