"""Which blocks of events are in sessions already: ranges of block numbers, kept in the warehouse.

A journal numbers its blocks one after the other and begins at a random place, so that a range stands for a journal. Its
last block may have been read while it was written: it comes again when it has more rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from factbook.storage.engine import Engine

NEAR = 2**20
"""Blocks no further apart are of one journal: blocks of dead letters alone leave no events."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Blocks `first` to `last` of one journal, with `rows` events, `last_rows` of them in the last block.

    since: when the first of them came in, in milliseconds.
    """

    first: int
    last: int
    rows: int
    last_rows: int
    since: int


class Blocks:
    """What is done and what waits, for sessions built by `rule`."""

    def __init__(self, engine: Engine, rule: str, batch_rows: int) -> None:
        self._engine = engine
        self._rule = rule
        self._batch_rows = batch_rows

    def waiting(self) -> list[Batch]:
        """What is not done yet, in batches of about `batch_rows`."""
        ranges = self._ranges()
        known = {last: rows for _, last, rows in ranges}
        bound: dict[str, int] = {}
        tests = []
        for place, (first, last, _) in enumerate(ranges):
            bound |= {f"first{place}": first, f"last{place}": last}
            tests.append(f"NOT (block >= {{first{place}:UInt64}} AND block < {{last{place}:UInt64}})")
        found = self._engine.rows(
            "SELECT block, count(), toUnixTimestamp64Milli(min(processed_at)) FROM events"
            f" WHERE {' AND '.join(tests) or '1'} GROUP BY block ORDER BY block"
            " SETTINGS max_threads = 1, log_queries = 0",
            bound,
        )
        batches: list[Batch] = []
        for block, rows, since in (map(int, row) for row in found if row[1] > known.get(int(row[0]), 0)):
            newest = batches[-1] if batches else None
            if newest and block - newest.last <= NEAR and newest.rows + rows <= self._batch_rows:
                batches[-1] = Batch(newest.first, block, newest.rows + rows, rows, min(newest.since, since))
            else:
                batches.append(Batch(block, block, rows, rows, since))
        return batches

    def tenants(self, batch: Batch) -> list[str]:
        sql = "SELECT DISTINCT tenant FROM events WHERE block BETWEEN {from:UInt64} AND {to:UInt64} ORDER BY tenant"
        return [str(tenant) for (tenant,) in self._engine.rows(sql, {"from": batch.first, "to": batch.last})]

    def done(self, batch: Batch, version: int) -> pa.Table:
        """The row of `session_blocks` that remembers `batch`, as part of the range that it follows."""
        before = [first for first, last, _ in self._ranges() if 0 <= batch.first - last <= NEAR]
        row = {
            "rule": pa.array([self._rule]),
            "first": pa.array([before[0] if before else batch.first], pa.uint64()),
            "last": pa.array([batch.last], pa.uint64()),
            "rows": pa.array([batch.last_rows], pa.uint64()),
            "version": pa.array([version], pa.uint64()),
        }
        return pa.table(row)

    def _ranges(self) -> list[tuple[int, int, int]]:
        """Those done by this rule since another one was followed last."""
        others = "SELECT max(version) FROM session_blocks WHERE rule != {rule:String}"
        sql = (
            f"SELECT first, last, rows FROM session_blocks FINAL WHERE rule = {{rule:String}} AND version > ({others})"
        )
        return [
            (int(a), int(b), int(c)) for a, b, c in self._engine.rows(f"{sql} ORDER BY first", {"rule": self._rule})
        ]
