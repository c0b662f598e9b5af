"""The event ids of the last 24 hours, as 64-bit hashes in flat tables: 8 to 16 bytes an id, microseconds a look-up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from .slots import Hashes, Slots

NO_HASHES: Hashes = np.empty(0, dtype=np.uint64)

_FIRST = 1 << 20
_LARGEST = 1 << 24


def hashes(ids: bytes, tenant: str) -> Hashes:
    """A 64-bit hash for each 16-byte id, mixed over both halves (a UUID has fixed bits) and over the tenant."""
    halves = np.frombuffer(ids, dtype="<u8").reshape(-1, 2)
    return _mix(_mix(halves[:, 0] ^ _salt(tenant)) ^ halves[:, 1]) | np.uint64(1)


@lru_cache(maxsize=1024)
def _salt(tenant: str) -> np.uint64:
    return np.uint64(int.from_bytes(blake2b(tenant.encode(), digest_size=8).digest(), "little"))


def _mix(x: Hashes) -> Hashes:
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014)."""
    with np.errstate(over="ignore"):
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(x ^ (x >> np.uint64(31)), dtype=np.uint64)


@dataclass(slots=True)
class _Table:
    slots: Slots
    oldest: float = 0.0
    newest: float = 0.0

    def add(self, fresh: Hashes, now: float) -> None:
        if not self.slots.used:
            self.oldest = now
        self.newest = now
        self.slots.add(fresh)


class Seen:
    """Which ids were acknowledged within `window` seconds. Not thread-safe: the ingest line alone uses it.

    An id is known for the window at least and, while others come in, for twice the window at most. A false duplicate
    needs two ids with one 64-bit hash: below 3 in a million for 10 million ids a day.
    """

    def __init__(self, window: float) -> None:
        self._window = window
        self._tables = [_Table(Slots.sized(_FIRST))]

    def __len__(self) -> int:
        return sum(table.slots.used for table in self._tables)

    def contains(self, wanted: Hashes) -> NDArray[np.bool_]:
        found = self._tables[-1].slots.places(wanted) >= 0
        for table in self._tables[:-1]:
            found |= table.slots.places(wanted) >= 0
        return found

    def add(self, fresh: Hashes, now: float) -> None:
        """Remembers `fresh` (distinct, none of them contained) as of `now`, in seconds."""
        past = now - self._window
        self._tables = [t for t in self._tables[:-1] if t.newest >= past] + self._tables[-1:]
        if self._tables[-1].slots.used and self._tables[-1].oldest < past:
            self._tables.append(_Table(Slots.sized(_FIRST)))
        while len(fresh):
            table = self._tables[-1]
            room = max(table.slots.room, 0)
            part, fresh = fresh[:room], fresh[room:]
            table.add(part, now)
            if table.slots.room <= 0:
                self._tables.append(_Table(Slots.sized(min(len(table.slots.held) * 4, _LARGEST))))
