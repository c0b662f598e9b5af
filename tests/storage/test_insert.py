"""An insert is durable on return, and the same token never counts twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from factbook.core.scope import Scope
from factbook.storage.engine import Engine, EngineError

from .rows import START, count, events, roll_up

PRESSURE = {
    "group_by_two_level_threshold": 1,
    "group_by_two_level_threshold_bytes": 1,
    "max_bytes_before_external_group_by": 1,
    "max_block_size": 100,
    "max_threads": 2,
    "min_insert_block_size_bytes": 1000,
}


def test_same_token_again_changes_nothing(either: Engine, scope: Scope) -> None:
    rows = events(scope.tenant, [START] * 100)
    for _ in range(3):
        either.insert("events", rows, token=f"{scope.tenant}-1")
    assert count(either, "events", scope.tenant) == 100


def test_equal_rows_under_another_token_are_other_events(either: Engine, scope: Scope) -> None:
    rows = events(scope.tenant, [START] * 100)
    for token in ("1", "2"):
        either.insert("events", rows, token=f"{scope.tenant}-{token}")
    assert count(either, "events", scope.tenant) == 200


def test_same_token_across_many_months_changes_nothing(either: Engine, scope: Scope) -> None:
    rows = events(scope.tenant, [START + timedelta(days=20 * (n % 60)) for n in range(3000)])
    for _ in range(3):
        either.insert("events", rows, token=f"{scope.tenant}-1")
    assert count(either, "events", scope.tenant) == 3000


def test_block_cut_off_between_two_months_is_completed_by_the_same_token(either: Engine, scope: Scope) -> None:
    march, april = [START] * 10, [START + timedelta(days=31)] * 10
    rows = events(scope.tenant, march + april)
    either.insert("events", rows.slice(0, 10), token=f"{scope.tenant}-1")  # as if killed before April's part
    either.insert("events", rows, token=f"{scope.tenant}-1")
    assert count(either, "events", scope.tenant) == 20


def test_more_than_a_hundred_months_fit_in_one_insert(either: Engine, scope: Scope) -> None:
    rows = events(scope.tenant, [START - timedelta(days=31 * n) for n in range(130)])
    either.insert("events", rows, token=f"{scope.tenant}-1")
    assert count(either, "events", scope.tenant) == 130


def test_large_block_is_one_part_a_month_and_is_recognised_again(either: Engine, scope: Scope) -> None:
    rows = events(scope.tenant, [START + timedelta(days=40 * (n % 2)) for n in range(150_000)], block=77)
    for _ in range(2):
        either.insert("events", rows, token=f"{scope.tenant}-1")
    assert count(either, "events", scope.tenant) == 150_000
    [(parts,)] = either.rows("SELECT uniqExact(_part) FROM events WHERE tenant = {t:String}", {"t": scope.tenant})
    assert parts == 2


def test_same_token_at_once_from_several_threads_counts_once(either: Engine, scope: Scope) -> None:
    rows = events(scope.tenant, [START + timedelta(days=n % 70) for n in range(1000)])
    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(either.insert, "events", rows, token=f"{scope.tenant}-1") for _ in range(8)]:
            done.result()
    assert count(either, "events", scope.tenant) == 1000


def test_same_token_counts_once_in_each_table(either: Engine, scope: Scope) -> None:
    rows = events(scope.tenant, [START + timedelta(days=20 * (n % 10)) for n in range(2000)])
    for _ in range(3):
        either.insert("events", rows, token=f"{scope.tenant}-1")
        roll_up(either, scope.tenant, rows, block=1, token=f"{scope.tenant}-1")
    assert count(either, "events", scope.tenant) == 2000
    assert count(either, "rollups", scope.tenant) == 2000


@pytest.mark.parametrize("turn", range(5))
def test_large_roll_up_again_counts_once(either: Engine, scope: Scope, turn: int) -> None:
    """Several turns: run by more than one thread, the same statement was recognised on some only."""
    rows = events(
        scope.tenant,
        [START + timedelta(minutes=n % 3000) for n in range(30_000)],
        types=[f"type-{n % 50}" for n in range(30_000)],
        numbers=[{"x": float(n), "y": 1.0} for n in range(30_000)],
        block=turn,
    )
    either.insert("events", rows, token=f"{scope.tenant}-{turn}")
    for _ in range(4):
        roll_up(either, scope.tenant, rows, block=turn, token=f"{scope.tenant}-{turn}")
    assert count(either, "rollups", scope.tenant) == 30_000
    [(sums,)] = either.rows(
        "SELECT sum(sum) FROM rollups WHERE tenant = {t:String} AND level = '1h' AND property = 'x'",
        {"t": scope.tenant},
    )
    assert sums == sum(range(30_000))


def test_a_roll_up_again_under_other_pressure_counts_once(engine: Engine, scope: Scope) -> None:
    """Where memory is short, the engine aggregates in other ways; their chunks must not make another token."""
    rows = events(scope.tenant, [START + timedelta(minutes=n) for n in range(3000)], block=1)
    engine.insert("events", rows, token=scope.tenant)
    usual = {name: engine.command(f"SELECT toString(getSetting('{name}'))") for name in PRESSURE}
    roll_up(engine, scope.tenant, rows, block=1, token=scope.tenant)
    try:
        for name, value in PRESSURE.items():
            engine.command(f"SET {name} = {value}")  # of the connection, which is the next one to be taken
            roll_up(engine, scope.tenant, rows, block=1, token=scope.tenant)
            assert count(engine, "rollups", scope.tenant) == 3000, name
    finally:
        for name, before in usual.items():
            engine.command(f"SET {name} = {before}")


def test_bad_row_fails_the_whole_block_and_keeps_nothing(either: Engine, scope: Scope) -> None:
    rows = events(scope.tenant, [START + timedelta(days=31 * n) for n in range(3)], types=["a", "", "b"])
    with pytest.raises(EngineError) as refused:
        either.insert("events", rows, token=f"{scope.tenant}-1")
    assert refused.value.code == 469
    assert count(either, "events", scope.tenant) == 0


def test_after_a_failed_block_the_same_token_is_free(either: Engine, scope: Scope) -> None:
    with pytest.raises(EngineError):
        either.insert("events", events(scope.tenant, [START], types=[""]), token=f"{scope.tenant}-1")
    either.insert("events", events(scope.tenant, [START]), token=f"{scope.tenant}-1")
    assert count(either, "events", scope.tenant) == 1


def test_tables_sync_their_files_on_insert(either: Engine) -> None:
    for (definition,) in either.rows(
        "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name IN "
        "('events', 'rollups', 'dead_letters', 'migrations')"
    ):
        assert "fsync_after_insert = 1" in definition
        assert "fsync_part_directory = 1" in definition
