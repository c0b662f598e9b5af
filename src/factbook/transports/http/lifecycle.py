"""Lifecycle and stickiness over HTTP."""

from functools import partial
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from factbook.core.scope import Scope
from factbook.queries.asking.request import from_query
from factbook.queries.behaviour.lifecycle import FIELDS, STATES, lifecycle, lifecycle_asked
from factbook.queries.behaviour.stickiness import stickiness, stickiness_asked
from factbook.services import Services

from .access import scope_for
from .cohorts import wants_csv
from .reading import FILTER_SYNTAX, answer, documented, filters_of
from .rows_as_csv import rows_as_csv

_WHEN = {
    "granularity": "1w",
    "event": "any event",
    "start_time": "2026-03-16T00:00:00+01:00",
    "end_time": "2026-03-30T00:00:00+02:00",
    "timezone": "Europe/Berlin",
    "complete_since": "2026-01-01T00:00:00+01:00",
}
LIFECYCLE: dict[str, Any] = {
    **_WHEN,
    "times": ["2026-03-16T00:00:00+01:00", "2026-03-23T00:00:00+01:00"],
    "incomplete": [False, False],
    "active": [120, 130],
    "new": [40, 50],
    "returning": [70, 70],
    "resurrecting": [10, 10],
    "dormant": [30, 50],
}
_SHARED = {"people": 4, "counts": [2, 1, 1, 0, 0, 0, 0], "shares": [0.5, 0.25, 0.25, 0, 0, 0, 0], "mean_days": 1.75}
STICKINESS: dict[str, Any] = {
    **_WHEN,
    "days": [1, 2, 3, 4, 5, 6, 7],
    "windows": [{"time": "2026-03-16T00:00:00+01:00", **_SHARED, "incomplete": False}],
    "average": _SHARED,
    "daily": {"times": ["2026-03-16T00:00:00+01:00"], "dau": [12], "mau": [80], "stickiness": [0.15]},
}
_DAILY = ("dau", "mau", "stickiness")
_Text = str | None
_Format = Annotated[str, Query(description="json or csv.")]


def asked(
    request: Request,
    granularity: Annotated[_Text, Query(description="1d (lifecycle alone), 1w or 1mo.", examples=["1w"])] = None,
    event: Annotated[_Text, Query(description="Event types that count as being there; any where absent.")] = None,
    start_date: Annotated[_Text, Query(description="From the start of that day.", examples=["2026-01-05"])] = None,
    end_date: Annotated[_Text, Query(description="To the end of that day.", examples=["2026-03-29"])] = None,
    period: Annotated[_Text, Query(description="A name instead, as last_12_weeks.")] = None,
    timezone: Annotated[_Text, Query(description="IANA zone; the tenant's where absent.")] = None,
    include_bots: Annotated[_Text, Query(description="true: bots are people too.")] = None,
) -> dict[str, Any]:
    """FastAPI dependency."""
    given: dict[str, Any] = {name: value for name, value in request.query_params.items() if name in FIELDS}
    return {**given, "filters": filters_of(request, FIELDS)}


def router(services: Services) -> APIRouter:
    """GET /api/v1/analytics/users/lifecycle and /users/stickiness."""
    routes = APIRouter(prefix="/api/v1/analytics/users", tags=["Cohorts"])
    reader = Depends(scope_for(services))

    @routes.get(
        "/lifecycle",
        summary="New, returning, resurrecting and dormant people",
        description="`new`: first event ever; `returning`: there in the bucket before too; `resurrecting`: there again"
        " after a pause; `dormant`: there in the bucket before and not in this one (null until it is over). "
        + FILTER_SYNTAX,
        responses=documented(LIFECYCLE),
    )
    async def by_state(
        scope: Annotated[Scope, reader], given: Annotated[dict[str, Any], Depends(asked)], format: _Format = "json"
    ) -> Response:
        is_csv, tenant = wants_csv(format), services.tenants.of(scope)
        question = lifecycle_asked(given, tenant.calendar, services.clock(), tenant.segments)
        read = partial(lifecycle, services.warehouse, scope, question, tenant.kept)
        found = await services.reads.run(scope, read, "lifecycle")
        if is_csv:
            names = ("times", "active", *STATES, "incomplete")
            rows = [dict(zip(names, row, strict=True)) for row in zip(*(found[name] for name in names), strict=True)]
            return rows_as_csv(rows, names, "lifecycle")
        return answer(found)

    @routes.get(
        "/stickiness",
        summary="On how many days people are there",
        description="`counts` by number of active days in each week or month; the average is of those that are over,"
        " weighted by people. `daily`: the metrics dau, mau and stickiness, where no `event` was chosen. "
        + FILTER_SYNTAX,
        responses=documented(STICKINESS),
    )
    async def by_days(
        scope: Annotated[Scope, reader], given: Annotated[dict[str, Any], Depends(asked)], format: _Format = "json"
    ) -> Response:
        is_csv, tenant = wants_csv(format), services.tenants.of(scope)
        question = stickiness_asked(given, tenant.calendar, services.clock(), tenant.segments)
        read = partial(stickiness, services.warehouse, scope, question, tenant.kept)
        found = await services.reads.run(scope, read, "stickiness")
        if is_csv:
            rows = [
                {"time": window["time"], "days": days, "people": count, "incomplete": window["incomplete"]}
                for window in found["windows"]
                for days, count in zip(found["days"], window["counts"], strict=True)
            ]
            return rows_as_csv(rows, ["time", "days", "people", "incomplete"], "stickiness")
        return answer(found if given.get("event") else {**found, "daily": await daily(scope, found, given)})

    async def daily(scope: Scope, found: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        wanted = {
            "metrics": ",".join(_DAILY),
            "granularity": "1d",
            "start_time": found["start_time"],
            "end_time": found["end_time"],
            "timezone": found["timezone"],
            "include_bots": str(given.get("include_bots") or "false").lower(),
        }
        question = from_query(wanted, given["filters"])
        told = await services.answers.get(scope, services.tenants.of(scope), question, services.clock())
        read = msgspec.json.decode(told)
        return {"times": read["times"], **{name: read["total"]["series"][name] for name in _DAILY}}

    return routes
