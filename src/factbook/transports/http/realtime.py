"""The numbers of this moment over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from factbook.core.scope import Scope
from factbook.events.personal import hidden
from factbook.queries.live import active_sessions, active_users, conversions
from factbook.queries.now import Read, board_now, live_at, overview_now, shared
from factbook.queries.people import listed_conversions, listed_sessions, listed_users
from factbook.services import Services

from .access import scope_for
from .reading import answer, documented

_DAY: dict[str, Any] = {
    "events_today": 48210,
    "users_today": 3120,
    "orders_today": 101,
    "revenue_today": 2490.5,
    "cart_value_avg": 24.66,
    "conversion_rate": 0.031,
}
_OVERVIEW: dict[str, Any] = {
    "timestamp": "2026-03-01T14:30:00.000+01:00",
    "timezone": "Europe/Berlin",
    "active_users": 214,
    "active_sessions": 231,
    **_DAY,
    "events_per_second": 12.4,
    "top_event_types": [{"event_type": "page_view", "count": 8123}],
    "window_seconds": 60.0,
    "active_seconds": 1800.0,
    "previous": {"active_users": 190, "active_sessions": 201, "events_per_second": 11.9, **_DAY},
    "change": {"active_users": 0.126, "revenue_today": 0.04},
    "top_content": [{"content_id": "sku-42", "count": 310, "users": 120}],
}
_SERIES: dict[str, Any] = {
    "timestamp": "2026-03-01T14:30:00.000+01:00",
    "count": 214,
    "window_seconds": 1800.0,
    "series": [{"time": "2026-03-01T13:31:00+01:00", "count": 32}],
}
_BOARD: dict[str, Any] = {
    "active_users": 214,
    "events_per_second": 12.4,
    "orders_placed": 40,
    "orders_filled": 38,
    "active_strategies": 3,
    "total_volume": 120400.0,
    "average_latency": 12.8,
    "error_rate": 0.002,
    "custom_metrics": {"events.count.order.placed": 40},
    "last_updated": "2026-03-01T14:30:00.000+01:00",
}
_Zone = Annotated[
    str | None, Query(description="Zone whose midnight begins today; the tenant's where absent.", examples=["UTC"])
]
_Listed = Annotated[bool, Query(alias="list", description="Adds the list, the most recent first.", examples=[True])]
_Limit = Annotated[int, Query(ge=1, le=10_000, description="Entries of the list.", examples=[100])]


def router(services: Services) -> APIRouter:
    """/realtime/…, /api/v1/analytics/real-time and /api/v1/dashboard/metrics."""
    routes = APIRouter(tags=["Real time"])
    reader = scope_for(services)
    windows = services.settings.analytics.realtime

    async def realtime_overview(scope: Scope = Depends(reader), timezone: _Zone = None) -> Response:
        live = live_at(services.clock(), services.tenants.of(scope), windows, timezone)
        return answer(await overview_now(services.reads, services.warehouse, scope, live))

    for path in ("/realtime/overview", "/api/v1/analytics/real-time"):
        routes.add_api_route(
            path,
            realtime_overview,
            summary="Who is active, what came in today, what goes on now",
            description="At most a second old (top content: ten). `previous` is the window before, and yesterday up to"
            " this time of day; `change` is relative, null without a value before.",
            responses=documented(_OVERVIEW),
        )

    async def dashboard_metrics(scope: Scope = Depends(reader), timezone: _Zone = None) -> Response:
        live = live_at(services.clock(), services.tenants.of(scope), windows, timezone)
        return answer(await board_now(services.reads, services.warehouse, scope, live))

    routes.add_api_route(
        "/api/v1/dashboard/metrics", dashboard_metrics, summary="The trading board", responses=documented(_BOARD)
    )
    for path, read, listed, name, about in (
        ("/realtime/active-users", active_users, listed_users, "users", "Users active now"),
        ("/realtime/sessions", active_sessions, listed_sessions, "sessions", "Sessions active now"),
        ("/realtime/conversions", conversions, listed_conversions, "conversions", "Orders of the last hour"),
    ):
        routes.add_api_route(
            path,
            _counted(services, reader, read, listed, name),
            name=name,
            summary=f"{about}, by minute of the last hour",
            responses=documented(_SERIES),
        )
    return routes


def _counted(services: Services, reader: Callable[..., Any], read: Read, listed: Read, name: str) -> Callable[..., Any]:
    windows = services.settings.analytics.realtime

    async def counted(
        scope: Scope = Depends(reader), timezone: _Zone = None, listed_too: _Listed = False, limit: _Limit = 100
    ) -> Response:
        live = live_at(services.clock(), services.tenants.of(scope), windows, timezone)
        found = await shared(services.reads, services.warehouse, scope, live, read)
        if listed_too:
            if scope.masked:
                raise hidden("This list names who it was, which is hidden from you.", "list")
            entries = await shared(services.reads, services.warehouse, scope, live, listed, 1.0, limit)
            found = {**found, name: entries}
        return answer(found)

    return counted
