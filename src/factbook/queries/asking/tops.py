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
from .scanned import filters_of, key_of, types_of

MAX_ROWS = 5000
"""With top_per, in all its groups together."""

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


def first(plan: Plan, rows: Rows, values: Mapping[int, Mapping[str, Value]]) -> Rows:
    """The rows of `plan` out of `rows`, which are in the order of their names. values: by place, where anything is."""
    name, descending = ordered_by(plan)
    places = list(values)
    if name in {metric.id for metric in plan.metrics}:
        weighed = [(place, each[name]) for place, each in values.items()]
        known = [(place, weight) for place, weight in weighed if weight is not None]
        known.sort(key=lambda pair: pair[1], reverse=descending)
        places = [place for place, _ in known] + [place for place, weight in weighed if weight is None]
    elif len(plan.dimensions) > 1:  # what is alike there stays in the order of the names
        by = [each.id for each in plan.dimensions].index(name)
        places.sort(key=lambda place: rows.values[place - 1][by], reverse=descending)
    elif descending:
        places.reverse()
    limit = plan.request.limit
    if rows.per:
        taken: Counter[str] = Counter()
        limit, kept = MAX_ROWS, []
        for place in places:
            group, _ = rows.per[place - 1]
            taken[group] += 1
            if taken[group] <= plan.request.limit:
                kept.append(place)
        places = kept
    return rows.at(places[:limit], len(values))


def _ranked(run: Run, plan: Plan, metric: Metric | None, limit: int, *, every: bool = False) -> Rows:
    parameters = Parameters()
    wanted, descending = ordered_by(plan)
    read = dict(zip(plan.leaves, plan.reads, strict=True))
    states = [leaf for leaf in plan.reads if is_state(leaf)]
    is_alive = len(states) == len(plan.reads) or (metric in plan.metrics and _is_state(metric))
    if is_alive:
        if metric and metric.formula is not None:
            raise UnrankedError
        looked = [read[leaf_of(metric)]] if metric else list(dict.fromkeys(states))
        source = f"({' UNION ALL '.join(_alive(leaf, plan, parameters) for leaf in looked)})"
        rank = "sum(value)"
    else:
        flat = [leaf for leaf in plan.reads if not is_state(leaf)]
        start, end = _range(plan, metric)
        rank = ranked_by(plan, metric, parameters)
        any_counts = " OR ".join(dict.fromkeys(f"({aggregate(leaf, plan.money, parameters).counted})" for leaf in flat))
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
    per, each, group = plan.request.top_per, "", "'', 0"
    if per:
        value = f"named[{[d.id for d in plan.dimensions].index(per) + 1}]"
        group = f"{value}, {key_of([value])}"
        if not every:
            each = f"\nLIMIT {int(limit)} BY {value}"
            limit = MAX_ROWS
    sql = (
        f"SELECT {values} AS named, sipHash64(named), {group}, count() OVER (), {rank} AS rank\nFROM {source}\n"
        f"GROUP BY named\nORDER BY {order}{ties}{each}\nLIMIT {int(limit)}"
    )
    rows = run(sql, parameters.values, "the values told apart")
    return Rows(
        values=tuple(tuple(map(str, row[0])) for row in rows),
        keys=tuple(int(row[1]) for row in rows),
        per=tuple((str(row[2]), int(row[3])) for row in rows) if per else (),
        of=int(rows[0][4]) if rows else 0,
    )


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
        f"SELECT {told.thing} AS thing, argMax([{values}], {NEWEST}) AS named, argMax({told.value}, {NEWEST}) AS value"
        f" FROM events WHERE tenant = {{tenant:String}}{told.looked_at}"
        f" GROUP BY thing HAVING argMax({told.lives}, {NEWEST})"
    )
