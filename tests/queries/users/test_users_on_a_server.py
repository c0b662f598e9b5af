"""Users on a real ClickHouse server: the same answers as from the embedded engine."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from factbook.core.scope import Scope
from factbook.ingest.session_rule import Rule
from factbook.ingest.sessions import Sessions
from factbook.queries.users.everybody import everybody
from factbook.queries.users.people import listing
from factbook.queries.users.person import person
from factbook.storage.engine import Engine
from tests.clocks import SetClock
from tests.queries.both_engines import both
from tests.queries.trading.desk import NOW, Desk

RULE = Rule(30 * 60_000)
KINDS = ("page_view", "content_view", "purchase", "search", "signup")


def happened() -> list[dict[str, Any]]:
    return [
        {
            "at": f"2026-03-{2 + number * 7 % 10:02}T{number % 24:02}:{number * 13 % 60:02}:00Z",
            "type": KINDS[number % 5],
            "user": ("ann", "bob", "")[number % 3],
            "visitor": ("phone", "tablet")[number % 2],
            "country": ("DE", "FR")[number % 2],
            "page_url": f"/p{number % 4}",
            "properties": {"amount": number, "query": "shoes", "category": "k"},
        }
        for number in range(120)
    ]


def told(desk: Desk) -> list[Any]:
    verbs = (
        partial(everybody, how=listing("-engagement_score", 2, None)),
        partial(person, id_="ann", rule=RULE),
        partial(person, id_="tablet", rule=RULE),
    )
    return [desk.ask(verb, zone="Asia/Tokyo") for verb in verbs]


def test_every_read_has_the_same_answer(clickhouse_url: str, apart: Engine, scope: Scope, tmp_path: Path) -> None:
    def built(engine: Engine) -> None:
        sum(Sessions(engine, SetClock(NOW), RULE).build())

    here, there = both(apart, clickhouse_url, scope, tmp_path, happened(), told, built)
    assert (len(here[0]["rows"]), here[1]["sessions"] > 1) == (2, True)
    assert there == here
