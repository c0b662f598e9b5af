"""One file of a spool: events that wait, synced to disk before `append` returns, and every attempt to send them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .waiting import Batch, within

_SCHEMA = """
BEGIN EXCLUSIVE;
CREATE TABLE IF NOT EXISTS waiting (number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, event BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS attempts (position INTEGER PRIMARY KEY AUTOINCREMENT, last INTEGER NOT NULL);
COMMIT;
"""


class SpoolFile:
    """One SQLite file, held by one process: SQLite's exclusive lock goes when the process does, however it ends.

    Every attempt to send has a position of its own. The server keeps the last that it took with the events themselves,
    and so knows, also when the ids of these events are long forgotten, what of this file it has.
    """

    def __init__(self, path: Path) -> None:
        """Raises sqlite3.OperationalError while another holds the file."""
        self.source = f"client/{path.stem}"
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0.02)
        try:
            for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL"):
                self._connection.execute(f"PRAGMA {pragma}").fetchall()
            self._connection.executescript(_SCHEMA)
            self.count, self.size = self._one("SELECT count(*), coalesce(sum(length(event)), 0) FROM waiting")
        except sqlite3.Error:
            self._connection.close()
            raise

    def append(self, events: Sequence[bytes]) -> None:
        now = time.time()
        with self._transaction():
            self._connection.executemany(
                "INSERT INTO waiting (at, event) VALUES (?, ?)", [(now, event) for event in events]
            )
        self.count += len(events)
        self.size += sum(map(len, events))

    def take(self, most: int, size: int) -> Batch:
        oldest = self._connection.execute("SELECT number, at, event FROM waiting ORDER BY number LIMIT ?", (most,))
        rows = within(oldest, size, lambda row: len(row[2]))
        oldest.close()
        last = rows[-1][0]
        with self._transaction():
            position = self._connection.execute("INSERT INTO attempts (last) VALUES (?)", (last,)).lastrowid or 0
        return Batch(tuple(row[2] for row in rows), rows[0][1], self.source, position, last)

    def remove(self, last: int) -> int:
        """Removes the events up to this number; returns how many."""
        count, size = self._one("SELECT count(*), coalesce(sum(length(event)), 0) FROM waiting WHERE number <= ?", last)
        with self._transaction():
            self._connection.execute("DELETE FROM waiting WHERE number <= ?", (last,))
            self._connection.execute("DELETE FROM attempts WHERE last <= ?", (last,))
        self.count -= count
        self.size -= size
        return count

    def last_of(self, position: int) -> int:
        """The number of the last event that was sent up to this position; 0 for none."""
        (last,) = self._one("SELECT coalesce(max(last), 0) FROM attempts WHERE position <= ?", position)
        return last

    def close(self) -> None:
        self._connection.close()

    def _one(self, statement: str, *values: int) -> tuple[int, ...]:
        row: tuple[int, ...] = self._connection.execute(statement, values).fetchone()
        return row

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
