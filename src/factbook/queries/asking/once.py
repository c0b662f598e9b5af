"""Rows and their values by one statement: for an answer that is all about one stretch of time, told from events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from factbook.core.sql import Parameters
from factbook.metrics.levels import Run, cover
from factbook.queries.where import between

from .aggregates import aggregate
from .cells import Rows
from .columns import Columns, columns
from .cuts import cut
from .leaves import is_state
from .plan import Plan
from .ranks import ranked_by
from .scanned import days_of, filters_of, types_of
from .tops import ordered_by


@dataclass(frozen=True, slots=True)
class Once:
    """sql answers rows of (row, whether the row is ALL, values of the dimensions, their hash, number of rows there are,
    columns); the rows told apart count from 1 in their order, 0 is the rest."""

    sql: str
    parameters: dict[str, object]
    runs: tuple[Run, ...]
    columns: Columns


def suits(plan: Plan) -> bool:
    """Whether `statement` answers `plan`; it still raises UnrankedError where only the values can tell the order."""
    return (
        bool(plan.dimensions)
        and not plan.request.top_per
        and len(plan.placed.ranges) == 1
        and not any(is_state(leaf) or leaf.window_days for leaf in plan.reads)
        and not (plan.by_event_type and all(source.stored for source in plan.sources))
    )


def statement(plan: Plan) -> Once:
    """The largest rows by the order asked for, what is left of the others, and everything."""
    parameters = Parameters()
    wanted, descending = ordered_by(plan)
    metric = next((m for m in plan.metrics if m.id == wanted), None)
    start, end = plan.placed.ranges[plan.placed.total]
    found = [aggregate(leaf, plan.money, parameters) for leaf in plan.reads]
    cuts = [cut(d, plan.zone_name, parameters, f"toString(d{i})") for i, d in enumerate(plan.dimensions)]
    direction = "DESC" if descending else "ASC"
    if metric is None:
        rank = "0"
        first = f"{next(c.order for c, d in zip(cuts, plan.dimensions, strict=True) if d.id == wanted)} {direction}"
    else:
        rank = ranked_by(plan, metric, parameters)
        first = f"rank {direction} NULLS LAST"
    order = ", ".join([first, *(each.order for each in cuts)])
    counted = " OR ".join(dict.fromkeys(f"({each.counted})" for each in found))
    told = columns(plan.reads, found)
    keys = [f"d{i}" for i in range(len(cuts))]
    groups = ", ".join(f"{each.group} AS {key}" for each, key in zip(cuts, keys, strict=True))
    named = ", ".join(f"toString({key})" for key in keys)
    sql = (
        f"SELECT row, grouping(row), any(named), any(sipHash64(named)), any(of), {', '.join(told.merged)}\nFROM (\n"
        f"  SELECT *, [{named}] AS named, count() OVER () AS of, row_number() OVER (ORDER BY {order}) AS place,"
        f" if(place <= {int(plan.request.limit)}, toInt32(place), 0) AS row\n  FROM (\n"
        f"    SELECT {groups}, {rank} AS rank, {', '.join(told.states)}\n"
        f"    FROM events\n    WHERE tenant = {{tenant:String}}{between(start, end, parameters)}"
        f"{days_of(plan, start, end, parameters)}"
        f"{types_of(plan.reads, parameters)}{filters_of(plan, parameters)} AND ({counted})\n"
        f"    GROUP BY {', '.join(keys)}\n  )\n)\nGROUP BY GROUPING SETS ((row), ())"
    )
    return Once(sql, parameters.values, cover(((start, end),), raw=True), told)


def rows_of(answer: Sequence[Sequence[object]]) -> Rows:
    """The rows told apart, out of the answer."""
    told = sorted(
        (each for each in answer if not each[1] and int(str(each[0])) > 0), key=lambda each: int(str(each[0]))
    )
    named = [each[2] for each in told]
    assert all(isinstance(name, list | tuple) for name in named)
    return Rows(
        values=tuple(tuple(map(str, name)) for name in named if isinstance(name, list | tuple)),
        keys=tuple(int(str(each[3])) for each in told),
        of=max((int(str(each[4])) for each in answer), default=0),
    )
