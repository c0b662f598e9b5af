"""Dashboards over HTTP: the built-in ones, and each with the answers of its tiles."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from factbook.core.errors import Kind
from factbook.core.scope import Role, Scope
from factbook.metrics.model import Dashboard
from factbook.queries.dashboards import Choice, answered, named, told
from factbook.services import Services

from .access import example, refusals, scope_for
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


_SHARED: dict[str, Any] = {"everybody": False, "roles": ["analyst"], "people": ["person_5f0c3a9b1d2e4f60"]}


class SharedWith(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"roles": ["analyst"], "people": []}]})

    roles: list[str] = Field(max_length=10, description="viewer, analyst, content_manager.")
    people: list[str] = Field(default_factory=list, max_length=1000, description="Ids of people.")


def router(services: Services) -> APIRouter:
    """/api/v1/analytics/dashboards, /{dashboard_id}, its data and permissions."""
    routes = APIRouter(prefix="/api/v1/analytics/dashboards", tags=["Dashboards"])
    reader = Depends(scope_for(services))
    admin = Depends(scope_for(services, Role.ADMIN))
    id_ = Path(description="Of the list, as executive.", examples=["commerce"])

    def seen(scope: Scope) -> dict[str, Dashboard]:
        known = services.tenants.of(scope).catalog.dashboards
        hidden = services.shares.unseen(scope, [thing(id_) for id_ in known])
        return {id_: one for id_, one in known.items() if thing(id_) not in hidden}

    async def one_of(scope: Scope, dashboard_id: str) -> Dashboard:
        return named(await run_in_threadpool(seen, scope), dashboard_id)

    @routes.get(
        "",
        summary="The dashboards",
        description="Those that come with Factbook, each declared in the pack of its business: tiles, what each asks"
        " and how it is drawn.",
        responses=documented({"dashboards": [_ONE]}),
    )
    async def listed(scope: Annotated[Scope, reader]) -> Response:
        return answer({"dashboards": [told(one) for one in (await run_in_threadpool(seen, scope)).values()]})

    @routes.get("/{dashboard_id}", summary="One dashboard", responses=documented(_ONE, Kind.NOT_FOUND))
    async def one(scope: Annotated[Scope, reader], dashboard_id: Annotated[str, id_]) -> Response:
        return answer(told(await one_of(scope, dashboard_id)))

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
        dashboard = await one_of(scope, dashboard_id)
        filters = filters_of(request, ("period",))
        choice = Choice(period, what.start, what.end, what.timezone, filters, what.include_bots)
        return answer(await answered(services.answers, scope, tenant, dashboard, choice, services.clock()))

    @routes.get(
        "/{dashboard_id}/permissions",
        summary="Who sees a dashboard",
        description="`everybody` who may read, or the roles and people it is shared with. Admins and owners see all.",
        responses=documented(_SHARED, Kind.NOT_FOUND),
    )
    async def permissions(scope: Annotated[Scope, admin], dashboard_id: Annotated[str, id_]) -> dict[str, Any]:
        found = await one_of(scope, dashboard_id)
        return await run_in_threadpool(services.shares.of, scope, thing(found.id))

    @routes.put(
        "/{dashboard_id}/permissions",
        summary="Share a dashboard with roles and people alone",
        description="For everybody else there is no such dashboard from then on. What a reader sees in it is cut by his"
        " own row filter and mask.",
        responses=example(_SHARED) | refusals(Kind.INVALID, Kind.MALFORMED, Kind.NOT_FOUND),
    )
    async def share(
        body: SharedWith, scope: Annotated[Scope, admin], dashboard_id: Annotated[str, id_]
    ) -> dict[str, Any]:
        found = await one_of(scope, dashboard_id)
        put = partial(services.shares.put, scope, thing(found.id), roles=body.roles, people=body.people)
        return await run_in_threadpool(put)

    @routes.delete(
        "/{dashboard_id}/permissions",
        status_code=204,
        summary="Give a dashboard to everybody again",
        responses=refusals(Kind.NOT_FOUND),
    )
    async def give(scope: Annotated[Scope, admin], dashboard_id: Annotated[str, id_]) -> None:
        """Everybody who may read."""
        found = await one_of(scope, dashboard_id)
        await run_in_threadpool(services.shares.remove, scope, thing(found.id))

    return routes


def thing(dashboard_id: str) -> str:
    """What a dashboard is called where things are shared."""
    return f"dashboard/{dashboard_id}"
