"""The members of cohorts as SQL: whose first event fell into which bucket, and in which later ones he came back."""

from __future__ import annotations

from dataclasses import dataclass

from factbook.core.clock import epoch_ms
from factbook.core.sql import Parameters
from factbook.queries.behaviour.grid import FAR, MS, Grid
from factbook.queries.behaviour.history import inside
from factbook.queries.behaviour.people import People
from factbook.queries.behaviour.selection import Selection, matches
from factbook.queries.period import FIRST

from .question import Cohorts

UNITS = {"1d": 86_400_000, "1w": 7 * 86_400_000}
"""Milliseconds of a period that is not counted by the calendar."""

_CHANNEL = "toString(multiIf(utm_source != '', utm_source, referrer_source != '', referrer_source, 'direct'))"
_FIRST = f"bitShiftLeft(toUInt128({MS} + {FAR}), 64) + sipHash64(event_id)"
"""Orders events as one number, which is much faster than by a tuple: in time, of equal moments always alike."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What a metric brought in place of returns. value: SQL of its number over events; counted: of which events."""

    value: str
    counted: str


def members(asked: Cohorts, grid: Grid, who: People, parameters: Parameters) -> str:
    """SQL of rows `who`, `base` (the bucket of the cohort), `label` (the channel, else ''), `first` (when it began for
    him), `seen` (the distinct periods of his returns), one a member."""
    if asked.first_time:
        return _in_one_pass(asked, grid, who, parameters)
    return f"""SELECT who, base, label, first,
        arrayMap(b -> toInt32(b) - toInt32(base), arrayFilter((b, r) -> r >= first, buckets, found)) AS seen
    FROM ({followed(asked, grid, who, parameters)})"""


def followed(asked: Cohorts, grid: Grid, who: People, parameters: Parameters, brought: Brought | None = None) -> str:
    """The same without `seen`, but with `buckets` in which he was there, and what was `found` in each: when he last
    returned (-FAR: not), or what was brought."""
    label = "source" if asked.is_channel else "''"
    end = parameters.add(grid.end, "Int64")
    if asked.first_time:
        return f"""SELECT who, min(started) AS first, minIf(bucket, started < {FAR}) AS base,
            argMin({label}, started) AS label,
            groupArrayIf(bucket, bucket > 0) AS buckets, groupArrayIf(each, bucket > 0) AS found
        FROM ({_lived(asked, grid, who, parameters, brought)})
        GROUP BY who
        HAVING base > 0 AND first < {end}"""
    return f"""SELECT who, start.1 AS base, start.3 AS label, start.2 AS first, buckets, found
    FROM (
        SELECT who, groupArrayIf((bucket, started, {label}), started < {end}) AS starts,
            groupArray(bucket) AS buckets, groupArray(each) AS found
        FROM ({_lived(asked, grid, who, parameters, brought)})
        GROUP BY who
        HAVING notEmpty(starts)
    )
    ARRAY JOIN starts AS start"""


def _lived(asked: Cohorts, grid: Grid, who: People, parameters: Parameters, brought: Brought | None) -> str:
    """A row for each person and bucket: when he `started` in it (FAR: not), what there was of `each`."""
    starts = matches(asked.start, parameters)
    kept = brought.counted if brought else matches(asked.returning, parameters)
    each = brought.value if brought else f"max(if({kept}, {MS}, -{FAR}))"
    source = f",\n            argMinIf({_CHANNEL}, {_FIRST}, {starts}) AS source" if asked.is_channel else ""
    return f"""SELECT {who.of} AS who, {grid.of(MS, parameters)} AS bucket, min(if({starts}, {MS}, {FAR})) AS started,
            {each} AS each{source}
        FROM events
        {_inside(asked, grid, parameters, kept)}
        GROUP BY who, bucket
        HAVING who != 0"""


def _starts_are_returns(asked: Cohorts) -> bool:
    return asked.returning in (Selection(), asked.start)


def _in_one_pass(asked: Cohorts, grid: Grid, who: People, parameters: Parameters) -> str:
    """Without a look at each bucket of each person: by the times of his returns, or the buckets where whoever starts is
    back."""
    starts, kept = matches(asked.start, parameters), matches(asked.returning, parameters)
    label = f"argMinIf({_CHANNEL}, {_FIRST}, {starts})" if asked.is_channel else "''"
    since = parameters.add(grid.bounds[0], "Int64")
    gathered, each, begin = "groupArrayIf", MS, "first"
    period = f"toInt32({grid.of('t', parameters)}) - toInt32(base)"
    if asked.rolling:
        period = f"intDiv(t - first, {UNITS[asked.granularity]})"
    elif _starts_are_returns(asked):
        gathered, each, begin = "groupUniqArrayIf", grid.of(MS, parameters), "base"
        period = "toInt32(t) - toInt32(base)"
    return f"""SELECT who, {grid.of("first", parameters)} AS base, label, first,
        arrayDistinct(arrayMap(t -> toInt32({period}), arrayFilter(t -> t >= {begin}, found))) AS seen
    FROM (
        SELECT {who.of} AS who, min(if({starts}, {MS}, {FAR})) AS first, {label} AS label,
            {gathered}({each}, {kept} AND {MS} >= {since}) AS found
        FROM events
        {_inside(asked, grid, parameters, kept)}
        GROUP BY who
        HAVING who != 0 AND first >= {since} AND first < {parameters.add(grid.end, "Int64")}
    )"""


def _inside(asked: Cohorts, grid: Grid, parameters: Parameters, kept: str) -> str:
    """`WHERE …` of the events that can matter: for a first ever one all that are kept, of before the period too."""
    since = epoch_ms(FIRST) if asked.first_time else grid.bounds[0]
    text = inside(asked.about, parameters, start_ms=since, end_ms=max(epoch_ms(asked.until), grid.end))
    starts = matches(asked.start, parameters)
    return text if "1" in (starts, kept) else f"{text}\n        AND ({starts} OR {kept})"
