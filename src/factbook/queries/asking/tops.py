"""Which values of the dimensions an answer tells apart: the largest by the order asked for, found by one statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from factbook.core.errors import invalid
from factbook.core.sql import Parameters
from factbook.events.filters import field_of
from factbook.metrics.expressions import Binary, Call, Expression, Literal, Name, Unary
from factbook.metrics.levels import Bucket
from factbook.metrics.model import Metric
from factbook.queries.where import between, moment, value_of

from .aggregates import NEWEST, aggregate, amount, matching
from .cells import Rows
from .cuts import cut
from .leaves import Leaf, is_state, leaf_of
from .plan import Plan
from .rules import window_start
from .scanned import filters_of, types_of

MAX_GROUPS = 100

Run = Callable[[str, Mapping[str, Any], str], Sequence[Sequence[Any]]]
"""`run(sql, parameters, reason)`: the rows of a statement."""


class UnrankedError(Exception):
    """The order asked for cannot be computed before the rows are known."""


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
    """The rows of `plan`. INVALID when it would be cut in an order that cannot be computed beforehand."""
    name, descending = ordered_by(plan)
    metric = next((m for m in plan.metrics if m.id == name), None)
    read = dict(zip(plan.leaves, plan.reads, strict=True))
    try:
        found = _ranked(run, plan, metric, read, descending=descending)
    except UnrankedError:
        found = _ranked(run, plan, None, read, descending=descending, every=True)
        if found.of > len(found.values):
            raise invalid(
                f"{found.of:,} values would have to be ordered by {name}, which needs them all first.",
                field="order",
                hint="Order by another metric or by a dimension, or raise limit.",
            ) from None
    return found


def _ranked(
    run: Run, plan: Plan, metric: Metric | None, read: dict[Leaf, Leaf], *, descending: bool, every: bool = False
) -> Rows:
    parameters = Parameters()
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
        rank = _rank(plan, metric, read, parameters)
        any_counts = " OR ".join(f"({aggregate(leaf, plan.money, parameters).counted})" for leaf in flat)
        period = between(start, end, parameters) + types_of(flat, parameters) + filters_of(plan, parameters)
        source = f"events\nWHERE tenant = {{tenant:String}}{period} AND ({any_counts})"
    cuts = [cut(d, plan.zone_name, parameters, f"named[{i + 1}]") for i, d in enumerate(plan.dimensions)]
    values = "named" if is_alive else f"[{', '.join(each.value for each in cuts)}]"
    direction = "DESC" if descending else "ASC"
    order = f"{rank} {direction} NULLS LAST"
    if metric is None and not every:
        wanted = ordered_by(plan)[0]
        order = f"{next(c.order for c, d in zip(cuts, plan.dimensions, strict=True) if d.id == wanted)} {direction}"
    ties = ", ".join(each.order for each in cuts)
    per = ""
    if plan.request.top_per:
        place = [d.id for d in plan.dimensions].index(plan.request.top_per) + 1
        per = f"\nLIMIT {int(plan.request.limit)} BY named[{place}]"
    limit = int(plan.request.limit) * (MAX_GROUPS if per else 1)
    sql = (
        f"SELECT {values} AS named, count() OVER () AS of, {rank} AS rank\nFROM {source}\n"
        f"GROUP BY named\nORDER BY {order}, {ties}{per}\nLIMIT {limit}"
    )
    rows = run(sql, parameters.values, "the values told apart")
    groups: tuple[str, ...] = ()
    if plan.request.top_per:
        groups = tuple(dict.fromkeys(str(row[0][place - 1]) for row in rows))
    return Rows(tuple(tuple(map(str, row[0])) for row in rows), groups, int(rows[0][1]) if rows else 0)


def _is_state(metric: Metric | None) -> bool:
    return metric is not None and metric.formula is None and is_state(leaf_of(metric))


def _range(plan: Plan, metric: Metric | None) -> Bucket:
    start, end = plan.placed.ranges[plan.placed.total]
    if metric and metric.window_days:
        start = window_start(end, metric.window_days, plan.calendar)
    return start, end


def _rank(plan: Plan, metric: Metric | None, read: dict[Leaf, Leaf], parameters: Parameters) -> str:
    if metric is None:
        return "count()"
    return _finished(plan, leaf_or_formula(metric), read, parameters)


def leaf_or_formula(metric: Metric) -> Leaf | Expression:
    return leaf_of(metric) if metric.formula is None else metric.formula


def _finished(plan: Plan, thing: Leaf | Expression, read: dict[Leaf, Leaf], parameters: Parameters) -> str:
    """The finished number of a leaf or formula over the whole group."""

    def of(expression: Expression) -> str:
        return _finished(plan, expression, read, parameters)

    match thing:
        case Leaf():
            if is_state(thing):
                raise UnrankedError
            return aggregate(read[thing], plan.money, parameters).direct
        case Literal(number):
            return parameters.add(float(number), "Float64")
        case Name(name):
            return _finished(plan, leaf_or_formula(plan.catalog.get(name)), read, parameters)
        case Unary("-", operand):
            return f"(-{of(operand)})"
        case Binary("/", left, right):
            return f"({of(left)} / nullIf({of(right)}, 0))"
        case Binary(operator, left, right):
            return f"({of(left)} {operator} {of(right)})"
        case Call("coalesce" | "least" | "greatest" | "abs" as name, arguments):
            return f"{name}({', '.join(of(argument) for argument in arguments)})"
    raise UnrankedError


def _alive(leaf: Leaf, plan: Plan, parameters: Parameters) -> str:
    """The things of a state that are alive at the end, with the newest of what they are cut by."""
    ended = f"event_type IN {parameters.add(list(leaf.measure.until), 'Array(String)')}" if leaf.measure.until else "0"
    value, there = ("1.", "1") if leaf.measure.of is None else amount(leaf, plan.money, parameters)
    thing = value_of(*field_of(leaf.measure.by, field="measure"), parameters)
    values = ", ".join(cut(d, plan.zone_name, parameters, "").value for d in plan.dimensions)
    end = plan.placed.ranges[plan.placed.total][1]
    return (
        f"(SELECT {thing} AS thing, argMax([{values}], {NEWEST}) AS named, argMax({ended}, {NEWEST}) AS over,"
        f" argMax(if({ended}, 0., {value}), {NEWEST}) AS value FROM events"
        f" WHERE tenant = {{tenant:String}} AND timestamp < {moment(end, parameters)} AND thing != ''"
        f" AND ({ended} OR ({matching(leaf, parameters)} AND {there})){types_of([leaf], parameters)}"
        f"{filters_of(plan, parameters)} GROUP BY thing HAVING NOT over)"
    )
