"""A flat table of 64-bit hashes in numpy: open addressing with linear probing, looked up and filled many at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Hashes: TypeAlias = NDArray[np.uint64]
Places: TypeAlias = NDArray[np.int64]

_FULL = 0.6


@dataclass(slots=True)
class Slots:
    """held: 0 marks a free slot, so no hash is 0; as many slots as a power of two."""

    held: Hashes
    used: int = 0

    @classmethod
    def sized(cls, capacity: int) -> Slots:
        return cls(np.zeros(capacity, dtype=np.uint64))

    @property
    def room(self) -> int:
        return int(len(self.held) * _FULL) - self.used

    def places(self, wanted: Hashes) -> Places:
        """The slot of each hash, -1 for one that is not held."""
        last = len(self.held) - 1
        found = np.full(len(wanted), -1, dtype=np.int64)
        rows = np.arange(len(wanted))
        place = (wanted & np.uint64(last)).view(np.int64)
        while len(rows):
            held = self.held[place]
            hit = held == wanted[rows]
            found[rows[hit]] = place[hit]
            onward = ~hit & (held != 0)
            rows = rows[onward]
            place = (place[onward] + 1) & last
        return found

    def place(self, wanted: int) -> tuple[int, bool]:
        """The slot of one hash, or the free one where it is to go; and whether it is held."""
        last = len(self.held) - 1
        place = wanted & last
        while (held := self.held.item(place)) and held != wanted:
            place = (place + 1) & last
        return place, held == wanted

    def put(self, place: int, fresh: int) -> None:
        self.held[place] = fresh
        self.used += 1

    def add(self, fresh: Hashes) -> Places:
        """Takes in hashes that are distinct and not held, within the room; returns their slots."""
        last = len(self.held) - 1
        taken = np.empty(len(fresh), dtype=np.int64)
        rows = np.arange(len(fresh))
        place = (fresh & np.uint64(last)).view(np.int64)
        while len(rows):
            free = self.held[place] == 0
            self.held[place[free]] = fresh[rows[free]]
            here = self.held[place] == fresh[rows]
            taken[rows[here]] = place[here]
            rows = rows[~here]
            place = (place[~here] + 1) & last
        self.used += len(fresh)
        return taken
