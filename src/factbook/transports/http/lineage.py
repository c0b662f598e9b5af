"""Lineage over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path

from factbook.core.errors import Kind
from factbook.core.scope import Role, Scope
from factbook.queries.lineage import lineage
from factbook.services import Services

from .access import example, refusals, scope_for

_LINEAGE: dict[str, Any] = {
    "kind": "metric",
    "id": "average_order_value",
    "label": "Average order value",
    "declared": {
        "pack": "commerce",
        "version": "Factbook 1.0",
        "digest": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
    },
    "made_of": {
        "event_types": ["purchase"],
        "properties": ["amount"],
        "metrics": ["orders", "revenue"],
        "segments": [],
    },
    "read_from": [
        {
            "measure": "sum",
            "event_types": ["purchase"],
            "table": "rollups",
            "levels": ["1m", "1h", "1d"],
            "why": "roll-ups answer it exactly",
        }
    ],
    "used_by": [{"kind": "dashboard", "id": "commerce", "label": "Commerce"}],
    "ways": [
        {"from": "metric:revenue", "to": "metric:average_order_value"},
        {"from": "event:purchase", "to": "metric:revenue"},
    ],
}


def router(services: Services) -> APIRouter:
    """/api/v1/admin/lineage."""
    routes = APIRouter(prefix="/api/v1/admin", tags=["Access"])

    @routes.get(
        "/lineage/{thing}",
        summary="Where a number comes from",
        responses=example(_LINEAGE) | refusals(Kind.NOT_FOUND, Kind.INVALID),
    )
    def told(
        thing: Annotated[
            str,
            Path(
                max_length=200,
                description="The id of a metric, funnel, segment or dashboard; `KIND:ID` where ids are the same.",
                examples=["average_order_value"],
            ),
        ],
        scope: Annotated[Scope, Depends(scope_for(services, Role.ANALYST, Role.ADMIN))],
    ) -> dict[str, Any]:
        """Types of events and properties it is made of, the pack and version that declare it with the digest (SHA-256)
        of its definition, the roll-ups or single events it is read from and why, and what names it in turn. `ways` is
        the same as a picture draws it."""
        return lineage(scope, thing, services.tenants.of(scope), services.metadata)

    return routes
