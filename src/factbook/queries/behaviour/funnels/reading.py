"""The one statement behind a funnel's answer: the whole, its trend, its histogram and its rows in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from factbook.core.clock import epoch_ms
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.metrics.buckets import boundaries
from factbook.queries.behaviour.people import people
from factbook.storage.warehouse import Warehouse

from .attempts import attempts
from .question import Question

EDGES = (
    0, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21600, 43200,
    *(days * 86400 for days in (1, 2, 3, 5, 7, 14, 30, 60, 90, 180)),
)  # fmt: skip
"""Seconds at which the bars of the histogram of times to convert begin."""

_WHOLE, _BUCKET, _VALUE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Group:
    """reached: how many did each step, from the first. medians, means: milliseconds from the former step to each, from
    the second, and behind them from the first to the last; None for nobody. open: their window is not over yet."""

    reached: tuple[int, ...]
    open: int
    medians: tuple[float | None, ...]
    means: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """trend: by the start of the bucket. bars: how many converted, by place in EDGES. rows: by value, the largest
    first. values: how many there are."""

    whole: Group
    starts: tuple[int, ...]
    trend: dict[int, Group]
    bars: dict[int, int]
    rows: dict[str, Group]
    values: int


def read(warehouse: Warehouse, scope: Scope, asked: Question, now: datetime) -> Found:
    """Everything that the answer tells."""
    period, calendar = asked.about.period, asked.about.calendar
    starts = boundaries(period, asked.granularity, calendar, field="granularity") if asked.granularity else []
    parameters = Parameters()
    sql = _sql(warehouse, scope, asked, starts, epoch_ms(now), parameters)
    whole, values = _group((), len(asked.steps)), 0
    trend: dict[int, Group] = {}
    bars: dict[int, int] = {}
    rows: dict[str, Group] = {}
    for kind, bucket, value, distinct, histogram, *numbers in warehouse.rows(scope, sql, parameters.values):
        group = _group(numbers, len(asked.steps))
        if kind == _WHOLE:
            whole, values = group, distinct
            bars = {int(bar): int(count) for bar, count in zip(*histogram, strict=True)}
        elif kind == _BUCKET:
            trend[bucket] = group
        elif kind == _VALUE:
            rows[value] = group
    return Found(whole, tuple(starts), trend, bars, rows, values)


def _sql(
    warehouse: Warehouse, scope: Scope, asked: Question, starts: Sequence[int], now: int, parameters: Parameters
) -> str:
    who = people(warehouse, scope)
    steps = len(asked.steps)
    gaps = [
        f"if(times[{step}] > 0, times[{step}] - arrayMax(arraySlice(times, 1, {step - 1})), -1) AS gap{step}"
        for step in range(2, steps + 1)
    ]
    whole = f"if(depth = {steps}, times[{steps}] - times[1], -1) AS gap{steps + 1}"
    bucket = f"roundDown(times[1] + {asked.start - 1}, {_numbers(starts)})" if starts else "0"
    edges = _numbers([edge * 1000 for edge in EDGES])
    bar = f"if(depth = {steps}, toInt64(indexOf({edges}, roundDown(gap{steps + 1}, {edges}))) - 1, -1)"
    columns = [
        "depth",
        "arrayMap(time -> time > 0, times) AS reached",
        f"depth < {steps} AND times[1] + {asked.start - 1 + asked.window} >= {now} AS waits",
        *gaps,
        whole,
        f"toInt64({bucket}) AS bucket",
        f"toInt64({bar}) AS bar",
        "value",
    ]
    measured = [f"gap{step}" for step in range(2, steps + 2)]
    medians = ", ".join(f"quantileExactInclusiveOrNullIf(0.5)({gap}, {gap} >= 0)" for gap in measured)
    means = ", ".join(f"avgOrNullIf({gap}, {gap} >= 0)" for gap in measured)
    cuts = {**({"bucket": _BUCKET} if starts else {}), **({"value": _VALUE} if asked.breakdown else {})}
    kind = "".join(f"if(grouping({cut}) = 0, {number}, " for cut, number in cuts.items())
    sets = ", ".join(["()", *(f"({cut})" for cut in cuts)])
    told = max(asked.limit, len(starts))
    named, distinct = ("value", "uniqExact(value)") if asked.breakdown else ("''", "0")
    return f"""{who.begin}SELECT {kind}{_WHOLE}{")" * len(cuts)} AS kind,
    {"bucket" if starts else "0"} AS begun, {named} AS named, {distinct} AS distinct,
    sumMapIf([bar], [toUInt64(1)], bar >= 0) AS bars,
    sumForEach(reached) AS counts, countIf(waits) AS open, {medians}, {means}
FROM (SELECT {", ".join(columns)} FROM ({attempts(asked, who, parameters)}))
{f"GROUP BY GROUPING SETS ({sets})" if cuts else ""}
ORDER BY kind, counts[1] DESC, named
LIMIT {told} BY kind"""


def _numbers(values: Sequence[int]) -> str:
    return f"CAST({list(values)}, 'Array(Int64)')"


def _group(numbers: Sequence[Any], steps: int) -> Group:
    if not numbers or not numbers[0]:
        return Group((0,) * steps, 0, (None,) * steps, (None,) * steps)
    counts, waits, *times = numbers
    told = tuple(None if time is None else float(time) for time in times)
    return Group(tuple(int(count) for count in counts), int(waits), told[:steps], told[steps:])
