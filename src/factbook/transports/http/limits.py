"""What a tenant may use, what it has used of that, and limits that the operator sets for one tenant."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from factbook.access.roles import is_operator
from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role, Scope
from factbook.services import Services

from .access import example, refusals, scope_for

_LIMITS: dict[str, Any] = {
    "tenant": "shop",
    "tier": "free",
    "requests_per_minute": {"limit": 3000},
    "events_per_day": {"limit": 1_000_000, "used": 88_210, "renews_at": "2026-03-02T00:00:00Z"},
    "events_per_month": {"limit": 10_000_000, "used": 1_204_511, "renews_at": "2026-04-01T00:00:00Z"},
    "query_seconds": {"limit": 600, "used": 12.4, "renews_at": "2026-03-01T13:00:00Z"},
    "rows_read": {"limit": 20_000_000_000, "used": 0, "renews_at": "2026-03-01T13:00:00Z"},
    "caller": {"requests_per_minute": 1000, "requests_per_second": 100},
}
_Limit = Annotated[int, Field(strict=True, ge=0, le=10**15)] | None


class Limits(BaseModel):
    """0 is without a limit, null the default again; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"events_per_day": 5_000_000}]})

    requests_per_minute: _Limit = Field(default=None, description="Requests of the whole tenant in a minute.")
    events_per_day: _Limit = Field(default=None, description="Events taken in a day, UTC.")
    events_per_month: _Limit = Field(default=None, description="Events taken in a month, UTC.")
    query_seconds: _Limit = Field(default=None, description="Seconds of queries in an hour.")
    rows_read: _Limit = Field(default=None, description="Rows that queries read in an hour.")


def router(services: Services) -> APIRouter:
    """/api/v1/admin/tenants/{tenant_id}/limits."""
    routes = APIRouter(prefix="/api/v1/admin/tenants", tags=["Access"])
    admin = Depends(scope_for(services, Role.ADMIN))

    @routes.get(
        "/{tenant_id}/limits",
        summary="Limits of a tenant and what is used of them",
        responses=example(_LIMITS) | refusals(Kind.NOT_FOUND),
    )
    def limits(tenant_id: str, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """One's own, or as the operator any. `limit` 0 is without one. `caller` is what one key or session may."""
        return _told(services, services.tenancy.within(scope, tenant_id))

    @routes.put(
        "/{tenant_id}/limits",
        summary="Set limits for one tenant",
        responses=example(_LIMITS) | refusals(Kind.NOT_FOUND, Kind.INVALID, Kind.MALFORMED),
    )
    def change(tenant_id: str, body: Limits, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """For an owner of the operating tenant. They stand in place of those of the tier and of the configuration:
        here at once, on other servers within seconds."""
        inside = services.tenancy.within(scope, tenant_id)
        if not is_operator(scope):
            raise FactbookError(
                Kind.FORBIDDEN,
                "Only whoever operates this server changes limits.",
                hint="Ask an owner of the operating tenant.",
            )
        services.quotas.set(inside, body.model_dump(include=body.model_fields_set))
        return _told(services, inside)

    return routes


def _told(services: Services, scope: Scope) -> dict[str, Any]:
    plan = services.quotas.plan(scope.tenant, scope.tier)
    used = services.quotas.used(scope)
    seconds, rows, renews = services.query_costs.used(scope)
    security = services.settings.security
    return {
        "tenant": scope.tenant,
        "tier": str(scope.tier),
        "requests_per_minute": {"limit": plan.requests_per_minute},
        "events_per_day": _quota(plan.events_per_day, used.day, used.day_renews),
        "events_per_month": _quota(plan.events_per_month, used.month, used.month_renews),
        "query_seconds": _quota(plan.query_seconds, round(seconds, 3), renews),
        "rows_read": _quota(plan.rows_read, rows, renews),
        "caller": {"requests_per_minute": security.rate_limit, "requests_per_second": security.rate_burst},
    }


def _quota(limit: int, used: float, renews: datetime) -> dict[str, Any]:
    return {"limit": limit, "used": used, "renews_at": renews.strftime("%Y-%m-%dT%H:%M:%SZ")}
