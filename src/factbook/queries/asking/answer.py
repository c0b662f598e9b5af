"""From what was read to what is told: the values of every metric in every row and bucket, compared, filled, summed."""

from __future__ import annotations

from typing import Any, TypeVar

from factbook.metrics.model import Kind, Metric, Unit
from factbook.queries.horizon import since
from factbook.queries.shown import shown

from .cells import ALL, Rows
from .leaves import Value, leaf_of, leaves
from .plan import Plan
from .reading import Reading
from .spans import Spans
from .tops import ordered_by
from .values import Values

T = TypeVar("T")

_DISTINCT = {"relative_standard_error": 0.003, "exact_up_to": 4000}
_QUANTILE = {"relative_error": 0.01}
_ADDED = (Kind.COUNT, Kind.SUM, Kind.UNIQUE, Kind.STATE)


def told(reading: Reading, plan: Plan, kept: dict[str, int]) -> dict[str, Any]:
    """The answer, JSON-able; docs/metrics.md explains each member. kept: see horizon.horizons."""
    values = Values(plan, reading.cells)
    spans, zone, request = plan.placed, plan.calendar.zone, plan.request
    begin, end = spans.ranges[spans.total]
    shown_at = _kept_places(values, plan)
    answer: dict[str, Any] = {
        "metrics": [_metric(metric, plan) for metric in plan.metrics],
        "dimensions": [{"id": d.id, "label": d.label} for d in plan.dimensions],
        "start_time": shown(begin, zone),
        "end_time": shown(end, zone),
        "timezone": zone.key,
        "granularity": plan.granularity,
        "events": values.events(ALL, spans.total),
        "complete_since": since(reading.cells.first, end, kept, zone),
        "source": _source(reading),
    }
    if spans.points:
        times = [shown(whole[0], zone) for whole in spans.whole]
        is_partial = [spans.ranges[point] != whole for point, whole in zip(spans.points, spans.whole, strict=True)]
        answer["times"] = _only(times, shown_at)
        answer["partial"] = [n for n, cut in enumerate(_only(is_partial, shown_at)) if cut]
    if spans.then_total is not None:
        start, until = spans.ranges[spans.then_total]
        answer["compare"] = {"with": request.compare, "start_time": shown(start, zone), "end_time": shown(until, zone)}
        if spans.then_points:
            answer["compare"]["times"] = _only([shown(whole[0], zone) for whole in spans.then_whole], shown_at)
    answer["total"] = _row(values, plan, ALL, shown_at)
    if plan.dimensions:
        answer["rows"] = _rows(values, reading.rows, plan, shown_at)
        count = len(reading.rows.values)
        answer["cut"] = {
            "is_cut": reading.rows.of > count,
            "shown": count,
            "of": reading.rows.of,
            "limit": request.limit,
        }
    if request.explain:
        answer["explain"] = [
            {
                "sql": each.sql,
                "tables": each.tables,
                "levels": each.levels,
                "reason": each.reason,
                "rows_read": each.rows_read,
                "milliseconds": round(each.milliseconds, 3),
            }
            for each in reading.cells.statements
        ]
    return answer


def _metric(metric: Metric, plan: Plan) -> dict[str, Any]:
    return {
        "id": metric.id,
        "label": metric.label,
        "unit": metric.unit,
        **({"currency": plan.money.currency} if metric.unit is Unit.CURRENCY else {}),
        "decimals": metric.decimals,
        "good": metric.good,
        "formula": metric.source,
        "error": _error(plan, metric),
    }


def _error(plan: Plan, metric: Metric) -> dict[str, Any]:
    """What distinct counts (uniqCombined64(17)) and quantiles (BFloat16) that the metric stands on may be off by."""
    kinds = {leaf.measure.kind for leaf in leaves(plan.catalog, metric)}
    known = ((Kind.UNIQUE, "distinct", _DISTINCT), (Kind.QUANTILE, "quantile", _QUANTILE))
    return {name: error for kind, name, error in known if kind in kinds}


def _source(reading: Reading) -> dict[str, Any]:
    statements = reading.cells.statements
    return {
        "tables": list(dict.fromkeys(table for each in statements for table in each.tables)),
        "levels": list(dict.fromkeys(level for each in statements for level in each.levels)),
    }


def _kept_places(values: Values, plan: Plan) -> list[int]:
    """Of the buckets and of those they are compared with: all, or the places at which either has events."""
    spans = plan.placed
    both = (spans.points, spans.then_points)
    places = range(max(len(points) for points in both))
    if plan.request.fill != "none":
        return list(places)
    return [i for i in places if any(values.events(ALL, points[i]) for points in both if i < len(points))]


def _only(items: list[T], places: list[int]) -> list[T]:
    return [items[i] for i in places if i < len(items)]


def _rows(values: Values, rows: Rows, plan: Plan, shown_at: list[int]) -> list[dict[str, Any]]:
    spans, groups = plan.placed, rows.groups
    found: list[dict[str, Any]] = []
    for place in rows.places():
        if place < 1 and not (plan.request.other and _is_there(values, spans, place)):
            continue
        row = _row(values, plan, place, shown_at)
        row["dimensions"] = _named(plan, rows.values[place - 1]) if place > 0 else None
        if place < ALL:
            row["dimensions"] = {str(plan.request.top_per): groups[-2 - place][0] or None}
        row["other"] = place < 1
        if "share" in plan.request.show:
            row["share"] = {m.id: _share(m, row["values"][m.id], values.of(m, ALL, spans.total)) for m in plan.metrics}
        found.append(row)
    return _ordered(found, plan)


def _named(plan: Plan, told: tuple[str, ...]) -> dict[str, str | None]:
    return {d.id: text or None for d, text in zip(plan.dimensions, told, strict=True)}


def _is_there(values: Values, spans: Spans, row: int) -> bool:
    """Whether anything counts there: what was alive, or lies in a window, need not do so over the whole period."""
    totals = [spans.total, *([spans.then_total] if spans.then_total is not None else [])]
    return any(values.events(row, span) for span in (*totals, *spans.points, *spans.then_points))


def _ordered(found: list[dict[str, Any]], plan: Plan) -> list[dict[str, Any]]:
    """By the metric asked for, in full precision; rows are in the order of a dimension already."""
    name, descending = ordered_by(plan)
    if name not in {metric.id for metric in plan.metrics}:
        return found
    named = [row for row in found if not row["other"]]
    known = [row for row in named if row["values"][name] is not None]
    known.sort(key=lambda row: row["values"][name], reverse=descending)
    unknown = [row for row in named if row["values"][name] is None]
    return [*known, *unknown, *(row for row in found if row["other"])]


def _row(values: Values, plan: Plan, row: int, shown_at: list[int]) -> dict[str, Any]:
    spans, request = plan.placed, plan.request
    now = values.all(row, spans.total)
    found: dict[str, Any] = {"values": now}
    if spans.then_total is not None:
        found["previous"] = before = values.all(row, spans.then_total)
        found["change"] = {name: change(now[name], before[name]) for name in now}
    if not spans.points:
        return found

    def shown_only(lists: dict[str, list[Value]]) -> dict[str, list[Value]]:
        return {name: _only(numbers, shown_at) for name, numbers in lists.items()}

    series = values.series(row, spans.points)
    found["series"] = shown_only({m.id: _filled(m, series[m.id], request.fill) for m in plan.metrics})
    if spans.then_points:
        earlier = values.series(row, spans.then_points)
        found["previous_series"] = shown_only({m.id: _filled(m, earlier[m.id], request.fill) for m in plan.metrics})
    if spans.running:
        found["running_total"] = shown_only(values.series(row, spans.running))
    for name, buckets in request.moving:
        found[name] = shown_only({m.id: _moving(m, series[m.id], buckets) for m in plan.metrics})
    return found


def _adds_up(metric: Metric) -> bool:
    return metric.formula is None and leaf_of(metric).measure.kind in _ADDED and not metric.window_days


def _filled(metric: Metric, numbers: list[Value], fill: str) -> list[Value]:
    if fill == "zero" and _adds_up(metric):
        return [0 if number is None else number for number in numbers]
    if fill != "previous":
        return numbers
    filled: list[Value] = []
    for number in numbers:
        filled.append(filled[-1] if number is None and filled else number)
    return filled


def _moving(metric: Metric, numbers: list[Value], buckets: int) -> list[Value]:
    """The mean of each bucket and those before it, null where there are fewer than `buckets`.

    A bucket without events counts as 0 in what adds up, and is left out of the mean of anything else.
    """
    zero = _adds_up(metric)
    averages: list[Value] = []
    for i in range(len(numbers)):
        window = numbers[max(i + 1 - buckets, 0) : i + 1]
        known = [number or 0 for number in window if number is not None or zero]
        averages.append(sum(known) / len(known) if len(window) == buckets and known else None)
    return averages


def _share(metric: Metric, part: Value, whole: Value) -> float | None:
    """The part of the total, where it means one: of counts, sums and states."""
    if part is None or not whole or not _adds_up(metric):
        return None
    return part / whole


def change(now: Value, before: Value) -> float | None:
    """Relative change, 0.1 for a tenth more; null without a value before."""
    return (now - before) / abs(before) if now is not None and before else None
