"""Migrations are applied once each, survive an interruption anywhere, and are refused when changed."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from factbook.core.errors import FactbookError, Kind
from factbook.storage import migrate as migrating
from factbook.storage.engine import Engine
from factbook.storage.migrate import migrate, migrations, statements

NAMES = [name for name, _ in migrations()]
STATEMENTS = sum(len(statements(sql)) for _, sql in migrations())


def tables(engine: Engine) -> set[str]:
    return {name for (name,) in engine.rows("SELECT name FROM system.tables WHERE database = currentDatabase()")}


def test_every_migration_is_applied_once(empty: Engine) -> None:
    assert migrate(empty) == NAMES
    assert migrate(empty) == []
    assert tables(empty) >= {"migrations", "events", "rollups", "dead_letters"}


def test_numbers_of_migrations_have_no_gap_and_no_double() -> None:
    assert [int(name.split("_")[0]) for name in NAMES] == list(range(1, len(NAMES) + 1))


def test_interrupted_anywhere_the_next_run_goes_on(empty: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    run = empty.command
    for survives in range(STATEMENTS + len(NAMES)):
        left = survives

        def interrupted(sql: str, parameters: Any = None) -> str:
            nonlocal left
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
            return run(sql, parameters)

        monkeypatch.setattr(empty, "command", interrupted)
        with contextlib.suppress(KeyboardInterrupt):
            migrate(empty, patience=0.02)
        monkeypatch.undo()
    migrate(empty, patience=0.02)
    assert migrate(empty) == []
    assert empty.rows("SELECT name FROM migrations ORDER BY name") == [(name,) for name in NAMES]


def interrupted_anywhere(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, every: list[tuple[str, str]], place: int, content: str
) -> None:
    """Applies the migration at `place`, cut off before each of its statements in turn: `content` stays the same."""
    before = engine.rows(content)
    monkeypatch.setattr(migrating, "migrations", lambda: every)
    run = engine.command
    for survives in range(len(statements(every[place][1])) + 1):
        left = survives

        def interrupted(sql: str, parameters: Any = None) -> str:
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
            return run(sql, parameters)

        with monkeypatch.context() as patched, contextlib.suppress(KeyboardInterrupt):
            patched.setattr(engine, "command", interrupted)
            migrate(engine, patience=0.02)
        assert engine.rows(content) == before
    migrate(engine, patience=0.02)
    assert engine.rows(content) == before


def test_writing_roll_ups_anew_keeps_every_row_wherever_it_is_interrupted(
    empty: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = migrations()
    place = NAMES.index("0016_finer_rollups")
    monkeypatch.setattr(migrating, "migrations", lambda: every[:place])
    migrate(empty)
    for _ in range(2):
        empty.command(
            "INSERT INTO rollups SELECT 't', level, ['', 'view'][1 + number % 2], '',"
            " toDateTime('2026-01-31 00:00:00', 'UTC') + intDiv(number, 50) * 60 AS at, count(), 0, 0, 0,"
            " uniqCombined64State(17)(toUInt64(number)), uniqCombined64State(17)(toUInt64(number % 3 + 1)),"
            " quantilesBFloat16State(0.5, 0.95, 0.99)(toFloat64(number))"
            " FROM numbers(20000) ARRAY JOIN ['1m', '1h', '1d'] AS level GROUP BY level, number, at"
        )
    content = (
        "SELECT level, event_type, sum(count), uniqExact(bucket), uniqCombined64Merge(17)(users),"
        " uniqCombined64Merge(17)(sessions), quantilesBFloat16Merge(0.5, 0.95, 0.99)(quantiles)"
        " FROM rollups GROUP BY level, event_type ORDER BY level, event_type"
    )
    interrupted_anywhere(empty, monkeypatch, every, place, content)
    assert not tables(empty) & {"rollups_finer", "rollups_coarser"}


def test_writing_events_anew_keeps_every_row_wherever_it_is_interrupted(
    empty: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = migrations()
    place = NAMES.index("0015_sorted_by_type")
    monkeypatch.setattr(migrating, "migrations", lambda: every[:place])
    migrate(empty)
    empty.command(
        "INSERT INTO events (tenant, event_id, event_type, timestamp, content_id, texts)"
        " SELECT 't', generateUUIDv4(), ['view', 'play'][1 + number % 2],"
        " toDateTime64('2026-01-31 23:00:00', 3) + number * 60, concat('c', toString(number % 7)),"
        " map('service', 'shop') FROM numbers(200)"
    )
    content = "SELECT count(), sum(cityHash64(event_id, event_type, timestamp, content_id, service)) FROM events"
    interrupted_anywhere(empty, monkeypatch, every, place, content)
    assert not tables(empty) & {"events_by_type", "events_by_time"}
    [(key,)] = empty.rows(
        "SELECT sorting_key FROM system.tables WHERE database = currentDatabase() AND name = 'events'"
    )
    assert key == "tenant, toDate(timestamp), event_type, content_id, service, symbol, timestamp"


def test_changed_migration_is_refused_and_applies_nothing(empty: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(empty)
    changed = [(name, sql + "\n-- changed\n") for name, sql in migrations()]
    changed.append(("9999_more", "CREATE TABLE more (x UInt8) ENGINE = Memory"))
    monkeypatch.setattr(migrating, "migrations", lambda: changed)
    with pytest.raises(FactbookError, match=f"{NAMES[0]} was changed") as raised:
        migrate(empty)
    assert raised.value.kind is Kind.CONFLICT
    assert "more" not in tables(empty)


def test_warehouse_of_a_newer_version_is_refused(empty: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(empty)
    monkeypatch.setattr(migrating, "migrations", lambda older=migrations()[:-1]: older)
    with pytest.raises(FactbookError, match=f"newer Factbook.*{NAMES[-1]}"):
        migrate(empty)


def test_two_at_once_end_with_one_schema(clickhouse_url: str) -> None:
    engines = [Engine(clickhouse_url, Path("/nowhere"), connections=1) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(migrate, engine) for engine in engines]:
            done.result()
    assert migrate(engines[0]) == []
    for engine in engines:
        engine.close()


def test_who_was_killed_while_migrating_holds_up_nobody_for_long(clickhouse_url: str) -> None:
    engine = Engine(clickhouse_url, Path("/nowhere"), connections=1)
    engine.command("CREATE TABLE migrating (at DateTime) ENGINE = MergeTree ORDER BY at COMMENT 'gone'")
    assert migrate(engine, patience=0.5) == NAMES
    assert "migrating" not in tables(engine)
    engine.close()


def test_who_was_taken_over_from_stops(clickhouse_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(clickhouse_url, Path("/nowhere"), connections=1)
    run = engine.command

    def overtaken(sql: str, parameters: Any = None) -> str:
        if sql.startswith("RENAME TABLE"):
            run("DROP TABLE migrating SYNC")
            run("CREATE TABLE migrating (at DateTime) ENGINE = MergeTree ORDER BY at COMMENT 'other'")
        return run(sql, parameters)

    monkeypatch.setattr(engine, "command", overtaken)
    with pytest.raises(FactbookError, match="taken over"):
        migrate(engine)
    assert engine.rows("SELECT comment FROM system.tables WHERE name = 'migrating'") == [("other",)]
    engine.close()


def test_statements_are_split_at_the_end_of_a_line_only() -> None:
    assert statements("-- a; comment\nSELECT ';' AS x;\n\nSELECT 2;\n-- tail\n") == ["SELECT ';' AS x", "SELECT 2;"]
