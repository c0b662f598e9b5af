"""Answers kept in the process as bytes, the least recently used going first."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

OVERHEAD = 300
"""Bytes that an entry takes beside its body."""
LARGEST = 8
"""A body larger than this part of the room is not kept: it would push out too many others."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, and the seconds for which it may still be served."""

    body: bytes
    life: float


class Cache:
    """Use from one thread. room: bytes; life: seconds."""

    def __init__(self, room: int, life: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._room = room
        self.life = life
        self._clock = clock
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self.bytes = 0

    def get(self, key: str) -> bytes | None:
        kept = self._entries.get(key)
        if kept is None:
            return None
        if self._clock() >= kept[0]:
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return kept[1]

    def put(self, key: str, body: bytes, life: float | None = None) -> None:
        life = self.life if life is None else life
        if life <= 0 or not self.takes(body):
            return
        self._drop(key)
        self._entries[key] = (self._clock() + life, body)
        self.bytes += len(body) + OVERHEAD
        while self.bytes > self._room:
            self._drop(next(iter(self._entries)))

    def takes(self, body: bytes) -> bool:
        """Whether it is kept at all."""
        return self.life > 0 and (len(body) + OVERHEAD) * LARGEST <= self._room

    def _drop(self, key: str) -> None:
        gone = self._entries.pop(key, None)
        if gone:
            self.bytes -= len(gone[1]) + OVERHEAD

    def __len__(self) -> int:
        return len(self._entries)
