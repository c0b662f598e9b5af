"""Events that wait to be sent: what every store of them does, and the one in memory."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, TypeVar

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Batch:
    """The oldest events of a store, on their way.

    at: when the oldest was put in, seconds since 1970. source, position: the place in a spool that the server keeps
    with them, '' and 0 for none. last: the number of the last event in that spool.
    """

    events: tuple[bytes, ...]
    at: float
    source: str = ""
    position: int = 0
    last: int = 0


class Store(Protocol):
    """First in, first out. Not thread-safe: the outbox lets one thread in at a time."""

    @property
    def durable(self) -> bool:
        """Whether its events outlive the process."""

    @property
    def count(self) -> int: ...

    @property
    def size(self) -> int:
        """Bytes of its events."""

    def append(self, events: Sequence[bytes]) -> None: ...

    def take(self, most: int, size: int) -> Batch:
        """The oldest events, of which there must be some: one, then up to `most` and up to `size` bytes. They stay."""

    def remove(self, batch: Batch) -> None: ...

    def reached(self, source: str, position: int) -> int:
        """Removes what the server had of `source` at that position; returns how many events."""

    def close(self) -> None: ...


class Memory:
    """A store that ends with the process."""

    durable = False

    def __init__(self) -> None:
        self._events: deque[bytes] = deque()
        self._at = 0.0
        self.size = 0

    @property
    def count(self) -> int:
        return len(self._events)

    def append(self, events: Sequence[bytes]) -> None:
        if not self._events:
            self._at = time.time()
        self._events.extend(events)
        self.size += sum(map(len, events))

    def take(self, most: int, size: int) -> Batch:
        return Batch(tuple(within(islice(self._events, most), size, len)), self._at)

    def remove(self, batch: Batch) -> None:
        for event in batch.events:
            self._events.popleft()
            self.size -= len(event)

    def reached(self, source: str, position: int) -> int:
        return 0

    def close(self) -> None:
        self._events.clear()
        self.size = 0


def within(found: Iterable[Found], size: int, length: Callable[[Found], int]) -> list[Found]:
    """The first, and those behind it while all together are at most `size` long."""
    taken: list[Found] = []
    total = 0
    for each in found:
        total += length(each)
        if taken and total > size:
            break
        taken.append(each)
    return taken
