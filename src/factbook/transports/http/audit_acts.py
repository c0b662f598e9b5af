"""What the audit trail says of each route that changes something: one table, and what is told of each thing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from factbook.core.scope import Scope
from factbook.services import Services
from factbook.storage.definitions import DefinitionRows

Told = Callable[[Services, Scope, str], Any]
"""What a thing of the caller's tenant is, JSON-able; None where there is none of that id."""


@dataclass(frozen=True, slots=True)
class Act:
    """action: what it is called. thing: the parameter of the path, or the member of the answer, that names what it is
    done to; empty for the tenant itself. told: what it is, before and after. person: the thing is a person's id, which
    the trail holds as a pseudonym alone. enters: the caller becomes known by it, from the token or cookie he is given.
    """

    action: str
    thing: str = ""
    told: Told | None = None
    person: bool = False
    enters: bool = False


def _definition(rows: Callable[[Services], DefinitionRows[Any]], member: str = "definition") -> Told:
    def told(services: Services, scope: Scope, id_: str) -> Any:
        row = rows(services).find(scope, id_)
        return row and {"version": row.version, member: getattr(row, member)}

    return told


def _key(services: Services, scope: Scope, id_: str) -> Any:
    rows = (row for row in services.keys.all(scope) if row.id == id_)
    return next((_without_secrets(asdict(row)) for row in rows), None)


def _event_type(services: Services, scope: Scope, name: str) -> Any:
    row = next((row for row in services.metadata.event_types(scope) if row.name == name), None)
    return row and {"version": row.version, "is_active": row.is_active, "schema": row.schema}


def _person(services: Services, scope: Scope, id_: str) -> Any:
    """Without his name and address: the trail cannot forget them."""
    row = next((row for row in services.metadata.people.listed(scope) if row.id == id_), None)
    return row and {name: getattr(row, name) for name in ("role", "row_filter", "masked", "disabled_at")}


def _tenant(services: Services, scope: Scope, id_: str) -> Any:
    return asdict(services.tenancy.get(scope, id_ or scope.tenant))


def _limits(services: Services, scope: Scope, id_: str) -> Any:
    inside = services.tenancy.within(scope, id_)
    return asdict(services.quotas.plan(inside.tenant, inside.tier))


def _settings(services: Services, scope: Scope, _: str) -> Any:
    row = services.metadata.tenant(scope)
    return {name: getattr(row, name) for name in ("own_zone", "currency", "rates", "week_start", "fiscal_year_start")}


def _retention(services: Services, scope: Scope, _: str) -> Any:
    return {**services.retention.own(scope), "classes": dict(services.metadata.privacy.settings(scope).classes)}


def _privacy(services: Services, scope: Scope, _: str) -> Any:
    return {**asdict(services.metadata.privacy.settings(scope))}


def _consent(services: Services, scope: Scope, id_: str) -> Any:
    return services.privacy.consent(scope, id_)


_SECRET = ("key", "digest", "password", "password_hash", "secret", "token", "link", "link_digest", "prefix")


def _without_secrets(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if name not in _SECRET and name != "tenant"}


_METRIC = _definition(lambda services: services.metadata.metric_definitions)
_SEGMENT = _definition(lambda services: services.metadata.segments, "rule")
_FUNNEL = _definition(lambda services: services.metadata.funnels)
_BENCHMARK = _definition(lambda services: services.metadata.benchmarks)
_OBJECTIVE = _definition(lambda services: services.metadata.objectives)


def _share(services: Services, scope: Scope, id_: str) -> Any:
    return services.shares.of(scope, f"dashboard/{id_}")


_DASHBOARD = "/api/v1/analytics/dashboards/{dashboard_id}/permissions"
_KEYS = "/api/v1/admin/api-keys"
_PERSON = "/api/v1/privacy/users/{user_id}"
_USERS = "/api/v1/admin/users"
_TENANTS = "/api/v1/admin/tenants"

ACTS: Mapping[tuple[str, str], Act] = {
    ("POST", "/api/v1/auth/sign-in"): Act("sign_in", enters=True),
    ("GET", "/"): Act("sign_in", enters=True),
    ("GET", "/auth/oidc/callback"): Act("sign_in.oidc", enters=True),
    ("POST", "/api/v1/auth/token"): Act("sign_in.token", enters=True),
    ("POST", "/api/v1/auth/link"): Act("sign_in.link"),
    ("POST", "/api/v1/auth/sign-out"): Act("sign_out"),
    ("POST", "/sign-out"): Act("sign_out"),
    ("POST", _KEYS): Act("key.create", "id", _key),
    ("PUT", f"{_KEYS}/{{key_id}}"): Act("key.change", "key_id", _key),
    ("DELETE", f"{_KEYS}/{{key_id}}"): Act("key.revoke", "key_id", _key),
    ("POST", f"{_KEYS}/{{key_id}}/rotate"): Act("key.rotate", "key_id", _key),
    ("PUT", "/api/v1/auth/password"): Act("password.change"),
    ("POST", "/api/v1/auth/set-password"): Act("password.set", enters=True),
    ("POST", _USERS): Act("user.invite", "id", _person),
    ("PUT", f"{_USERS}/{{user_id}}"): Act("user.change", "user_id", _person),
    ("DELETE", f"{_USERS}/{{user_id}}"): Act("user.remove", "user_id", _person),
    ("POST", f"{_USERS}/{{user_id}}/reset"): Act("user.reset", "user_id"),
    ("POST", _TENANTS): Act("tenant.create", "id", _tenant),
    ("PUT", f"{_TENANTS}/{{tenant_id}}"): Act("tenant.change", "tenant_id", _tenant),
    ("DELETE", f"{_TENANTS}/{{tenant_id}}"): Act("tenant.remove", "tenant_id", _tenant),
    ("PUT", f"{_TENANTS}/{{tenant_id}}/limits"): Act("tenant.limits", "tenant_id", _limits),
    ("PUT", "/api/v1/settings"): Act("settings.change", told=_settings),
    ("PUT", "/api/v1/privacy/retention"): Act("retention.change", told=_retention),
    ("POST", "/api/v1/privacy/retention/run"): Act("retention.run"),
    ("PUT", "/api/v1/privacy/settings"): Act("privacy.change", told=_privacy),
    ("PUT", f"{_PERSON}/consent"): Act("consent.change", "user_id", _consent, person=True),
    ("GET", _PERSON): Act("person.export", "user_id", person=True),
    ("DELETE", _PERSON): Act("person.erase", "user_id", person=True),
    ("GET", "/api/v1/privacy/requests/{request_id}/file"): Act("person.download", "request_id"),
    ("GET", "/api/v1/events/export"): Act("events.export"),
    ("GET", "/api/v1/admin/audit.csv"): Act("audit.export"),
    ("POST", "/api/v1/custom-events"): Act("event_type.create", "name", _event_type),
    ("PUT", "/api/v1/custom-events/{name}"): Act("event_type.change", "name", _event_type),
    ("DELETE", "/api/v1/custom-events/{name}"): Act("event_type.retire", "name", _event_type),
    ("POST", "/api/v1/dead-letters/{letter_id}/resubmit"): Act("dead_letter.resubmit", "letter_id"),
    ("POST", "/api/v1/metrics/definitions"): Act("metric.create", "id", _METRIC),
    ("PUT", "/api/v1/metrics/definitions"): Act("metric.change"),
    ("PUT", "/api/v1/metrics/definitions/{id}"): Act("metric.change", "id", _METRIC),
    ("DELETE", "/api/v1/metrics/definitions/{id}"): Act("metric.remove", "id", _METRIC),
    ("POST", "/api/v1/analytics/segments"): Act("segment.create", "id", _SEGMENT),
    ("PUT", "/api/v1/analytics/segments/{id}"): Act("segment.change", "id", _SEGMENT),
    ("DELETE", "/api/v1/analytics/segments/{id}"): Act("segment.remove", "id", _SEGMENT),
    ("POST", "/api/v1/analytics/funnels"): Act("funnel.create", "id", _FUNNEL),
    ("PUT", "/api/v1/analytics/funnels/{id}"): Act("funnel.change", "id", _FUNNEL),
    ("DELETE", "/api/v1/analytics/funnels/{id}"): Act("funnel.remove", "id", _FUNNEL),
    ("PUT", "/api/v1/analytics/benchmarks/{id}"): Act("benchmark.change", "id", _BENCHMARK),
    ("DELETE", "/api/v1/analytics/benchmarks/{id}"): Act("benchmark.remove", "id", _BENCHMARK),
    ("PUT", "/api/v1/analytics/objectives/{service_name}"): Act("objective.change", "service_name", _OBJECTIVE),
    ("DELETE", "/api/v1/analytics/objectives/{service_name}"): Act("objective.remove", "service_name", _OBJECTIVE),
    ("PUT", _DASHBOARD): Act("dashboard.share", "dashboard_id", _share),
    ("DELETE", _DASHBOARD): Act("dashboard.share", "dashboard_id", _share),
    ("DELETE", "/api/v1/queries/{query_id}"): Act("query.stop", "query_id"),
}
"""(method, route) → what is entered. A route that changes something and is not here is entered by its path."""

ASKING = frozenset(
    {
        "/api/v1/metrics/definitions/preview",
        "/dashboard/metrics",
        "/cohort/analysis",
        "/funnel/analysis",
        "/funnel/people",
        "/funnel/drivers",
        "/api/v1/analytics/segments/preview",
        "/api/v1/analytics/paths",
        "/api/v1/analytics/attribution",
    }
)
"""Routes that are asked with a body and change nothing."""

SENDING = frozenset(
    {
        "/api/v1/analytics/events",
        "/api/v1/events",
        "/events/track",
        "/api/v1/analytics/events/batch",
        "/api/v1/events/batch",
        "/events/batch",
        "/api/v1/analytics/track/content-view",
        "/api/v1/analytics/track/search",
        "/api/v1/analytics/track/user-action",
        "/v1/traces",
        "/v1/logs",
        "/v1/metrics",
        "/otlp/v1/traces",
        "/otlp/v1/logs",
        "/otlp/v1/metrics",
        "/api/v1/write",
    }
)
"""Ways in for events, which are counted and not entered."""

READING = frozenset({"GET", "HEAD", "OPTIONS"})


def act_of(method: str, route: str) -> Act | None:
    """What is entered of a call of this route; None for one that changes nothing."""
    found = ACTS.get((method, route))
    if found or method in READING or route in ASKING or route in SENDING:
        return found
    return Act(f"{method} {route}")
