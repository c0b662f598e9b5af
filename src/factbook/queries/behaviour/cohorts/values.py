"""What each cohort brought, period by period: revenue, orders, or any other metric that adds up over events."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

from factbook.core.errors import FactbookError, Kind, invalid
from factbook.core.money import Money
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.metrics.model import Kind as Measured
from factbook.metrics.model import Metric, Unit
from factbook.queries.asking import rules
from factbook.queries.asking.aggregates import aggregate
from factbook.queries.asking.ask import Tenant
from factbook.queries.asking.leaves import leaf_of
from factbook.queries.asking.lookups import Lookups
from factbook.queries.asking.plan import Plan
from factbook.queries.asking.request import Request
from factbook.queries.behaviour.people import people
from factbook.storage.warehouse import Warehouse

from .cells import Cell, Table, column, groups
from .members import Brought, followed
from .question import Cohorts
from .retention import about, grid_of, names, placed, told

_RULES = (
    rules.name_the_metrics,
    rules.keep_to_the_tier,
    rules.take_formulas_apart,
    rules.look_for_foreign_money,
)


def values(warehouse: Warehouse, scope: Scope, asked: Cohorts, tenant: Tenant) -> dict[str, Any]:
    """The cohorts with what they brought: in sum, for each member, and both added up from the start.

    INVALID for a metric that does not add up over events, FORBIDDEN for one of a higher tier, CONFLICT for amounts
    without a rate.
    """
    if asked.open or asked.previous:
        field = "returns" if asked.open else "reference"
        raise invalid(f"{field} is about retention, not about {asked.metric}.", field=field, hint="Leave it out.")
    metric, money = _metric(warehouse, scope, asked, tenant)
    over, parameters = grid_of(asked), Parameters()
    who = people(warehouse, scope)
    sums = aggregate(leaf_of(metric), money, parameters)
    brought = Brought(f"toFloat64(ifNull({sums.direct}, 0))", f"({sums.counted})")
    at = column(asked, "(toInt32(b) - toInt32(base))", parameters)
    each = f"arrayFilter(p -> p.1 > 0, arrayMap((b, each) -> ({at}, each), buckets, found))"
    cells = f"""SELECT label, base, cell.1 AS column, count() AS members, sum(cell.2) AS n
FROM (
    SELECT label, base, arrayJoin(arrayPushBack({each}, (toUInt16(0), 0.))) AS cell
    FROM ({followed(asked, over, who, parameters, brought)})
)
WHERE {{tenant:String}} != ''
GROUP BY label, base, column"""
    rows = warehouse.rows(scope, who.begin + placed(cells, asked), parameters.values)
    if any(math.isnan(row[4]) for row in rows):
        raise FactbookError(
            Kind.CONFLICT,
            f"Amounts came in a currency without a rate to {money.currency}.",
            field="rates",
            hint="Set the rate with PUT /api/v1/settings.",
        )
    table = Table(asked, over, groups(rows, len(asked.columns)))
    named = about(replace(asked, returning=replace(asked.returning, events=metric.events)), over, tenant.kept)
    shown = {"unit": metric.unit, "decimals": metric.decimals}
    if metric.unit is Unit.CURRENCY:
        shown["currency"] = money.currency
    return {**named, **shown, **told(table, names(rows), _amounts)}


def _metric(warehouse: Warehouse, scope: Scope, asked: Cohorts, tenant: Tenant) -> tuple[Metric, Money]:
    plan = Plan(
        Request((asked.metric,)),
        scope,
        tenant.catalog,
        tenant.calendar,
        tenant.money,
        asked.now,
        conditions=asked.about.conditions,
    )
    try:
        for rule in _RULES:
            plan = rule(plan, Lookups(warehouse, scope))
    except FactbookError as error:
        error.field = "metric" if error.field == "metrics" else error.field
        raise
    [metric] = plan.metrics
    if not (metric.measure and metric.measure.kind in (Measured.COUNT, Measured.SUM)) or metric.window_days:
        raise invalid(
            f"{metric.id} does not add up over people and periods.",
            field="metric",
            hint="Use retention, or a metric that counts or sums events, as revenue or orders.",
        )
    return metric, plan.money


def _amounts(cells: Sequence[Cell | None]) -> dict[str, Any]:
    each = [cell.count / cell.of if cell and cell.of else None for cell in cells]
    return {
        "values": [None if cell is None else cell.count for cell in cells],
        "per_person": each,
        "cumulative": _added([None if cell is None else cell.count for cell in cells]),
        "cumulative_per_person": _added(each),
    }


def _added(numbers: Sequence[float | None]) -> list[float | None]:
    """Running sums up to the first null."""
    known = next((at for at, number in enumerate(numbers) if number is None), len(numbers))
    summed = accumulate(number for number in numbers[:known] if number is not None)
    return [*summed, *[None] * (len(numbers) - known)]
