"""What is kept about people goes with their events, and what somebody still needs stays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from factbook.core.scope import Role, Scope
from factbook.ingest.identities import REMEMBERED, Identities
from factbook.ingest.retention import run_retention
from factbook.ingest.session_rule import Rule
from factbook.ingest.sessions import Sessions
from factbook.storage.engine import Engine
from factbook.storage.metadata import Metadata
from factbook.storage.migrate import migrate
from factbook.storage.rows import SegmentRow
from factbook.storage.segment_members import SegmentMembers
from tests.clocks import SetClock
from tests.queries.given import given

NOW = datetime.now(UTC) + timedelta(days=3)
"""What is written now was written long enough ago."""


@pytest.fixture(params=["embedded", "server"])
def apart(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database whose events are those of one test."""
    if request.param == "server":
        made = Engine(request.getfixturevalue("clickhouse_url"), tmp_path)
    else:
        request.getfixturevalue("engine")
        made = Engine("chdb", request.getfixturevalue("data"), database=f"people_{uuid4().hex}")
    migrate(made)
    yield made
    made.close()


@pytest.fixture
def metadata(tmp_path: Path, scope: Scope) -> Iterator[Metadata]:
    opened = Metadata.open("", tmp_path)
    opened.ensure_tenant_of_system(scope.tenant, now=1)
    yield opened
    opened.close()


def event(days: float, user: str = "", visitor: str = "") -> dict[str, Any]:
    """So many days back."""
    return {"at": NOW - timedelta(days=days), "user": user, "visitor": visitor}


def build(engine: Engine) -> None:
    sum(Sessions(engine, SetClock(NOW), Rule(30 * 60_000)).build())


def clean(engine: Engine, metadata: Metadata, now: datetime = NOW) -> None:
    run_retention(engine, metadata, SetClock(now), settle=lambda seconds: True)


def pairs(engine: Engine) -> set[tuple[str, str]]:
    return {(user, visitor) for user, visitor in engine.rows("SELECT user_id, anonymous_id FROM identities FINAL")}


def count(engine: Engine, table: str) -> int:
    return int(engine.rows(f"SELECT count() FROM {table}")[0][0])


def test_joined_ids_go_with_the_last_event_of_the_person(apart: Engine, scope: Scope, metadata: Metadata) -> None:
    given(apart, scope, [event(100, "gone", "v"), event(100, "gone", "w"), event(100, "lives", "x"), event(1, "lives")])
    given(apart, scope, [event(100, "elsewhere", "y"), event(100, "elsewhere", "z"), event(1, visitor="z")])
    build(apart)
    assert count(apart, "session_visitors") == 5
    clean(apart, metadata)
    assert pairs(apart) == {("lives", "x"), ("elsewhere", "y"), ("elsewhere", "z")}
    assert count(apart, "session_visitors") == 3


def test_another_tenants_events_keep_nobody(apart: Engine, scope: Scope, metadata: Metadata) -> None:
    given(apart, scope, [event(100, "u", "v")])
    given(apart, Scope(f"{scope.tenant}-other", "test", Role.OWNER), [event(1, "u", "v")])
    clean(apart, metadata)
    assert apart.rows("SELECT tenant FROM identities FINAL") == [(f"{scope.tenant}-other",)]


def test_ids_that_a_writer_may_remember_stay(apart: Engine, scope: Scope, metadata: Metadata) -> None:
    now = datetime.now(UTC)
    given(apart, scope, [event(200, "u", "v")])
    clean(apart, metadata, now)
    assert (count(apart, "events"), pairs(apart)) == (0, {("u", "v")})


def test_a_writer_forgets_before_they_go(apart: Engine, scope: Scope) -> None:
    given(apart, scope, [event(1, "u", "v")])
    rows = apart.table("SELECT tenant, user_id, anonymous_id, timestamp FROM events")
    apart.command("TRUNCATE TABLE identities")
    now = [0.0]
    kept = Identities(apart, clock=lambda: now[0])
    for moment, there in ((0, True), (REMEMBERED, False), (REMEMBERED + 1, True)):
        now[0] = moment
        kept.keep(rows, int(moment) + 1)
        assert bool(pairs(apart)) is there
        apart.command("TRUNCATE TABLE identities")


def test_a_session_goes_when_all_of_it_is_past(apart: Engine, scope: Scope, metadata: Metadata) -> None:
    minute = 1 / 1440
    given(apart, scope, [event(90 + minute, "u"), event(90 - minute, "u"), event(91, "u"), event(89, "u")])
    build(apart)
    clean(apart, metadata)
    assert apart.rows("SELECT events FROM user_behavior FINAL ORDER BY started_at") == [(2,), (1,)]


def test_a_longer_session_that_was_there_before_does_not_come_up_again(
    apart: Engine, scope: Scope, metadata: Metadata
) -> None:
    minute = 1 / 1440
    columns = "tenant, person, started_at, ended_at, version, removed"
    for person, now_ends, removed in ((1, 90 + minute, 0), (2, 90 - minute, 1)):
        for version, ends, gone in ((1, 90 - minute, 0), (2, now_ends, removed)):
            start, end = (f"{NOW - timedelta(days=days):%Y-%m-%d %H:%M:%S}" for days in (91, ends))
            values = f"'{scope.tenant}', {person}, '{start}', '{end}', {version}, {gone}"
            apart.command(f"INSERT INTO user_behavior ({columns}) VALUES ({values})")
    clean(apart, metadata)
    assert count(apart, "user_behavior") == 0


def test_members_of_no_segment_go_and_those_of_a_frozen_one_stay(
    apart: Engine, scope: Scope, metadata: Metadata
) -> None:
    given(apart, scope, [event(1, "u"), event(1, "w")])
    for freezing in (7, 8):
        SegmentMembers(apart).freeze(scope, freezing, "SELECT person FROM events WHERE tenant = {tenant:String}", {})
    row = SegmentRow(
        tenant=scope.tenant,
        id="frozen",
        label="Frozen",
        description="",
        rule={"did": "page_view"},
        freezing=7,
        version=1,
        created_at=0,
        updated_at=0,
    )
    metadata.segments.add(scope, [row])
    clean(apart, metadata, datetime.now(UTC))
    assert count(apart, "segment_members") == 4  # one may just be frozen
    clean(apart, metadata)
    assert apart.rows("SELECT DISTINCT freezing FROM segment_members") == [(7,)]
