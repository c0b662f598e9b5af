"""Funnels over HTTP: how many go on from step to step, by query string or by a question."""

from collections.abc import Awaitable, Callable, Mapping
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
from .cohorts import wants_csv
from .funnel_docs import ABOUT, ANSWER, DRIVERS, OF_DRIVERS, OF_PEOPLE, PEOPLE, QUESTION, body
from .funnel_tables import STEPS, analysis_as_csv, drivers_as_csv, people_as_csv, table_of
from .reading import FILTER_SYNTAX, answer, documented, filters_of, json_body

PLACE = ("step", "dropped", "cursor")
"""What names some of the people, beside the question."""

_Text = str | None
_Format = Annotated[str, Query(description="json or csv.")]
_Table = Annotated[str, Query(description="Of the CSV: steps, breakdown, trend or times.")]
_Way = Callable[..., Awaitable[Response]]


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
    return {**given, "filters": filters_of(request, (*FIELDS, "question", "table", *PLACE))}


def router(services: Services) -> APIRouter:
    """GET and POST /funnel/analysis, /funnel/people and /funnel/drivers."""
    routes = APIRouter(tags=["Funnels"])
    _analysis(routes, services)
    _people(routes, services)
    _drivers(routes, services)
    return routes


def _analysis(routes: APIRouter, services: Services) -> None:
    reader = Depends(scope_for(services))

    async def told(scope: Scope, given: Mapping[str, Any], format: str, table: str) -> Response:
        is_csv, table = wants_csv(format), table_of(table)
        tenant = services.tenants.of(scope)
        now = services.clock()
        about = understood(services, scope, given)
        found = await services.reads.run(
            scope, partial(funnel, services.warehouse, scope, about, now, tenant.kept), "funnel"
        )
        return analysis_as_csv(found, table) if is_csv else answer(found)

    async def by_query(
        scope: Annotated[Scope, reader],
        given: Annotated[dict[str, Any], Depends(asked)],
        format: _Format = "json",
        table: _Table = STEPS,
    ) -> Response:
        return await told(scope, given, format, table)

    async def posted(
        request: Request, scope: Annotated[Scope, reader], format: _Format = "json", table: _Table = STEPS
    ) -> Response:
        return await told(scope, object_of(await json_body(request)), format, table)

    summary = "A funnel: who goes on from step to step"
    _both(routes, "/funnel/analysis", "funnel", (by_query, posted), summary, ABOUT, QUESTION, ANSWER)


def _people(routes: APIRouter, services: Services) -> None:
    reader = Depends(scope_for(services, Role.ANALYST, Role.ADMIN))

    async def told(scope: Scope, given: Mapping[str, Any], format: str) -> Response:
        is_csv = wants_csv(format)
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
        found = await services.reads.run(scope, read, "funnel people")
        return people_as_csv(found) if is_csv else answer(found)

    async def by_query(
        request: Request,
        scope: Annotated[Scope, reader],
        given: Annotated[dict[str, Any], Depends(asked)],
        step: Annotated[_Text, Query(description="Who did this step; the last where absent.", examples=["2"])] = None,
        dropped: Annotated[_Text, Query(description="true: who did what comes before it, and not it.")] = None,
        cursor: Annotated[_Text, Query(description="next_cursor of the page before.")] = None,
        format: _Format = "json",
    ) -> Response:
        beside = {name: value for name, value in request.query_params.items() if name in (*PLACE, "limit")}
        return await told(scope, {**given, **beside}, format)

    async def posted(request: Request, scope: Annotated[Scope, reader], format: _Format = "json") -> Response:
        return await told(scope, object_of(await json_body(request)), format)

    summary = "Who did a step of a funnel, or turned away before it"
    question = {**QUESTION, "step": 2, "dropped": True, "limit": 100}
    _both(routes, "/funnel/people", "funnel_people", (by_query, posted), summary, OF_PEOPLE, question, PEOPLE)


def _drivers(routes: APIRouter, services: Services) -> None:
    reader = Depends(scope_for(services))

    async def told(scope: Scope, given: Mapping[str, Any], format: str) -> Response:
        is_csv = wants_csv(format)
        about = understood(services, scope, {name: value for name, value in given.items() if name != "step"})
        step = step_of(about, given.get("step", len(about.steps)), dropped=True)
        read = partial(drivers, services.warehouse, scope, about, step)
        found = await services.reads.run(scope, read, "funnel drivers")
        return drivers_as_csv(found) if is_csv else answer(found)

    async def by_query(
        scope: Annotated[Scope, reader],
        given: Annotated[dict[str, Any], Depends(asked)],
        step: Annotated[_Text, Query(description="Turning away before it; the last where absent.")] = None,
        format: _Format = "json",
    ) -> Response:
        return await told(scope, {**given, **({"step": step} if step is not None else {})}, format)

    async def posted(request: Request, scope: Annotated[Scope, reader], format: _Format = "json") -> Response:
        return await told(scope, object_of(await json_body(request)), format)

    summary = "What goes with turning away before a step"
    question = {**QUESTION, "step": 2}
    _both(routes, "/funnel/drivers", "funnel_drivers", (by_query, posted), summary, OF_DRIVERS, question, DRIVERS)


def _both(
    routes: APIRouter,
    path: str,
    name: str,
    ways: tuple[_Way, _Way],
    summary: str,
    about: str,
    question: dict[str, Any],
    told: dict[str, Any],
) -> None:
    """A GET by the first of `ways`, a POST by the second."""
    routes.add_api_route(
        path,
        ways[0],
        name=name,
        summary=summary,
        description=about + FILTER_SYNTAX,
        responses=documented(told, Kind.NOT_FOUND),
    )
    routes.add_api_route(
        path,
        ways[1],
        methods=["POST"],
        name=f"{name}_asked",
        summary="The same, with steps chosen by expressions",
        description=about + FILTER_SYNTAX,
        openapi_extra=body(question),
        responses=documented(told, Kind.NOT_FOUND, Kind.MALFORMED),
    )


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
