"""Cohorts over HTTP: who came back, and what each cohort brought."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from factbook.core.errors import Kind, invalid
from factbook.core.scope import Role, Scope
from factbook.queries.behaviour.cohorts.people import Place, people_of
from factbook.queries.behaviour.cohorts.question import FIELDS, RETENTION, cohorts
from factbook.queries.behaviour.cohorts.retention import retention
from factbook.queries.behaviour.cohorts.values import values
from factbook.services import Services

from .access import scope_for
from .reading import FILTER_SYNTAX, answer, documented, filters_of, json_body
from .rows_as_csv import rows_as_csv

QUESTION: dict[str, Any] = {
    "cohort_type": "acquisition_week",
    "cohort_event": {"event": "user_register"},
    "return_event": {"events": ["purchase"], "where": "amount > 10"},
    "occurrence": "first_time",
    "metric": "retention",
    "start_date": "2026-01-05",
    "end_date": "2026-03-29",
    "returns": "on",
    "periods": 8,
    "filters": {"country": "DE"},
}
ANSWER: dict[str, Any] = {
    "metric": "retention",
    "granularity": "1w",
    "cohort_event": "user_register",
    "return_event": "purchase",
    "occurrence": "first_time",
    "returns": "on",
    "reference": "period_0",
    "rolling": False,
    "start_time": "2026-03-16T00:00:00+01:00",
    "end_time": "2026-03-30T00:00:00+02:00",
    "until": "2026-03-25T12:00:00+01:00",
    "timezone": "Europe/Berlin",
    "complete_since": "2026-01-01T00:00:00+01:00",
    "periods": ["0", "1"],
    "people": 300,
    "cohorts": [
        {
            "cohort": "2026-03-16T00:00:00+01:00",
            "partial": False,
            "size": 200,
            "counts": [50, 20],
            "rates": [0.25, 0.1],
            "incomplete": [False, True],
        }
    ],
    "average": {"counts": [50], "rates": [0.25]},
}
_ABOUT = (
    "Cohorts are the people whose first event ever (or first `cohort_event`) fell into one day, week or month of the"
    " period, or came through one channel. `counts` tells how many of them were there in each period after it (period 0"
    " is the cohort's own), `rates` what share that is. A period that is not over is `incomplete` and is not in the"
    " average; one that has not begun is null. `cohort_event` and `return_event` are event types, several joined by |;"
    " in a POST also objects with `event` or `events`, `where` and `filters`. docs/definitions.md tells all. "
)
_PERSON: dict[str, Any] = {
    "user_id": "u-17",
    "anonymous_ids": ["a-9f3"],
    "first_seen": "2026-01-12T10:00:00+01:00",
    "last_seen": "2026-03-01T09:30:00+01:00",
    "events": 48,
    "last_event_type": "purchase",
}
_CELL = ("cohort", "at", "stayed_away", "page_size")
_NUMBERS = ("counts", "rates"), ("values", "per_person", "cumulative", "cumulative_per_person")
_Text = str | None
_Format = Annotated[str, Query(description="json or csv.")]


def asked(
    request: Request,
    cohort_type: Annotated[
        _Text, Query(description="acquisition_day, acquisition_week, acquisition_month or acquisition_channel.")
    ] = None,
    cohort_event: Annotated[_Text, Query(description="Event types that make a member; any where absent.")] = None,
    return_event: Annotated[_Text, Query(description="Event types that count as coming back.")] = None,
    occurrence: Annotated[
        _Text, Query(description="first_time: once for ever; recurring: in each period anew.")
    ] = None,
    metric: Annotated[_Text, Query(description="retention, or a metric that adds up, as revenue or orders.")] = None,
    start_date: Annotated[_Text, Query(description="Cohorts from then on.", examples=["2026-01-05"])] = None,
    end_date: Annotated[_Text, Query(description="To the end of that day.", examples=["2026-03-29"])] = None,
    period: Annotated[_Text, Query(description="A name instead, as last_12_weeks.")] = None,
    timezone: Annotated[_Text, Query(description="IANA zone; the tenant's where absent.")] = None,
    granularity: Annotated[_Text, Query(description="Of channels: periods of 1d, 1w or 1mo.")] = None,
    returns: Annotated[_Text, Query(description="on (n_day): in that period; on_or_after (unbounded).")] = None,
    brackets: Annotated[_Text, Query(description="Periods taken together.", examples=["0,1-3,4-7,8+"])] = None,
    reference: Annotated[_Text, Query(description="Rates against period_0 or previous.")] = None,
    periods: Annotated[_Text, Query(description="How many behind period 0.")] = None,
    rolling: Annotated[_Text, Query(description="true: periods of 24 hours (7 days) since each one's start.")] = None,
    until: Annotated[_Text, Query(description="Returns up to then; the end of the period where absent.")] = None,
    limit: Annotated[_Text, Query(description="Channels told apart.")] = None,
    include_bots: Annotated[_Text, Query(description="true: bots are people too.")] = None,
) -> dict[str, Any]:
    """FastAPI dependency: what a query string asks of cohorts."""
    given: dict[str, Any] = {name: value for name, value in request.query_params.items() if name in FIELDS}
    return {**given, "filters": filters_of(request, (*FIELDS, *_CELL))}


def known(given: Any, fields: tuple[str, ...] = FIELDS) -> dict[str, Any]:
    """A JSON body with `fields` alone. INVALID naming another."""
    if not isinstance(given, dict):
        raise invalid("The question is not an object.", hint='For example {"cohort_type": "acquisition_week"}.')
    for name in given:
        if name not in fields:
            raise invalid(f"There is no field {name[:60]!r}.", field=name[:60], hint="Use " + ", ".join(fields) + ".")
    return given


def router(services: Services) -> APIRouter:
    """GET and POST /cohort/analysis, GET /api/v1/analytics/users/cohorts, their people, and /users/retention."""
    routes = APIRouter(tags=["Cohorts"])
    _tables(routes, services)
    _people(routes, services)
    return routes


def _tables(routes: APIRouter, services: Services) -> None:
    reader = Depends(scope_for(services))

    async def told(scope: Scope, given: Mapping[str, Any], format: str = "json", **defaults: str) -> Response:
        is_csv, tenant = wants_csv(format), services.tenants.of(scope)
        question = cohorts(given, tenant.calendar, services.clock(), segments=tenant.segments, **defaults)
        if question.metric == RETENTION:
            read = partial(retention, services.warehouse, scope, question, tenant.kept)
        else:
            read = partial(values, services.warehouse, scope, question, tenant)
        found = await services.reads.run(scope, read, "cohorts")
        return _as_csv(found) if is_csv else answer(found)

    async def by_cohort(
        scope: Annotated[Scope, reader], given: Annotated[dict[str, Any], Depends(asked)], format: _Format = "json"
    ) -> Response:
        return await told(scope, given, format)

    async def by_day(
        scope: Annotated[Scope, reader], given: Annotated[dict[str, Any], Depends(asked)], format: _Format = "json"
    ) -> Response:
        return await told(scope, given, format, cohort_type="acquisition_day", default="last_60_days")

    async def posted(request: Request, scope: Annotated[Scope, reader], format: _Format = "json") -> Response:
        return await told(scope, known(await json_body(request)), format)

    for path, name in (("/cohort/analysis", "cohorts"), ("/api/v1/analytics/users/cohorts", "users_cohorts")):
        routes.add_api_route(
            path,
            by_cohort,
            name=name,
            summary="Cohorts: who came back, or what they brought",
            description=_ABOUT + FILTER_SYNTAX,
            responses=documented(ANSWER, Kind.CONFLICT),
        )
    routes.add_api_route(
        "/api/v1/analytics/users/retention",
        by_day,
        name="users_retention",
        summary="Retention by day, with D1, D7 and D30",
        description=_ABOUT + FILTER_SYNTAX,
        responses=documented(
            {**ANSWER, "granularity": "1d", "summary": {"D1": {"rate": 0.25, "count": 50, "of": 200}}}, Kind.CONFLICT
        ),
    )
    routes.add_api_route(
        "/cohort/analysis",
        posted,
        methods=["POST"],
        name="cohorts_asked",
        summary="The same, with events chosen by expressions",
        description=_ABOUT + FILTER_SYNTAX,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"type": "object"}, "example": QUESTION}},
            }
        },
        responses=documented(ANSWER, Kind.MALFORMED, Kind.CONFLICT),
    )


def _people(routes: APIRouter, services: Services) -> None:
    analyst = Depends(scope_for(services, Role.ANALYST, Role.ADMIN))

    @routes.get(
        "/api/v1/analytics/users/cohorts/people",
        summary="The people of a cohort, or of one cell",
        description="Takes the parameters of the table beside its own. In an order of no meaning. " + FILTER_SYNTAX,
        responses=documented({"people": [_PERSON], "next_cursor": "1844674407370955161"}),
    )
    async def people(
        scope: Annotated[Scope, analyst],
        given: Annotated[dict[str, Any], Depends(asked)],
        cohort: Annotated[str, Query(description="`cohort` of a line.", examples=["2026-03-16"])],
        at: Annotated[_Text, Query(description="One of `periods`; all members where absent.")] = None,
        stayed_away: Annotated[bool, Query(description="Those who did not come back in it.")] = False,
        page_size: Annotated[int, Query(ge=1, le=10_000, description="People a page.")] = 100,
        cursor: Annotated[_Text, Query(description="`next_cursor` of the page before.")] = None,
        format: _Format = "json",
    ) -> Response:
        is_csv, tenant = wants_csv(format), services.tenants.of(scope)
        question = cohorts(given, tenant.calendar, services.clock(), segments=tenant.segments)
        place = Place(cohort, at, stayed_away)
        read = partial(people_of, services.warehouse, scope, question, place, limit=page_size, cursor=cursor)
        found, after = await services.reads.run(scope, read, "people of a cohort")
        if is_csv:
            return rows_as_csv(found, list(_PERSON), "people-of-a-cohort")
        return answer({"people": found, "next_cursor": after})


def wants_csv(format: str) -> bool:
    if format not in ("json", "csv"):
        raise invalid(f"{format[:40]!r} is not a format.", field="format", hint="Use json or csv.")
    return format == "csv"


def _as_csv(found: Mapping[str, Any]) -> Response:
    """A row for each cohort and period that has begun."""
    numbers = next(names for names in _NUMBERS if names[0] in found["average"])
    rows = [
        {
            "cohort": line["cohort"] or "(other)",
            "size": line["size"],
            "period": period,
            **{name: line[name][at] for name in numbers},
            "incomplete": line["incomplete"][at],
        }
        for line in found["cohorts"]
        for at, period in enumerate(found["periods"])
        if line[numbers[0]][at] is not None
    ]
    return rows_as_csv(rows, ["cohort", "size", "period", *numbers, "incomplete"], "cohorts")
