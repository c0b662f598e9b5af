"""Reads in their turn, for as long as somebody waits for them; equal reads at the same time cost one query."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, TypeVar

from factbook.core.scope import Scope
from factbook.storage.running import Running

from .callers import present
from .turns import Limits, Turn, Turns

T = TypeVar("T")

MAX_KEPT = 2000


class Reads:
    """Use from one event loop; `close` when done.

    running: where the queries are told of. observe: called with the seconds of every query; looked: called with True
    for an answer out of the cache. allow: raises for a tenant that may not ask any more.
    """

    def __init__(
        self,
        running: Running,
        limits: Limits | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        observe: Callable[[float], None] = lambda seconds: None,
        looked: Callable[[bool], None] = lambda hit: None,
        allow: Callable[[Scope], None] = lambda scope: None,
    ) -> None:
        self._turns = Turns(running, limits or Limits(), observe=observe, allow=allow)
        self._clock = clock
        self._looked = looked
        self._kept: OrderedDict[Hashable, tuple[float, Turn[Any]]] = OrderedDict()

    async def run(self, scope: Scope, read: Callable[[], T], what: str = "") -> T:
        """The result of `read`, which runs in a thread. Raises LIMITED when too many wait already.

        what: the query in words, for whoever looks at those that run.
        """
        return await self.result(self.start(scope, read, what))

    def start(self, scope: Scope, read: Callable[[], T], what: str = "") -> Turn[T]:
        """`read`, for several who wait for its `result`."""
        return self._turns.start(scope, what or _name(read), read)

    async def result(self, turn: Turn[T]) -> T:
        """What `turn` brings; when the last who waits for it hangs up, it is stopped."""
        turn.waiters += 1
        try:
            return await present(turn.future)
        finally:
            turn.waiters -= 1
            if not turn.waiters and not turn.future.done():
                self._turns.abandon(turn)

    async def shared(self, scope: Scope, key: Hashable, life: float, read: Callable[[], T]) -> T:
        """Like `run`, but a result less than `life` seconds old, or on its way, serves every caller of the same `key`.

        `key` must hold all that the answer depends on beside the tenant and what may be seen of it. Failures are not
        kept.
        """
        place = (scope.sight, key)
        kept = self._kept.get(place)
        if kept and not kept[1].query.stopped and (not kept[1].future.done() or self._clock() < kept[0]):
            self._looked(True)
            earlier: Turn[T] = kept[1]
            return await self._result(earlier)
        self._looked(False)
        turn = self.start(scope, read)
        self._kept[place] = (float("inf"), turn)
        self._kept.move_to_end(place)
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        turn.future.add_done_callback(lambda done: self._settle(place, turn, life))
        return await self._result(turn)

    def close(self) -> None:
        self._turns.close()

    async def _result(self, turn: Turn[T]) -> T:
        return turn.future.result() if turn.future.done() else await self.result(turn)

    def _settle(self, place: Hashable, turn: Turn[Any], life: float) -> None:
        if self._kept.get(place, (0.0, None))[1] is not turn:
            return
        if turn.future.cancelled() or turn.future.exception():
            del self._kept[place]
        else:
            self._kept[place] = (self._clock() + life, turn)


def _name(read: Callable[[], Any]) -> str:
    while isinstance(read, partial):
        read = read.func
    names = [name for name in getattr(read, "__qualname__", "read").split(".") if not name.startswith("<")]
    return names[-2] if names[-1] == "read" and len(names) > 1 else names[-1]
