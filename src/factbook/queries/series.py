"""A metric over time: points by bucket with every statistic, the total, its split by dimensions, its comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from factbook.core.calendar import Calendar
from factbook.core.clock import epoch_ms
from factbook.core.errors import invalid
from factbook.core.scope import Scope
from factbook.core.times import Period
from factbook.events.filters import PROPERTY, Condition
from factbook.metrics import names
from factbook.metrics.buckets import boundaries
from factbook.metrics.levels import RAW
from factbook.metrics.names import Measure, Metric
from factbook.storage.warehouse import Warehouse

from .asking.lookups import Lookups
from .horizon import complete_since
from .period import compared
from .shown import shown
from .states import EMPTY, Ask, Dimension, Found, Key, Stats, read
from .tops import tops

STATISTICS = ("count", "sum", "avg", "min", "max", "p50", "p95", "p99")
MAX_SERIES = 100
MAX_CELLS = 100_000
KNOWN_ERROR = {
    "users": {"relative_standard_error": 0.003, "exact_up_to": 4000},
    "sessions": {"relative_standard_error": 0.003, "exact_up_to": 4000},
    "quantiles": {"relative_error": 0.01},
}
"""Of uniqCombined64(17) and quantilesBFloat16: what distinct counts and quantiles may be off by."""


@dataclass(frozen=True, slots=True)
class SeriesRequest:
    """statistic: the headline `value` of a numeric property. limit: how many dimension values are told apart.

    kept: see horizon.horizons.
    """

    metric_name: str
    period: Period
    zone: ZoneInfo
    interval: str = "1h"
    conditions: tuple[Condition, ...] = ()
    dimensions: tuple[Dimension, ...] = ()
    compare: str | None = None
    include_bots: bool = False
    statistic: str = "sum"
    limit: int = 10
    explain: bool = False
    kept: Mapping[str, int] = field(default_factory=dict)
    week_start: int = 1
    fiscal_year_start: int = 1

    @property
    def calendar(self) -> Calendar:
        return Calendar(self.zone, self.week_start, self.fiscal_year_start)


def series(warehouse: Warehouse, scope: Scope, request: SeriesRequest) -> dict[str, Any]:
    """The answer of GET /api/v1/metrics, JSON-able. INVALID for a senseless request, LIMITED for one too heavy."""
    if request.statistic not in STATISTICS:
        raise invalid(
            f"{request.statistic[:40]!r} is not a statistic.", field="statistic", hint="Use " + ", ".join(STATISTICS)
        )
    metric = names.certain(request.metric_name)
    seen: bool | None = None
    if metric is None:
        metric, seen = find(warehouse, scope, request.metric_name)
    starts = boundaries(request.period, request.interval, request.calendar)
    buckets = _buckets(starts, request.period)
    ask = _ask(metric, buckets, request)
    values: tuple[tuple[str, ...], ...] = ()
    if request.dimensions:
        if not 1 <= request.limit <= MAX_SERIES:
            raise invalid(f"limit lies between 1 and {MAX_SERIES} dimension values.", field="limit")
        values = tops(warehouse, scope, ask, request.dimensions, metric, request.limit)
        if (len(values) + 1) * len(buckets) > MAX_CELLS:
            raise invalid(
                f"That would be more than {MAX_CELLS:,} points.",
                field="interval",
                hint="Ask for a coarser interval, a shorter period or fewer dimension values (limit).",
            )
        ask = replace(ask, dimensions=request.dimensions, tops=values)
    found = read(warehouse, scope, ask)
    if seen is None:
        seen = found.overall.count > 0 or find(warehouse, scope, request.metric_name)[1]
    answer = _answer(metric, seen, request, found, starts, buckets)
    if request.dimensions:
        answer["series"] = _split(metric, request, found, starts, buckets, values)
    if request.compare:
        answer["compare"] = _comparison(warehouse, scope, metric, request, answer["total"]["value"])
    return answer


def find(warehouse: Warehouse, scope: Scope, name: str) -> tuple[Metric, bool]:
    """The metric called `name`, and whether a numeric property of that name was ever seen (True for counts)."""
    metric = names.reserved(name)
    if metric:
        return metric, True
    return names.resolve(name, sorted(Lookups(warehouse, scope).numbers([name], field="metric_name")))


def point(metric: Metric, stats: Stats, statistic: str = "sum") -> dict[str, Any]:
    """Every statistic of one bucket; without events the count is 0 and the others are null."""
    numeric = metric.measure is Measure.NUMBER and stats.count > 0
    p50, p95, p99 = stats.quantiles if numeric and stats.quantiles else (None, None, None)
    found: dict[str, Any] = {
        "count": stats.count,
        "sum": stats.total if numeric else None,
        "avg": stats.total / stats.count if numeric else None,
        "min": stats.low if numeric else None,
        "max": stats.high if numeric else None,
        "p50": p50,
        "p95": p95,
        "p99": p99,
    }
    headline = {
        Measure.EVENTS: stats.count,
        Measure.USERS: stats.users,
        Measure.SESSIONS: stats.sessions,
        Measure.NUMBER: found[statistic],
    }
    return {"value": headline[metric.measure], **found}


def _buckets(starts: list[int], period: Period) -> tuple[tuple[int, int], ...]:
    begin, end = epoch_ms(period.start), epoch_ms(period.end)
    return tuple((max(a, begin), min(b, end)) for a, b in pairwise(starts))


def _ask(metric: Metric, buckets: tuple[tuple[int, int], ...], request: SeriesRequest) -> Ask:
    return Ask(
        keys=(Key(metric.event_type, metric.property),),
        buckets=buckets,
        users=metric.measure is Measure.USERS,
        sessions=metric.measure is Measure.SESSIONS,
        numbers=metric.measure is Measure.NUMBER,
        conditions=request.conditions,
        include_bots=request.include_bots,
    )


def _points(
    metric: Metric,
    request: SeriesRequest,
    found: Found,
    slot: int,
    starts: list[int],
    buckets: tuple[tuple[int, int], ...],
) -> list[dict[str, Any]]:
    return [
        {
            "time": shown(starts[i], request.zone),
            **point(metric, found.cell(slot, i), request.statistic),
            **({"partial": True} if bucket != (starts[i], starts[i + 1]) else {}),
        }
        for i, bucket in enumerate(buckets)
    ]


def _answer(
    metric: Metric,
    seen: bool,
    request: SeriesRequest,
    found: Found,
    starts: list[int],
    buckets: tuple[tuple[int, int], ...],
) -> dict[str, Any]:
    levels = list(dict.fromkeys(run.level for run in found.runs))
    tables = [*(["rollups"] if set(levels) - {RAW} else []), *(["events"] if RAW in levels else [])]
    answer: dict[str, Any] = {
        "metric_name": metric.name,
        "event_type": metric.event_type or None,
        "property": metric.property or None,
        "seen": seen,
        "interval": request.interval,
        "timezone": request.zone.key,
        "start_time": request.period.start.astimezone(request.zone).isoformat(),
        "end_time": request.period.end.astimezone(request.zone).isoformat(),
        "total": point(metric, found.overall, request.statistic),
        "source": {"tables": tables, "levels": levels},
        "complete_since": complete_since(found.runs, request.kept, request.zone),
        "error": _error(metric),
    }
    if not request.dimensions:
        answer["points"] = _points(metric, request, found, 0, starts, buckets)
    if not seen:
        answer["hint"] = f"No event of type {metric.event_type!r} has had a number called {metric.property!r} yet."
    if request.explain:
        spans = [
            {"level": r.level, "start": shown(r.start, request.zone), "end": shown(r.end, request.zone)}
            for r in found.runs[:1000]
        ]
        answer["explain"] = {"sql": found.sql, "spans": spans}
    return answer


def _split(
    metric: Metric,
    request: SeriesRequest,
    found: Found,
    starts: list[int],
    buckets: tuple[tuple[int, int], ...],
    values: tuple[tuple[str, ...], ...],
) -> list[dict[str, Any]]:
    labels = [name if nature else PROPERTY + name for name, nature in request.dimensions]
    split: list[dict[str, Any]] = []
    for slot in [*range(1, len(values) + 1), 0]:
        total = found.total(slot)
        if total is EMPTY:
            continue
        named = dict(zip(labels, values[slot - 1], strict=True)) if slot else None
        split.append(
            {
                "dimensions": named,
                "other": slot == 0,
                "total": point(metric, total, request.statistic),
                "points": _points(metric, request, found, slot, starts, buckets),
            }
        )
    return split


def _comparison(
    warehouse: Warehouse, scope: Scope, metric: Metric, request: SeriesRequest, value: float | None
) -> dict[str, Any]:
    assert request.compare
    period = compared(request.period, request.compare, request.interval, request.calendar)
    earlier = replace(request, period=period, dimensions=(), compare=None)
    starts = boundaries(period, request.interval, request.calendar)
    buckets = _buckets(starts, period)
    found = read(warehouse, scope, _ask(metric, buckets, earlier))
    total = point(metric, found.overall, request.statistic)
    return {
        "with": request.compare,
        "start_time": period.start.astimezone(request.zone).isoformat(),
        "end_time": period.end.astimezone(request.zone).isoformat(),
        "complete_since": complete_since(found.runs, request.kept, request.zone),
        "total": total,
        "change": change(value, total["value"]),
        "points": _points(metric, earlier, found, 0, starts, buckets),
    }


def change(now: float | None, before: float | None) -> float | None:
    """Relative change, 0.1 for a tenth more; null without a value before."""
    return (now - before) / abs(before) if now is not None and before else None


def _error(metric: Metric) -> dict[str, Any]:
    kinds = {Measure.USERS: "users", Measure.SESSIONS: "sessions", Measure.NUMBER: "quantiles"}
    kind = kinds.get(metric.measure)
    return {kind: KNOWN_ERROR[kind]} if kind else {}
