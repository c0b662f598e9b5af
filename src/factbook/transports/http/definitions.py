"""A tenant's own metrics and dimensions over HTTP: list, define, preview, change, remove, with history."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from factbook.core.clock import from_epoch_ms
from factbook.core.errors import FactbookError, Kind, invalid
from factbook.core.scope import Role, Scope
from factbook.metrics.definitions import DIMENSION, METRIC, Given, given_in, given_of
from factbook.queries.asking.request import from_json
from factbook.services import Services
from factbook.storage.rows import MetricDefinition

from .access import example, refusals, scope_for
from .changes import history_example, history_told
from .reading import answer, documented, json_body, text_body

_METRIC: dict[str, Any] = {
    "id": "book_orders",
    "label": "Orders of books",
    "unit": "count",
    "description": "Purchases in the category Books.",
    "events": ["purchase"],
    "measure": "count",
    "where": "category = 'Books'",
    "good": "up",
}
_RECORD: dict[str, Any] = {
    "id": "book_orders",
    "kind": METRIC,
    "definition": _METRIC,
    "version": 1,
    "created_at": "2026-03-01T09:30:00Z",
    "updated_at": "2026-03-01T09:30:00Z",
}
_ABOUT = (
    "One metric in the form that packs have, as JSON; `kind=dimension` for a dimension. As `application/yaml`: a whole"
    " pack, of which the metrics and dimensions are taken, all or none. docs/metrics.md describes the form."
)
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object"}, "example": _METRIC},
            "application/yaml": {
                "schema": {"type": "string"},
                "example": "pack: own\nlabel: Our own\nmetrics:\n  - id: book_orders\n    label: Orders of books\n"
                "    unit: count\n    description: Purchases in the category Books.\n    events: [purchase]\n"
                "    measure: count\n    where: category = 'Books'\n",
            },
        },
    }
}


def router(services: Services) -> APIRouter:
    """/api/v1/metrics/definitions."""
    routes = APIRouter(prefix="/api/v1/metrics/definitions", tags=["Metrics"])
    _reading(routes, services)
    _changing(routes, services)
    return routes


def _reading(routes: APIRouter, services: Services) -> None:
    reader = Depends(scope_for(services))

    @routes.get("", summary="Your own metrics", responses=example({"definitions": [_RECORD]}) | refusals())
    def list_definitions(scope: Annotated[Scope, reader]) -> dict[str, Any]:
        """Metrics and dimensions that this tenant defined, by id."""
        return {"definitions": [shown(row) for row in services.definitions.listed(scope)]}

    @routes.get("/{id}", summary="One of your own metrics", responses=example(_RECORD) | refusals(Kind.NOT_FOUND))
    def one_definition(id: str, scope: Annotated[Scope, reader]) -> dict[str, Any]:
        """The definition as it is now."""
        return shown(services.definitions.get(scope, id))

    @routes.get(
        "/{id}/history",
        summary="How a definition changed",
        responses=example(history_example("book_orders", _METRIC, {**_METRIC, "good": "down"}))
        | refusals(Kind.NOT_FOUND),
    )
    def history(id: str, scope: Annotated[Scope, reader]) -> dict[str, Any]:
        """Every change, newest first, also of what was removed since."""
        return history_told(id, services.definitions.history(scope, id))


def _changing(routes: APIRouter, services: Services) -> None:
    admin = Depends(scope_for(services, Role.ADMIN))
    analyst = Depends(scope_for(services, Role.ANALYST, Role.CONTENT_MANAGER, Role.ADMIN))

    @routes.post(
        "",
        status_code=201,
        summary="Define a metric",
        description=_ABOUT,
        openapi_extra=_BODY,
        responses=example({"definitions": [_RECORD]}, status=201)
        | refusals(Kind.CONFLICT, Kind.INVALID, Kind.MALFORMED),
    )
    async def define(request: Request, scope: Annotated[Scope, admin], kind: str = METRIC) -> dict[str, Any]:
        given = await _given(request, kind)
        rows = await run_in_threadpool(services.definitions.define, scope, given)
        return {"definitions": [shown(row) for row in rows]}

    @routes.put(
        "",
        summary="Define or change several metrics",
        description="Like POST, but what is defined already is changed; what is the same stays as it is. " + _ABOUT,
        openapi_extra=_BODY,
        responses=example({"definitions": [_RECORD]}) | refusals(Kind.INVALID, Kind.MALFORMED),
    )
    async def apply(request: Request, scope: Annotated[Scope, admin], kind: str = METRIC) -> dict[str, Any]:
        given = await _given(request, kind)
        rows = await run_in_threadpool(services.definitions.define, scope, given, new=False)
        return {"definitions": [shown(row) for row in rows]}

    @routes.post(
        "/preview",
        summary="Try a metric before it is kept",
        description="Checks a definition like POST does, keeps nothing, and answers what each metric in it would say:"
        " by day over the last 30, or over `period` and `granularity`. " + _ABOUT,
        openapi_extra=_BODY,
        responses=documented({"valid": True, "warnings": [], "answer": None}, Kind.MALFORMED),
    )
    async def preview(
        request: Request,
        scope: Annotated[Scope, analyst],
        kind: str = METRIC,
        period: str = "last_30_days",
        granularity: str = "1d",
    ) -> Response:
        given = await _given(request, kind)
        catalog = await run_in_threadpool(services.definitions.preview, scope, given)
        metrics = [id_ for id_, (what, _) in given.items() if what == METRIC][:20]
        told = None
        if metrics:
            asked = from_json({"metrics": metrics, "period": period, "granularity": granularity, "explain": True})
            tenant = services.tenants.trying(scope, catalog)
            told = await services.answers.fresh(scope, tenant, asked, services.clock())
        warnings = [str(problem) for problem in catalog.warnings if problem.file == ""]
        return answer({"valid": True, "warnings": warnings, "answer": told})

    @routes.put(
        "/{id}",
        summary="Change one of your own metrics",
        openapi_extra=_BODY,
        responses=example(_RECORD) | refusals(Kind.NOT_FOUND, Kind.INVALID, Kind.MALFORMED),
    )
    async def change(id: str, request: Request, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """Replaces the definition; the earlier one stays in the history."""
        row = await run_in_threadpool(services.definitions.get, scope, id)
        body = await json_body(request)
        if isinstance(body, dict):
            body.setdefault("id", id)
        given = given_of(row.kind, body)
        if id not in given:
            raise invalid("A definition keeps its id.", field="id", hint="Define a new one, and remove this one.")
        [kept] = await run_in_threadpool(services.definitions.define, scope, given, new=False)
        return shown(kept)

    @routes.delete(
        "/{id}",
        status_code=204,
        summary="Remove one of your own metrics",
        responses=refusals(Kind.NOT_FOUND, Kind.CONFLICT),
    )
    def remove(id: str, scope: Annotated[Scope, admin]) -> None:
        """Refused while another metric still uses it; its history stays."""
        services.definitions.remove(scope, id)


async def _given(request: Request, kind: str) -> Given:
    if kind not in (METRIC, DIMENSION):
        raise invalid(f"{kind[:40]!r} is neither a metric nor a dimension.", field="kind")
    if "yaml" in request.headers.get("content-type", ""):
        body = await text_body(request)
        try:
            given = given_in(body.decode())
        except UnicodeDecodeError:
            raise FactbookError(Kind.MALFORMED, "The body is no UTF-8 text.") from None
        if not given:
            raise invalid("There is neither a metric nor a dimension in it.", field="metrics")
        return given
    return given_of(kind, await json_body(request))


def shown(row: MetricDefinition) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "definition": row.definition,
        "version": row.version,
        "created_at": from_epoch_ms(row.created_at),
        "updated_at": from_epoch_ms(row.updated_at),
    }
