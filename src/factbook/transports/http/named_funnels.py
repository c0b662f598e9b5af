"""The funnels that have a name, over HTTP: those of the packs listed, a tenant's own defined, changed and removed."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.concurrency import run_in_threadpool

from factbook.core.errors import Kind, invalid
from factbook.core.scope import Role, Scope
from factbook.services import Services

from .access import example, refusals, scope_for
from .changes import history_example, history_told
from .reading import documented, json_body

_NAMED: dict[str, Any] = {
    "id": "checkout",
    "label": "Checkout",
    "description": "From looking at a product to paying for it.",
    "pack": "commerce",
    "steps": [
        {"events": ["product_view"], "label": "Product seen"},
        {"events": ["purchase"], "label": "Paid"},
    ],
    "order": "ordered",
    "window": "7d",
}
_OWN: dict[str, Any] = {
    "id": "sign_up",
    "label": "Sign-up",
    "description": "From the first look to an account.",
    "steps": ["page_view", {"event": "user_register", "label": "Registered"}],
    "order": "ordered",
    "window": "1d",
}
_RECORD: dict[str, Any] = {**_OWN, "pack": "own", "version": 1}
_DEFINED = {name: value for name, value in _OWN.items() if name != "id"}
_HISTORY = history_example("sign_up", _DEFINED, {**_DEFINED, "window": "7d"})
_ABOUT = (
    "`steps`, `order`, `window`, `exclusions`, `hold_constant` and `count` as in POST /funnel/analysis, which then"
    " takes the id as `funnel_name`."
)
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}, "example": _OWN}},
    }
}


_Id = Annotated[str, Path(description="The funnel's id.", examples=["checkout"])]


def router(services: Services) -> APIRouter:
    """/api/v1/analytics/funnels."""
    routes = APIRouter(prefix="/api/v1/analytics/funnels", tags=["Funnels"])
    _reading(routes, services)
    _changing(routes, services)
    return routes


def _reading(routes: APIRouter, services: Services) -> None:
    reader = Depends(scope_for(services))

    @routes.get("", summary="The funnels that have a name", responses=documented({"funnels": [_NAMED, _RECORD]}))
    def list_funnels(scope: Annotated[Scope, reader]) -> dict[str, Any]:
        """Those of the packs and your own, with the fields of a question that each stands for."""
        return {"funnels": services.funnels.listed(scope, services.tenants.of(scope))}

    @routes.get("/{id}", summary="One of them", responses=documented(_RECORD, Kind.NOT_FOUND))
    def one_funnel(id: _Id, scope: Annotated[Scope, reader]) -> dict[str, Any]:
        """As it is defined now."""
        return services.funnels.get(scope, services.tenants.of(scope), id)

    @routes.get("/{id}/history", summary="How a funnel changed", responses=documented(_HISTORY, Kind.NOT_FOUND))
    def history(id: _Id, scope: Annotated[Scope, reader]) -> dict[str, Any]:
        """Every change of one of your own, newest first, also of what was removed since."""
        return history_told(id, services.funnels.history(scope, id))


def _changing(routes: APIRouter, services: Services) -> None:
    analyst = Depends(scope_for(services, Role.ANALYST, Role.ADMIN))

    @routes.post(
        "",
        status_code=201,
        summary="Name a funnel",
        description=_ABOUT,
        openapi_extra=_BODY,
        responses=example(_RECORD, status=201) | refusals(Kind.CONFLICT, Kind.INVALID, Kind.MALFORMED),
    )
    async def define(request: Request, scope: Annotated[Scope, analyst]) -> dict[str, Any]:
        return await kept(scope, await json_body(request), new=True)

    @routes.put(
        "/{id}",
        summary="Change one of your funnels",
        description=_ABOUT,
        openapi_extra=_BODY,
        responses=example(_RECORD) | refusals(Kind.NOT_FOUND, Kind.CONFLICT, Kind.INVALID, Kind.MALFORMED),
    )
    async def change(id: _Id, request: Request, scope: Annotated[Scope, analyst]) -> dict[str, Any]:
        body = await json_body(request)
        if isinstance(body, dict) and body.setdefault("id", id) != id:
            raise invalid("A funnel keeps its id.", field="id", hint="Name a new one, and remove this one.")
        return await kept(scope, body, new=False)

    @routes.delete("/{id}", status_code=204, summary="Remove one of your funnels", responses=refusals(Kind.NOT_FOUND))
    def remove(id: _Id, scope: Annotated[Scope, analyst]) -> None:
        """Those of the packs stay."""
        services.funnels.remove(scope, id)

    async def kept(scope: Scope, body: Any, *, new: bool) -> dict[str, Any]:
        if not isinstance(body, dict):
            raise invalid("A funnel is an object.", hint='For example {"id": "sign_up", "steps": ["a", "b"]}.')
        tenant = services.tenants.of(scope)
        return await run_in_threadpool(services.funnels.define, scope, tenant, body, new=new)
