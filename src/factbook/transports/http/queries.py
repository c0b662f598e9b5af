"""The queries that run just now: what an administrator sees of them, and how one is stopped."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path

from factbook.core.errors import Kind
from factbook.core.scope import Role, Scope
from factbook.services import Services

from .access import example, refusals, scope_for

_QUERY = {
    "id": "query_5f0c3a9b1d2e4f60",
    "actor": "key_5f0c3a9b1d2e4f60",
    "what": "revenue by category",
    "state": "running",
    "since": "2026-03-01T09:30:00Z",
    "seconds": 4.2,
    "rows_read": 120_400_000,
}


def router(services: Services) -> APIRouter:
    """/api/v1/queries."""
    routes = APIRouter(prefix="/api/v1/queries", tags=["Operations"])
    admin = Depends(scope_for(services, Role.ADMIN))

    @routes.get(
        "",
        summary="The queries that run or wait",
        responses=example({"queries": [_QUERY], "count": 1}) | refusals(Kind.UNAVAILABLE),
    )
    def listed(scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """Those of this tenant, oldest first, with who asks for what, for how long, and how many rows were read so far
        (null while it waits for its turn). Where several processes use one warehouse server, those of all of them run
        here; what waits is told by its own process."""
        queries = services.running.listed(scope)
        return {"queries": queries, "count": len(queries)}

    @routes.delete(
        "/{query_id}",
        summary="Stop a query",
        responses=example({"id": _QUERY["id"], "stopped": True}) | refusals(Kind.NOT_FOUND, Kind.UNAVAILABLE),
    )
    def stop(
        query_id: Annotated[str, Path(max_length=100, examples=[_QUERY["id"]])], scope: Annotated[Scope, admin]
    ) -> dict[str, Any]:
        """Whoever waits for it is answered 503 at once, with a `Retry-After` of a minute. One of another tenant is not
        there (404)."""
        services.running.stop(scope, query_id)
        return {"id": query_id, "stopped": True}

    return routes
