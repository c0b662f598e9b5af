"""Between the threads that send and the one that delivers: a bounded store, and who waits for whom."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .errors import ClientError
from .waiting import Batch, Store

_ALL = sys.maxsize


@dataclass(frozen=True, slots=True)
class Bounds:
    """A batch goes when it has so many events or bytes, or so many seconds after its first event.

    buffer_bytes: what may wait. when_full: whether `put` then waits for room or raises.
    """

    batch_events: int
    batch_bytes: int
    batch_seconds: float
    buffer_bytes: int
    when_full: Literal["block", "raise"]


class Outbox:
    """Any thread puts and flushes; one takes."""

    def __init__(self, store: Store, bounds: Bounds) -> None:
        self._store = store
        self._bounds = bounds
        self._changed = threading.Condition()
        self._put = self._wanted = store.count  # how many ever came, and how many of these are to go at once
        self._gone = 0
        self._since = time.monotonic()
        self._hurried = False
        self._closing = False
        self._ended = False
        self._fault: ClientError | None = None

    @property
    def count(self) -> int:
        with self._changed:
            return self._store.count

    # -- for those who send

    def put(self, events: Sequence[bytes], *, may_wait: bool = True) -> None:
        """Raises ClientError when there is no room, none to be waited for, or when the outbox is closed."""
        size = sum(map(len, events))
        with self._changed:
            if may_wait and self._bounds.when_full == "block":
                self._changed.wait_for(lambda: self._fits(size) or self._closing or self._fault)
            if self._closing:
                raise ClientError("The client is closed.", hint="Make another Client.")
            if not self._fits(size):
                raise self._fault or ClientError(
                    f"{self._store.count} events wait to be sent; there is no room for more.",
                    field="buffer_bytes",
                    hint="Wait and send again, or give the buffer more room.",
                    passing=True,
                )
            had = self._store.count
            self._store.append(events)
            self._put += len(events)
            if not had:
                self._since = time.monotonic()
            if not had or self._full():
                self._changed.notify_all()

    def flush(self, timeout: float | None) -> bool:
        """Waits until all that was put before is gone; False when `timeout` seconds did not suffice.

        Raises ClientError where waiting does not help: the server refuses the key, or the address is wrong.
        """
        with self._changed:
            target = self._put
            self._wanted = max(self._wanted, target)
            self._fault, self._hurried = None, True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._gone >= target or self._fault or self._ended, timeout)
            if self._gone < target and self._fault:
                raise self._fault
            return self._gone >= target

    def close(self) -> None:
        """Takes nothing new; what is there is to go at once."""
        with self._changed:
            self._closing = self._hurried = True
            self._changed.notify_all()

    def end(self) -> tuple[bytes, ...]:
        """Whoever waits here gives up; returns the events that are lost by it."""
        with self._changed:
            self._closing = True
            left = self._store.count if not (self._ended or self._store.durable) else 0
            lost = self._store.take(left, _ALL).events if left else ()
            self._ended = True
            self._changed.notify_all()
            self._store.close()
            return lost

    # -- for the one who delivers

    def take(self, most: int) -> Batch | None:
        """Waits until a batch is due; None when there will be none any more. The events stay until `remove`."""
        with self._changed:
            while not self._ended and not self._due():
                if self._closing and not self._store.count:
                    return None
                self._changed.wait(self._seconds_left() if self._store.count else None)
            self._hurried = False
            return None if self._ended else self._store.take(most, self._bounds.batch_bytes)

    def remove(self, batch: Batch) -> None:
        with self._changed:
            if self._ended:
                return
            self._store.remove(batch)
            self._went(len(batch.events))

    def reached(self, source: str, position: int) -> int:
        """The server has `source` up to there: that goes. Returns how many events."""
        with self._changed:
            if self._ended:
                return 0
            count = self._store.reached(source, position)
            self._went(count)
            return count

    def pause(self, seconds: float, error: ClientError) -> bool:
        """After a failure; whether to try again. A flush ends the pause early, unless the server asked for it."""

        def hurried() -> bool:
            return self._hurried and error.retry_after is None

        with self._changed:
            self._fault = None if error.passing else error
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._ended or hurried() or self._hopeless(error), seconds)
            again = not self._ended and (hurried() or not self._hopeless(error))
            self._hurried = False
            return again

    def _hopeless(self, error: ClientError) -> bool:
        """Whether to stop trying: what cannot be delivered while closing outlives the process, or cannot be at all."""
        return self._closing and (self._store.durable or not error.passing)

    def _went(self, count: int) -> None:
        self._gone += count
        self._since = time.monotonic()
        self._fault = None
        self._changed.notify_all()

    def _fits(self, size: int) -> bool:
        return not self._store.count or self._store.size + size <= self._bounds.buffer_bytes

    def _full(self) -> bool:
        return self._store.count >= self._bounds.batch_events or self._store.size >= self._bounds.batch_bytes

    def _due(self) -> bool:
        return self._store.count > 0 and (
            self._closing or self._full() or self._wanted > self._gone or self._seconds_left() <= 0
        )

    def _seconds_left(self) -> float:
        return self._since + self._bounds.batch_seconds - time.monotonic()
