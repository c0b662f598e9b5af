"""The one writer: takes the journal in order, puts it into the warehouse in blocks, exactly once whatever crashes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from importlib import resources
from itertools import accumulate

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import structlog

from factbook.core.clock import Clock, epoch_ms
from factbook.core.errors import FactbookError
from factbook.storage.engine import Engine, EngineError
from factbook.storage.versions import DAY_MS, Days

from .blocks import from_bytes, letters_of, size_of
from .identities import Identities
from .journal import BLOCK_BYTES, Entry, Intent, Journal
from .recall import sql_time

log = structlog.get_logger()

_ROLL_UP = resources.files("factbook.ingest.sql").joinpath("roll_up.sql").read_text()

_STANDS = "SELECT count() FROM events WHERE block = {block:UInt64}"
_ROLLED_UP = """
SELECT countIf(there != rolled) FROM (
    SELECT sum(events) AS there, sum(counted) AS rolled FROM (
        SELECT tenant, toDate(timestamp) AS day, 1 AS events, 0 AS counted FROM events
        WHERE NOT is_bot AND (tenant, day) IN (
            SELECT tenant, toDate(timestamp) FROM events WHERE block = {block:UInt64}
        )
        UNION ALL
        SELECT tenant, toDate(bucket) AS day, 0, count FROM rollups
        WHERE level = '1d' AND event_type = '' AND property = '' AND (tenant, day) IN (
            SELECT tenant, toDate(timestamp) FROM events WHERE block = {block:UInt64}
        )
    ) GROUP BY tenant, day
)"""
_OF_THE_DATA = frozenset(
    (6, 25, 26, 27, 32, 33, 38, 41, 53, 69, 70, 72, 117, 131, 190, 321, 349, 376, 407, 441, 467, 469)
)
"""ClickHouse error numbers that blame the rows (unreadable, out of bound, constraint broken)."""


class Writer:
    """Moves blocks of up to `block_rows` rows, at the latest `interval` seconds after they came.

    Before a block its range is noted in the journal (`intend`); after a crash the same range goes again under the same
    number, and the tables' de-duplication tokens leave out what was in already. Roll-ups are computed from the rows of
    the block as they stand in `events`. appeared: called with the days of a block once its rows and roll-ups are in,
    and again where the block is.
    """

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        clock: Clock,
        *,
        block_rows: int = 50_000,
        interval: float = 0.25,
        appeared: Callable[[Days], None] = lambda days: None,
    ) -> None:
        self._engine = engine
        self._identities = Identities(engine)
        self._journal = journal
        self._clock = clock
        self._block_rows = block_rows
        self._interval = interval
        self._appeared = appeared
        self._changed = threading.Condition()
        self._dirty = True
        self._stopping = False
        self._busy = True
        self._error = ""
        self._lag = 0.0
        self.blocks = 0
        self._thread = threading.Thread(target=self._run, name="warehouse-writer", daemon=True)

    # -- what others see

    @property
    def error(self) -> str:
        """Why the newest try failed; empty when it did not."""
        return self._error

    @property
    def lag_seconds(self) -> float:
        """From journalled to visible, for the oldest event of the newest block."""
        return self._lag

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        with self._changed:
            if not self._dirty or self._journal.waiting_rows >= self._block_rows:  # else it knows, and waits for more
                self._dirty = True
                self._changed.notify_all()

    def drained(self, timeout: float) -> bool:
        """Waits until nothing waits; False after `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._busy and not self._dirty, timeout)

    def stop(self, timeout: float = 30.0) -> bool:
        """Moves what is journalled, for at most `timeout` seconds; the rest stays journalled for the next start."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def forget(self) -> None:
        """Remembers no joined ids any more: they may have been removed."""
        self._identities.forget()

    # -- the work

    def recover(self) -> None:
        """Finishes the block that a crash cut off, and all else that is journalled, before the service is ready."""
        while self.step():
            pass

    def step(self) -> bool:
        """Writes one block; False when the journal is empty. Raises UNAVAILABLE when the warehouse does not take it."""
        intent = self._journal.intent()
        begun = intent is not None
        if intent is not None:
            entries = self._journal.read(self._block_rows, up_to=intent.last)
        else:
            entries = _fitting(self._journal.read(self._block_rows))
            if not entries:
                return False
            intent = Intent(self._journal.next_block(), entries[-1].position)
            self._journal.intend(intent)
        if entries:
            self._write(intent, entries, begun=begun)
        self._journal.commit(intent)
        if entries:
            self._lag = max(0.0, (epoch_ms(self._clock()) - entries[0].at) / 1000)
            self.blocks += 1
        return True

    def _write(self, intent: Intent, entries: list[Entry], *, begun: bool) -> None:
        rows = from_bytes(entry.body for entry in entries)
        letters = rows.letters
        if rows.events.num_rows:
            whole = begun and self._stands(rows.events, intent.block)
            refused = None if whole else self._insert_events(rows.events, intent.block)
            if refused is not None:
                letters = pa.concat_tables([letters, refused])
            if not (whole and self._is_rolled_up(intent.block)):
                self._roll_up(rows.events, intent.block)
            self._identities.keep(rows.events, intent.block)
            self._appeared(_days(rows.events))
        if letters.num_rows:
            self._engine.insert("dead_letters", _numbered(letters, intent.block), token=f"letters-{intent.block}")

    def _stands(self, events: pa.Table, block: int) -> bool:
        """Whether every row of the block is in already: tokens do not outlive a migration that writes a table anew."""
        return bool(self._engine.rows(_STANDS, {"block": block}) == [(events.num_rows,)])

    def _is_rolled_up(self, block: int) -> bool:
        """Whether the roll-ups count every event of the block's days, for the same reason: they never count more than
        there are, unless old events were removed; then the token decides."""
        return bool(self._engine.rows(_ROLLED_UP, {"block": block}) == [(0,)])

    def _insert_events(self, events: pa.Table, block: int) -> pa.Table | None:
        """Inserts the rows; halves what the warehouse blames on the rows until the bad ones stand alone, as letters."""
        refused: list[pa.Table] = []
        pieces = [(0, events.num_rows)]
        while pieces:
            low, high = pieces.pop()
            try:
                self._engine.insert(
                    "events", _numbered(events.slice(low, high - low), block), token=f"{block}-{low}-{high}"
                )
            except EngineError as error:
                if error.code not in _OF_THE_DATA:
                    raise
                if high - low == 1:
                    log.warning("the warehouse refused an event", code=error.code, block=block, row=low)
                    refused.append(letters_of(events.slice(low, 1), error.message, epoch_ms(self._clock())))
                else:
                    middle = (low + high) // 2
                    pieces += [(middle, high), (low, middle)]
        return pa.concat_tables(refused) if refused else None

    def _roll_up(self, events: pa.Table, block: int) -> None:
        span = pc.min_max(events["timestamp"]).as_py()
        self._engine.command(
            _ROLL_UP % {"token": f"{block}"},
            {
                "block": block,
                "first": sql_time(span["min"]),
                "last": sql_time(span["max"]),
                "tenants": pc.unique(events["tenant"]).to_pylist(),
            },
        )

    def _run(self) -> None:
        pause = 0.0
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._dirty or self._stopping, None)
                if self._stopping and not self._dirty:
                    return
                self._busy = True
            self._fill(pause)
            with self._changed:
                self._dirty = False
            try:
                while self.step():
                    self._error = ""
                    pause = 0.0
                    self._fill(0.0)
            except Exception as error:  # noqa: BLE001 (whatever it is: the events wait, and the next try may do)
                self._failed(error)
                with self._changed:
                    self._dirty = True
                if self._stopping:
                    return
                pause = min(max(pause * 2, 0.5), 10.0)

    def _failed(self, error: Exception) -> None:
        known = isinstance(error, FactbookError)
        reason = error.message if isinstance(error, FactbookError) else f"{type(error).__name__}: {error}"
        is_new, self._error = self._error != reason, reason
        if is_new:
            log.error("the warehouse does not take events; they wait in the journal", reason=reason, exc_info=not known)

    def _fill(self, pause: float) -> None:
        """Waits for a full block, but no longer than the oldest event may wait (`pause` after a failure)."""
        deadline = time.monotonic() + max(pause, self._interval)
        with self._changed:
            while not self._stopping and (pause or self._journal.waiting_rows < self._block_rows):
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)


def _fitting(entries: list[Entry]) -> list[Entry]:
    """The first of them, as many as may be in memory at once; at least one."""
    ends = accumulate(size_of(entry.body) for entry in entries)
    return entries[: max(1, sum(end <= BLOCK_BYTES for end in ends))]


def _numbered(rows: pa.Table, block: int) -> pa.Table:
    return rows.append_column("block", pa.array(np.full(rows.num_rows, block, dtype=np.uint64)))


def _days(events: pa.Table) -> dict[str, list[int]]:
    """The days of these rows, by tenant."""
    numbers = np.floor_divide(events["timestamp"].cast(pa.int64()).to_numpy(), DAY_MS)
    table = pa.table({"tenant": events["tenant"], "day": numbers})
    table = table.group_by("tenant", use_threads=False).aggregate([("day", "distinct")])
    return dict(zip(table["tenant"].to_pylist(), table["day_distinct"].to_pylist(), strict=True))
