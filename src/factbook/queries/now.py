"""Live answers shared between everybody who asks for them: one query a second for a tenant, however many look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from factbook.core.scope import Scope
from factbook.core.sections import Realtime
from factbook.core.times import zone
from factbook.storage.warehouse import Warehouse

from .asking.ask import Tenant
from .board import board
from .live import Live, overview, top_content
from .reads import Reads

LIFE = 1.0
"""Seconds that a live number may be old."""
SLOW_LIFE = 10.0
"""The same for what has to be read from single events."""

Read = Callable[..., Any]
"""`read(warehouse, scope, live, *more)`."""


def live_at(now: datetime, tenant: Tenant, windows: Realtime, timezone: str | None = None) -> Live:
    """`now` with the configured windows, in the asked zone or the tenant's."""
    if timezone:
        tenant = replace(tenant, calendar=replace(tenant.calendar, zone=zone(timezone)))
    return Live(now, tenant, windows.window, windows.active_user_timeout)


async def overview_now(reads: Reads, warehouse: Warehouse, scope: Scope, live: Live) -> dict[str, Any]:
    """The answer of GET /realtime/overview."""
    numbers: dict[str, Any] = await shared(reads, warehouse, scope, live, overview)
    content: list[dict[str, Any]] = await shared(reads, warehouse, scope, live, top_content, SLOW_LIFE)
    return {**numbers, "top_content": content}


async def board_now(reads: Reads, warehouse: Warehouse, scope: Scope, live: Live) -> dict[str, Any]:
    """The answer of GET /api/v1/dashboard/metrics."""
    numbers: dict[str, Any] = await shared(reads, warehouse, scope, live, overview)
    today: dict[str, Any] = await shared(reads, warehouse, scope, live, board, SLOW_LIFE)
    return {name: numbers[name] for name in ("active_users", "events_per_second")} | today


async def shared(
    reads: Reads, warehouse: Warehouse, scope: Scope, live: Live, read: Read, life: float = LIFE, *more: int
) -> Any:
    """`read(warehouse, scope, live, *more)`, kept for `life` seconds for this tenant and zone."""
    key = (read.__name__, scope.tier, live.zone.key, live.window, live.active, more)
    return await reads.shared(scope, key, life, partial(read, warehouse, scope, live, *more))
