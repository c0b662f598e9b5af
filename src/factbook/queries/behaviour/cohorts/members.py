"""The members of cohorts as SQL: whose first event fell into which bucket, and in which later ones he came back."""

from __future__ import annotations

from dataclasses import dataclass

from factbook.core.clock import epoch_ms
from factbook.core.sql import Parameters
from factbook.queries.behaviour.grid import FAR, MS, Grid
from factbook.queries.behaviour.history import inside
from factbook.queries.behaviour.people import People
from factbook.queries.behaviour.selection import matches
from factbook.queries.period import FIRST

from .question import Cohorts

UNITS = {"1d": 86_400_000, "1w": 7 * 86_400_000}
"""Milliseconds of a period that is not counted by the calendar."""

CHANNEL = "multiIf(utm_source != '', utm_source, referrer_source != '', referrer_source, 'direct')"


@dataclass(frozen=True, slots=True)
class Members:
    """sql: a subquery of rows `who`, `base` (the bucket of the cohort), `label` (of the channel, else ''), `seen` (the
    distinct periods of the returns), one a member; `first` the milliseconds of his start. begin: what the statement
    begins with."""

    begin: str
    sql: str


def members(asked: Cohorts, grid: Grid, who: People, parameters: Parameters) -> Members:
    if asked.rolling:
        return Members(who.begin, _by_hours(asked, grid, who, parameters))
    if asked.first_time:
        return Members(who.begin, _first_ever(asked, grid, who, parameters))
    return Members(who.begin, _in_each_bucket(asked, grid, who, parameters))


def lived(asked: Cohorts, grid: Grid, who: People, parameters: Parameters, value: str = "", counted: str = "") -> str:
    """One row for each person and bucket: when he `started` in it (FAR: not), when he last `returned` (-FAR: not),
    the `source` of the start; `value` in place of the return where one is given, over events that are `counted`."""
    started = f"if({matches(asked.start, parameters)}, {MS}, {FAR})"
    kept = counted or matches(asked.returning, parameters)
    last = f"{value} AS value" if value else f"max(if({kept}, {MS}, -{FAR})) AS returned"
    source = f",\n            argMin({CHANNEL}, ({started}, event_id)) AS source" if asked.is_channel else ""
    return f"""SELECT {who.of} AS who, {grid.of(MS, parameters)} AS bucket, min({started}) AS started, {last}{source}
        FROM events
        {_inside(asked, grid, parameters, kept)}
        GROUP BY who, bucket
        HAVING who != 0"""


def _first_ever(asked: Cohorts, grid: Grid, who: People, parameters: Parameters) -> str:
    label = "argMin(source, started)" if asked.is_channel else "''"
    return f"""SELECT who, base, label, first,
        arrayMap(b -> toInt32(b) - toInt32(base), arrayFilter((b, r) -> r >= first, buckets, returns)) AS seen
    FROM (
        SELECT who, min(started) AS first, minIf(bucket, started < {FAR}) AS base, {label} AS label,
            groupArrayIf(bucket, bucket > 0) AS buckets, groupArrayIf(returned, bucket > 0) AS returns
        FROM ({lived(asked, grid, who, parameters)})
        GROUP BY who
        HAVING base > 0 AND first < {parameters.add(grid.end, "Int64")}
    )"""


def _in_each_bucket(asked: Cohorts, grid: Grid, who: People, parameters: Parameters) -> str:
    label = "source" if asked.is_channel else "''"
    return f"""SELECT who, start.1 AS base, start.3 AS label, start.2 AS first,
        arrayMap(b -> toInt32(b) - toInt32(base), arrayFilter((b, r) -> r >= first, buckets, returns)) AS seen
    FROM (
        SELECT who, groupArrayIf((bucket, started, {label}), started < {parameters.add(grid.end, "Int64")}) AS starts,
            groupArray(bucket) AS buckets, groupArray(returned) AS returns
        FROM ({lived(asked, grid, who, parameters)})
        GROUP BY who
        HAVING notEmpty(starts)
    )
    ARRAY JOIN starts AS start"""


def _by_hours(asked: Cohorts, grid: Grid, who: People, parameters: Parameters) -> str:
    starts = matches(asked.start, parameters)
    kept = matches(asked.returning, parameters)
    started = f"if({starts}, {MS}, {FAR})"
    label = f"argMin({CHANNEL}, ({started}, event_id))" if asked.is_channel else "''"
    since = parameters.add(grid.bounds[0], "Int64")
    elapsed = f"intDiv(t - first, {UNITS[asked.granularity]})"
    return f"""SELECT who, {grid.of("first", parameters)} AS base, label, first,
        arrayDistinct(arrayMap(t -> toInt32({elapsed}), arrayFilter(t -> t >= first, moments))) AS seen
    FROM (
        SELECT {who.of} AS who, min({started}) AS first, {label} AS label,
            groupArrayIf({MS}, {kept} AND {MS} >= {since}) AS moments
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
