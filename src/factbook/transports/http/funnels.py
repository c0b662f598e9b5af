"""Funnels over HTTP: how many go on from step to step, by query string or by a question."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from factbook.core.errors import Kind, invalid
from factbook.core.scope import Role, Scope
from factbook.queries.behaviour.funnels.answer import funnel
from factbook.queries.behaviour.funnels.drivers import drivers
from factbook.queries.behaviour.funnels.listed import MAX_PEOPLE, listed, step_of
from factbook.queries.behaviour.funnels.question import FIELDS, Question, question
from factbook.services import Services

from .access import scope_for
from .reading import FILTER_SYNTAX, answer, documented, filters_of, json_body
from .rows_as_csv import rows_as_csv

QUESTION: dict[str, Any] = {
    "steps": [
        {"event": "product_view", "where": "price > 10", "label": "Product seen"},
        {"events": ["add_to_cart", "wishlist_add"], "label": "Wanted"},
        {"event": "checkout_start", "optional": True},
        "purchase",
    ],
    "order": "ordered",
    "window": "7d",
    "exclusions": [{"event": "refund", "from_step": 1, "to_step": 4}],
    "breakdown": "country",
    "attribution": "first",
    "limit": 10,
    "hold_constant": "property.product_id",
    "count": "people",
    "granularity": "1d",
    "period": "last_30_days",
    "filters": {"device": "mobile"},
}
_WHOLE: dict[str, Any] = {
    "entered": 200,
    "converted": 50,
    "conversion": 0.25,
    "incomplete": 10,
    "median_seconds": 900.0,
    "mean_seconds": 1250.5,
}
_STEP: dict[str, Any] = {
    "step": 1,
    "label": "Product seen",
    "events": ["product_view"],
    "optional": False,
    "count": 200,
    "conversion": 1.0,
    "overall": 1.0,
    "dropped": 0,
}
_SECOND: dict[str, Any] = {
    "step": 2,
    "label": "Paid",
    "events": ["purchase"],
    "count": 50,
    "conversion": 0.25,
    "overall": 0.25,
    "dropped": 150,
    "median_seconds": 900.0,
    "mean_seconds": 1250.5,
}
ANSWER: dict[str, Any] = {
    "funnel_name": "checkout",
    "order": "ordered",
    "count": "people",
    "window_seconds": 604800.0,
    "start_time": "2026-03-01T00:00:00+01:00",
    "end_time": "2026-03-03T00:00:00+01:00",
    "timezone": "Europe/Berlin",
    "complete_since": "2026-03-01T00:00:00+01:00",
    **_WHOLE,
    "steps": [_STEP, {**_STEP, **_SECOND}],
    "histogram": [{"from_seconds": 600, "to_seconds": 1800, "count": 50}],
    "trend": {
        "granularity": "1d",
        "points": [{"time": "2026-03-01T00:00:00+01:00", **_WHOLE, "steps": [200, 50]}],
    },
    "breakdown": {
        "dimension": "country",
        "label": "Country",
        "attribution": "first",
        "rows": [{"value": "DE", "other": False, **_WHOLE, "steps": [200, 50]}],
        "cut": {"is_cut": False, "shown": 1, "of": 1, "limit": 10},
    },
}
_ABOUT = (
    "A person enters with step 1 inside the period and has the `window` for the rest, also behind the period's end. Of"
    " several attempts the deepest counts. Who has not converted and whose window is not over yet is `incomplete`."
    " `conversion` is from the former step, `overall` from the first; seconds are from the former step."
    " docs/definitions.md tells all. "
)
_CSV = ("step", "label", "count", "conversion", "overall", "dropped", "median_seconds", "mean_seconds")
PEOPLE: dict[str, Any] = {
    "step": 2,
    "dropped": True,
    "people": [
        {
            "user_id": "u-1001",
            "anonymous_ids": ["v-77"],
            "steps_done": 1,
            "times": ["2026-03-01T09:00:00+01:00", "2026-03-01T09:15:00+01:00"],
        }
    ],
    "next_cursor": "1311768467463790320",
}
DRIVERS: dict[str, Any] = {
    "step": 2,
    "people": 1000,
    "dropped": 400,
    "compared": 25,
    "least_people": 30,
    "drivers": [
        {
            "dimension": "device",
            "value": "mobile",
            "people": 500,
            "dropped": 250,
            "drop_rate": 0.5,
            "lift": 1.25,
            "odds_ratio": 2.33,
            "confidence_interval": [1.8, 3.02],
            "p_value": 1.2e-10,
            "adjusted_p_value": 3e-9,
            "significant": True,
        }
    ],
}
_OF_DRIVERS = (
    "Of those who did what comes before `step`: which values of columns and properties (of the event with which they"
    " did it) go with turning away (odds ratio over 1) or going on (under 1), with 95 % intervals and p values adjusted"
    " for the number compared (Benjamini-Hochberg). Values of fewer than 30 people are left out. "
)
PLACE = ("step", "dropped", "cursor")
"""What names some of the people, beside the question."""

_Text = str | None


def asked(
    request: Request,
    funnel_name: Annotated[_Text, Query(description="A named funnel.", examples=["checkout"])] = None,
    steps: Annotated[
        _Text, Query(description="Event types in order, joined by commas; alternatives by |.", examples=["a,b|c,d"])
    ] = None,
    order: Annotated[_Text, Query(description="ordered (anything between), strict (nothing), any.")] = None,
    window: Annotated[_Text, Query(description="Time from step 1 to the last.", examples=["7d"])] = None,
    exclusions: Annotated[_Text, Query(description="Event types that end an attempt, joined by commas.")] = None,
    breakdown: Annotated[_Text, Query(description="A dimension, column or property.NAME.")] = None,
    attribution: Annotated[_Text, Query(description="Whose value counts: first, last or step:2.")] = None,
    limit: Annotated[_Text, Query(description="Rows of the breakdown; the rest is other.")] = None,
    hold_constant: Annotated[_Text, Query(description="A dimension that all matched events agree in.")] = None,
    count: Annotated[_Text, Query(description="people, sessions or totals.")] = None,
    granularity: Annotated[_Text, Query(description="Of the trend: 1h to 1y, auto or none.")] = None,
    period: Annotated[_Text, Query(description="A name, as last_30_days.")] = None,
    start_date: Annotated[_Text, Query(description="Or from here.", examples=["2026-03-01"])] = None,
    end_date: Annotated[_Text, Query(description="To the end of that day.", examples=["2026-03-31"])] = None,
    timezone: Annotated[_Text, Query(description="IANA zone; the tenant's where absent.")] = None,
    include_bots: Annotated[_Text, Query(description="true: bots are people too.")] = None,
) -> dict[str, Any]:
    """FastAPI dependency: what a query string asks of a funnel. `question` takes the whole form as JSON instead."""
    given: dict[str, Any] = {name: value for name, value in request.query_params.items() if name in FIELDS}
    whole = request.query_params.get("question")
    if whole:
        return _whole_question(whole)
    for name in ("steps", "exclusions"):
        if name in given:
            given[name] = [part.strip() for part in given[name].split(",") if part.strip()]
    if "include_bots" in given:
        given["include_bots"] = _flag(given["include_bots"], "include_bots")
    return {**given, "filters": filters_of(request, (*FIELDS, "question", *PLACE))}


def router(services: Services) -> APIRouter:
    """GET and POST /funnel/analysis, /funnel/people and /funnel/drivers."""
    routes = APIRouter(tags=["Funnels"])
    _analysis(routes, services)
    _people(routes, services)
    _drivers(routes, services)
    return routes


def _analysis(routes: APIRouter, services: Services) -> None:
    reader = Depends(scope_for(services))

    async def told(scope: Scope, given: Mapping[str, Any], file: str | None) -> Response:
        tenant = services.tenants.of(scope)
        now = services.clock()
        about = understood(services, scope, given)
        found = await services.reads.run(
            scope, partial(funnel, services.warehouse, scope, about, now, tenant.kept), "funnel"
        )
        if file is None:
            return answer(found)
        if file != "csv":
            raise invalid(f"{file[:40]!r} is no format.", field="format", hint="Use csv, or leave it out.")
        return rows_as_csv(found["steps"], _CSV, "funnel")

    async def by_query(
        scope: Annotated[Scope, reader],
        given: Annotated[dict[str, Any], Depends(asked)],
        format: Annotated[_Text, Query(description="csv: the steps as a file.")] = None,
    ) -> Response:
        return await told(scope, given, format)

    async def posted(request: Request, scope: Annotated[Scope, reader]) -> Response:
        return await told(scope, object_of(await json_body(request)), None)

    routes.add_api_route(
        "/funnel/analysis",
        by_query,
        name="funnel",
        summary="A funnel: who goes on from step to step",
        description=_ABOUT + FILTER_SYNTAX,
        responses=documented(ANSWER, Kind.NOT_FOUND),
    )
    routes.add_api_route(
        "/funnel/analysis",
        posted,
        methods=["POST"],
        name="funnel_asked",
        summary="The same, with steps chosen by expressions",
        description=_ABOUT + FILTER_SYNTAX,
        openapi_extra=BODY,
        responses=documented(ANSWER, Kind.NOT_FOUND, Kind.MALFORMED),
    )


def _people(routes: APIRouter, services: Services) -> None:
    reader = Depends(scope_for(services, Role.ANALYST, Role.ADMIN))

    async def told(scope: Scope, given: Mapping[str, Any]) -> Response:
        rest = {name: value for name, value in given.items() if name not in (*PLACE, "limit")}
        about = understood(services, scope, rest)
        dropped, limit = _flag(given.get("dropped") or False, "dropped"), whole_limit(given.get("limit"))
        cursor = given.get("cursor")
        if cursor is not None and not isinstance(cursor, str):
            raise invalid("cursor is not a text.", field="cursor")
        step = step_of(about, given.get("step", len(about.steps)), dropped=dropped)
        read = partial(
            listed, services.warehouse, scope, about, step, dropped=dropped, limit=limit, cursor=cursor or None
        )
        return answer(await services.reads.run(scope, read, "funnel people"))

    async def by_query(
        request: Request,
        scope: Annotated[Scope, reader],
        given: Annotated[dict[str, Any], Depends(asked)],
        step: Annotated[_Text, Query(description="Who did this step; the last where absent.", examples=["2"])] = None,
        dropped: Annotated[_Text, Query(description="true: who did what comes before it, and not it.")] = None,
        cursor: Annotated[_Text, Query(description="next_cursor of the page before.")] = None,
    ) -> Response:
        beside = {name: value for name, value in request.query_params.items() if name in (*PLACE, "limit")}
        return await told(scope, {**given, **beside})

    async def posted(request: Request, scope: Annotated[Scope, reader]) -> Response:
        return await told(scope, object_of(await json_body(request)))

    routes.add_api_route(
        "/funnel/people",
        by_query,
        name="funnel_people",
        summary="Who did a step of a funnel, or turned away before it",
        description="The question of /funnel/analysis with `step`, `dropped`, `limit` (to 1,000) and `cursor`. "
        + FILTER_SYNTAX,
        responses=documented(PEOPLE, Kind.NOT_FOUND),
    )
    routes.add_api_route(
        "/funnel/people",
        posted,
        methods=["POST"],
        name="funnel_people_asked",
        summary="The same, with steps chosen by expressions",
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {"type": "object"},
                        "example": {**QUESTION, "step": 2, "dropped": True, "limit": 100},
                    }
                },
            }
        },
        responses=documented(PEOPLE, Kind.NOT_FOUND, Kind.MALFORMED),
    )


def _drivers(routes: APIRouter, services: Services) -> None:
    reader = Depends(scope_for(services))

    async def told(scope: Scope, given: Mapping[str, Any]) -> Response:
        about = understood(services, scope, {name: value for name, value in given.items() if name != "step"})
        step = step_of(about, given.get("step", len(about.steps)), dropped=True)
        read = partial(drivers, services.warehouse, scope, about, step)
        return answer(await services.reads.run(scope, read, "funnel drivers"))

    async def by_query(
        scope: Annotated[Scope, reader],
        given: Annotated[dict[str, Any], Depends(asked)],
        step: Annotated[_Text, Query(description="Turning away before it; the last where absent.")] = None,
    ) -> Response:
        return await told(scope, {**given, **({"step": step} if step is not None else {})})

    async def posted(request: Request, scope: Annotated[Scope, reader]) -> Response:
        return await told(scope, object_of(await json_body(request)))

    routes.add_api_route(
        "/funnel/drivers",
        by_query,
        name="funnel_drivers",
        summary="What goes with turning away before a step",
        description=_OF_DRIVERS + FILTER_SYNTAX,
        responses=documented(DRIVERS, Kind.NOT_FOUND),
    )
    routes.add_api_route(
        "/funnel/drivers",
        posted,
        methods=["POST"],
        name="funnel_drivers_asked",
        summary="The same, with steps chosen by expressions",
        description=_OF_DRIVERS,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": {"type": "object"}, "example": {**QUESTION, "step": 2}},
                },
            }
        },
        responses=documented(DRIVERS, Kind.NOT_FOUND, Kind.MALFORMED),
    )


BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}, "example": QUESTION}},
    }
}


def understood(services: Services, scope: Scope, given: Mapping[str, Any]) -> Question:
    """The question that `given` asks of this tenant's events."""
    tenant = services.tenants.of(scope)
    return question(
        given,
        tenant.calendar,
        services.clock(),
        dimension=tenant.catalog.dimension,
        named=services.funnels.names(scope, tenant),
        segments=tenant.segments,
    )


def object_of(given: Any) -> dict[str, Any]:
    """INVALID for a body that is no object."""
    if not isinstance(given, dict):
        raise invalid("The question is not an object.", hint='For example {"steps": ["product_view", "purchase"]}.')
    return given


def _whole_question(text: str) -> dict[str, Any]:
    try:
        return object_of(msgspec.json.decode(text))
    except msgspec.DecodeError:
        raise invalid("question is not JSON.", field="question") from None


def whole_limit(given: Any) -> int:
    """How many people a page holds."""
    if given is None:
        return 100
    if isinstance(given, str) and given.isdecimal():
        given = int(given[:6])
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= MAX_PEOPLE:
        raise invalid(f"limit is a whole number from 1 to {MAX_PEOPLE:,}.", field="limit")
    return given


def _flag(given: Any, field: str) -> bool:
    text = str(given).lower()
    if text not in ("true", "false", "1", "0"):
        raise invalid(f"{field} takes true or false.", field=field)
    return text in ("true", "1")
