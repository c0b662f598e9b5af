"""Which of the processes at one warehouse builds its sessions: one at a time, whatever becomes of it and when.

An epoch is claimed by a row under a token that counts once, so that one process alone gets it, and kept by further
rows; after `life` seconds without one another process claims the next. What the one before still writes then is left
out by the warehouse itself: every write asks there whether its epoch is the newest (`holds`). Whoever takes over waits
for as long as a write that was begun before may take, and reads only then. All times are those of the warehouse.
"""

from __future__ import annotations

import secrets
import time

import pyarrow as pa

from factbook.storage.engine import Engine

LIFE = 60.0
"""Seconds without a word after which a process counts as gone."""
WRITE = 10
"""Seconds that one write may take."""

_NEWEST = """SELECT epoch, argMinIf(holder, (at, holder), step = 'claimed'), max(step) = 'left',
    dateDiff('millisecond', max(at), now64(3)) / 1000
FROM session_leases WHERE epoch = (SELECT max(epoch) FROM session_leases) GROUP BY epoch"""


class Lease:
    """life, write: see LIFE and WRITE; write is less than a third of life. Use from one thread at a time."""

    def __init__(self, engine: Engine, *, life: float = LIFE, write: int = WRITE) -> None:
        self._engine = engine
        self._life = life
        self.write_seconds = write
        self._holder = secrets.token_hex(8)
        self._said = self._begins = 0.0
        self.epoch = 0
        """That this process claimed, 0 for none."""

    @property
    def holds(self) -> str:
        """SQL that is true as long as nobody claimed a later epoch."""
        return f"(SELECT max(epoch) FROM session_leases) = {self.epoch}"

    def held(self) -> bool:
        """Claims or keeps it; False while it is another's, or was until just now."""
        if not self.epoch or time.monotonic() - self._said > self._life / 6:
            self._ask()
        return bool(self.epoch) and time.monotonic() >= self._begins

    def leave(self) -> None:
        """Once nothing is written any more: the next one need not wait."""
        if self.epoch:
            self._say(self.epoch, "left")
            self.epoch = 0

    def _ask(self) -> None:
        asked = time.monotonic()
        newest, holder, left, silent = self._newest()
        if self.epoch and (newest, holder) == (self.epoch, self._holder):
            self._say(newest, "kept")
        else:
            self.epoch = 0
            if not left and silent <= self._life:
                return
            self._say(newest + 1, "claimed")
            if self._newest()[:2] != (newest + 1, self._holder):
                return
            self.epoch = newest + 1
            self._begins = time.monotonic() + (0 if left else self.write_seconds)
        self._said = asked

    def _newest(self) -> tuple[int, str, bool, float]:
        """Epoch, holder, whether he left, and the seconds since he said so."""
        for epoch, holder, left, silent in self._engine.rows(_NEWEST):
            return int(epoch), str(holder), bool(left), float(silent)
        return 0, "", True, 0.0

    def _say(self, epoch: int, step: str) -> None:
        row = {"epoch": pa.array([epoch], pa.uint64()), "holder": [self._holder], "step": [step]}
        token = f"claim-{epoch}" if step == "claimed" else secrets.token_hex(16)
        self._engine.insert("session_leases", pa.table(row), token=token)
