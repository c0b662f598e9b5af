"""Which visitors turned out to be which users: every event that carries both ids says so."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from factbook.storage.engine import Engine

KNOWN = 200_000
"""Pairs remembered, so that a user who stays signed in is not written with every block."""
REMEMBERED = 86_400.0
"""Seconds, at most: pairs that were written longer ago may have been removed with their events."""

Pair: TypeAlias = tuple[str, str, str]
"""Tenant, anonymous id, user id."""

_PAIR = ("tenant", "anonymous_id", "user_id")


class Identities:
    """Keeps the pairs of the blocks it is given. The writer alone uses it; writing a block again changes nothing."""

    def __init__(self, engine: Engine, known: int = KNOWN, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._most = known
        self._clock = clock
        self._since = clock()
        self._known: dict[Pair, int] = {}

    def forget(self) -> None:
        """What was written may have been removed: from the next block on it is written again. From any thread."""
        self._since = float("-inf")

    def keep(self, events: pa.Table, block: int) -> None:
        """Writes each pair of ids that stands on one event and is new, or earlier than it was known to be."""
        found = pairs(events)
        if not found.num_rows:
            return
        if self._clock() - self._since > REMEMBERED:
            self._since = self._clock()
            self._known.clear()
        times = found["first_at"].cast(pa.int64()).to_pylist()
        keys = list(zip(*(found[name].to_pylist() for name in _PAIR), strict=True))
        news = [at < self._known.get(key, at + 1) for key, at in zip(keys, times, strict=True)]
        if not any(news):
            return
        self._engine.insert("identities", found.filter(pa.array(news)), token=f"identities-{block}")
        if len(self._known) + len(keys) > self._most:
            self._known.clear()
        self._known.update((key, at) for key, at, new in zip(keys, times, news, strict=True) if new)


def pairs(events: pa.Table) -> pa.Table:
    """Tenant, anonymous_id, user_id and the first time each stood on one event together."""
    user, visitor = events["user_id"], events["anonymous_id"]
    told = pc.and_(pc.and_(pc.not_equal(user, ""), pc.not_equal(visitor, "")), pc.not_equal(user, visitor))
    rows = events.select([*_PAIR, "timestamp"]).filter(told)
    grouped = rows.group_by(list(_PAIR), use_threads=False).aggregate([("timestamp", "min")])
    return grouped.rename_columns([*_PAIR, "first_at"])
