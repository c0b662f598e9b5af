"""Turns: queries run in a few threads, of each tenant only so many, and those that wait go tenant by tenant."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Scope
from factbook.events.personal import hiding
from factbook.storage.running import CURRENT, Query, Running, stopped

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """threads: queries that run at once. all: that run or wait. tenant: that run at once of one tenant. tenant_waiting:
    that wait of one tenant."""

    threads: int = 4
    all: int = 100
    tenant: int = 4
    tenant_waiting: int = 50


@dataclass(eq=False, slots=True)
class Turn(Generic[T]):
    """One read on its way. began: it no longer waits. waiters: callers who want its result."""

    query: Query
    read: Callable[[], T]
    future: asyncio.Future[T]
    began: bool = False
    waiters: int = 0


@dataclass(slots=True)
class _Line:
    """The turns of one tenant."""

    running: int = 0
    waiting: deque[Turn[Any]] = field(default_factory=deque)


class Turns:
    """Use from one event loop; `close` when done. observe: called with the seconds of every read. allow: raises for
    a tenant that may not ask any more."""

    def __init__(
        self,
        running: Running,
        limits: Limits,
        *,
        observe: Callable[[float], None] = lambda seconds: None,
        allow: Callable[[Scope], None] = lambda scope: None,
    ) -> None:
        self._allow = allow
        self._queries = running
        self._limits = limits
        self._observe = observe
        self._pool = ThreadPoolExecutor(limits.threads, thread_name_prefix="read")
        self._lines: OrderedDict[str, _Line] = OrderedDict()
        self._running = self._waiting = 0

    def start(self, scope: Scope, what: str, read: Callable[[], T]) -> Turn[T]:
        """`read` in its turn. Raises LIMITED, naming the limit, when too many wait already."""
        self._check(scope)
        loop = asyncio.get_running_loop()
        turn = Turn(self._queries.opened(scope, what), read, loop.create_future())
        turn.query.leave = lambda: _later(loop, self._leave, turn, stopped())
        turn.future.add_done_callback(_seen)
        self._lines.setdefault(scope.tenant, _Line()).waiting.append(turn)
        self._waiting += 1
        self._next()
        return turn

    def abandon(self, turn: Turn[Any]) -> None:
        """Nobody waits for it any more: it leaves the queue, or is stopped where it runs."""
        if turn.began:
            asyncio.get_running_loop().run_in_executor(None, self._queries.end, turn.query)
        else:
            self._leave(turn, stopped())

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _check(self, scope: Scope) -> None:
        self._allow(scope)
        limits, line = self._limits, self._lines.get(scope.tenant, _Line())
        if self._running + self._waiting >= limits.all:
            raise _limited(f"{limits.all} queries run or wait already (analytics.query.max_concurrent).")
        busy = self._running >= limits.threads or line.running >= limits.tenant
        if busy and len(line.waiting) >= limits.tenant_waiting:
            raise _limited(
                f"{len(line.waiting)} queries of this tenant wait already (analytics.query.tenant_waiting), while"
                f" {line.running} run."
            )

    def _next(self) -> None:
        while self._running < self._limits.threads:
            ready = (t for t, line in self._lines.items() if line.waiting and line.running < self._limits.tenant)
            tenant = next(ready, None)
            if tenant is None:
                return
            self._lines.move_to_end(tenant)
            self._begin(self._lines[tenant])

    def _begin(self, line: _Line) -> None:
        turn = line.waiting.popleft()
        turn.began = True
        line.running += 1
        self._running += 1
        self._waiting -= 1
        loop = asyncio.get_running_loop()
        self._pool.submit(self._work, turn).add_done_callback(lambda done: _later(loop, self._finish, turn, done))

    def _work(self, turn: Turn[Any]) -> Any:
        began, context = time.perf_counter(), CURRENT.set(turn.query)
        turn.query.begun = time.monotonic()
        try:
            with hiding(turn.query.scope.masked):
                return turn.read()
        finally:
            CURRENT.reset(context)
            self._queries.closed(turn.query)
            self._observe(time.perf_counter() - began)

    def _finish(self, turn: Turn[Any], done: Future[Any]) -> None:
        self._running -= 1
        self._lines[turn.query.scope.tenant].running -= 1
        self._settle(turn, done)
        self._next()

    def _leave(self, turn: Turn[Any], error: FactbookError) -> None:
        if turn.began or turn.future.done():
            return
        self._waiting -= 1
        self._lines[turn.query.scope.tenant].waiting.remove(turn)
        self._queries.closed(turn.query)
        failed: Future[Any] = Future()
        failed.set_exception(error)
        self._settle(turn, failed)

    def _settle(self, turn: Turn[Any], done: Future[Any]) -> None:
        line = self._lines[turn.query.scope.tenant]
        if not line.running and not line.waiting:
            del self._lines[turn.query.scope.tenant]
        if turn.future.done():
            return
        if done.cancelled():
            turn.future.cancel()
        elif error := done.exception():
            turn.future.set_exception(error)
        else:
            turn.future.set_result(done.result())


def _limited(message: str) -> FactbookError:
    return FactbookError(Kind.LIMITED, message, retry_after=1.0, hint="Ask again soon.")


def _later(loop: asyncio.AbstractEventLoop, function: Callable[..., None], *arguments: Any) -> None:
    with suppress(RuntimeError):  # the loop was closed: nobody waits
        loop.call_soon_threadsafe(function, *arguments)


def _seen(done: asyncio.Future[Any]) -> None:
    if not done.cancelled():
        done.exception()
