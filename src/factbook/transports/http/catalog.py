"""What can be asked, over HTTP: the catalog of metrics and dimensions, and the KPIs with their values."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from factbook.core.errors import Kind, invalid
from factbook.core.scope import Scope
from factbook.metrics.event_types import told_event_types
from factbook.metrics.problems import did_you_mean
from factbook.metrics.telling import UNDECLARED, told_catalog
from factbook.queries.asking.request import MAX_METRICS, Request
from factbook.queries.kpis import chosen, grouped
from factbook.services import Services

from .access import scope_for
from .reading import answer, documented

_METRIC: dict[str, Any] = {
    "id": "revenue",
    "label": "Revenue",
    "unit": "currency",
    "description": "What was paid for purchases.",
    "formula": "sum(amount) of purchase",
    "events": ["purchase"],
    "measure": {"sum": "amount"},
    "where": None,
    "window_days": 0,
    "good": "up",
    "decimals": 2,
    "dimensions": ["category", "country"],
    "tier": "free",
    "kpi": "revenue",
    "pack": "commerce",
    "used_by": ["average_order_value"],
}
_CATALOG: dict[str, Any] = {
    "metrics": [_METRIC],
    "dimensions": [
        {"id": "category", "label": "Category", "description": "", "field": "property.category", "pack": "commerce"}
    ],
    "packs": [{"id": "commerce", "label": "Commerce", "description": "What shoppers buy."}],
    "kpi_groups": {"revenue": "Revenue"},
    "undeclared": list(UNDECLARED),
}
_EVENT_TYPES: dict[str, Any] = {
    "event_types": [
        {
            "event_type": "content_pause",
            "category": "content",
            "pack": "content",
            "description": "Playing was interrupted.",
            "schema": {
                "type": "object",
                "properties": {"watched_seconds": {"type": "number"}, "title": {"type": "string"}},
            },
            "example": {
                "event_type": "content_pause",
                "user_id": "u-17",
                "content_id": "film-7",
                "properties": {"watched_seconds": 310, "title": "Deep water"},
            },
            "metrics": ["watch_time"],
        }
    ]
}
_KPI: dict[str, Any] = {
    "id": "revenue",
    "label": "Revenue",
    "unit": "currency",
    "currency": "EUR",
    "decimals": 2,
    "good": "up",
    "formula": "sum(amount) of purchase",
    "error": {},
    "description": "What was paid for purchases.",
    "value": 2490.5,
    "previous": 2000.0,
    "change": 0.24525,
    "better": True,
}
_KPIS: dict[str, Any] = {
    "start_time": "2026-03-01T00:00:00+01:00",
    "end_time": "2026-03-31T00:00:00+02:00",
    "timezone": "Europe/Berlin",
    "compare": {
        "with": "previous_period",
        "start_time": "2026-01-30T00:00:00+01:00",
        "end_time": "2026-03-01T00:00:00+01:00",
    },
    "count": 1,
    "groups": [{"id": "revenue", "label": "Revenue", "kpis": [_KPI]}],
    "locked": [],
}


def router(services: Services) -> APIRouter:
    """GET /api/v1/metrics/catalog, /api/v1/metrics/event-types and /api/v1/analytics/kpis."""
    routes = APIRouter(tags=["Metrics"])
    reader = Depends(scope_for(services))

    @routes.get(
        "/api/v1/metrics/catalog",
        summary="Every metric and dimension",
        description="Built in and your own, with unit, description, formula, and the dimensions each may be cut by"
        " (null: every one); `measure` and `where` in the form of POST /api/v1/metrics/definitions. Names of the"
        " `undeclared` forms can be asked for too.",
        responses=documented(_CATALOG),
    )
    async def catalog(scope: Annotated[Scope, reader]) -> Response:
        return answer(told_catalog(services.tenants.of(scope).catalog))

    @routes.get(
        "/api/v1/metrics/event-types",
        summary="Every event type that the packs know",
        description="What such an event says, a JSON Schema of its properties (none has to be there, others may be), an"
        " example that POST /api/v1/events takes, and the metrics that look at it. Any other type is taken as well;"
        " /api/v1/custom-events has those that you defined.",
        responses=documented(_EVENT_TYPES),
    )
    async def event_types(
        scope: Annotated[Scope, reader],
        pack: Annotated[str | None, Query(description="Those of one pack alone.", examples=["content"])] = None,
    ) -> Response:
        known = services.tenants.of(scope).catalog
        packs = [one.id for one in known.packs]
        if pack is not None and pack not in packs:
            hint = did_you_mean(pack, packs) or "Use " + ", ".join(packs) + "."
            raise invalid(f"There is no pack {pack[:60]!r}.", field="pack", hint=hint)
        return answer(told_event_types(known, pack))

    @routes.get(
        "/api/v1/analytics/kpis",
        summary="The KPIs, grouped",
        description="Every KPI with its value in the period, the one before, whether the change is for the better,"
        " and its formula. A value is null where there is nothing to compute it from. `locked`: of a higher tier.",
        responses=documented(_KPIS, Kind.CONFLICT),
    )
    async def kpis(
        scope: Annotated[Scope, reader],
        period: Annotated[str | None, Query(description="A name, as last_30_days.")] = None,
        start_date: Annotated[str | None, Query(description="Start, RFC 3339 or a date.")] = None,
        end_date: Annotated[str | None, Query(description="End; a date includes that day.")] = None,
        timezone: Annotated[str | None, Query(description="IANA zone; the tenant's where absent.")] = None,
        compare: Annotated[str, Query(description="previous_period or previous_year.")] = "previous_period",
        group: Annotated[str | None, Query(description="One group alone.", examples=["revenue"])] = None,
        breakdowns: Annotated[bool, Query(description="Adds the breakdown of each KPI that has one.")] = True,
    ) -> Response:
        tenant = services.tenants.of(scope)
        allowed, locked = chosen(tenant.catalog, scope)
        if group is not None:
            allowed = [metric for metric in allowed if metric.kpi == group]
        common: dict[str, Any] = {
            "period": period or (None if start_date or end_date else "last_30_days"),
            "start_time": start_date,
            "end_time": end_date,
            "timezone": timezone,
            "compare": compare,
        }
        now = services.clock()

        async def ask(**asked: Any) -> dict[str, Any]:
            told = await services.answers.get(scope, tenant, Request(**common, **asked), now)
            found: dict[str, Any] = msgspec.json.decode(told)
            return found

        names = [metric.id for metric in allowed]
        parts = [tuple(names[i : i + MAX_METRICS]) for i in range(0, len(names), MAX_METRICS)]
        answers = [await ask(metrics=part) for part in parts]
        values = {name: value for each in answers for name, value in each["total"]["values"].items()}
        cut = {
            metric.id: await ask(metrics=(metric.id,), dimensions=(metric.breakdown,))
            for metric in allowed
            if breakdowns and metric.breakdown and values[metric.id]
        }
        return answer(grouped(tenant.catalog, answers, cut, locked))

    return routes
