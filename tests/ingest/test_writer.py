"""From the journal to the warehouse: every event exactly once in raw rows and in each roll-up, wherever it crashed."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from factbook.core.clock import epoch_ms, system_clock
from factbook.core.errors import FactbookError
from factbook.core.scope import Scope
from factbook.ingest import writer as module
from factbook.ingest.blocks import EVENTS, size_of, to_bytes
from factbook.ingest.journal import Intent, SqliteJournal
from factbook.ingest.writer import Writer
from factbook.storage.engine import Engine, EngineError
from factbook.storage.versions import DAY_MS, Days

from .way_in import LEVELS, count, letters, rolled_up, stored

NOW = datetime.now(UTC).replace(microsecond=0)


class CrashError(Exception):
    """The process ends here."""


class Crashing(Engine):
    """The session's engine, which ends the process at one point: `before` or `after` the call it is told."""

    def __init__(self, engine: Engine, when: str, call: str, number: int = 1) -> None:
        self._engine, self._when, self._call, self._left = engine, when, call, number

    def insert(self, table: str, rows: Any, *, token: str, columns: Any = None) -> None:
        self._around(f"insert {table}", lambda: self._engine.insert(table, rows, token=token, columns=columns))

    def command(self, sql: str, parameters: Any = None) -> str:
        return str(self._around("roll-up", lambda: self._engine.command(sql, parameters)))

    def rows(self, sql: str, parameters: Any = None, **named: Any) -> list[tuple[Any, ...]]:
        return self._engine.rows(sql, parameters, **named)

    def _around(self, call: str, work: Callable[[], Any]) -> Any:
        self._left -= call == self._call
        here = call == self._call and not self._left
        if here and self._when == "before":
            raise CrashError
        done = work()
        if here and self._when == "after":
            raise CrashError
        return done


class Failing(Engine):
    """The session's engine, which refuses inserts while `error` is set."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.error: Exception | None = None
        self.refused = 0

    def insert(self, table: str, rows: Any, *, token: str, columns: Any = None) -> None:
        if self.error:
            self.refused += 1
            raise self.error
        self._engine.insert(table, rows, token=token, columns=columns)

    def command(self, sql: str, parameters: Any = None) -> str:
        return self._engine.command(sql, parameters)

    def rows(self, sql: str, parameters: Any = None, **named: Any) -> list[tuple[Any, ...]]:
        return self._engine.rows(sql, parameters, **named)


class Forgetful(Crashing):
    """The session's engine, which knows no token of those it was given before."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, "never", "")

    def insert(self, table: str, rows: Any, *, token: str, columns: Any = None) -> None:
        super().insert(table, rows, token=f"{token}-forgotten", columns=columns)

    def command(self, sql: str, parameters: Any = None) -> str:
        return super().command(re.sub(r"(insert_deduplication_token = '\w+)'", r"\1-forgotten'", sql), parameters)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    opened = SqliteJournal(tmp_path / "journal.db")
    yield opened
    opened.close()


def rows(scope: Scope, times: list[datetime], types: list[str] | None = None) -> pa.RecordBatch:
    """Rows as ingest journals them, one for each time; a type of '' breaks the table's constraint."""
    total = len(times)
    given = {
        "tenant": [scope.tenant] * total,
        "event_id": [uuid.uuid4().bytes for _ in times],
        "event_type": types or ["page_view"] * total,
        "timestamp": [epoch_ms(at) for at in times],
        "processed_at": [epoch_ms(NOW)] * total,
        "user_id": [f"u{number % 3}" for number in range(total)],
        "session": [number % 5 + 1 for number in range(total)],
        "is_bot": [False] * total,
        "batch_id": [bytes(16)] * total,
        "numbers": [[("x", float(number))] for number in range(total)],
        "texts": [[("plan", "pro")]] * total,
        "properties": [json.dumps({"x": number}) for number in range(total)],
    }
    arrays = [pa.array(given.get(field.name, [""] * total), field.type) for field in EVENTS]
    return pa.RecordBatch.from_arrays(arrays, schema=EVENTS)


def put(journal: SqliteJournal, *batches: pa.RecordBatch) -> None:
    for batch in batches:
        journal.append(to_bytes(batch, None), batch.num_rows, epoch_ms(NOW))


def writer_of(engine: Engine, journal: SqliteJournal, block_rows: int = 50_000) -> Writer:
    return Writer(engine, journal, system_clock, block_rows=block_rows, interval=0.01)


def months(number: int, each: int = 10) -> list[datetime]:
    return [NOW - timedelta(days=31 * month, minutes=minute) for month in range(number) for minute in range(each)]


# Crashes


@pytest.mark.parametrize(
    ("when", "call"),
    [("before", "insert events"), ("after", "insert events"), ("before", "roll-up"), ("after", "roll-up")],
)
@pytest.mark.parametrize("number", [1, 2])
def test_a_crash_around_any_statement_leaves_every_event_once(
    engine: Engine, journal: SqliteJournal, scope: Scope, when: str, call: str, number: int
) -> None:
    put(journal, *(rows(scope, months(3)) for _ in range(4)))
    with pytest.raises(CrashError):
        writer_of(Crashing(engine, when, call, number), journal, block_rows=60).recover()
    put(journal, rows(scope, [NOW]))
    writer_of(engine, journal, block_rows=7).recover()
    assert count(engine, scope) == 121
    assert journal.depth().rows == 0


@pytest.mark.parametrize("point", ["intend", "commit"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_around_intent_or_commit_leaves_every_event_once(
    engine: Engine, journal: SqliteJournal, scope: Scope, monkeypatch: pytest.MonkeyPatch, point: str, when: str
) -> None:
    put(journal, *(rows(scope, months(2)) for _ in range(3)))

    def crash(intent: Intent) -> None:
        if when == "after":
            getattr(SqliteJournal, point)(journal, intent)
        raise CrashError

    with monkeypatch.context() as patched:
        patched.setattr(journal, point, crash)
        with pytest.raises(CrashError):
            writer_of(engine, journal, block_rows=40).recover()
    writer_of(engine, journal).recover()
    assert count(engine, scope) == 60
    assert journal.intent() is None


def test_a_crash_again_and_again_leaves_every_event_once(engine: Engine, journal: SqliteJournal, scope: Scope) -> None:
    put(journal, *(rows(scope, months(2, each=3)) for _ in range(5)))
    for when, call in [("after", "insert events"), ("after", "roll-up"), ("before", "roll-up"), ("after", "roll-up")]:
        with pytest.raises(CrashError):
            writer_of(Crashing(engine, when, call), journal, block_rows=12).recover()
    writer_of(engine, journal).recover()
    assert count(engine, scope) == 30


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", ["insert events", "roll-up"])
def test_a_block_that_is_in_counts_once_though_its_tokens_are_forgotten(
    engine: Engine, journal: SqliteJournal, scope: Scope, when: str, call: str
) -> None:
    """As after a migration that writes the tables anew."""
    put(journal, rows(scope, months(2, each=3)))
    writer_of(engine, journal).recover()
    put(journal, rows(scope, [*months(2, each=3), NOW]))
    with pytest.raises(CrashError):
        writer_of(Crashing(engine, when, call), journal).recover()
    writer_of(Forgetful(engine), journal).recover()
    assert count(engine, scope) == 13


def test_a_block_over_many_months_is_once_in_rows_and_roll_ups(
    engine: Engine, journal: SqliteJournal, scope: Scope
) -> None:
    put(journal, rows(scope, months(60, each=2)))
    writer_of(engine, journal).recover()
    assert count(engine, scope) == 120


# What others are told of a block

DAY_OF_NOW = epoch_ms(NOW) // DAY_MS


def test_the_days_of_a_block_are_told_by_tenant_once_rows_and_roll_ups_are_in(
    engine: Engine, journal: SqliteJournal, scope: Scope
) -> None:
    told: list[dict[str, list[int]]] = []

    def appeared(days: Days) -> None:
        assert count(engine, scope) == 3
        told.append({tenant: sorted(numbers) for tenant, numbers in days.items()})

    other = replace(scope, tenant=f"other-{scope.tenant}")
    put(journal, rows(scope, [NOW, NOW, NOW - timedelta(days=40)]), rows(other, [NOW - timedelta(days=1)]))
    Writer(engine, journal, system_clock, appeared=appeared).recover()
    assert told == [{scope.tenant: [DAY_OF_NOW - 40, DAY_OF_NOW], other.tenant: [DAY_OF_NOW - 1]}]


def test_days_that_a_crash_kept_from_being_told_are_told_with_the_block_again(
    engine: Engine, journal: SqliteJournal, scope: Scope
) -> None:
    def crash(days: Days) -> None:
        raise CrashError

    told: list[Days] = []
    put(journal, rows(scope, [NOW]))
    with pytest.raises(CrashError):
        Writer(engine, journal, system_clock, appeared=crash).recover()
    Writer(engine, journal, system_clock, appeared=told.append).recover()
    assert told == [{scope.tenant: [DAY_OF_NOW]}]
    assert count(engine, scope) == 1


# Poison


def poisoned(scope: Scope, bad: set[int], total: int = 40) -> pa.RecordBatch:
    return rows(scope, months(2, total // 2), ["" if number in bad else "page_view" for number in range(total)])


@pytest.mark.parametrize("bad", [{0}, {39}, {7, 8, 20}, set(range(40))])
def test_rows_the_warehouse_refuses_become_letters_and_all_others_are_in(
    engine: Engine, journal: SqliteJournal, scope: Scope, bad: set[int]
) -> None:
    put(journal, poisoned(scope, bad), rows(scope, [NOW]))
    writer_of(engine, journal).recover()
    assert count(engine, scope) == 41 - len(bad)
    found = letters(engine, scope)
    assert len(found) == len({letter["letter_id"] for letter in found}) == len(bad)
    assert {letter["reason"] for letter in found} == {"refused_by_warehouse"}
    assert {json.loads(letter["body"])["properties"]["x"] for letter in found} == bad
    assert journal.depth().rows == 0


@pytest.mark.parametrize(
    ("when", "call", "number"),
    [
        ("after", "insert events", 3),
        ("after", "insert events", 5),
        ("after", "insert events", 7),
        ("after", "roll-up", 1),
        ("after", "insert dead_letters", 1),
    ],
)
def test_a_crash_in_the_middle_of_a_poisonous_block_leaves_each_row_once_somewhere(
    engine: Engine, journal: SqliteJournal, scope: Scope, when: str, call: str, number: int
) -> None:
    bad = {11, 30}
    put(journal, poisoned(scope, bad))
    crashed = False
    try:
        writer_of(Crashing(engine, when, call, number), journal).recover()
    except CrashError:
        crashed = True
    writer_of(engine, journal).recover()
    assert crashed or call == "insert events"  # the refused insert itself is no crash
    assert count(engine, scope) == 38
    assert sorted(json.loads(letter["body"])["properties"]["x"] for letter in letters(engine, scope)) == sorted(bad)


def test_a_letter_of_a_refused_row_holds_what_the_row_tells(
    engine: Engine, journal: SqliteJournal, scope: Scope
) -> None:
    batch = poisoned(scope, {0}, 2)
    put(journal, batch)
    writer_of(engine, journal).recover()
    [letter] = letters(engine, scope)
    [event_id] = {str(uuid.UUID(bytes=raw)) for raw in batch["event_id"].to_pylist()} - set(stored(engine, scope))
    assert letter["event_id"] == letter["letter_id"] == event_id
    assert json.loads(letter["body"]) == {
        "event_id": event_id,
        "user_id": "u0",
        "timestamp": NOW.isoformat(),
        "properties": {"x": 0},
    }
    assert "named" in letter["message"] or "onstraint" in letter["message"]


# The warehouse down


@pytest.mark.parametrize(
    "error",
    [
        EngineError(0, "The warehouse does not answer."),
        EngineError(243, "The warehouse refused: no space left."),
        RuntimeError("a defect"),
    ],
)
def test_while_the_warehouse_refuses_all_waits_visibly_and_then_goes_on(
    engine: Engine, journal: SqliteJournal, scope: Scope, error: Exception
) -> None:
    failing = Failing(engine)
    failing.error = error
    writer = writer_of(failing, journal)
    put(journal, rows(scope, months(2)))
    writer.start()
    writer.wake()
    while not writer.error:
        assert not writer.drained(0.05)
    assert str(error).removeprefix("a ") in writer.error or str(error) in writer.error
    assert failing.refused
    assert journal.depth().rows == 20
    put(journal, rows(scope, [NOW]))
    failing.error = None
    writer.wake()
    assert writer.drained(30)
    assert writer.error == ""
    assert writer.stop()
    assert count(engine, scope) == 21
    assert letters(engine, scope) == []


def test_events_that_compress_well_come_in_blocks_that_fit_into_memory(
    engine: Engine, journal: SqliteJournal, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = rows(scope, [NOW] * 10)
    monkeypatch.setattr(module, "BLOCK_BYTES", 2 * size_of(to_bytes(entry, None)))
    writer = writer_of(engine, journal)
    put(journal, *[rows(scope, [NOW] * 10) for _ in range(5)])
    assert [writer.step() for _ in range(4)] == [True, True, True, False]
    monkeypatch.setattr(module, "BLOCK_BYTES", 1)
    put(journal, entry)
    assert (writer.step(), writer.step()) == (True, False)
    assert count(engine, scope) == 60


def test_a_stop_while_the_warehouse_refuses_keeps_everything_for_the_next_start(
    engine: Engine, journal: SqliteJournal, scope: Scope
) -> None:
    failing = Failing(engine)
    failing.error = EngineError(0, "The warehouse does not answer.")
    writer = writer_of(failing, journal)
    put(journal, rows(scope, [NOW]))
    writer.start()
    assert writer.stop()
    assert journal.depth().rows == 1
    with pytest.raises(FactbookError):
        writer_of(failing, journal).recover()
    writer_of(engine, journal).recover()
    assert count(engine, scope) == 1


def test_a_stop_finishes_what_is_journalled(engine: Engine, journal: SqliteJournal, scope: Scope) -> None:
    writer = writer_of(engine, journal, block_rows=3)
    writer.start()
    put(journal, *(rows(scope, [NOW, NOW]) for _ in range(5)))
    writer.wake()
    assert writer.stop()
    assert journal.depth().rows == 0
    assert count(engine, scope) == 10


def test_an_event_waits_no_longer_than_the_interval_for_others(
    engine: Engine, journal: SqliteJournal, scope: Scope
) -> None:
    writer = writer_of(engine, journal)
    writer.start()
    put(journal, rows(scope, [NOW]))
    writer.wake()
    assert writer.drained(30)
    assert writer.lag_seconds >= 0
    assert writer.blocks == 1
    assert writer.stop()
    assert rolled_up(engine, scope) == dict.fromkeys(LEVELS, 1)
