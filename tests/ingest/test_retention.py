"""Retention: what is past its age goes, by tenant and level; nothing younger does, however often it runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from factbook.core.errors import FactbookError, Kind, unavailable
from factbook.core.scope import Role, Scope
from factbook.ingest.recall import recall_ids
from factbook.ingest.retention import DefaultDays, Report, Retention, run_retention
from factbook.ingest.seen import Seen, hashes
from factbook.storage.engine import Engine
from factbook.storage.metadata import Metadata
from factbook.storage.migrate import migrate
from tests.clocks import SetClock
from tests.storage.rows import events, roll_up

# Long ago, so that what other tests of this process wrote lies ahead and stays.
NOW = datetime(2001, 3, 1, 12, 0, tzinfo=UTC)
_MS = pa.timestamp("ms", tz="UTC")


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def metadata(tmp_path: Path, scope: Scope) -> Iterator[Metadata]:
    opened = Metadata.open("", tmp_path)
    opened.ensure_tenant_of_system(scope.tenant, now=1)
    yield opened
    opened.close()


@pytest.fixture
def other(metadata: Metadata, scope: Scope) -> Scope:
    metadata.ensure_tenant_of_system(f"other-{scope.tenant}", now=1)
    return Scope(f"other-{scope.tenant}", "test", Role.ADMIN)


_blocks = iter(range(7_000_000, 8_000_000))


def put(engine: Engine, scope: Scope, times: Sequence[datetime], *, taken: datetime | None = None) -> int:
    """One event at each time, with its roll-ups; taken: when they came in. Returns the block."""
    block = next(_blocks)
    rows = events(scope.tenant, times, block=block)
    taken_in = pa.array([taken or NOW - timedelta(days=1)] * len(times), _MS)
    engine.insert("events", rows.append_column("processed_at", taken_in), token=f"r{block}")
    roll_up(engine, scope.tenant, rows, block=block, token=f"r{block}")
    return block


def kept(engine: Engine, scope: Scope) -> list[datetime]:
    rows = engine.rows("SELECT timestamp FROM events WHERE tenant = {t:String} ORDER BY 1", {"t": scope.tenant})
    return [row[0].replace(tzinfo=UTC) for row in rows]


def buckets(engine: Engine, scope: Scope, level: str) -> list[datetime]:
    rows = engine.rows(
        "SELECT DISTINCT bucket FROM rollups WHERE tenant = {t:String} AND level = {l:String} ORDER BY 1",
        {"t": scope.tenant, "l": level},
    )
    return [row[0].replace(tzinfo=UTC) for row in rows]


def run(engine: Engine, metadata: Metadata, clock: SetClock) -> Report:
    return run_retention(engine, metadata, clock, settle=lambda _: True)


def back(**span: float) -> datetime:
    return NOW - timedelta(**span)


def test_nothing_younger_than_its_limit_goes(engine: Engine, metadata: Metadata, clock: SetClock, scope: Scope) -> None:
    limit = timedelta(days=90)
    young = [NOW - limit, NOW - limit + timedelta(milliseconds=1), back(days=89), back(minutes=1)]
    old = [NOW - limit - timedelta(milliseconds=1), back(days=91), back(days=300)]
    put(engine, scope, [*young, *old])
    report = run(engine, metadata, clock)
    assert kept(engine, scope) == sorted(young)
    mine = [item for item in report.removed if item.tenant == scope.tenant and item.level == "raw_events"]
    assert [(item.rows, item.days, item.before) for item in mine] == [(3, 90, NOW - limit)]


def test_each_level_keeps_its_own_time(engine: Engine, metadata: Metadata, clock: SetClock, scope: Scope) -> None:
    metadata.set_retention(
        scope, {"raw_events": 1, "minute_aggregates": 10, "hour_aggregates": 20, "daily_aggregates": 30}
    )
    put(engine, scope, [back(days=days) for days in (0.5, 5, 15, 25, 35)])
    run(engine, metadata, clock)
    assert kept(engine, scope) == [back(days=0.5)]
    assert [(NOW - bucket).days for bucket in reversed(buckets(engine, scope, "1m"))] == [0, 5]
    assert [(NOW - bucket).days for bucket in reversed(buckets(engine, scope, "1h"))] == [0, 5, 15]
    assert [(NOW - bucket).days for bucket in reversed(buckets(engine, scope, "1d"))] == [0, 5, 15, 25]


def test_a_bucket_stays_until_all_of_it_is_past(
    engine: Engine, metadata: Metadata, clock: SetClock, scope: Scope
) -> None:
    metadata.set_retention(
        scope, {"raw_events": 1, "minute_aggregates": 10, "hour_aggregates": 10, "daily_aggregates": 10}
    )
    edge = NOW - timedelta(days=10)  # noon: its day and its hour reach beyond it
    put(engine, scope, [edge - timedelta(minutes=1), edge - timedelta(hours=11), edge - timedelta(hours=13)])
    run(engine, metadata, clock)
    assert buckets(engine, scope, "1d") == [edge.replace(hour=0)]
    assert buckets(engine, scope, "1h") == []
    clock.forward(hours=11, minutes=59)
    run(engine, metadata, clock)
    assert buckets(engine, scope, "1d") == [edge.replace(hour=0)]
    clock.forward(minutes=1)
    run(engine, metadata, clock)
    assert buckets(engine, scope, "1d") == []


def test_tenants_differ(engine: Engine, metadata: Metadata, clock: SetClock, scope: Scope, other: Scope) -> None:
    metadata.set_retention(scope, {"raw_events": 7})
    metadata.set_retention(other, {"raw_events": 100})
    times = [back(days=days) for days in (1, 50, 95, 200)]
    put(engine, scope, times)
    put(engine, other, times)
    report = run(engine, metadata, clock)
    assert kept(engine, scope) == [back(days=1)]
    assert kept(engine, other) == [back(days=95), back(days=50), back(days=1)]
    assert report.for_tenant(other.tenant)["rows"] == 1
    assert report.for_tenant(scope.tenant)["removed"][0]["level"] == "raw_events"
    assert "tenant" not in report.for_tenant(scope.tenant)["removed"][0]


def test_running_again_changes_nothing(engine: Engine, metadata: Metadata, clock: SetClock, scope: Scope) -> None:
    put(engine, scope, [back(days=days) for days in (1, 100, 1000, 5000)])
    first = run(engine, metadata, clock)
    left, minutes = kept(engine, scope), buckets(engine, scope, "1m")
    assert first.for_tenant(scope.tenant)["rows"] > 0
    for _ in range(2):
        assert run(engine, metadata, clock).rows == 0
    assert (kept(engine, scope), buckets(engine, scope, "1m")) == (left, minutes)


def test_what_is_past_for_every_tenant_is_dropped_by_the_part(
    engine: Engine, metadata: Metadata, clock: SetClock, scope: Scope, other: Scope
) -> None:
    metadata.set_retention(other, {"raw_events": 30})
    june = datetime(2000, 6, 10, tzinfo=UTC)
    put(engine, scope, [june, june + timedelta(days=1), back(days=1)])
    put(engine, other, [june])
    report = run(engine, metadata, clock)
    assert report.dropped_parts > 0
    assert (kept(engine, scope), kept(engine, other)) == ([back(days=1)], [])
    assert report.for_tenant(scope.tenant)["removed"][0]["rows"] == 2


def test_a_part_that_one_tenant_keeps_is_not_dropped(
    engine: Engine, metadata: Metadata, clock: SetClock, scope: Scope, other: Scope
) -> None:
    metadata.set_retention(other, {"raw_events": 1000})
    june = datetime(2000, 6, 10, tzinfo=UTC)
    put(engine, scope, [june])
    put(engine, other, [june])
    assert run(engine, metadata, clock).dropped_parts == 0
    assert (kept(engine, scope), kept(engine, other)) == ([], [june])


def test_old_rows_that_come_in_during_a_run_stay_until_the_next(
    engine: Engine, metadata: Metadata, clock: SetClock, scope: Scope
) -> None:
    put(engine, scope, [back(days=400)])

    def settle(_: float) -> bool:
        put(engine, scope, [back(days=401)], taken=NOW)
        return True

    run_retention(engine, metadata, clock, settle=settle)
    assert kept(engine, scope) == [back(days=401)]
    clock.forward(seconds=1)
    run(engine, metadata, clock)
    assert kept(engine, scope) == []


def test_rows_whose_roll_ups_may_be_pending_wait(
    engine: Engine, metadata: Metadata, clock: SetClock, scope: Scope
) -> None:
    old = [back(days=400), back(days=500)]
    put(engine, scope, old, taken=NOW - timedelta(minutes=5))
    for settle in (None, lambda _: False):
        run_retention(engine, metadata, clock, settle=settle)
        assert kept(engine, scope) == sorted(old)
    run(engine, metadata, clock)
    assert kept(engine, scope) == []


def test_a_tenant_nobody_knows_keeps_the_defaults(
    engine: Engine, clock: SetClock, tmp_path: Path, scope: Scope
) -> None:
    empty = Metadata.open("", tmp_path / "empty")
    put(engine, scope, [back(days=5), back(days=15)])
    run_retention(engine, empty, clock, defaults=DefaultDays(raw_events=10), settle=lambda _: True)
    assert kept(engine, scope) == [back(days=5)]


def test_ids_of_removed_events_are_still_known_after_a_restart(
    engine: Engine, metadata: Metadata, clock: SetClock, scope: Scope
) -> None:
    now = datetime.now(UTC)  # the warehouse itself forgets such ids after a week
    clock.now = now
    metadata.set_retention(scope, {"raw_events": 30})
    put(engine, scope, [now - timedelta(days=200)], taken=now - timedelta(hours=2))
    put(engine, scope, [now - timedelta(days=201)], taken=now - timedelta(hours=30))
    ids = engine.table(
        "SELECT event_id FROM events WHERE tenant = {t:String} ORDER BY timestamp DESC", {"t": scope.tenant}
    )["event_id"]
    raw = b"".join(ids.combine_chunks().storage.to_pylist())
    others = DefaultDays(36_500, 36_500, 36_500, 36_500)
    run_retention(engine, metadata, clock, defaults=others, settle=lambda _: True)
    assert kept(engine, scope) == []
    seen = Seen(86_400)
    recall_ids(engine, seen, now, timedelta(hours=24))
    assert seen.contains(hashes(raw, scope.tenant)).tolist() == [True, False]


# What a tenant may say


def _retention(engine: Engine, metadata: Metadata, clock: SetClock) -> Retention:
    return Retention(engine, metadata, clock, settle=lambda _: True)


def test_a_tenants_days_go_before_the_defaults(
    engine: Engine, metadata: Metadata, clock: SetClock, scope: Scope
) -> None:
    retention = _retention(engine, metadata, clock)
    assert retention.limits(scope)["raw_events"] == 90
    assert retention.change(scope, {"raw_events": 7})["raw_events"] == 7
    assert retention.own(scope) == {"raw_events": 7}
    assert retention.change(scope, {"raw_events": None})["raw_events"] == 90
    assert retention.own(scope) == {}


@pytest.mark.parametrize("days", [0, -1, 36_501])
def test_days_out_of_range_are_refused_naming_the_level(
    engine: Engine, metadata: Metadata, clock: SetClock, scope: Scope, days: int
) -> None:
    retention = _retention(engine, metadata, clock)
    with pytest.raises(FactbookError) as refusal:
        retention.change(scope, {"hour_aggregates": days})
    assert refusal.value.field == "hour_aggregates"
    with pytest.raises(FactbookError):
        retention.change(scope, {"hours": 5})
    assert retention.own(scope) == {}


def test_a_run_tells_which_tenants_lost_rows(
    engine: Engine, metadata: Metadata, clock: SetClock, scope: Scope, other: Scope
) -> None:
    put(engine, scope, [back(days=91)])
    put(engine, other, [back(days=1)])
    told: list[str | None] = []
    retention = Retention(engine, metadata, clock, settle=lambda _: True, changed=told.append)
    retention.run()
    assert (scope.tenant in told, other.tenant in told, None in told) == (True, False, False)
    told.clear()
    retention.run()
    assert told == []


def test_a_run_that_fails_midway_tells_that_anything_may_have_gone(
    engine: Engine, metadata: Metadata, clock: SetClock
) -> None:
    def settle(seconds: float) -> bool:
        raise unavailable("gone")

    told: list[str | None] = []
    with pytest.raises(FactbookError):
        Retention(engine, metadata, clock, settle=settle, changed=told.append).run()
    assert told == [None]


def test_two_runs_at_once_are_a_conflict(engine: Engine, metadata: Metadata, clock: SetClock) -> None:
    inside, leave = threading.Event(), threading.Event()

    def settle(_: float) -> bool:
        inside.set()
        return leave.wait(30)

    retention = Retention(engine, metadata, clock, settle=settle)
    first = threading.Thread(target=retention.run)
    first.start()
    assert inside.wait(30)
    with pytest.raises(FactbookError) as refusal:
        retention.run()
    leave.set()
    first.join()
    assert refusal.value.kind is Kind.CONFLICT
    assert retention.last is not None
    retention.run()


def test_a_server_forgets_the_same_rows(
    clickhouse_url: str, metadata: Metadata, clock: SetClock, scope: Scope, other: Scope, tmp_path: Path
) -> None:
    server = Engine(clickhouse_url, tmp_path)
    try:
        migrate(server)
        metadata.set_retention(other, {"raw_events": 1000})
        put(server, scope, [back(days=days) for days in (1, 95, 400)])
        put(server, other, [back(days=days) for days in (1, 95, 400, 2000)])
        report = run(server, metadata, clock)
        assert (kept(server, scope), kept(server, other)) == (
            [back(days=1)],
            [back(days=400), back(days=95), back(days=1)],
        )
        assert report.dropped_parts > 0
        assert run(server, metadata, clock).rows == 0
    finally:
        server.close()
