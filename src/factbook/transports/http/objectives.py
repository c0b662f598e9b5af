"""What services promise, over HTTP: kept, changed, removed, with every change."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.concurrency import run_in_threadpool

from factbook.core.errors import Kind, invalid
from factbook.core.scope import Role, Scope
from factbook.services import Services

from . import systems_docs as docs
from .access import example, refusals, scope_for
from .changes import history_told
from .reading import documented, json_body

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}, "example": docs.GIVEN}},
    }
}
_Service = Annotated[
    str, Path(description="As events name it in `service`; * is every service without its own.", examples=["shop"])
]


def router(services: Services) -> APIRouter:
    """/api/v1/analytics/objectives."""
    routes = APIRouter(prefix="/api/v1/analytics", tags=["Systems"])
    reader = Depends(scope_for(services))
    admin = Depends(scope_for(services, Role.ADMIN))

    @routes.get("/objectives", summary="What services promise", responses=documented(docs.OBJECTIVES))
    def listed(scope: Annotated[Scope, reader]) -> dict[str, Any]:
        """`default` holds for services that say nothing; `own` names what a service says itself."""
        return services.objectives.listed(scope)

    @routes.get(
        "/objectives/{service_name:path}/history",
        summary="How promises changed",
        responses=documented(docs.HISTORY, Kind.NOT_FOUND),
    )
    def history(service_name: _Service, scope: Annotated[Scope, reader]) -> dict[str, Any]:
        """Every change, newest first, also of what was removed since."""
        return history_told(service_name, services.objectives.history(scope, service_name))

    @routes.get(
        "/objectives/{service_name:path}",
        summary="What one service promises",
        responses=documented(docs.OBJECTIVE, Kind.NOT_FOUND),
    )
    def one(service_name: _Service, scope: Annotated[Scope, reader]) -> dict[str, Any]:
        """As it is kept now."""
        return services.objectives.get(scope, service_name)

    @routes.put(
        "/objectives/{service_name:path}",
        summary="Keep what a service promises",
        description="`slo` and `latency_slo` are shares (0.999) or per cent (99.9), `latency_ms` what is fast enough,"
        " `apdex_ms` T of Apdex, `days` those of the error budget. What is not given is as `*` says, else as usual.",
        openapi_extra=_BODY,
        responses=example(docs.OBJECTIVE) | refusals(Kind.INVALID, Kind.MALFORMED, Kind.CONFLICT),
    )
    async def put(service_name: _Service, request: Request, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        body = await json_body(request)
        if not isinstance(body, dict):
            raise invalid("An objective is an object.", hint='As {"slo": 99.9, "latency_ms": 300}.')
        return await run_in_threadpool(services.objectives.put, scope, service_name, body)

    @routes.delete(
        "/objectives/{service_name:path}",
        status_code=204,
        summary="Promise nothing of its own",
        responses=refusals(Kind.NOT_FOUND),
    )
    def remove(service_name: _Service, scope: Annotated[Scope, admin]) -> None:
        """Its history stays."""
        services.objectives.remove(scope, service_name)

    return routes
