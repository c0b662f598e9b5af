"""Builds the sessions of `user_behavior` from the events, and builds again those that late events or joined ids change.

A block of events touches people, each over a span of time. The span is widened to the sessions that it meets, and
exactly these are computed anew; what stood there and is no more is marked as removed. Which blocks are done is written
last, so that whatever is cut off is done again with the same outcome.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import resources
from typing import Any

import pyarrow as pa

from factbook.core.clock import Clock, epoch_ms
from factbook.storage.engine import Engine

from .session_blocks import Batch, Blocks
from .session_lease import Lease
from .session_rule import Rule, sessions_sql

BATCH_ROWS = 200_000
WORK_SECONDS = 2.0
SHARE = 0.25
"""Of the time, that this work may take."""
PATIENCE = 60.0
"""Seconds for which events may wait while more come in: who is touched by all of them is built once."""
LATE = 300.0
"""Seconds of lag that are worth a word."""

_SQL = resources.files("factbook.ingest.sql")
_SPANS = _SQL.joinpath("session_spans.sql").read_text()
_BOUNDS = """
SETTINGS max_threads = 1, max_memory_usage = 2000000000, max_bytes_before_external_group_by = 500000000,
    max_bytes_before_external_sort = 500000000, join_use_nulls = 0, log_queries = 0"""

_PAIRED = "user_id != '' AND anonymous_id != '' AND user_id != anonymous_id"
_IN_BATCH = "tenant = {tenant:String} AND block BETWEEN {from:UInt64} AND {to:UInt64}"
_NAMED = f"""(
    SELECT sipHash64(anonymous_id) AS visitor, sipHash64(argMin(user_id, (first_at, user_id))) AS person
    FROM
    (
        SELECT anonymous_id, user_id, first_at FROM identities WHERE tenant = {{tenant:String}}
        UNION ALL SELECT anonymous_id, user_id, timestamp FROM events WHERE {_IN_BATCH} AND {_PAIRED}
    )
    GROUP BY anonymous_id
)"""
"""The writer keeps joined ids after the rows that join them: those of the batch are read from its events too."""

_MOVED = f"""SELECT named.visitor AS visitor, named.person AS person,
    if(built.visitor = 0, named.visitor, built.person) AS before
FROM {_NAMED} AS named
LEFT JOIN (SELECT visitor, person FROM session_visitors FINAL WHERE tenant = {{tenant:String}}) AS built
    ON built.visitor = named.visitor
WHERE named.person != if(built.visitor = 0, named.visitor, built.person) AND named.visitor IN
    (SELECT sipHash64(anonymous_id) FROM events WHERE {_IN_BATCH} AND {_PAIRED})"""

_AT = "toUnixTimestamp64Milli"
_TOUCHED = f"""
    SELECT if(named.visitor = 0, mine.raw, named.person) AS who, lo, hi
    FROM (
        SELECT person AS raw, {_AT}(min(timestamp)) AS lo, {_AT}(max(timestamp)) AS hi
        FROM events WHERE {_IN_BATCH} AND NOT is_bot AND person != 0 GROUP BY raw
    ) AS mine
    LEFT JOIN {_NAMED} AS named ON named.visitor = mine.raw
    UNION ALL
    SELECT arrayJoin([moved.person, moved.before]) AS who, lo, hi
    FROM (
        SELECT person AS raw, {_AT}(min(timestamp)) AS lo, {_AT}(max(timestamp)) AS hi
        FROM events
        WHERE tenant = {{tenant:String}} AND NOT is_bot AND person IN (SELECT visitor FROM ({_MOVED}))
        GROUP BY raw
    ) AS theirs
    INNER JOIN ({_MOVED}) AS moved ON moved.visitor = theirs.raw"""
"""Who was touched and when: by the events of the batch, and by the whole history of visitors who are others' now."""

_THEIR_VISITORS = f"""INSERT INTO session_spans (version, base, raw, who, lo, hi)
SELECT spans.version, 0, named.visitor, spans.who, spans.lo, spans.hi
FROM {_NAMED} AS named
INNER JOIN (SELECT * FROM session_spans WHERE version = {{run:UInt64}} AND base = 1) AS spans
    ON spans.who = named.person"""

_OF_RUN = "FROM session_spans WHERE version = {run:UInt64}"
_STANDING = f"""SELECT user_behavior.* FROM user_behavior FINAL
INNER JOIN (SELECT who, lo, hi {_OF_RUN} AND base = 1) AS spans ON spans.who = person
WHERE tenant = {{tenant:String}} AND person IN (SELECT who {_OF_RUN} AND base = 1)
    AND {_AT}(started_at) BETWEEN spans.lo AND spans.hi"""


class _TakenOverError(Exception):
    """Another process builds, or has built since this one looked."""


@dataclass(frozen=True, slots=True)
class Lag:
    """Events that are in no session yet, and how long the first of them has waited."""

    events: int = 0
    seconds: float = 0.0

    @property
    def complaint(self) -> str:
        """A sentence where it is too long; empty where it is not."""
        if self.seconds <= LATE:
            return ""
        return (
            f"{self.events:,} events wait to be built into sessions, the first for {self.seconds:.0f} s:"
            " the table user_behavior is behind; journeys, paths and live numbers are not."
        )


class Sessions:
    """Builds sessions by one rule; under another rule every block counts as new.

    busy: whether the processor is needed for what comes in. lease: where other processes may build too.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        rule: Rule,
        *,
        batch_rows: int = BATCH_ROWS,
        busy: Callable[[], bool] = lambda: False,
        lease: Lease | None = None,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._rule = rule
        self._busy = busy
        self._lease = lease
        self._epoch = 0
        self._blocks = Blocks(engine, rule.name, batch_rows)
        self._version = 0
        self._rest_until = 0.0
        self._one_at_a_time = threading.Lock()
        self._waiting: Sequence[Batch] = ()

    def tick(self) -> int:
        """Works for a while, then returns at once until it has rested in proportion; how many events were taken in.

        While much comes in it waits until there is more to do.
        """
        if time.monotonic() < self._rest_until:
            return 0
        began = time.monotonic()
        with self._one_at_a_time:
            self._look()
            if self._busy() and self.lag.seconds < PATIENCE:
                return 0
            rows = sum(self._build(began + WORK_SECONDS))
        self._rest_until = time.monotonic() + (time.monotonic() - began) * (1 / SHARE - 1)
        return rows

    def build(self) -> Iterator[int]:
        """Takes in batch after batch of what is new, and says how many rows each had."""
        with self._one_at_a_time:
            self._look()
            yield from self._build(float("inf"))

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Nothing is built meanwhile, by this process."""
        with self._one_at_a_time:
            yield

    @property
    def lag(self) -> Lag:
        """As of the last look, which every turn begins with."""
        waiting = self._waiting
        if not waiting:
            return Lag()
        since = min(batch.since for batch in waiting)
        return Lag(sum(batch.rows for batch in waiting), max(0.0, (epoch_ms(self._clock()) - since) / 1000))

    def stop(self, timeout: float = 10.0) -> None:
        """Leaves the work to other processes, unless it is still under way after `timeout` seconds."""
        if self._lease and self._one_at_a_time.acquire(timeout=timeout):
            try:
                self._lease.leave()
            finally:
                self._one_at_a_time.release()

    def _look(self) -> None:
        with suppress(_TakenOverError):
            self._keep()
        self._waiting = self._blocks.waiting()

    def _build(self, until: float) -> Iterator[int]:
        """None is begun after `until`, nor while another process builds."""
        with suppress(_TakenOverError):
            for place, batch in enumerate(waiting := self._waiting):
                if time.monotonic() >= until:
                    return
                for tenant in self._blocks.tenants(batch):
                    self._keep()
                    self._take_in(tenant, batch)
                version = self._next_version()
                self._insert("session_blocks", self._blocks.done(batch, version), version)
                self._waiting = waiting[place + 1 :]
                yield batch.rows

    def _keep(self) -> None:
        """Goes on being the one who builds, or raises _TakenOverError: then nothing that was read before counts."""
        if self._lease is None:
            return
        held = self._lease.held()
        if self._lease.epoch != self._epoch:
            self._epoch, self._version = self._lease.epoch, 0
            held = False
        if not held:
            raise _TakenOverError

    def _insert(self, table: str, rows: pa.Table, version: int) -> None:
        """Nothing where another process has taken over."""
        if self._lease:
            self._keep()
            self._engine.insert_if(self._lease.holds, table, rows, seconds=self._lease.write_seconds)
        else:
            self._engine.insert(table, rows, token=f"{table}-{version}")

    def _take_in(self, tenant: str, batch: Batch) -> None:
        bound = {
            "tenant": tenant,
            "from": batch.first,
            "to": batch.last,
            **self._rule.bound,
        }
        moved = self._engine.rows(f"SELECT visitor, person FROM ({_MOVED}){_BOUNDS}", bound)
        self._build_touched(bound)
        if moved:
            visitors, now = (list(map(int, column)) for column in zip(*moved, strict=True))
            self._note_moved(tenant, visitors, now)

    def _build_touched(self, bound: Mapping[str, Any]) -> None:
        """Computes anew every session that the people of the batch have within their widened spans."""
        run = secrets.randbits(63)
        bound = {**bound, "run": run}
        self._engine.command(_SPANS % {"touched": _TOUCHED, "named": _NAMED} + _BOUNDS, bound)
        try:
            self._write(bound)
        finally:
            self._engine.command(f"ALTER TABLE session_spans DROP PARTITION {run}")

    def _write(self, bound: Mapping[str, Any]) -> None:
        sql = f"SELECT count(), min(lo), max(hi) {_OF_RUN} AND base = 1"
        [(people, first, last)] = self._engine.rows(sql, bound)
        if not people:
            return
        version = self._next_version()
        self._engine.command(_THEIR_VISITORS + _BOUNDS, bound)
        standing = self._engine.table(_STANDING + _BOUNDS, bound)
        spans = f"SELECT raw, who, lo, hi {_OF_RUN} AND raw != 0"
        made = self._engine.table(
            sessions_sql(self._rule, spans) + _BOUNDS,
            {**bound, "version": version, "first": int(first), "last": int(last)},
        ).drop_columns(["campaign"])
        rows = pa.concat_tables([made, _removals(standing, made, version)])
        self._insert("user_behavior", rows.combine_chunks(), version)

    def _note_moved(self, tenant: str, visitors: list[int], people: list[int]) -> None:
        version = self._next_version()
        columns = {
            "tenant": pa.array([tenant] * len(visitors)),
            "visitor": pa.array(visitors, pa.uint64()),
            "person": pa.array(people, pa.uint64()),
            "version": pa.array([version] * len(visitors), pa.uint64()),
        }
        self._insert("session_visitors", pa.table(columns), version)

    def _next_version(self) -> int:
        """Later than every version written before, whatever the clock says."""
        if not self._version:
            tables = ("user_behavior", "session_visitors", "session_blocks")
            newest = [self._engine.rows(f"SELECT max(version) FROM {table}")[0][0] for table in tables]
            self._version = max(map(int, newest))
        self._version = max(self._version + 1, epoch_ms(self._clock()))
        return self._version


def _removals(standing: pa.Table, made: pa.Table, version: int) -> pa.Table:
    """For each session that stands and was not made again, the row that takes it away."""
    keys = ["person", "started_at"]
    places = standing.select(keys).append_column("place", pa.array(range(standing.num_rows), pa.int64()))
    gone = places.join(made.select(keys), keys, join_type="left anti")["place"]
    rows = standing.select(made.column_names).take(gone)
    for name, value in (("version", version), ("removed", 1)):
        kind = made.schema.field(name).type
        rows = rows.set_column(made.column_names.index(name), name, pa.array([value] * len(rows), kind))
    return rows.cast(made.schema)
