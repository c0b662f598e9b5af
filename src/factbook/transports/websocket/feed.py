"""The live feed: accepted events as they come and, where asked, the overview every second.

Messages are JSON objects with a `type`: `hello`, `event`, `missed` (how many were left out since the last time),
`overview`, `heartbeat`. A reader who takes too long is told how many events he missed, and in the end cut off.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import anyio
import msgspec
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from factbook.access.roles import require
from factbook.core.errors import FactbookError, Kind, unavailable
from factbook.core.scope import DEFAULT_TENANT, Role, Scope
from factbook.ingest.feed import Subscription
from factbook.queries.now import live_at, overview_now
from factbook.services import Services

from .credentials import accepted_protocol, scope_of

PATH = "/api/v1/events/stream"
HEARTBEAT = 5.0
"""Seconds between heartbeats; the credentials are looked at again as often."""
PATIENCE = 10.0
"""Seconds that one message may take to leave."""
MOST_A_SECOND = 200
"""Events shown to one reader in a second; the others are counted as missed."""
MAX_TYPES = 100

CLOSES: dict[Kind, int] = {
    Kind.INVALID: 4400,
    Kind.UNAUTHENTICATED: 4401,
    Kind.FORBIDDEN: 4403,
    Kind.LIMITED: 4429,
    Kind.UNAVAILABLE: 4503,
}
"""Close code by kind of error: 4000 and the HTTP status."""
TOO_SLOW = 4408
REFUSED: dict[Kind, int] = {Kind.UNAUTHENTICATED: 401, Kind.FORBIDDEN: 403}
"""What is counted in the audit trail, by the status of HTTP."""


def router(services: Services) -> APIRouter:
    """WebSocket /api/v1/events/stream?event_type=a,b&overview=1."""
    routes = APIRouter()

    async def stream(websocket: WebSocket) -> None:
        await websocket.accept(subprotocol=accepted_protocol(websocket))
        caller: Scope | None = None
        try:
            caller = await asyncio.to_thread(scope_of, services.keys, websocket)
            scope = require(caller, Role.ANALYST, Role.ADMIN)
            types = _types(websocket)
        except FactbookError as error:
            await _close(websocket, CLOSES.get(error.kind, 4400), error.message)
            if error.kind in REFUSED:
                tenant, actor = (caller.tenant, caller.actor) if caller else (DEFAULT_TENANT, "")
                address = websocket.client.host if websocket.client else ""
                services.audit.refused(tenant, actor, f"WebSocket {PATH}", REFUSED[error.kind], address)
            return
        with services.telemetry.connection():
            await Line(services, websocket, scope, types).run()

    routes.add_api_websocket_route(PATH, stream)
    return routes


class Line:
    """One open connection: events on one side, the clock on the other, until the reader leaves or is cut off."""

    def __init__(self, services: Services, websocket: WebSocket, scope: Scope, types: frozenset[str]) -> None:
        self._services = services
        self._websocket = websocket
        self._scope = scope
        self._types = types
        self._overview = websocket.query_params.get("overview", "").lower() in ("1", "true")
        self._sending = anyio.Lock()
        self._shown = 0
        self._skipped = 0
        self._told = 0

    async def run(self) -> None:
        subscription = self._services.feed.subscribe(self._scope, self._types)
        try:
            await self._send({"type": "hello", "event_types": sorted(self._types), "heartbeat_seconds": HEARTBEAT})
            async with anyio.create_task_group() as parts:
                parts.start_soon(self._events, subscription)
                parts.start_soon(self._clock, subscription)
                await self._until_gone()
                parts.cancel_scope.cancel()
        except* WebSocketDisconnect:
            pass  # the reader left
        except* FactbookError as refused:
            error = refused.exceptions[0]
            assert isinstance(error, FactbookError)
            await _close(self._websocket, CLOSES.get(error.kind, 4400), error.message)
        except* TimeoutError:
            await _close(self._websocket, TOO_SLOW, "This reader takes too long.")
        finally:
            subscription.close()

    async def _events(self, subscription: Subscription) -> None:
        async for event in subscription:
            if self._shown < MOST_A_SECOND:
                self._shown += 1
                await self._send({"type": "event", "event": event})
            else:
                self._skipped += 1

    async def _clock(self, subscription: Subscription) -> None:
        beat = anyio.current_time() + HEARTBEAT
        while True:
            self._shown = 0
            missed = subscription.missed + self._skipped
            if missed > self._told:
                await self._send({"type": "missed", "count": missed - self._told})
                self._told = missed
            if self._overview:
                with suppress(FactbookError):  # a busy warehouse: the next second has another
                    await self._send({"type": "overview", **await self._now()})
            if anyio.current_time() >= beat:
                beat = anyio.current_time() + HEARTBEAT
                now = await asyncio.to_thread(scope_of, self._services.keys, self._websocket, Role.ANALYST, Role.ADMIN)
                if now.sight != self._scope.sight:
                    raise unavailable("What you may see has changed: connect again.")
                await self._send({"type": "heartbeat", "timestamp": self._services.clock().isoformat()})
            await anyio.sleep(1.0)

    async def _now(self) -> dict[str, Any]:
        services = self._services
        live = live_at(services.clock(), services.tenants.of(self._scope), services.settings.analytics.realtime)
        return await overview_now(services.reads, services.warehouse, self._scope, live)

    async def _until_gone(self) -> None:
        """What a reader sends is not looked at."""
        while (await self._websocket.receive())["type"] != "websocket.disconnect":
            continue

    async def _send(self, message: dict[str, Any]) -> None:
        text = msgspec.json.encode(message).decode()
        async with self._sending:
            with anyio.fail_after(PATIENCE):
                await self._websocket.send_text(text)


def _types(websocket: WebSocket) -> frozenset[str]:
    sent = ",".join(websocket.query_params.getlist("event_type"))
    types = frozenset(name.strip() for name in sent.split(",") if name.strip())
    if len(types) > MAX_TYPES:
        raise FactbookError(Kind.INVALID, f"At most {MAX_TYPES} event types are taken.", field="event_type")
    return types


async def _close(websocket: WebSocket, code: int, reason: str) -> None:
    with suppress(RuntimeError, WebSocketDisconnect):  # gone already
        await websocket.close(code, reason[:120])
