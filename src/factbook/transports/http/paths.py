"""Everybody's paths and the attribution of conversions, over HTTP."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from factbook.core.errors import Kind, invalid
from factbook.core.scope import Scope
from factbook.ingest.session_rule import Rule
from factbook.queries.behaviour.attribution import MODELS, attribution
from factbook.queries.behaviour.path_questions import ATTRIBUTION, PATHS, asked_attribution, asked_paths
from factbook.queries.behaviour.paths import paths
from factbook.services import Services

from .access import scope_for
from .reading import FILTER_SYNTAX, answer, documented, filters_of, json_body
from .rows_as_csv import rows_as_csv

PATHS_QUESTION: dict[str, Any] = {
    "point": {"event": "page_view", "where": "path = '/pricing'"},
    "direction": "forward",
    "conversion": "purchase",
    "nodes": "page",
    "groups": [{"pattern": "/product/*", "label": "Products"}],
    "depth": 4,
    "min_count": 5,
    "top": 8,
    "by": "session",
    "period": "last_30_days",
    "filters": {"country": "DE"},
}
_NODE: dict[str, Any] = {
    "id": "0:/pricing",
    "label": "/pricing",
    "other": False,
    "count": 200,
    "share": 1.0,
    "converted": 20,
    "conversion_rate": 0.1,
    "dropped": 50,
    "drop_off_rate": 0.25,
}
_EDGE: dict[str, Any] = {
    "layer": 0,
    "source": "0:/pricing",
    "target": "1:Products",
    "count": 150,
    "share": 0.75,
    "converted": 20,
}
PATHS_ANSWER: dict[str, Any] = {
    "direction": "forward",
    "point": "page_view",
    "nodes": "page",
    "by": "session",
    "conversion_event": "purchase",
    "start_time": "2026-02-01T00:00:00+01:00",
    "end_time": "2026-03-03T00:00:00+01:00",
    "timezone": "Europe/Berlin",
    "depth": 4,
    "paths": 200,
    "converted": 20,
    "conversion_rate": 0.1,
    "layers": [{"layer": 0, "nodes": [_NODE]}],
    "edges": [_EDGE],
    "degraded": False,
    "notes": [],
}
ATTRIBUTION_QUESTION: dict[str, Any] = {
    "conversion": {"event": "purchase", "where": "amount > 10"},
    "dimension": "utm_source",
    "lookback_days": 30,
    "half_life_days": 7,
    "amount": "amount",
    "period": "last_30_days",
}
_SHARE = {"conversions": 12.5, "revenue": 498.0}
ATTRIBUTION_ANSWER: dict[str, Any] = {
    "conversion_event": "purchase",
    "dimension": "referrer_source",
    "start_time": "2026-02-01T00:00:00+01:00",
    "end_time": "2026-03-03T00:00:00+01:00",
    "timezone": "Europe/Berlin",
    "lookback_days": 30,
    "half_life_days": 7,
    "models": list(MODELS),
    "currency": "EUR",
    "conversions": 25,
    "revenue": 996.0,
    "touchpoints": 2.4,
    "rows": [{"value": "Google", "other": False, **dict.fromkeys(MODELS, _SHARE)}],
    "degraded": False,
    "notes": [],
}
_ABOUT_PATHS = (
    "Layer 0 is the point, or where sessions begin; each further layer is one step on (`backward`: one step back)."
    " `edges` lead from layer to layer, `dropped` counts the paths that end in a node, `converted` those that hold a"
    " conversion from the point on. Nodes beyond `top` are told as other. `point` and `conversion` are event types"
    " joined by |; in a POST also objects with `event` or `events`, `where` and `filters`. Where there is too much"
    " to look at, `degraded` is true and `notes` say what was left out. docs/definitions.md tells all. "
)
_ABOUT_ATTRIBUTION = (
    "Each conversion is owed to the sessions that began within the lookback before it; a session's touchpoint is its"
    " first value of the dimension, `direct` where it has none. Every model shares out each conversion entirely, so its"
    " rows sum to the conversions. Filters choose conversions. docs/definitions.md tells all. "
)
_Text = str | None
_FORMAT = Annotated[str, Query(description="json or csv.")]
_CSV = {
    "paths": ("layer", "source", "target", "count", "share", "converted"),
    "attribution": ("value", *(f"{model}.{part}" for model in MODELS for part in ("conversions", "revenue"))),
}


def _paths_asked(
    request: Request,
    point: Annotated[
        _Text, Query(description="Event types to begin at, joined by |; session starts if absent.")
    ] = None,
    direction: Annotated[_Text, Query(description="forward or backward.")] = None,
    conversion: Annotated[_Text, Query(description="Event types that convert; purchase if absent.")] = None,
    nodes: Annotated[_Text, Query(description="event_type or page.")] = None,
    groups: Annotated[_Text, Query(description="Patterns with labels.", examples=["/product/*=Products"])] = None,
    depth: Annotated[_Text, Query(description="Steps, 1 to 10.", examples=["5"])] = None,
    min_count: Annotated[_Text, Query(description="Lesser edges are left out.", examples=["5"])] = None,
    top: Annotated[_Text, Query(description="Nodes told apart in a layer, 1 to 50.", examples=["8"])] = None,
    collapse: Annotated[_Text, Query(description="false: the same node again is a step.")] = None,
    by: Annotated[_Text, Query(description="session or person.")] = None,
    period: Annotated[_Text, Query(description="A name, as last_30_days.")] = None,
) -> dict[str, Any]:
    given: dict[str, Any] = {name: value for name, value in request.query_params.items() if name in PATHS}
    return {**given, "filters": filters_of(request, PATHS)}


def _attribution_asked(
    request: Request,
    conversion: Annotated[_Text, Query(description="Event types that convert; purchase if absent.")] = None,
    dimension: Annotated[_Text, Query(description="referrer_source, utm_source, … or property.NAME.")] = None,
    lookback_days: Annotated[_Text, Query(description="1 to 365; 30 if absent.", examples=["30"])] = None,
    half_life_days: Annotated[_Text, Query(description="Of time_decay; 7 if absent.", examples=["7"])] = None,
    amount: Annotated[_Text, Query(description="The property that says what it was worth.")] = None,
    period: Annotated[_Text, Query(description="A name, as last_30_days.")] = None,
) -> dict[str, Any]:
    given: dict[str, Any] = {name: value for name, value in request.query_params.items() if name in ATTRIBUTION}
    return {**given, "filters": filters_of(request, ATTRIBUTION)}


def router(services: Services) -> APIRouter:
    """GET and POST /api/v1/analytics/paths and /api/v1/analytics/attribution."""
    routes = APIRouter(tags=["Journeys"])
    reader = Depends(scope_for(services))
    realtime = services.settings.analytics.realtime
    rule = Rule.of(realtime.session_timeout, realtime.session_max_hours)

    async def told(name: str, scope: Scope, given: Mapping[str, Any], format: str) -> Response:
        if format not in ("json", "csv"):
            raise invalid(f"{format[:40]!r} is not a format.", field="format", hint="Use json or csv.")
        tenant = services.tenants.of(scope)
        read: Callable[[], dict[str, Any]]
        if name == "paths":
            read = partial(paths, services.warehouse, scope, asked_paths(given, tenant, rule, services.clock()))
        else:
            request = asked_attribution(given, tenant, rule, services.clock())
            read = partial(attribution, services.warehouse, scope, request, tenant.money)
        found = await services.reads.run(scope, read, name)
        if format == "csv":
            return rows_as_csv(found["edges"] if name == "paths" else _flat(found["rows"]), _CSV[name], name)
        return answer(found)

    @routes.get(
        "/api/v1/analytics/paths",
        summary="What people do after a point, or before it",
        description=_ABOUT_PATHS + FILTER_SYNTAX,
        responses=documented(PATHS_ANSWER),
    )
    async def get_paths(
        scope: Annotated[Scope, reader],
        given: Annotated[dict[str, Any], Depends(_paths_asked)],
        format: _FORMAT = "json",
    ) -> Response:
        return await told("paths", scope, given, format)

    @routes.post(
        "/api/v1/analytics/paths",
        summary="The same, with events chosen by expressions",
        description=_ABOUT_PATHS,
        openapi_extra=_body(PATHS_QUESTION),
        responses=documented(PATHS_ANSWER, Kind.MALFORMED),
    )
    async def post_paths(request: Request, scope: Annotated[Scope, reader], format: _FORMAT = "json") -> Response:
        return await told("paths", scope, _known(await json_body(request), PATHS), format)

    @routes.get(
        "/api/v1/analytics/attribution",
        summary="Which touchpoints conversions are owed to, by every model",
        description=_ABOUT_ATTRIBUTION + FILTER_SYNTAX,
        responses=documented(ATTRIBUTION_ANSWER),
    )
    async def get_attribution(
        scope: Annotated[Scope, reader],
        given: Annotated[dict[str, Any], Depends(_attribution_asked)],
        format: _FORMAT = "json",
    ) -> Response:
        return await told("attribution", scope, given, format)

    @routes.post(
        "/api/v1/analytics/attribution",
        summary="The same, with conversions chosen by expressions",
        description=_ABOUT_ATTRIBUTION,
        openapi_extra=_body(ATTRIBUTION_QUESTION),
        responses=documented(ATTRIBUTION_ANSWER, Kind.MALFORMED),
    )
    async def post_attribution(request: Request, scope: Annotated[Scope, reader], format: _FORMAT = "json") -> Response:
        return await told("attribution", scope, _known(await json_body(request), ATTRIBUTION), format)

    return routes


def _body(example: dict[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object"}, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def _known(given: Any, fields: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise invalid("The question is not an object.", hint='For example {"conversion": "purchase"}.')
    for name in given:
        if name not in fields:
            raise invalid(f"There is no field {name[:60]!r}.", field=name[:60], hint="Use " + ", ".join(fields) + ".")
    return given


def _flat(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"value": "(other)" if row["other"] else row["value"]}
        | {f"{model}.{part}": value for model in MODELS for part, value in row[model].items()}
        for row in rows
    ]
