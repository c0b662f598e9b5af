"""Requests on their way to the line: admitted within a bound, taken in turns, answered where they came from."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

from factbook.core.errors import FactbookError, Kind, unavailable
from factbook.core.scope import Scope

from .batch import Origin
from .journal import Mark, Note
from .receipts import Receipt

Outcome: TypeAlias = Receipt | FactbookError

LINGER_SECONDS = 0.002
"""While many small requests come, a turn waits this long for more: they share one pass and one sync (group commit)."""
_CROWD = 3
_SMALL = 16 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """settle: tells the caller what became of it; called on `loop` where there is one. notes: kept with its events."""

    scope: Scope
    body: bytes
    origin: Origin
    mark: Mark | None
    settle: Callable[[Outcome], None]
    loop: asyncio.AbstractEventLoop | None = None
    notes: Sequence[Note] = ()


class Waiting:
    """A queue bounded by the bytes in it. Any thread puts, one takes."""

    def __init__(self, *, max_bytes: int, turn_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._turn_bytes = turn_bytes
        self._queue: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._size = 0
        self._open = False
        self._crowded = False

    def open(self) -> None:
        self._open = True

    def close(self) -> None:
        """Nothing new is admitted; what was admitted is still handed out."""
        with self._lock:
            if self._open:
                self._open = False
                self._queue.put(None)

    def put(self, request: Request) -> None:
        """UNAVAILABLE when closed; LIMITED while there is no room. A request of any size fits into an empty queue."""
        with self._lock:
            if not self._open:
                raise unavailable("Factbook is starting or stopping.", retry_after=2.0)
            if self._size and self._size + len(request.body) > self._max_bytes:
                raise FactbookError(
                    Kind.LIMITED,
                    "More events come in than can be taken just now.",
                    retry_after=1.0,
                    hint="Send again after the pause; nothing of this request was kept.",
                )
            self._size += len(request.body)
            self._queue.put(request)

    def turn(self) -> list[Request]:
        """Waits for a request and takes those behind it along, up to a turn's bytes; empty once closed and drained."""
        requests: list[Request] = []
        size = 0
        while size < self._turn_bytes:
            try:
                request = self._queue.get() if not requests else self._queue.get_nowait()
            except queue.Empty:
                break
            if not requests and self._crowded and request is not None:
                time.sleep(LINGER_SECONDS)
            if request is None:
                self._queue.put(None)  # for the next turn, which ends the line
                break
            requests.append(request)
            size += len(request.body)
        self._crowded = len(requests) >= _CROWD and size < _SMALL * len(requests)
        with self._lock:
            self._size -= size
        return requests


def into(future: Future[Receipt]) -> Callable[[Outcome], None]:
    """Settles a thread's future; one that was cancelled is left alone."""

    def settle(outcome: Outcome) -> None:
        if not future.set_running_or_notify_cancel():
            return
        if isinstance(outcome, FactbookError):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

    return settle


def into_loop(future: asyncio.Future[Receipt]) -> Callable[[Outcome], None]:
    """Settles an event loop's future; a caller who went away is not told."""

    def settle(outcome: Outcome) -> None:
        if future.done():
            return
        if isinstance(outcome, FactbookError):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

    return settle


def settle_all(outcomes: Sequence[tuple[Request, Outcome]]) -> None:
    """Tells every caller; the requests of one event loop wake it once."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[Request, Outcome]]] = {}
    for request, outcome in outcomes:
        if request.loop is None:
            request.settle(outcome)
        else:
            loops.setdefault(request.loop, []).append((request, outcome))
    for loop, settled in loops.items():
        with suppress(RuntimeError):  # the loop was closed: nobody waits there any more
            loop.call_soon_threadsafe(_settle_here, settled)


def _settle_here(settled: Sequence[tuple[Request, Outcome]]) -> None:
    for request, outcome in settled:
        request.settle(outcome)
