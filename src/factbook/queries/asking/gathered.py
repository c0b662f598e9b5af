"""Every value of the dimensions in every bucket by one statement, put in order afterwards: for few values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from factbook.core.sql import Parameters
from factbook.metrics.levels import Run, cover
from factbook.queries.states import placed

from .aggregates import aggregate
from .cells import Rows
from .columns import Columns, columns
from .cuts import cut
from .leaves import is_state
from .plan import Plan
from .reach import reached
from .scanned import filters_of, key_of, types_of
from .spans import segments

MOST = 20_000
"""Values in segments of time: where there are more, they are ranked before the largest are read."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """sql answers rows of (hash of the values, whether the row is everything, span, the values, columns)."""

    sql: str
    parameters: dict[str, object]
    runs: tuple[Run, ...]
    columns: Columns


def suits(plan: Plan) -> bool:
    """Whether `statement` may answer `plan`: what is not told apart need not be told."""
    return (
        bool(plan.dimensions)
        and not plan.request.other
        and not plan.request.top_per
        and not any(d.edges or d.time_part for d in plan.dimensions)
        and not any(is_state(leaf) or leaf.window_days for leaf in plan.reads)
        and not any(source.stored for source in plan.sources)
    )


def statement(plan: Plan) -> Gathered:
    """LIMITED past MOST."""
    parameters = Parameters()
    pieces = segments(plan.placed.ranges)
    runs = cover(pieces.buckets, raw=True)
    inside, at = placed(list(runs), "toUnixTimestamp64Milli(timestamp)", 1, parameters)
    found = [aggregate(leaf, plan.money, parameters) for leaf in plan.reads]
    wanted = columns(plan.reads, found)
    counted = " OR ".join(dict.fromkeys(f"({each.counted})" for each in found))
    cuts = [cut(d, plan.zone_name, parameters, "") for d in plan.dimensions]
    keys = [f"d{i}" for i in range(len(cuts))]
    groups = ", ".join(f"{each.group} AS {key}" for each, key in zip(cuts, keys, strict=True))
    texts = [f"toString({key})" for key in keys]
    sql = (
        f"SELECT hash, grouping(hash), span, any(named), {', '.join(wanted.merged)}\nFROM (\n"
        f"  SELECT {groups}, [{', '.join(texts)}] AS named, {key_of(texts)} AS hash, toInt64({at}) AS at,"
        f" {', '.join(wanted.states)}\n  FROM events\n"
        f"  WHERE tenant = {{tenant:String}} AND {inside}"
        f"{types_of(plan.reads, parameters)}{filters_of(plan, parameters)} AND ({counted})\n"
        f"  GROUP BY {', '.join(keys)}, at\n"
        f"  SETTINGS max_rows_to_group_by = {MOST}, group_by_overflow_mode = 'throw'\n)\n"
        f"ARRAY JOIN {reached(pieces, 'at', parameters)} AS span\nGROUP BY GROUPING SETS ((hash, span), (span))"
    )
    return Gathered(sql, parameters.values, runs, wanted)


def rows_of(answer: Sequence[Sequence[Any]]) -> Rows:
    """Every value there is, in the order of their names."""
    found = sorted({(tuple(map(str, each[3])), int(each[0])) for each in answer if not each[1]})
    return Rows(tuple(name for name, _ in found), tuple(key for _, key in found), of=len(found))
