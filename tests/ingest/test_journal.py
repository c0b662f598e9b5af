"""The durable log: what was appended is there after reopening, what failed is not, and marks go with their events."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factbook.core.errors import FactbookError, Kind
from factbook.ingest import journal as module
from factbook.ingest.journal import Depth, Entry, Intent, Mark, Note, SqliteJournal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[SqliteJournal]:
    opened = SqliteJournal(path)
    yield opened
    opened.close()


def bodies(journal: SqliteJournal, max_rows: int = 1000, up_to: int | None = None) -> list[bytes]:
    return [entry.body for entry in journal.read(max_rows, up_to)]


def reopened(journal: SqliteJournal, path: Path) -> SqliteJournal:
    journal.close()
    return SqliteJournal(path)


def test_what_was_appended_is_there_after_reopening_in_order(journal: SqliteJournal, path: Path) -> None:
    for number in range(5):
        journal.append(b"%d" % number, number, 1000 + number)
    again = reopened(journal, path)
    assert bodies(again) == [b"0", b"1", b"2", b"3", b"4"]
    assert (again.depth(), again.waiting_rows, again.depth_bytes) == (Depth(10, 5, 1000), 10, 5)
    assert list(again.waiting()) == again.read(1000)
    again.close()


def test_what_was_appended_is_there_though_nobody_closed_it(journal: SqliteJournal, path: Path) -> None:
    journal.append(b"x", 1, 1)
    other = SqliteJournal(path)
    assert bodies(other) == [b"x"]
    other.close()


def test_every_commit_is_synced(journal: SqliteJournal) -> None:
    for connection in (journal._appender, journal._writer):
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_block_takes_whole_entries_up_to_its_rows_and_always_one(journal: SqliteJournal) -> None:
    for rows in (5, 5, 90, 1):
        journal.append(b"%d" % rows, rows, 1)
    assert bodies(journal, 10) == [b"5", b"5"]
    assert bodies(journal, 9) == [b"5"]
    assert bodies(journal, 1) == [b"5"]
    assert bodies(journal, 101) == [b"5", b"5", b"90", b"1"]


def test_a_block_of_few_but_large_entries_is_bounded_too(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK_BYTES", 100)
    for size in (60, 40, 1, 500, 1):
        journal.append(b"x" * size, 1, 1)
    assert [len(body) for body in bodies(journal)] == [60, 40]
    assert [len(body) for body in bodies(journal, up_to=4)] == [60, 40, 1, 500]


def test_an_intent_outlives_a_crash_and_names_the_same_entries_whatever_came_since(
    journal: SqliteJournal, path: Path
) -> None:
    for number in range(3):
        journal.append(b"%d" % number, 1, 1)
    entries = journal.read(2)
    intent = Intent(journal.next_block(), entries[-1].position)
    journal.intend(intent)
    journal.append(b"later", 1, 1)
    again = reopened(journal, path)
    assert again.intent() == intent
    assert again.read(1, up_to=intent.last) == entries
    again.commit(intent)
    assert again.intent() is None
    assert bodies(again) == [b"2", b"later"]
    assert again.next_block() == intent.block + 1
    again.close()


def test_a_committed_block_is_gone_and_its_number_is_never_given_again(journal: SqliteJournal, path: Path) -> None:
    numbers = []
    for _ in range(3):
        journal.append(b"x", 2, 1)
        intent = Intent(journal.next_block(), journal.read(10)[-1].position)
        journal.intend(intent)
        journal.commit(intent)
        numbers.append(intent.block)
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]
    again = reopened(journal, path)
    assert again.depth() == Depth(0, 0, 0)
    assert again.next_block() == numbers[-1] + 1
    again.append(b"y", 1, 1)
    assert again.read(1)[0].position == 4
    again.close()


def test_two_journals_number_their_blocks_apart(tmp_path: Path) -> None:
    opened = [SqliteJournal(tmp_path / f"{number}.db") for number in range(5)]
    firsts = sorted(journal.next_block() for journal in opened)
    assert min(later - earlier for earlier, later in pairwise(firsts)) >= 1 << 20
    assert firsts[-1] < 2**63
    for journal in opened:
        journal.close()


def test_marks_are_kept_with_their_events(journal: SqliteJournal, path: Path) -> None:
    assert journal.position("file") == 0
    journal.append(b"x", 1, 1, [Mark("file", 100), Mark("other", 7)])
    again = reopened(journal, path)
    assert (again.position("file"), again.position("other"), again.position("third")) == (100, 7, 0)
    again.close()


def test_marks_never_go_backwards(journal: SqliteJournal) -> None:
    for position in (100, 50, 101, 3):
        journal.append(b"x", 1, 1, [Mark("file", position)])
    assert journal.position("file") == 101


def full(journal: SqliteJournal) -> int:
    """Fills the file to a bound, as a full disk would; how many entries went in."""
    pages = int(journal._appender.execute("PRAGMA page_count").fetchone()[0])
    journal._appender.execute(f"PRAGMA max_page_count = {pages + 20}")
    for number in range(1000):
        try:
            journal.append(b"x" * 4000, 1, 1, [Mark("file", number + 1)])
        except FactbookError:
            return number
    raise AssertionError("never full")


def test_an_append_that_fails_keeps_nothing_neither_events_nor_mark(journal: SqliteJournal, path: Path) -> None:
    kept = full(journal)
    assert kept
    with pytest.raises(FactbookError) as refused:
        journal.append(b"x" * 4000, 1, 1, [Mark("file", 5000), Mark("new", 1)])
    assert refused.value.kind is Kind.UNAVAILABLE
    assert refused.value.retry_after
    assert (journal.depth().rows, len(bodies(journal))) == (kept, kept)
    again = reopened(journal, path)
    assert len(bodies(again)) == kept
    assert (again.position("file"), again.position("new")) == (kept, 0)
    again.close()


def test_it_takes_events_again_once_there_is_room_without_being_reopened(journal: SqliteJournal) -> None:
    kept = full(journal)
    intent = Intent(journal.next_block(), journal.read(kept)[-1].position)
    journal.intend(intent)
    journal.commit(intent)
    journal.append(b"x" * 4000, 1, 1)
    assert journal.depth().rows == 1


def test_a_locked_file_is_unavailable_and_nothing_is_kept(journal: SqliteJournal, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    journal._appender.execute("PRAGMA busy_timeout = 10")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(FactbookError) as refused:
        journal.append(b"x", 1, 1)
    assert refused.value.kind is Kind.UNAVAILABLE
    other.execute("ROLLBACK")
    other.close()
    journal.append(b"y", 1, 1)
    assert bodies(journal) == [b"y"]


def test_a_place_that_cannot_be_written_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(FactbookError) as refused:
        SqliteJournal(tmp_path / "missing" / "journal.db")
    assert refused.value.kind is Kind.UNAVAILABLE


@given(st.lists(st.tuples(st.binary(max_size=20), st.integers(0, 5)), max_size=30), st.integers(1, 8))
def test_block_by_block_every_entry_comes_once_in_order(
    tmp_path_factory: pytest.TempPathFactory, sent: list[tuple[bytes, int]], block_rows: int
) -> None:
    journal = SqliteJournal(tmp_path_factory.mktemp("journal") / "journal.db")
    for number, (body, rows) in enumerate(sent):
        journal.append(body, rows, number)
    found: list[Entry] = []
    while entries := journal.read(block_rows):
        assert len(entries) == 1 or sum(entry.rows for entry in entries) <= block_rows
        intent = Intent(journal.next_block(), entries[-1].position)
        journal.intend(intent)
        assert journal.read(block_rows, up_to=intent.last) == entries
        journal.commit(intent)
        found += entries
    assert [(entry.body, entry.rows) for entry in found] == sent
    assert journal.depth() == Depth(0, 0, 0)
    journal.close()


def test_notes_are_kept_with_their_entry_and_forgotten_where_they_are_empty(journal: SqliteJournal, path: Path) -> None:
    journal.append(b"one", 1, 0, [Note("a/1", b"x"), Note("a/2", b"y"), Note("b/1", b"z"), Mark("a/1", 7)])
    journal.append(b"two", 1, 0, [Note("a/1", b"newer"), Note("a/2", b"")])
    other = sqlite3.connect(path, isolation_level=None)
    journal._appender.execute("PRAGMA busy_timeout = 10")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(FactbookError):
        journal.append(b"three", 1, 0, [Note("a/3", b"never")])
    other.execute("ROLLBACK")
    other.close()
    again = reopened(journal, path)
    assert (again.notes("a/"), again.notes("b/")) == ({"a/1": b"newer"}, {"b/1": b"z"})
    assert again.position("a/1") == 7
    assert bodies(again) == [b"one", b"two"]
    again.close()
