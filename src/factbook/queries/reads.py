"""Reads run in a few threads, as many at a time as are allowed; equal reads at the same time cost one query."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from factbook.core.errors import FactbookError, Kind

T = TypeVar("T")

MAX_KEPT = 2000


class Reads:
    """Use from one event loop; `close` when done.

    threads: queries that run at once. waiting: queries that may run or wait before one is refused (LIMITED).
    observe: called with the seconds of every query; looked: called with True for an answer out of the cache.
    """

    def __init__(
        self,
        *,
        threads: int = 4,
        waiting: int = 100,
        clock: Callable[[], float] = time.monotonic,
        observe: Callable[[float], None] = lambda seconds: None,
        looked: Callable[[bool], None] = lambda hit: None,
    ) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="read")
        self._waiting = waiting
        self._clock = clock
        self._observe = observe
        self._looked = looked
        self._running = 0
        self._kept: OrderedDict[Hashable, tuple[float, asyncio.Future[Any]]] = OrderedDict()

    async def run(self, read: Callable[[], T]) -> T:
        """The result of `read`, which runs in a thread. Raises LIMITED when too many wait already."""
        return await asyncio.shield(self._start(read))

    async def shared(self, key: Hashable, life: float, read: Callable[[], T]) -> T:
        """Like `run`, but a result less than `life` seconds old, or on its way, serves every caller of the same `key`.

        `key` must hold the tenant and all that the answer depends on. Failures are not kept.
        """
        kept = self._kept.get(key)
        if kept and (not kept[1].done() or self._clock() < kept[0]):
            self._looked(True)
            return await asyncio.shield(kept[1])
        self._looked(False)
        future = self._start(read)
        self._kept[key] = (float("inf"), future)
        self._kept.move_to_end(key)
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)

        def settle(done: asyncio.Future[T]) -> None:
            if self._kept.get(key, (0.0, None))[1] is not done:
                return
            if done.cancelled() or done.exception():
                del self._kept[key]
            else:
                self._kept[key] = (self._clock() + life, done)

        future.add_done_callback(settle)
        return await asyncio.shield(future)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _start(self, read: Callable[[], T]) -> asyncio.Future[T]:
        if self._running >= self._waiting:
            raise FactbookError(
                Kind.LIMITED, f"{self._running} queries are waiting already.", retry_after=1.0, hint="Ask again soon."
            )
        self._running += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, self._timed, read)
        future.add_done_callback(self._finished)
        return future

    def _finished(self, done: asyncio.Future[T]) -> None:
        self._running -= 1
        if not done.cancelled():
            done.exception()  # seen, even where every caller has gone

    def _timed(self, read: Callable[[], T]) -> T:
        began = time.perf_counter()
        try:
            return read()
        finally:
            self._observe(time.perf_counter() - began)
