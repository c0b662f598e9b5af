"""Reads about content on a real ClickHouse server: the same answers as from the embedded engine."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from factbook.core.scope import Scope
from factbook.queries.content.audience import _people
from factbook.queries.content.insights import _peers
from factbook.queries.content.spread import spread
from factbook.queries.content.trending import _views
from factbook.queries.content.watching import watched
from factbook.storage.engine import Engine
from factbook.storage.migrate import migrate
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

from .questions import NOW, question
from .test_watching import Event

MANY = [f"c{n}{'x' * 480}" for n in range(1000)]
KINDS = ("content_view", "content_play", "content_pause", "content_complete", "content_like", "page_view")


def happened() -> list[Event]:
    found = []
    for n in range(600):
        position = {"position_seconds": n * 7 % 50} if n % 3 else {}
        found.append(
            {
                "at": NOW - timedelta(seconds=n * 731),
                "type": KINDS[n * 5 % 6] if n % 4 else "content_play",
                "user": f"u{n % 5}",
                "content_id": ("a", "b", MANY[0])[n % 3],
                "country": ("DE", "FR", "")[n % 3],
                "properties": {"category": "k", **position},
            }
        )
    return found


def answers(engine: Engine, scope: Scope) -> list[Any]:
    asked = question(Warehouse(engine), scope)
    end = int(NOW.timestamp() * 1000)
    return [
        watched(asked, ["a"]),
        watched(asked, ["a", "b", *MANY]),
        watched(asked, ["a", "b", *MANY], few=0),
        spread(asked, ["a", "b", *MANY]),
        _views(asked, end - 86_400_000, end, 1),
        _people(asked, "a"),
        _peers(asked, "a"),
    ]


def test_every_read_has_the_same_answer(clickhouse_url: str, engine: Engine, scope: Scope, tmp_path: Path) -> None:
    server = Engine(clickhouse_url, tmp_path)
    try:
        migrate(server)
        for each in (engine, server):
            given(each, scope, happened())
        here = answers(engine, scope)
        assert here[0]["a"] > 0
        assert here[1] == here[2]
        assert answers(server, scope) == here
    finally:
        server.close()
