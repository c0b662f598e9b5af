"""Dashboards over HTTP: the built-in ones, and each with the answers of its tiles."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response

from factbook.core.errors import Kind
from factbook.core.scope import Scope
from factbook.queries.dashboards import Choice, answered, named, told
from factbook.services import Services

from .access import scope_for
from .dashboard import ANSWER
from .reading import FILTER_SYNTAX, Asked, answer, asked, documented, filters_of

_TILE: dict[str, Any] = {
    "title": "Revenue by category",
    "metrics": ["revenue"],
    "by": ["category"],
    "chart": "ranked",
    "granularity": "",
    "period": "",
    "limit": 10,
}
_DASHBOARD: dict[str, Any] = {
    "id": "commerce",
    "label": "Commerce",
    "description": "What is bought, for how much, by whom, and where the way to it ends.",
    "period": "30d",
    "pack": "commerce",
    "built_in": True,
}
_ONE: dict[str, Any] = {**_DASHBOARD, "tiles": [_TILE]}
_DATA: dict[str, Any] = {
    **_DASHBOARD,
    "is_empty": False,
    "send_first": [],
    "tiles": [
        {
            **_TILE,
            "question": {"metrics": ["revenue"], "dimensions": ["category"], "period": "30d"},
            "event_types": ["purchase"],
            "is_empty": False,
            "error": {},
            "answer": ANSWER,
        }
    ],
}


def router(services: Services) -> APIRouter:
    """GET /api/v1/analytics/dashboards, /{dashboard_id} and /{dashboard_id}/data."""
    routes = APIRouter(prefix="/api/v1/analytics/dashboards", tags=["Dashboards"])
    reader = Depends(scope_for(services))
    id_ = Path(description="Of the list, as executive.", examples=["commerce"])

    @routes.get(
        "",
        summary="The dashboards",
        description="Those that come with Factbook, each declared in the pack of its business: tiles, what each asks"
        " and how it is drawn.",
        responses=documented({"dashboards": [_ONE]}),
    )
    async def listed(scope: Annotated[Scope, reader]) -> Response:
        known = services.tenants.of(scope).catalog.dashboards
        return answer({"dashboards": [told(one) for one in known.values()]})

    @routes.get("/{dashboard_id}", summary="One dashboard", responses=documented(_ONE, Kind.NOT_FOUND))
    async def one(scope: Annotated[Scope, reader], dashboard_id: Annotated[str, id_]) -> Response:
        return answer(told(named(services.tenants.of(scope).catalog, dashboard_id)))

    @routes.get(
        "/{dashboard_id}/data",
        summary="One dashboard with the answers of its tiles",
        description="Each tile holds the `answer` that POST /dashboard/metrics gives to its `question`; all are asked"
        " together. One that cannot be answered says why in `error`, and the others stay. `is_empty`: nothing of what"
        " the tile looks at (`event_types`) happened; where that holds for all that were answered, `send_first` has"
        " events to begin with. " + FILTER_SYNTAX,
        responses=documented(_DATA, Kind.NOT_FOUND),
    )
    async def data(
        request: Request,
        scope: Annotated[Scope, reader],
        what: Annotated[Asked, Depends(asked)],
        dashboard_id: Annotated[str, id_],
        period: Annotated[str | None, Query(description="A name, as last_30_days; else the dashboard's own.")] = None,
    ) -> Response:
        tenant = services.tenants.of(scope)
        dashboard = named(tenant.catalog, dashboard_id)
        filters = filters_of(request, ("period",))
        choice = Choice(period, what.start, what.end, what.timezone, filters, what.include_bots)
        return answer(await answered(services.answers, scope, tenant, dashboard, choice, services.clock()))

    return routes
