"""Segments over HTTP: define, try, change, freeze and remove them; their sizes and their people."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from factbook.core.clock import from_epoch_ms
from factbook.core.errors import FactbookError, Kind, invalid
from factbook.core.scope import Role, Scope
from factbook.queries.behaviour.segments.kept import KeptSegments, given_segment
from factbook.queries.behaviour.segments.over_time import MAX_BUCKETS, over_time, sizes_over_time
from factbook.queries.behaviour.segments.people import listed, sizes
from factbook.queries.behaviour.segments.rules import Rule
from factbook.services import Services
from factbook.storage.rows import SegmentRow

from .access import example, refusals, scope_for
from .changes import history_example, history_told
from .cohorts import wants_csv
from .reading import answer, documented, json_body
from .rows_as_csv import rows_as_csv

_RULE: dict[str, Any] = {
    "all": [
        {"did": {"event": "purchase", "where": "amount > 20"}, "count": {"gte": 2}, "within": "90d"},
        {"property": "country", "in": ["DE", "AT"]},
        {"not": {"did": "refund", "within": "90d"}},
    ]
}
_GIVEN: dict[str, Any] = {"id": "loyal", "label": "Loyal buyers", "rule": _RULE, "frozen": False}
_RECORD: dict[str, Any] = {
    "id": "loyal",
    "label": "Loyal buyers",
    "description": "",
    "rule": _RULE,
    "frozen": False,
    "version": 1,
    "created_at": "2026-03-01T09:30:00Z",
    "updated_at": "2026-03-01T09:30:00Z",
}
_DEFINED = {"label": "Loyal buyers", "description": "", "rule": _RULE, "frozen": False}
_HISTORY = history_example("loyal", _DEFINED, {**_DEFINED, "rule": {"did": "purchase"}})
_SIZED = {**_RECORD, "people": 1204, "share": 0.31}
_OVER_TIME: dict[str, Any] = {
    "id": "loyal",
    "frozen": False,
    "granularity": "1d",
    "start_time": "2026-03-01T00:00:00+01:00",
    "end_time": "2026-03-02T09:31:00+01:00",
    "timezone": "Europe/Berlin",
    "complete_since": "2026-01-01T00:00:00+01:00",
    "sizes": [
        {"time": "2026-03-01T00:00:00+01:00", "people": 1198, "of": 3851, "incomplete": False},
        {"time": "2026-03-02T00:00:00+01:00", "people": 1204, "of": 3880, "incomplete": True},
    ],
}
_PERSON: dict[str, Any] = {
    "user_id": "u-17",
    "anonymous_ids": ["a-9f3"],
    "first_seen": "2026-01-12T10:00:00+01:00",
    "last_seen": "2026-03-01T09:30:00+01:00",
    "events": 48,
    "last_event_type": "purchase",
}
_ABOUT = (
    "A rule is `all`, `any` or `not` of rules, or one of: `did` and `did_not` (an event type, or an object with"
    " `event`, `where`, `filters`; `count` compares how often), `property` (a column or `property.NAME`: its newest"
    " value of the person), `aggregate` (sum, avg, min, max `of` a number `over` events; amounts of money in your"
    " currency), `segment` (another one). `within` (30d, or any period) or `start_time` and `end_time` say when. A"
    " frozen segment keeps the people who are in it now; sent again, it freezes anew. docs/definitions.md tells all."
)
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}, "example": _GIVEN}},
    }
}
SAMPLE = 10
_Format = Annotated[str, Query(description="json or csv.")]
_Id = Annotated[str, Path(description="The segment's id.", examples=["loyal"])]


def router(services: Services) -> APIRouter:
    """/api/v1/analytics/segments and GET /api/v1/analytics/users/segments."""
    routes = APIRouter(prefix="/api/v1/analytics", tags=["Segments"])
    _reading(routes, services)
    _sizes(routes, services)
    _people(routes, services)
    _changing(routes, services)
    return routes


def _reading(routes: APIRouter, services: Services) -> None:
    reader = Depends(scope_for(services))
    life = min(1.0, services.settings.analytics.query.cache_ttl)

    @routes.get("/segments", summary="Your segments", responses=documented({"segments": [_RECORD]}))
    def list_segments(scope: Annotated[Scope, reader]) -> dict[str, Any]:
        """By id, without a look at their people."""
        return {"segments": [_shown(row) for row in services.segments.listed(scope)]}

    @routes.get(
        "/users/segments",
        summary="Your segments and how many people are in each",
        responses=documented({"people": 3880, "segments": [_SIZED]}),
    )
    async def sized(scope: Annotated[Scope, reader]) -> Response:
        """All counted in one pass over the events; `share` is of everybody who ever did anything. One that cannot be
        counted as things are says why in `problem`."""
        rules, told = await run_in_threadpool(_rules, services.segments, scope)
        read = partial(sizes, services.warehouse, scope, list(rules.values()))
        found, of = await services.reads.shared(scope, ("segments", repr(rules)), life, read)
        for id_, size in zip(rules, found, strict=True):
            told[id_] |= {"people": size, "share": size / of if of else None}
        return answer({"people": of, "segments": list(told.values())})

    @routes.get("/segments/{id}", summary="One segment", responses=documented(_RECORD, Kind.NOT_FOUND))
    def one_segment(id: _Id, scope: Annotated[Scope, reader]) -> dict[str, Any]:
        """As it is defined now."""
        return _shown(services.segments.get(scope, id))

    @routes.get(
        "/segments/{id}/history", summary="How a segment changed", responses=documented(_HISTORY, Kind.NOT_FOUND)
    )
    def history(id: _Id, scope: Annotated[Scope, reader]) -> dict[str, Any]:
        """Every change, newest first, also of what was removed since."""
        return history_told(id, services.segments.history(scope, id))


def _sizes(routes: APIRouter, services: Services) -> None:
    reader = Depends(scope_for(services))

    @routes.get(
        "/segments/{id}/sizes",
        summary="The size of a segment over time",
        description=f"As of the end of each bucket, at most {MAX_BUCKETS}: who the rule of today held then, looking at"
        " what had happened until then; `within` 30d are the 30 days up to there. Of a frozen segment one size"
        " throughout. `of` is everybody who had ever done anything by then; one that is not over is told as of now.",
        responses=documented(_OVER_TIME, Kind.NOT_FOUND),
    )
    async def over_time_of(
        id: _Id,
        scope: Annotated[Scope, reader],
        period: Annotated[
            str | None, Query(description="last_30_days where absent.", examples=["last_30_days"])
        ] = None,
        granularity: Annotated[str, Query(description="Length of a bucket: 1h, 1d, 1w, 1mo, …")] = "1d",
        start_date: Annotated[str | None, Query(description="From the start of that day, instead of a period.")] = None,
        end_date: Annotated[str | None, Query(description="To the end of that day.")] = None,
        timezone: Annotated[
            str | None, Query(description="IANA zone of the buckets; the tenant's where absent.")
        ] = None,
        format: _Format = "json",
    ) -> Response:
        is_csv = wants_csv(format)
        await run_in_threadpool(services.segments.get, scope, id)
        given = {
            "period": period,
            "granularity": granularity,
            "start_date": start_date,
            "end_date": end_date,
            "timezone": timezone,
        }
        segments, kept = services.segments.of(scope), services.tenants.of(scope).kept
        asked = over_time(given, segments)
        read = partial(sizes_over_time, services.warehouse, scope, asked, segments, id, kept)
        found = await services.reads.run(scope, read, f"sizes of {id}")
        if is_csv:
            return rows_as_csv(found["sizes"], list(found["sizes"][0]), f"segment-{id}-sizes")
        return answer(found)


def _people(routes: APIRouter, services: Services) -> None:
    analyst = Depends(scope_for(services, Role.ANALYST, Role.ADMIN))

    @routes.post(
        "/segments/preview",
        summary="Try a rule before it is kept",
        description=f"How many people it holds, and {SAMPLE} of them. " + _ABOUT,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"type": "object"}, "example": {"rule": _RULE}}},
            }
        },
        responses=documented({"people": 1204, "of": 3880, "share": 0.31, "sample": [_PERSON]}, Kind.MALFORMED),
    )
    async def preview(request: Request, scope: Annotated[Scope, analyst]) -> Response:
        body = await json_body(request)
        if not isinstance(body, dict) or set(body) != {"rule"}:
            raise invalid("A preview takes a rule, and nothing else.", field="rule")
        segments = services.segments.of(scope)

        def read() -> dict[str, Any]:
            rule = segments.read(body["rule"])
            [people], of = sizes(services.warehouse, scope, [rule])
            sample, _ = listed(services.warehouse, scope, rule, segments.calendar.zone, limit=SAMPLE)
            return {"people": people, "of": of, "share": people / of if of else None, "sample": sample}

        return answer(await services.reads.run(scope, read, "preview of a segment"))

    @routes.get(
        "/segments/{id}/people",
        summary="The people of a segment, page by page",
        responses=documented({"people": [_PERSON], "next_cursor": "1844674407370955161"}, Kind.NOT_FOUND),
    )
    async def people(
        id: _Id,
        scope: Annotated[Scope, analyst],
        limit: Annotated[int, Query(ge=1, le=10_000, description="People a page.")] = 100,
        cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.")] = None,
        format: _Format = "json",
    ) -> Response:
        """In an order of no meaning; `next_cursor` is null on the last page."""
        is_csv = wants_csv(format)
        await run_in_threadpool(services.segments.get, scope, id)
        segments = services.segments.of(scope)
        rule, zone = segments.rule(id), segments.calendar.zone
        read = partial(listed, services.warehouse, scope, rule, zone, limit=limit, cursor=cursor)
        found, after = await services.reads.run(scope, read, f"people of {id}")
        if is_csv:
            return rows_as_csv(found, list(_PERSON), f"segment-{id}")
        return answer({"people": found, "next_cursor": after})


def _changing(routes: APIRouter, services: Services) -> None:
    analyst = Depends(scope_for(services, Role.ANALYST, Role.ADMIN))

    @routes.post(
        "/segments",
        status_code=201,
        summary="Define a segment",
        description=_ABOUT,
        openapi_extra=_BODY,
        responses=example(_RECORD, status=201) | refusals(Kind.CONFLICT, Kind.INVALID, Kind.MALFORMED, Kind.LIMITED),
    )
    async def define(request: Request, scope: Annotated[Scope, analyst]) -> dict[str, Any]:
        given = given_segment(await json_body(request))
        return _shown(await run_in_threadpool(services.segments.define, scope, given, new=True))

    @routes.put(
        "/segments/{id}",
        summary="Change a segment, or freeze it",
        description=_ABOUT,
        openapi_extra=_BODY,
        responses=example(_RECORD) | refusals(Kind.NOT_FOUND, Kind.INVALID, Kind.MALFORMED, Kind.LIMITED),
    )
    async def change(id: _Id, request: Request, scope: Annotated[Scope, analyst]) -> dict[str, Any]:
        body = await json_body(request)
        given = given_segment({"id": id, **body} if isinstance(body, dict) else body)
        if given.id != id:
            raise invalid("A segment keeps its id.", field="id", hint="Define a new one, and remove this one.")
        return _shown(await run_in_threadpool(services.segments.define, scope, given, new=False))

    @routes.delete(
        "/segments/{id}",
        status_code=204,
        summary="Remove a segment",
        responses=refusals(Kind.NOT_FOUND, Kind.CONFLICT),
    )
    def remove(id: _Id, scope: Annotated[Scope, analyst]) -> None:
        """Refused while another segment stands on it."""
        services.segments.remove(scope, id)


def _rules(kept: KeptSegments, scope: Scope) -> tuple[dict[str, Rule], dict[str, dict[str, Any]]]:
    """The rules of all that can be counted, and what is told of each segment, by id."""
    rules: dict[str, Rule] = {}
    told: dict[str, dict[str, Any]] = {}
    segments = kept.of(scope)
    for row in kept.listed(scope):
        told[row.id] = _shown(row)
        try:
            rules[row.id] = segments.rule(row.id)
        except FactbookError as error:
            told[row.id] |= {"people": None, "share": None, "problem": error.message}
    return rules, told


def _shown(row: SegmentRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "label": row.label,
        "description": row.description,
        "rule": row.rule,
        "frozen": row.freezing is not None,
        "version": row.version,
        "created_at": from_epoch_ms(row.created_at),
        "updated_at": from_epoch_ms(row.updated_at),
    }
