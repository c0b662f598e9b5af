"""Funnels over HTTP: how many go on from step to step, by query string or by a question."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from factbook.core.errors import Kind, invalid
from factbook.core.scope import Scope
from factbook.queries.behaviour.funnels.answer import funnel
from factbook.queries.behaviour.funnels.named import names_in
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
    " docs/behaviour.md tells all. "
)
_CSV = ("step", "label", "count", "conversion", "overall", "dropped", "median_seconds", "mean_seconds")
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
        given["include_bots"] = _flag(given["include_bots"])
    return {**given, "filters": filters_of(request, (*FIELDS, "question", "step", "dropped"))}


def router(services: Services) -> APIRouter:
    """GET and POST /funnel/analysis."""
    routes = APIRouter(tags=["Funnels"])
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
    return routes


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
        named=names_in(tenant.catalog),
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


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false", "1", "0"):
        raise invalid("include_bots takes true or false.", field="include_bots")
    return text.lower() in ("true", "1")
