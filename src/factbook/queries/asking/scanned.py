"""The statement over single events: one scan for all leaves, cut into rows and spans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from factbook.core.sql import Parameters
from factbook.metrics.levels import Run, cover
from factbook.metrics.model import Kind
from factbook.queries.states import placed
from factbook.queries.where import days, where

from .aggregates import aggregate
from .cells import ALL, NOTHING, Cell, Rows
from .columns import Columns, columns
from .cuts import cut
from .leaves import Leaf
from .pieces import Pieces, pieces
from .plan import Plan
from .reach import reached
from .spans import Segments

_WHOLE = (Kind.COUNT, Kind.UNIQUE)


@dataclass(frozen=True, slots=True)
class Scanned:
    """sql answers rows of (row, whether the row is ALL, span, columns), or what pieces are put together from."""

    sql: str
    parameters: dict[str, object]
    runs: tuple[Run, ...]
    columns: Columns | Pieces

    def told(self, answer: Iterable[Sequence[Any]]) -> Iterable[Sequence[Any]]:
        """Rows of (row, whether the row is ALL, span, events and value of each leaf in turn), of `answer` to `sql`."""
        if isinstance(self.columns, Pieces):
            return self.columns.put_together(answer)
        return ((row, whole, span, *self.columns.told(numbers)) for row, whole, span, *numbers in answer)


def statement(leaves: Sequence[Leaf], plan: Plan, rows: Rows, segments: Segments) -> Scanned:
    """Reads `leaves` (not none, no STATE) over `segments`."""
    parameters = Parameters()
    runs = cover(segments.buckets, raw=True)
    inside, at = placed(list(runs), "toUnixTimestamp64Milli(timestamp)", 1, parameters)
    found = [aggregate(leaf, plan.money, parameters) for leaf in leaves]
    inside += days_of(plan, segments.buckets[0][0], segments.buckets[-1][1], parameters)
    told = len(rows.values) + len(rows.groups) + 1 if plan.dimensions else None
    wanted = pieces(leaves, found, segments, rows=told) or columns(leaves, found)
    inner = [f"{row_of(plan, rows, parameters)} AS row", f"toInt64({at}) AS at", *wanted.states]
    sql = (
        f"  SELECT {', '.join(inner)}\n  FROM events\n"
        f"  WHERE tenant = {{tenant:String}} AND {inside}{types_of(leaves, parameters)}{filters_of(plan, parameters)}\n"
        f"  GROUP BY row, at"
    )
    if isinstance(wanted, Pieces):
        return Scanned(sql, parameters.values, runs, wanted)
    grouped = "GROUPING SETS ((row, span), (span))" if plan.dimensions else "row, span"
    whole = "grouping(row)" if plan.dimensions else "1"
    sql = (
        f"SELECT row, {whole}, span, {', '.join(wanted.merged)}\nFROM (\n{sql}\n)\n"
        f"ARRAY JOIN {reached(segments, 'at', parameters)} AS span\nGROUP BY {grouped}"
    )
    return Scanned(sql, parameters.values, runs, wanted)


def cell(leaf: Leaf, events: int, value: float | None) -> Cell:
    """The value of `leaf` from its two columns."""
    if not events or value is None:
        return NOTHING
    kind = leaf.measure.kind
    if kind in _WHOLE:
        return Cell(events, int(value))
    return Cell(events, value / events if kind is Kind.AVG else float(value))


def row_of(plan: Plan, rows: Rows, parameters: Parameters) -> str:
    """SQL of the row an event belongs to."""
    if not plan.dimensions:
        return f"toInt32({ALL})"
    values = [cut(d, plan.zone_name, parameters, "").value for d in plan.dimensions]
    place = f"indexOf({parameters.add(list(rows.keys), 'Array(UInt64)')}, {key_of(values)})"
    groups = [key for _, key in rows.groups]
    if not groups:
        return f"toInt32({place})"
    per = values[[d.id for d in plan.dimensions].index(str(plan.request.top_per))]
    group = f"indexOf({parameters.add(groups, 'Array(UInt64)')}, {key_of([per])})"
    return f"toInt32(multiIf({place} > 0, {place}, {group} > 0, -1 - {group}, 0))"


def key_of(values: Sequence[str]) -> str:
    """SQL of what a row is known by: the values themselves may be more than a statement can be sent with."""
    return f"sipHash64([{', '.join(values)}])"


def types_of(leaves: Sequence[Leaf], parameters: Parameters) -> str:
    """` AND …` for the event types that any of `leaves` looks at."""
    if not all(leaf.events for leaf in leaves):
        return ""
    types = sorted({name for leaf in leaves for name in (*leaf.events, *leaf.measure.until)})
    return f" AND event_type IN {parameters.add(types, 'Array(String)')}"


def days_of(plan: Plan, start: int, end: int, parameters: Parameters) -> str:
    """` AND …` for the days to look through, where few of their events are wanted."""
    return days(start, end, parameters) if any(each.is_sparse for each in plan.conditions) else ""


def filters_of(plan: Plan, parameters: Parameters) -> str:
    return where(plan.conditions, parameters, include_bots=plan.request.include_bots)
