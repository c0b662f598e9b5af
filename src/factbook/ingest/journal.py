"""The one durable log between the way in and the warehouse: append, read from a position, commit a position."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from factbook.core.errors import unavailable

BLOCK_BYTES = 64 * 1024 * 1024
"""What one block may take in memory, large events or small."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Everything of `source` up to `position` is in; kept in the same transaction as the events themselves."""

    source: str
    position: int


@dataclass(frozen=True, slots=True)
class Note:
    """What a way in remembers under `name`, kept in the same transaction as the events that it follows from; an empty
    `value` forgets it."""

    name: str
    value: bytes


Kept: TypeAlias = Mark | Note


@dataclass(frozen=True, slots=True)
class Entry:
    """One commit: `rows` events and dead letters, journalled at `at` (milliseconds)."""

    position: int
    rows: int
    at: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Intent:
    """The block that the writer is at: entries up to `last` under the block number `block`."""

    block: int
    last: int


@dataclass(frozen=True, slots=True)
class Depth:
    """What waits: events and dead letters, their bytes, and when the oldest came (milliseconds, 0 for none)."""

    rows: int
    size: int
    oldest: int


class Journal(Protocol):
    """What ingest asks of a durable log, whatever keeps it."""

    def append(self, body: bytes, rows: int, at: int, marks: Sequence[Kept] = ()) -> None:
        """Durable on return. Raises UNAVAILABLE when it cannot be, and then nothing of it is kept."""

    def read(self, max_rows: int, up_to: int | None = None) -> list[Entry]:
        """The oldest entries not committed: at least one, then up to `max_rows` rows and BLOCK_BYTES.

        With `up_to`: all up to that position.
        """

    def waiting(self) -> Iterator[Entry]:
        """Every entry not committed, oldest first, one at a time in memory."""

    def intend(self, intent: Intent) -> None: ...

    def intent(self) -> Intent | None:
        """The block that was begun and not committed, after a crash."""

    def commit(self, intent: Intent) -> None:
        """The block is in the warehouse: its entries may go."""

    def next_block(self) -> int: ...

    def depth(self) -> Depth: ...

    @property
    def depth_bytes(self) -> int:
        """Bytes of the entries that wait."""

    @property
    def waiting_rows(self) -> int:
        """Rows of the entries that wait."""

    def position(self, source: str) -> int: ...

    def notes(self, prefix: str) -> dict[str, bytes]:
        """Those whose names begin so."""

    def close(self) -> None: ...


_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    position INTEGER PRIMARY KEY AUTOINCREMENT, rows INTEGER NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS writer (one INTEGER PRIMARY KEY CHECK (one = 1), block INTEGER NOT NULL, last INTEGER);
CREATE TABLE IF NOT EXISTS marks (source TEXT PRIMARY KEY, position INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, value BLOB NOT NULL);
"""
_ENTRY = "INSERT INTO entries (rows, at, body) VALUES (?, ?, ?)"
_NEXT = "SELECT position, rows, at, body FROM entries WHERE position > ? ORDER BY position LIMIT 1"
_MARK = "INSERT INTO marks VALUES (?, ?) ON CONFLICT DO UPDATE SET position = max(position, excluded.position)"
# Notes that came together stand together: what changes at the same time is on few pages.
_NOTE = "INSERT INTO notes (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


class SqliteJournal:
    """A journal in one SQLite file (WAL, `synchronous=FULL`): the commit is synced before `append` returns.

    One thread appends, one reads and commits; a lock makes them take turns without SQLite's sleeping retries.
    """

    def __init__(self, path: Path) -> None:
        self._turn = threading.Lock()
        self._appender = _connect(path)
        self._appender.executescript(_SCHEMA)
        # Block numbers begin at a random place, so that no two journals ever write the same one to a shared warehouse.
        self._appender.execute("INSERT OR IGNORE INTO writer VALUES (1, ?, NULL)", (secrets.randbits(42) << 20,))
        self._writer = _connect(path)
        self._numbers = threading.Lock()
        row = self._writer.execute(
            "SELECT coalesce(sum(rows), 0), coalesce(sum(length(body)), 0) FROM entries"
        ).fetchone()
        self._rows, self._size = int(row[0]), int(row[1])

    def append(self, body: bytes, rows: int, at: int, marks: Sequence[Kept] = ()) -> None:
        if marks:
            with self._transaction(self._appender) as connection:
                connection.execute(_ENTRY, (rows, at, body))
                connection.executemany(_MARK, [(m.source, m.position) for m in marks if isinstance(m, Mark)])
                notes = [note for note in marks if isinstance(note, Note)]
                connection.executemany(_NOTE, [(note.name, note.value) for note in notes if note.value])
                connection.executemany("DELETE FROM notes WHERE name = ?", [(n.name,) for n in notes if not n.value])
        else:  # one statement is a transaction of its own, at a third of the calls
            with _explained(), self._turn:
                self._appender.execute(_ENTRY, (rows, at, body))
        self._count(rows, len(body))

    def read(self, max_rows: int, up_to: int | None = None) -> list[Entry]:
        entries: list[Entry] = []
        total = size = 0
        with _explained():
            for row in self._writer.execute("SELECT position, rows, at, body FROM entries ORDER BY position"):
                entry = Entry(*row)
                if up_to is not None:
                    if entry.position > up_to:
                        break
                elif entries and (total + entry.rows > max_rows or size + len(entry.body) > BLOCK_BYTES):
                    break
                entries.append(entry)
                total += entry.rows
                size += len(entry.body)
        return entries

    def waiting(self) -> Iterator[Entry]:
        last = 0
        with _explained():
            while row := self._writer.execute(_NEXT, (last,)).fetchone():
                last = int(row[0])
                yield Entry(*row)

    def intend(self, intent: Intent) -> None:
        with self._transaction(self._writer) as connection:
            connection.execute("UPDATE writer SET block = ?, last = ?", (intent.block, intent.last))

    def intent(self) -> Intent | None:
        with _explained():
            block, last = self._writer.execute("SELECT block, last FROM writer").fetchone()
        return Intent(block, last) if last is not None else None

    def commit(self, intent: Intent) -> None:
        with self._transaction(self._writer) as connection:
            gone = connection.execute(
                "SELECT coalesce(sum(rows), 0), coalesce(sum(length(body)), 0) FROM entries WHERE position <= ?",
                (intent.last,),
            ).fetchone()
            connection.execute("DELETE FROM entries WHERE position <= ?", (intent.last,))
            connection.execute("UPDATE writer SET last = NULL")
        self._count(-int(gone[0]), -int(gone[1]))

    def next_block(self) -> int:
        with _explained():
            return int(self._writer.execute("SELECT block FROM writer").fetchone()[0]) + 1

    def depth(self) -> Depth:
        with _explained(), self._turn:
            row = self._appender.execute("SELECT at FROM entries ORDER BY position LIMIT 1").fetchone()
        with self._numbers:
            return Depth(self._rows, self._size, int(row[0]) if row else 0)

    @property
    def depth_bytes(self) -> int:
        """Bytes of the entries that wait."""
        return self._size

    @property
    def waiting_rows(self) -> int:
        return self._rows

    def position(self, source: str) -> int:
        with _explained(), self._turn:
            row = self._appender.execute("SELECT position FROM marks WHERE source = ?", (source,)).fetchone()
        return int(row[0]) if row else 0

    def notes(self, prefix: str) -> dict[str, bytes]:
        after = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        with _explained(), self._turn:
            found = self._appender.execute(
                "SELECT name, value FROM notes WHERE name >= ? AND name < ? ORDER BY id", (prefix, after)
            )
            return dict(found.fetchall())

    def close(self) -> None:
        with self._turn:
            self._writer.close()
            self._appender.close()

    def _count(self, rows: int, size: int) -> None:
        with self._numbers:
            self._rows += rows
            self._size += size

    @contextmanager
    def _transaction(self, connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
        with _explained(), self._turn:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise unavailable(
            f"The journal cannot be written: {error}.", retry_after=5.0, hint="Free disk space or mend the data folder."
        ) from error


def _connect(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        for pragma in (
            "page_size=32768",  # a batch is 0.4 MB: with 4 kB pages its commit takes more than twice as long
            "journal_mode=WAL",
            "synchronous=FULL",
            "wal_autocheckpoint=500",
            "journal_size_limit=67108864",
            "cache_size=-8000",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        return connection
    except sqlite3.Error as error:
        raise unavailable(
            f"The journal {path} cannot be opened: {error}.", hint="Check the data folder and its disk."
        ) from error
