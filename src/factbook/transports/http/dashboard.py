"""Questions over metrics, over HTTP: several metrics at once, and the revenue, orders and users of a business."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from factbook.core.errors import Kind
from factbook.core.scope import Scope
from factbook.queries.asking.request import Request as Question
from factbook.queries.asking.request import from_json, from_query
from factbook.services import Services

from .access import scope_for
from .reading import FILTER_SYNTAX, documented, encoded, filters_of, json_body

QUESTION: dict[str, Any] = {
    "metrics": ["revenue", "orders"],
    "dimensions": ["category"],
    "filters": {"country": "DE"},
    "period": "last_30_days",
    "granularity": "1d",
    "timezone": "Europe/Berlin",
    "compare": "previous_period",
    "order": "-revenue",
    "limit": 10,
    "other": True,
    "fill": "null",
    "show": ["share"],
    "explain": False,
}
_VALUES = {"revenue": 2490.5, "orders": 101}
ANSWER: dict[str, Any] = {
    "metrics": [
        {
            "id": "revenue",
            "label": "Revenue",
            "unit": "currency",
            "currency": "EUR",
            "decimals": 2,
            "good": "up",
            "formula": "sum(amount) of purchase",
            "error": {},
        }
    ],
    "dimensions": [{"id": "category", "label": "Category"}],
    "start_time": "2026-03-01T00:00:00+01:00",
    "end_time": "2026-03-02T00:00:00+01:00",
    "timezone": "Europe/Berlin",
    "granularity": "1d",
    "events": 101,
    "complete_since": "2026-03-01T09:00:00+01:00",
    "source": {"tables": ["events"], "levels": ["raw"]},
    "times": ["2026-03-01T00:00:00+01:00"],
    "partial": [],
    "compare": {
        "with": "previous_period",
        "start_time": "2026-02-28T00:00:00+01:00",
        "end_time": "2026-03-01T00:00:00+01:00",
        "times": ["2026-02-28T00:00:00+01:00"],
    },
    "total": {
        "values": _VALUES,
        "previous": {"revenue": 2000.0, "orders": 90},
        "change": {"revenue": 0.24525, "orders": 0.1222},
        "series": {"revenue": [2490.5], "orders": [101]},
        "previous_series": {"revenue": [2000.0], "orders": [90]},
    },
    "rows": [
        {
            "dimensions": {"category": "Books"},
            "other": False,
            "values": {"revenue": 996.2, "orders": 40},
            "share": {"revenue": 0.4, "orders": 0.396},
        },
        {
            "dimensions": None,
            "other": True,
            "values": {"revenue": 1494.3, "orders": 61},
            "share": {"revenue": 0.6, "orders": 0.604},
        },
    ],
    "cut": {"is_cut": True, "shown": 1, "of": 12, "limit": 1},
}
_ABOUT = (
    "`period` is a name (today, yesterday, last_30_days or 30d, this_month, last_quarter, fiscal_year, …) or"
    " `start_time` and `end_time`. `granularity` is 1m to 1y, `auto`, or `none` for totals alone. Rows past `limit` are"
    " summed as `other`, and `cut` says so. A ratio over nothing is null; `events` 0 means that nothing of the kind"
    " happened. `explain` adds each statement with its table, rows read and milliseconds. docs/metrics.md tells all. "
)
FIELDS = (
    "period",
    "granularity",
    "dimensions",
    "by",
    "compare",
    "order",
    "limit",
    "other",
    "top_per",
    "fill",
    "show",
    "explain",
)

HEADLINES: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    (
        "revenue",
        ("revenue", "net_revenue", "refunds", "average_order_value", "orders"),
        "property.category",
        "Revenue, what it is made of, and by category",
    ),
    ("orders", ("orders", "revenue", "average_order_value", "buyers"), "property.category", "Orders and by category"),
    ("users", ("users.active", "sessions", "events.count"), "event_type", "People, and what they do by event type"),
)
"""Path, its metrics, what they are cut by, and what it is."""


def router(services: Services) -> APIRouter:
    """POST /dashboard/metrics and GET /dashboard/revenue, /orders, /users."""
    routes = APIRouter(tags=["Metrics"])
    reader = Depends(scope_for(services))

    @routes.post(
        "/dashboard/metrics",
        summary="Several metrics by several dimensions, in one answer",
        description=_ABOUT + FILTER_SYNTAX,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"type": "object"}, "example": QUESTION}},
            }
        },
        responses=documented(ANSWER, Kind.MALFORMED, Kind.CONFLICT),
    )
    async def ask(request: Request, scope: Annotated[Scope, reader]) -> Response:
        return await told(scope, from_json(await json_body(request)))

    async def told(scope: Scope, question: Question) -> Response:
        return encoded(await services.answers.get(scope, services.tenants.of(scope), question, services.clock()))

    def headline(metrics: tuple[str, ...], dimension: str) -> Callable[..., Coroutine[Any, Any, Response]]:
        async def asked(
            request: Request,
            scope: Annotated[Scope, reader],
            period: Annotated[str | None, Query(description="A name, as last_30_days.")] = None,
            granularity: Annotated[str, Query(description="1m to 1y, auto or none.")] = "auto",
            compare: Annotated[str, Query(description="previous_period or previous_year.")] = "previous_period",
            limit: Annotated[int, Query(ge=1, le=1000, description="Rows told apart.")] = 10,
        ) -> Response:
            given = {
                "granularity": granularity,
                "compare": compare,
                "dimensions": dimension,
                **dict(request.query_params),
                "metrics": ",".join(metrics),
            }
            return await told(scope, from_query(given, filters_of(request, FIELDS)))

        return asked

    for name, metrics, dimension, about in HEADLINES:
        routes.add_api_route(
            f"/dashboard/{name}",
            headline(metrics, dimension),
            name=name,
            summary=about,
            description="Value, previous period, change, series and breakdown; any field of POST /dashboard/metrics"
            " may be given as a parameter. " + FILTER_SYNTAX,
            responses=documented(ANSWER, Kind.CONFLICT),
        )
    return routes
