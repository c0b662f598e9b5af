"""Events over HTTP: the query, one event, counts by type, and the export."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import Response, StreamingResponse

from factbook.core.errors import Kind
from factbook.core.scope import Role, Scope
from factbook.queries.counts import stats
from factbook.queries.events import EventsRequest, chosen_fields, event, events
from factbook.queries.export import FORMATS, export_events, format_of
from factbook.queries.horizon import horizons
from factbook.services import Services

from .access import scope_for
from .reading import FILTER_SYNTAX, Asked, answer, asked, documented

_EVENT: dict[str, Any] = {
    "id": "0198a0a5-58a4-7cc3-b6d5-0d7c7f0f9b11",
    "event_type": "purchase",
    "event_category": "commerce",
    "timestamp": "2026-03-01T09:30:00.000Z",
    "processed_at": "2026-03-01T09:30:00.214Z",
    "user_id": "u-17",
    "anonymous_id": None,
    "session_id": "s-204",
    "session": "9120481203481203481",
    "content_id": "sku-42",
    "country": "DE",
    "is_bot": False,
    "source": "http",
    "tenant": "default",
    "properties": {"amount": 24.9, "currency": "EUR", "plan": "pro"},
}
_STATS = {
    "start_time": "2026-03-01T00:00:00+01:00",
    "end_time": "2026-03-08T00:00:00+01:00",
    "complete_since": "2026-03-01T09:00:00+01:00",
    "total_events": 1204,
    "by_type": {"page_view": 1103, "purchase": 101},
}
_Fields = Annotated[
    str | None,
    Query(
        description="Comma list of the fields wanted, `property.NAME` among them; all of them where absent.",
        examples=["id,event_type,timestamp,property.amount"],
    ),
]
_EventId = Annotated[str, Path(description="The event's id, a UUID.", examples=[_EVENT["id"]])]


def router(services: Services) -> APIRouter:
    """/api/v1/events…, /api/v1/analytics/events… and /events/{event_id}, for reading."""
    routes = APIRouter(tags=["Events"])
    _stats(routes, services)
    _export(routes, services)
    _query(routes, services)
    _one(routes, services)
    return routes


def _query(routes: APIRouter, services: Services) -> None:
    reader = scope_for(services, Role.ANALYST, Role.ADMIN)
    bounds = services.settings.analytics.query

    async def query_events(
        what: Asked = Depends(asked),
        scope: Scope = Depends(reader),
        limit: int = Query(
            bounds.default_limit, ge=1, le=bounds.max_results, description="Events a page.", examples=[100]
        ),
        cursor: Annotated[str | None, Query(description="`next_cursor` of the page before, as it was.")] = None,
        fields: _Fields = None,
        event_type: Annotated[
            str | None, Query(description="One type, or a comma list.", examples=["purchase,refund"])
        ] = None,
        user_id: Annotated[str | None, Query(description="Events of this user.", examples=["u-17"])] = None,
        session_id: Annotated[str | None, Query(description="Events of this session.", examples=["s-204"])] = None,
        content_id: Annotated[str | None, Query(description="Events on this content.", examples=["sku-42"])] = None,
    ) -> Response:
        start, end = what.bounds(scope)
        request = EventsRequest(
            start=start,
            end=end,
            conditions=what.conditions(scope, services.segments.of(scope)),
            fields=chosen_fields(fields),
            limit=limit,
            cursor=cursor,
            include_bots=what.include_bots,
        )
        page = await services.reads.run(scope, partial(events, services.warehouse, scope, request))
        return answer({"events": page.events, "count": len(page.events), "next_cursor": page.next_cursor})

    for path in ("/api/v1/analytics/events", "/api/v1/events"):
        routes.add_api_route(
            path,
            query_events,
            summary="Query events, newest first",
            description="Pages of events by keyset: `next_cursor` is null on the last one. " + FILTER_SYNTAX,
            responses=documented({"events": [_EVENT], "count": 1, "next_cursor": "AAABnIh…"}),
        )


def _one(routes: APIRouter, services: Services) -> None:
    reader = scope_for(services, Role.ANALYST, Role.ADMIN)

    async def read_event(event_id: _EventId, scope: Scope = Depends(reader)) -> Response:
        return answer(await services.reads.run(scope, partial(event, services.warehouse, scope, event_id)))

    for path in ("/api/v1/analytics/events/{event_id}", "/events/{event_id}", "/api/v1/events/{event_id}"):
        routes.add_api_route(path, read_event, summary="One event", responses=documented(_EVENT, Kind.NOT_FOUND))


def _stats(routes: APIRouter, services: Services) -> None:
    reader = scope_for(services)

    async def event_stats(what: Asked = Depends(asked), scope: Scope = Depends(reader)) -> Response:
        now = services.clock()
        period, zone = what.period(scope, now, timedelta(days=1)), what.zone(scope)
        conditions = what.conditions(scope, services.segments.of(scope))

        def read() -> dict[str, Any]:
            return stats(
                services.warehouse,
                scope,
                period,
                zone,
                conditions=conditions,
                include_bots=what.include_bots,
                kept=horizons(services.retention.limits(scope), now),
            )

        return answer(await services.reads.run(scope, read))

    routes.add_api_route(
        "/api/v1/events/stats",
        event_stats,
        summary="Events by type in a period (the last 24 hours where none is given)",
        description=FILTER_SYNTAX,
        responses=documented(_STATS),
    )


def _export(routes: APIRouter, services: Services) -> None:
    reader = scope_for(services, Role.ANALYST, Role.ADMIN)

    async def export(
        what: Asked = Depends(asked),
        scope: Scope = Depends(reader),
        format: Annotated[str, Query(description="csv, ndjson, parquet or arrow.", examples=["parquet"])] = "csv",
        fields: _Fields = None,
    ) -> StreamingResponse:
        start, end = what.bounds(scope)
        chosen = format_of(format)
        request = EventsRequest(
            start=start,
            end=end,
            conditions=what.conditions(scope, services.segments.of(scope)),
            fields=chosen_fields(fields),
            include_bots=what.include_bots,
        )
        pieces = export_events(services.warehouse, scope, request, format, accepted_until=services.clock())
        first = await services.reads.run(scope, partial(next, pieces, b""), "export")
        return StreamingResponse(
            _after(first, pieces),
            media_type=chosen.media_type,
            headers={
                "content-disposition": f'attachment; filename="events.{chosen.extension}"',
                "cache-control": "no-store",
            },
        )

    files = {one.media_type.partition(";")[0]: {"schema": {"type": "string"}} for one in FORMATS.values()}
    responses = documented({})
    responses[200] = {"description": "The file, streamed.", "content": files}
    routes.add_api_route(
        "/api/v1/events/export",
        export,
        summary="Export events, oldest first",
        description="Streams every matching event that was accepted before the call. In CSV, text that a spreadsheet "
        "would run as a formula (it begins with = + - @, a tab or a carriage return) gets an apostrophe in front. "
        + FILTER_SYNTAX,
        response_class=Response,
        responses=responses,
    )


def _after(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
