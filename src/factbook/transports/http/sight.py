"""What each route tells a caller from whom personal data is hidden: one table, in which a route nobody placed is
refused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from factbook.core.scope import Scope
from factbook.events.personal import HIDDEN, hidden


class Sight(StrEnum):
    PLAIN = "plain"  # holds no personal data
    MASKED = "masked"  # told without it: null in its place, and nothing filtered or cut by it
    REFUSED = "refused"  # about single persons, or raw as it was sent


_A = "/api/v1/analytics"
_U = f"{_A}/users"

_BY_SIGHT: Mapping[Sight, tuple[str, ...]] = {
    Sight.PLAIN: (
        "/api/v1/auth/me",
        "/api/v1/auth/password",
        "/api/v1/custom-events",
        "/api/v1/custom-events/{name}",
        "/api/v1/custom-events/{name}/history",
        "/api/v1/metrics/catalog",
        "/api/v1/metrics/definitions",
        "/api/v1/metrics/definitions/{id}",
        "/api/v1/metrics/definitions/{id}/history",
        "/api/v1/metrics/event-types",
        "/api/v1/admin/lineage/{thing}",
        "/api/v1/privacy/retention",
        "/api/v1/privacy/settings",
        "/api/v1/settings",
        f"{_A}/benchmarks",
        f"{_A}/benchmarks/{{id}}",
        f"{_A}/benchmarks/{{id}}/history",
        f"{_A}/dashboards",
        f"{_A}/dashboards/{{dashboard_id}}",
        f"{_A}/funnels",
        f"{_A}/funnels/{{id}}",
        f"{_A}/funnels/{{id}}/history",
        f"{_A}/objectives",
        f"{_A}/objectives/{{service_name}}",
        f"{_A}/objectives/{{service_name}}/history",
        f"{_A}/segments",
        f"{_A}/segments/{{id}}",
        f"{_A}/segments/{{id}}/history",
    ),
    Sight.MASKED: (
        "/api/v1/dashboard/metrics",
        "/api/v1/events",
        "/api/v1/events/export",
        "/api/v1/events/stats",
        "/api/v1/events/{event_id}",
        "/api/v1/metrics",
        "/cohort/analysis",
        "/dashboard/metrics",
        "/dashboard/orders",
        "/dashboard/revenue",
        "/dashboard/users",
        "/events/{event_id}",
        "/funnel/analysis",
        "/funnel/drivers",
        "/realtime/active-users",
        "/realtime/conversions",
        "/realtime/overview",
        "/realtime/sessions",
        f"{_A}/api/endpoints",
        f"{_A}/attribution",
        f"{_A}/competitive",
        f"{_A}/content",
        f"{_A}/content/comparison",
        f"{_A}/content/top-performing",
        f"{_A}/content/trending",
        f"{_A}/content/{{content_id}}",
        f"{_A}/content/{{content_id}}/audience",
        f"{_A}/content/{{content_id}}/insights",
        f"{_A}/content/{{content_id}}/journey",
        f"{_A}/dashboards/{{dashboard_id}}/data",
        f"{_A}/database/performance",
        f"{_A}/events",
        f"{_A}/events/{{event_id}}",
        f"{_A}/imports/failures",
        f"{_A}/imports/jobs",
        f"{_A}/imports/optimization",
        f"{_A}/imports/quality",
        f"{_A}/imports/sources",
        f"{_A}/imports/trends",
        f"{_A}/imports/{{job_id}}",
        f"{_A}/kpis",
        f"{_A}/paths",
        f"{_A}/real-time",
        f"{_A}/satisfaction",
        f"{_A}/segments/{{id}}/sizes",
        f"{_A}/services",
        f"{_A}/services/{{service_name}}",
        f"{_A}/services/{{service_name}}/slo",
        f"{_A}/system/errors",
        f"{_A}/system/health",
        f"{_A}/system/performance",
        f"{_A}/system/usage",
        f"{_A}/trading/candles",
        f"{_A}/trading/equity-curve",
        f"{_A}/trading/indicators",
        f"{_A}/trading/orders",
        f"{_A}/trading/performance",
        f"{_A}/trading/strategies",
        f"{_A}/trading/symbols",
        f"{_A}/trading/time-analysis",
        f"{_U}/behavior-patterns",
        f"{_U}/cohorts",
        f"{_U}/lifecycle",
        f"{_U}/retention",
        f"{_U}/rfm",
        f"{_U}/segments",
        f"{_U}/stickiness",
    ),
    Sight.REFUSED: (
        "/api/v1/dead-letters",
        "/api/v1/dead-letters/stats",
        "/api/v1/dead-letters/{letter_id}",
        "/api/v1/metrics/definitions/preview",
        "/funnel/people",
        "/user/{user_id}/journey",
        f"{_A}/segments/preview",
        f"{_A}/segments/{{id}}/people",
        _U,
        f"{_U}/cohorts/people",
        f"{_U}/rfm/people",
        f"{_U}/{{user_id}}",
        f"{_U}/{{user_id}}/journey",
        f"{_U}/{{user_id}}/preferences",
        f"{_U}/{{user_id}}/scores",
    ),
}
_SIGHTS = {path: sight for sight, paths in _BY_SIGHT.items() for path in paths}

DEFINING = frozenset(
    (
        "/api/v1/metrics/definitions",
        "/api/v1/metrics/definitions/{id}",
        f"{_A}/funnels",
        f"{_A}/funnels/{{id}}",
        f"{_A}/segments",
        f"{_A}/segments/{{id}}",
    )
)
"""Where a question is kept for later: it could name anybody."""
READING = frozenset(("GET", "HEAD"))


def sight_of(method: str, route: str) -> Sight | None:
    """None for a route that is not in the table."""
    if route in DEFINING and method not in READING:
        return Sight.REFUSED
    return _SIGHTS.get(route)


def look(method: str, route: str, caller: Scope) -> None:
    """What follows knows whether personal data is hidden from `caller`. FORBIDDEN where it could not be left out."""
    HIDDEN.set(caller.masked)
    if not caller.masked:
        return
    match sight_of(method, route):
        case Sight.REFUSED:
            raise hidden("This tells of single persons or of what was sent as it was, which is hidden from you.")
        case None:
            raise hidden("This is not told to anybody from whom personal data is hidden.")
