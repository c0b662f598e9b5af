"""Tenants: made, listed, suspended and removed by whoever operates the server; each sees and changes his own."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from factbook.access.branding import branding
from factbook.access.role_rules import read_rules
from factbook.access.role_rules import shown as rule_shown
from factbook.access.roles import is_operator
from factbook.access.tenant_usage import usage as tenant_usage
from factbook.core.clock import from_epoch_ms
from factbook.core.errors import Kind
from factbook.core.scope import Role, Scope, Tier
from factbook.services import Services
from factbook.storage.rows import RETENTION_LEVELS, Tenant

from .access import example, refusals, scope_for
from .people import View, shown_link
from .people import shown as person_shown
from .settings import TenantSettings

_TENANT: dict[str, Any] = {
    "id": "shop",
    "name": "The Shop",
    "tier": "pro",
    "state": "active",
    "is_operating": False,
    "zone": "Europe/Berlin",
    "currency": "EUR",
    "rates": {"USD": 0.92},
    "week_start": 1,
    "fiscal_year_start": 1,
    "retention": {"raw_events": 90, "minute_aggregates": 365, "hour_aggregates": 730, "daily_aggregates": 3650},
    "branding": {"name": "The Shop", "logo_url": "https://shop.example/logo.png", "colour": "#0a7d5c"},
    "role_rules": {"viewer": {"row_filter": [{"field": "country", "operator": "in", "value": ["DE"]}], "masked": True}},
    "created_at": "2026-03-01T09:30:00Z",
    "suspended_at": "2026-03-04T12:00:00Z",
    "removing_at": "2026-03-05T12:00:00Z",
}
_MADE: dict[str, Any] = {
    **_TENANT,
    "owner": {
        "id": "person_5f0c3a9b1d2e4f60",
        "email": "ada@example.com",
        "role": "owner",
        "state": "invited",
        "set_password": {"path": "/set-password#n0Vw…", "expires_at": "2026-03-03T09:30:00Z"},
    },
}
_USAGE = {
    "tenant": "shop",
    "month": "2026-03",
    "events_kept": 1_204_511,
    "events_this_month": 88_210,
    "keys": 3,
    "people": 7,
    "queries": 5120,
}
_Days = Annotated[int, Field(strict=True, ge=1)] | None


class NewTenant(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"id": "shop", "name": "The Shop", "tier": "pro", "owner_email": "ada@example.com"}]
        },
    )

    id: str = Field(min_length=1, max_length=63, description="Lower case letters, digits, - and _; never changes.")
    name: str = Field(min_length=1, max_length=200, description="How the tenant is called.")
    tier: Tier = Field(default=Tier.FREE, description="What the tenant may use.")
    owner_email: str | None = Field(
        default=None, max_length=254, description="Invites the first owner: the answer holds the link for a password."
    )


class Branding(BaseModel):
    """How pages and reports of the tenant look; what is left out is none."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(default=None, max_length=80, description="In place of the tenant's name.")
    logo_url: str | None = Field(
        default=None, max_length=100_000, description="An https address, or data:image/… (which the pages show)."
    )
    colour: str | None = Field(default=None, max_length=7, description="# and six hexadecimal digits.")


class RoleView(View):
    model_config = ConfigDict(extra="forbid")


class Days(BaseModel):
    """Days to keep by level; null is the default again."""

    model_config = ConfigDict(extra="forbid")

    raw_events: _Days = Field(default=None, description="Events themselves.")
    minute_aggregates: _Days = Field(default=None, description="Figures by the minute.")
    hour_aggregates: _Days = Field(default=None, description="Figures by the hour.")
    daily_aggregates: _Days = Field(default=None, description="Figures by the day.")


class ChangedTenant(TenantSettings):
    """Fields that are left out stay as they are."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "The Shop",
                    "zone": "Europe/Berlin",
                    "branding": {"colour": "#0a7d5c"},
                    "retention": {"raw_events": 30},
                    "role_rules": {"viewer": {"masked": True}},
                }
            ]
        },
    )

    name: str = Field(default="", max_length=200, description="How the tenant is called.")
    tier: Tier = Field(default=Tier.FREE, description="Changed by whoever operates the server alone.")
    suspended: bool = Field(
        default=False, description="By the operator alone: whether everybody of the tenant is refused; data is kept."
    )
    branding: Branding = Field(default_factory=Branding, description="How pages and reports look; all of it at once.")
    role_rules: dict[str, RoleView] = Field(
        default_factory=dict,
        max_length=10,
        description="By role (viewer, analyst, content_manager), which part of the data it sees; all of it at once.",
    )
    retention: Days = Field(default_factory=Days, description="Days to keep by level; what is not named stays.")


def router(services: Services) -> APIRouter:
    """/api/v1/admin/tenants."""
    routes = APIRouter(prefix="/api/v1/admin/tenants", tags=["Access"])
    admin = Depends(scope_for(services, Role.ADMIN))
    _reading(routes, services, admin)
    _making(routes, services, admin)
    _changing(routes, services, admin)
    return routes


def _reading(routes: APIRouter, services: Services, admin: Any) -> None:
    @routes.get("", summary="Tenants", responses=example({"tenants": [_TENANT]}) | refusals())
    def list_tenants(scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """Every tenant of the server, by id: for an owner of the operating tenant (`default`)."""
        return {"tenants": [_shown(services, row) for row in services.tenancy.all(scope)]}

    @routes.get("/{tenant_id}", summary="One tenant", responses=example(_TENANT) | refusals(Kind.NOT_FOUND))
    def one_tenant(tenant_id: str, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """One's own tenant with everything that is set; any other is not found, but for the operator. `state` is
        active, suspended or removing."""
        return _shown(services, services.tenancy.get(scope, tenant_id))

    @routes.get(
        "/{tenant_id}/usage", summary="What a tenant uses", responses=example(_USAGE) | refusals(Kind.NOT_FOUND)
    )
    def usage(tenant_id: str, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """Events kept, events taken in since the month began (in the tenant's zone), keys that are good, people, and
        the queries that this server answered since it started."""
        return tenant_usage(
            services.tenancy.within(scope, tenant_id), services.warehouse, services.keys, services.clock()
        )


def _making(routes: APIRouter, services: Services, admin: Any) -> None:
    @routes.post(
        "",
        status_code=201,
        summary="Make a tenant",
        responses=example(_MADE, status=201) | refusals(Kind.CONFLICT, Kind.INVALID, Kind.MALFORMED),
    )
    def make(body: NewTenant, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """For an owner of the operating tenant. With `owner_email`, the first owner is invited: `owner.set_password`
        is shown this once."""
        row = services.tenancy.create(scope, body.id, body.name, tier=body.tier)
        if body.owner_email is None:
            return _shown(services, row)
        inside = services.tenancy.within(scope, row.id)
        person, link = services.keys.people.invite(inside, body.owner_email, "", Role.OWNER)
        return {**_shown(services, row), "owner": {**person_shown(person), "set_password": shown_link(link)}}

    @routes.delete(
        "/{tenant_id}",
        status_code=202,
        summary="Remove a tenant",
        responses=example(_TENANT, status=202) | refusals(Kind.NOT_FOUND, Kind.CONFLICT, Kind.INVALID),
    )
    def remove(
        tenant_id: str,
        scope: Annotated[Scope, admin],
        confirm: Annotated[str, Query(max_length=200, description="The tenant's name, so that none goes by mistake.")],
    ) -> dict[str, Any]:
        """For an owner of the operating tenant. Everybody of the tenant is refused from now on; every event, figure,
        key and person goes in the background, within minutes. Repeating it changes nothing."""
        return _shown(services, services.tenancy.remove(scope, tenant_id, confirm=confirm))


def _changing(routes: APIRouter, services: Services, admin: Any) -> None:
    @routes.put(
        "/{tenant_id}",
        summary="Change a tenant",
        responses=example(_TENANT) | refusals(Kind.NOT_FOUND, Kind.CONFLICT, Kind.INVALID, Kind.MALFORMED),
    )
    def change(tenant_id: str, body: ChangedTenant, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """One's own, or as the operator any. Holds from the next request on; `tier` and `suspended` are the operator's
        alone."""
        changes = body.model_dump(include=body.model_fields_set)
        days = body.retention.model_dump(include=body.retention.model_fields_set)
        changes.pop("retention", None)
        inside = services.tenancy.within(scope, tenant_id)
        row = services.tenancy.change(scope, tenant_id, changes)
        if days:
            services.retention.change(inside, days)
        return _shown(services, services.tenancy.get(scope, tenant_id) if days else row)


def _shown(services: Services, row: Tenant) -> dict[str, Any]:
    scope = Scope.system(row.id)
    calendar, money = services.tenant_settings.of(scope)
    days = services.retention.limits(scope)
    times = {
        name: from_epoch_ms(ms) if (ms := getattr(row, name)) is not None else None
        for name in ("created_at", "suspended_at", "removing_at")
    }
    state = "removing" if row.removing_at is not None else "suspended" if row.suspended_at is not None else "active"
    return {
        "id": row.id,
        "name": row.name,
        "tier": row.tier,
        "state": state,
        "is_operating": is_operator(scope),
        "zone": calendar.zone.key,
        "currency": money.currency or None,
        "rates": dict(money.rates),
        "week_start": calendar.week_start,
        "fiscal_year_start": calendar.fiscal_year_start,
        "retention": {level: days[level] for level in RETENTION_LEVELS},
        "branding": branding(row.branding),
        "role_rules": {role: rule_shown(rule) for role, rule in read_rules(row.role_rules).items()},
        **times,
    }
