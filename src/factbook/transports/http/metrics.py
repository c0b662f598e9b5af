"""Metrics over HTTP: one metric over time with every statistic."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from factbook.core.scope import Scope
from factbook.core.times import INTERVALS
from factbook.events.filters import field_of
from factbook.queries.asking.request import from_query
from factbook.queries.horizon import horizons
from factbook.queries.kpis import all_now
from factbook.queries.pointed import pointed
from factbook.queries.series import MAX_SERIES, SeriesRequest, series
from factbook.services import Services

from .access import scope_for
from .reading import FILTER_SYNTAX, Asked, answer, asked, documented, filters_of

_RESERVED = frozenset(
    [
        "metric_name",
        "interval",
        "granularity",
        "dimensions",
        "compare",
        "statistic",
        "explain",
        "period",
        "fill",
        "order",
        "other",
        "top_per",
        "show",
    ]
)
_DEFAULT_SPAN = {"1d": 30, "1w": 26 * 7, "1mo": 365, "1q": 2 * 365, "1y": 5 * 365}
"""Days that are answered where neither start nor end is given; a day for shorter intervals."""

_DEFAULT_PERIOD = {"1d": "last_30_days", "1w": "last_26_weeks", "1mo": "last_12_months"}
"""The same for a declared metric."""

_POINT: dict[str, Any] = {
    "time": "2026-03-01T00:00:00+01:00",
    "value": 2490.5,
    "count": 101,
    "sum": 2490.5,
    "avg": 24.66,
    "min": 4.9,
    "max": 210.0,
    "p50": 19.9,
    "p95": 79.8,
    "p99": 149.2,
}
_EXAMPLE: dict[str, Any] = {
    "metric_name": "purchase.amount",
    "event_type": "purchase",
    "property": "amount",
    "seen": True,
    "interval": "1d",
    "timezone": "Europe/Berlin",
    "start_time": "2026-03-01T00:00:00+01:00",
    "end_time": "2026-03-02T00:00:00+01:00",
    "total": {name: value for name, value in _POINT.items() if name != "time"},
    "source": {"tables": ["rollups"], "levels": ["1h"]},
    "complete_since": "2026-03-01T09:00:00+01:00",
    "error": {"quantiles": {"relative_error": 0.01}},
    "points": [_POINT],
}
_ABOUT = (
    "`events.count[.TYPE]`, `users.active[.TYPE]`, `sessions[.TYPE]`, or `TYPE.PROPERTY` for a numeric property. Where"
    " types and properties hold dots, the longest type that was seen with such a property wins. Without filters,"
    " dimensions and bots the answer is read from roll-ups, otherwise from single events; both give the same numbers."
    " `value` is the headline: events, users, sessions, or the chosen `statistic`. Buckets without events have count 0"
    " and null statistics. `complete_since` says since when everything that was read is kept (null: all of it)."
    " The total merges the whole period: a user of two days counts once. "
)
_DECLARED = (
    "A metric of the catalog answers points with a `value`, under the rules of POST /dashboard/metrics. Without"
    " `metric_name`: the value of every metric today, and the same time yesterday. "
)


def router(services: Services) -> APIRouter:
    """GET /api/v1/metrics."""
    routes = APIRouter(tags=["Metrics"])
    reader = scope_for(services)
    life = min(1.0, services.settings.analytics.query.cache_ttl)

    async def read_metric(
        raw: Request,
        metric_name: Annotated[
            str | None,
            Query(
                description="A name as above, or a metric of the catalog. Without it: all metrics now.",
                examples=["events.count.order.placed"],
                min_length=1,
                max_length=512,
            ),
        ] = None,
        what: Asked = Depends(asked),
        scope: Scope = Depends(reader),
        interval: Annotated[str, Query(description=", ".join(INTERVALS) + ".", examples=["1d"])] = "",
        granularity: Annotated[str, Query(description="Another name of interval.", examples=["1h"])] = "",
        dimensions: Annotated[
            str | None,
            Query(description="Comma list of columns or `property.NAME` to split by.", examples=["country"]),
        ] = None,
        limit: Annotated[
            int, Query(ge=1, le=MAX_SERIES, description="Dimension values told apart; the rest is `other`.")
        ] = 10,
        compare: Annotated[
            str | None, Query(description="previous_period or previous_year.", examples=["previous_period"])
        ] = None,
        statistic: Annotated[
            str, Query(description="The headline of a numeric property: count, sum, avg, min, max, p50, p95 or p99.")
        ] = "sum",
        explain: Annotated[bool, Query(description="Adds the statement and the spans that were read.")] = False,
    ) -> Response:
        chosen = interval or granularity or "1h"
        now = services.clock()
        tenant = services.tenants.of(scope)
        if metric_name is None:
            return answer(await all_now(services.answers, scope, tenant, now, what.timezone))
        if metric_name in tenant.catalog.metrics:
            given = {"granularity": chosen, **dict(raw.query_params), "metrics": metric_name}
            if not (what.start or what.end):
                given.setdefault("period", _DEFAULT_PERIOD.get(chosen, "last_24_hours"))
            told = await services.answers.get(scope, tenant, from_query(given, filters_of(raw, _RESERVED)), now)
            return answer(pointed(msgspec.json.decode(told), metric_name))
        period = what.period(scope, now, timedelta(days=_DEFAULT_SPAN.get(chosen, 1)))
        calendar = services.tenant_settings.calendar(scope)
        names = [name.strip() for name in (dimensions or "").split(",") if name.strip()]
        request = SeriesRequest(
            metric_name=metric_name,
            period=period,
            zone=what.zone(scope),
            interval=chosen,
            conditions=what.conditions(scope, tenant.segments, _RESERVED),
            dimensions=tuple(dict.fromkeys(field_of(name, field="dimensions") for name in names)),
            compare=compare,
            include_bots=what.include_bots,
            statistic=statistic,
            limit=limit,
            explain=explain,
            week_start=calendar.week_start,
            fiscal_year_start=calendar.fiscal_year_start,
        )
        key = ("metric", calendar, what, limit)

        def read() -> dict[str, Any]:
            kept = horizons(services.retention.limits(scope), now)
            return series(services.warehouse, scope, replace(request, kept=kept))

        return answer(await services.reads.shared(scope, key, life, read))

    routes.add_api_route(
        "/api/v1/metrics",
        read_metric,
        summary="One metric over time, or all of them now",
        description=_ABOUT + _DECLARED + FILTER_SYNTAX,
        responses=documented(_EXAMPLE),
    )
    return routes
