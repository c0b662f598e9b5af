"""Which values of the dimensions an answer tells apart: the largest by the order asked for, found by one statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from factbook.core.errors import invalid
from factbook.core.sql import Parameters
from factbook.metrics.levels import Bucket
from factbook.metrics.model import Metric
from factbook.queries.where import between

from .aggregates import NEWEST, aggregate
from .alive import things
from .cells import Rows
from .cuts import cut
from .leaves import Leaf, Value, is_state, leaf_of
from .plan import Plan
from .ranks import UnrankedError, ranked_by
from .request import MAX_LIMIT
from .rules import window_start
from .scanned import filters_of, types_of

MAX_GROUPS = 100

Run = Callable[[str, Mapping[str, Any], str], Sequence[Sequence[Any]]]
"""`run(sql, parameters, reason)`: the rows of a statement."""


def ordered_by(plan: Plan) -> tuple[str, bool]:
    """(metric or dimension id, whether the largest come first)."""
    order = plan.request.order
    if order is None:
        part = next((d.id for d in plan.dimensions if d.time_part or d.edges), None)
        return (part, False) if part and len(plan.dimensions) == 1 else (plan.metrics[0].id, True)
    name = order.removeprefix("-")
    if name not in {*(m.id for m in plan.metrics), *(d.id for d in plan.dimensions)}:
        raise invalid(
            f"The order names {name[:60]!r}, which is neither a metric nor a dimension asked for.",
            field="order",
            hint="Use one of " + ", ".join([*(m.id for m in plan.metrics), *(d.id for d in plan.dimensions)]) + ".",
        )
    return name, order.startswith("-")


def tops(run: Run, plan: Plan) -> Rows:
    """The rows of `plan`, found by one statement. UnrankedError where only their values can tell the order."""
    return _ranked(run, plan, next((m for m in plan.metrics if m.id == ordered_by(plan)[0]), None), plan.request.limit)


def every(run: Run, plan: Plan) -> Rows:
    """All values there are, by name. INVALID for more than MAX_LIMIT."""
    found = _ranked(run, plan, None, MAX_LIMIT, every=True)
    if found.of > len(found.values):
        raise invalid(
            f"{found.of:,} values would have to be ordered by {ordered_by(plan)[0]}, which needs them all first.",
            field="order",
            hint="Order by another metric or by a dimension, or filter.",
        )
    return found


def first(plan: Plan, rows: Sequence[tuple[str, ...]], values: Sequence[Mapping[str, Value]]) -> Rows:
    """The rows of `plan` out of `rows`, which are in the order of their names, by the values of each."""
    name, descending = ordered_by(plan)
    if name in {metric.id for metric in plan.metrics}:
        weighed = list(zip(rows, (each[name] for each in values), strict=True))
        known = [(row, weight) for row, weight in weighed if weight is not None]
        known.sort(key=lambda pair: pair[1], reverse=descending)
        rows = [row for row, _ in known] + [row for row, weight in weighed if weight is None]
    elif descending:
        rows = rows[::-1]
    if not plan.request.top_per:
        return Rows(tuple(rows[: plan.request.limit]), (), len(rows))
    at = [d.id for d in plan.dimensions].index(plan.request.top_per)
    taken: Counter[str] = Counter()
    kept: list[tuple[str, ...]] = []
    for row in rows:
        taken[row[at]] += 1
        if taken[row[at]] <= plan.request.limit:
            kept.append(row)
    kept = kept[: MAX_GROUPS * plan.request.limit]
    return Rows(tuple(kept), tuple(dict.fromkeys(row[at] for row in kept)), len(rows))


def _ranked(run: Run, plan: Plan, metric: Metric | None, limit: int, *, every: bool = False) -> Rows:
    parameters = Parameters()
    wanted, descending = ordered_by(plan)
    read = dict(zip(plan.leaves, plan.reads, strict=True))
    states = [leaf for leaf in plan.reads if is_state(leaf)]
    is_alive = len(states) == len(plan.reads) or (metric in plan.metrics and _is_state(metric))
    if is_alive:
        if metric and metric.formula is not None:
            raise UnrankedError
        source = _alive(read[leaf_of(metric)] if metric else states[0], plan, parameters)
        rank = "sum(value)"
    else:
        flat = [leaf for leaf in plan.reads if not is_state(leaf)]
        start, end = _range(plan, metric)
        rank = ranked_by(plan, metric, parameters)
        any_counts = " OR ".join(f"({aggregate(leaf, plan.money, parameters).counted})" for leaf in flat)
        period = between(start, end, parameters) + types_of(flat, parameters) + filters_of(plan, parameters)
        source = f"events\nWHERE tenant = {{tenant:String}}{period} AND ({any_counts})"
    cuts = [cut(d, plan.zone_name, parameters, f"named[{i + 1}]") for i, d in enumerate(plan.dimensions)]
    values = "named" if is_alive else f"[{', '.join(each.value for each in cuts)}]"
    direction = "DESC" if descending else "ASC"
    order = f"{rank} {direction} NULLS LAST, "
    if every:
        order = ""
    elif metric is None:
        order = f"{next(c.order for c, d in zip(cuts, plan.dimensions, strict=True) if d.id == wanted)} {direction}, "
    ties = ", ".join(each.order for each in cuts)
    per = ""
    if plan.request.top_per and not every:
        place = [d.id for d in plan.dimensions].index(plan.request.top_per) + 1
        per = f"\nLIMIT {int(limit)} BY named[{place}]"
        limit *= MAX_GROUPS
    sql = (
        f"SELECT {values} AS named, count() OVER () AS of, {rank} AS rank\nFROM {source}\n"
        f"GROUP BY named\nORDER BY {order}{ties}{per}\nLIMIT {int(limit)}"
    )
    rows = run(sql, parameters.values, "the values told apart")
    groups: tuple[str, ...] = ()
    if per:
        groups = tuple(dict.fromkeys(str(row[0][place - 1]) for row in rows))
    return Rows(tuple(tuple(map(str, row[0])) for row in rows), groups, int(rows[0][1]) if rows else 0)


def _is_state(metric: Metric | None) -> bool:
    return metric is not None and metric.formula is None and is_state(leaf_of(metric))


def _range(plan: Plan, metric: Metric | None) -> Bucket:
    start, end = plan.placed.ranges[plan.placed.total]
    if metric and metric.window_days:
        start = window_start(end, metric.window_days, plan.calendar)
    return start, end


def _alive(leaf: Leaf, plan: Plan, parameters: Parameters) -> str:
    """The things of a state that are alive at the end, with the newest of what they are cut by."""
    told = things(leaf, plan, plan.placed.ranges[plan.placed.total][1], parameters)
    values = ", ".join(cut(d, plan.zone_name, parameters, "").value for d in plan.dimensions)
    return (
        f"(SELECT {told.thing} AS thing, argMax([{values}], {NEWEST}) AS named, argMax({told.value}, {NEWEST}) AS value"
        f" FROM events WHERE tenant = {{tenant:String}}{told.looked_at}"
        f" GROUP BY thing HAVING argMax({told.lives}, {NEWEST}))"
    )
