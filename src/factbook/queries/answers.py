"""Answers to questions over metrics, as JSON bytes: out of the cache where nothing changed, else one query for all."""

from __future__ import annotations

import asyncio
import contextvars
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import msgspec

from factbook.core.clock import epoch_ms
from factbook.core.scope import Scope
from factbook.storage.cache import Cache, Kept
from factbook.storage.versions import FOREVER, Versions
from factbook.storage.warehouse import Warehouse

from .asking.ask import Tenant, ask
from .asking.lookups import Known, Lookups
from .asking.plan import Plan
from .asking.request import Request
from .asking.resolved import MINUTE_MS, Resolved, resolved, settings
from .callers import CALLER, present
from .reads import Reads
from .turns import Turn

MAX_RESOLVED = 4096
MAX_KNOWN = 1000
"""Tenants, and what is seen of each."""


class Shared(Protocol):
    """A cache that other processes use too, where they also agree on who asks the warehouse."""

    async def found(self, key: str) -> Kept | None:
        """The answer, as soon as some process has it; None where this one is to find it, and then to `keep` it or to
        `leave` it."""

    async def keep(self, key: str, body: bytes) -> None: ...

    async def leave(self, key: str) -> None: ...


@dataclass(eq=False, slots=True)
class _Flight:
    """An answer on its way, for as long as somebody waits for it."""

    task: asyncio.Task[bytes]
    waiters: int = 0


class Answers:
    """Use from one event loop. looked: called with True for every answer that cost no query of its own.

    An answer is kept under the version of the data that was read before the query began: an event that becomes visible
    meanwhile makes it stale, whether or not it was counted.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        reads: Reads,
        versions: Versions,
        cache: Cache,
        shared: Shared | None = None,
        *,
        looked: Callable[[bool], None] = lambda hit: None,
    ) -> None:
        self._warehouse = warehouse
        self._reads = reads
        self._versions = versions
        self._cache = cache
        self._shared = shared
        self._looked = looked
        self._resolved: OrderedDict[bytes, Resolved] = OrderedDict()
        self._known: OrderedDict[Hashable, tuple[str, Known]] = OrderedDict()
        self._flights: dict[str, _Flight] = {}
        self._waiting: dict[str, Turn[bytes]] = {}

    async def get(self, scope: Scope, tenant: Tenant, request: Request, now: datetime) -> bytes:
        """The encoded answer. Raises as `asking.ask.ask`, and LIMITED when too many wait already.

        One that explains itself is never out of the cache: what it tells is how it was found.
        """

        def read(known: Known | None = None) -> bytes:
            return msgspec.json.encode(ask(self._warehouse, scope, tenant, request, now, known))

        if request.explain:
            return await self._reads.run(scope, read, _words(request))
        asked = self._resolve(scope, tenant, request, now)
        version = await self._versions.token(scope.tenant, asked.ranges)
        if version is None:
            return await self._joined(scope, asked.key, read, request)
        key = f"{asked.key}.{version}"
        body = self._cache.get(key)
        if body is not None:
            self._looked(True)
            return body
        return await self._flown(scope, key, read, request)

    async def fresh(self, scope: Scope, tenant: Tenant, request: Request, now: datetime) -> dict[str, Any]:
        """The answer, never kept: for what is only tried."""
        return await self._reads.run(scope, lambda: ask(self._warehouse, scope, tenant, request, now), _words(request))

    def _resolve(self, scope: Scope, tenant: Tenant, request: Request, now: datetime) -> Resolved:
        """Within a minute the same question is about the same stretch of time, so that is worked out once."""
        minute = epoch_ms(now) // MINUTE_MS
        kept = sorted((level, since // MINUTE_MS) for level, since in tenant.kept.items())
        place = msgspec.json.encode([scope.sight, scope.tier, settings(tenant, request), request, minute, kept])
        found = self._resolved.get(place)
        if found is None:
            plan = Plan(request, scope, tenant.catalog, tenant.calendar, tenant.money, now, segments=tenant.segments)
            found = resolved(plan, tenant, Lookups(self._warehouse, scope))
            self._resolved[place] = found
            while len(self._resolved) > MAX_RESOLVED:
                self._resolved.popitem(last=False)
        return found

    async def _flown(self, scope: Scope, key: str, read: Callable[[Known | None], bytes], request: Request) -> bytes:
        """One query for everybody who asks for the same of the same data, until all of them have left."""
        flight = self._flights.get(key)
        if flight is not None:
            self._looked(True)
        else:
            alone = contextvars.copy_context()
            alone.run(CALLER.set, None)
            task = asyncio.create_task(self._found(scope, key, read, request), context=alone)
            flight = self._flights[key] = _Flight(task)
            task.add_done_callback(lambda done: self._landed(key, flight))
        flight.waiters += 1
        try:
            return await present(flight.task)
        finally:
            flight.waiters -= 1
            if not flight.waiters and not flight.task.done():
                self._landed(key, flight)
                flight.task.cancel()

    def _landed(self, key: str, flight: _Flight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        if flight.task.done() and not flight.task.cancelled():
            flight.task.exception()  # seen, even where every caller has gone

    async def _found(self, scope: Scope, key: str, read: Callable[[Known | None], bytes], request: Request) -> bytes:
        kept = await self._shared.found(key) if self._shared else None
        self._looked(kept is not None)
        if kept is None:
            try:
                known = await self._known_of(scope)
                body = await self._reads.run(scope, lambda: read(known), _words(request))
                kept = Kept(body, self._cache.life)
            except BaseException:
                if self._shared:
                    await self._shared.leave(key)
                raise
            if self._shared:
                await (self._shared.keep(key, kept.body) if self._cache.takes(kept.body) else self._shared.leave(key))
        self._cache.put(key, kept.body, kept.life)
        return kept.body

    async def _known_of(self, scope: Scope) -> Known | None:
        """What was looked up since anything of the tenant's last changed: currencies, types and numbers seen."""
        version = await self._versions.token(scope.tenant, (FOREVER,))
        if version is None:
            return None
        state, known = self._known.pop(scope.sight, ("", {}))
        self._known[scope.sight] = version, known if state == version else {}
        while len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)
        return self._known[scope.sight][1]

    async def _joined(self, scope: Scope, key: str, read: Callable[[], bytes], request: Request) -> bytes:
        """Where the version of the data is not known: no answer that was begun before it was asked for."""
        turn = self._waiting.get(key)
        is_waiting = turn is not None and not turn.began and not turn.future.done()
        self._looked(is_waiting)
        if turn is None or not is_waiting:
            turn = self._waiting[key] = self._reads.start(scope, read, _words(request))
            turn.future.add_done_callback(lambda done: self._forget(key, done))
        return await self._reads.result(turn)

    def _forget(self, key: str, done: asyncio.Future[bytes]) -> None:
        if key in self._waiting and self._waiting[key].future is done:
            del self._waiting[key]


def _words(request: Request) -> str:
    by = f" by {', '.join(request.dimensions)}" if request.dimensions else ""
    return f"{', '.join(request.metrics)}{by}"
