"""Who was new in each bucket, who stayed, who came back after a pause, and who stayed away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from factbook.core.calendar import Calendar
from factbook.core.clock import epoch_ms, from_epoch_ms
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.metrics.levels import RAW
from factbook.queries.horizon import since
from factbook.queries.period import FIRST
from factbook.queries.shown import shown
from factbook.storage.warehouse import Warehouse

from .grid import MS, grid
from .history import FIELDS as HISTORY
from .history import History, history, inside
from .people import people
from .reading import chosen, flag, one_of, text
from .segments.segments import NONE, Segments
from .selection import Selection, matches

FIELDS = (*HISTORY, "granularity", "event")
STATES = ("new", "returning", "resurrecting", "dormant")
_NONE = "toUInt16(65535)"


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """chosen: the events that count as being there."""

    about: History
    granularity: str
    chosen: Selection
    now: datetime


def lifecycle_asked(
    given: Mapping[str, Any], calendar: Calendar, now: datetime, segments: Segments = NONE
) -> Lifecycle:
    """From the FIELDS of a question. INVALID naming the field."""
    granularity = one_of(text(given, "granularity") or "1w", ("1d", "1w", "1mo"), "granularity")
    default = {"1d": "last_30_days", "1w": "last_12_weeks", "1mo": "last_12_months"}[granularity]
    given = {**given, "include_bots": flag(given, "include_bots")}
    about = history(given, calendar, now, default=default, segments=segments)
    return Lifecycle(about, granularity, chosen(given, "event", about.calendar.zone, segments), now)


def lifecycle(warehouse: Warehouse, scope: Scope, asked: Lifecycle, kept: Mapping[str, int]) -> dict[str, Any]:
    """People by state and bucket. `active` of a bucket are new, returning and resurrecting; `active` of the one before
    are returning and dormant. Nobody is dormant in a bucket that is not over."""
    about = asked.about
    told = grid(about.period, asked.granularity, about.calendar, asked.now)
    before = replace(about.period, start=from_epoch_ms(told.bounds[0] - 1))
    buckets = grid(before, asked.granularity, about.calendar, asked.now)  # with the one before the first
    parameters = Parameters()
    who = people(warehouse, scope)
    sql = f"""{who.begin}SELECT cell.1 AS bucket, cell.2 AS state, count()
FROM (
    SELECT arraySort(found) AS there,
        arrayPushFront(arrayPopBack(there), {_NONE}) AS earlier, arrayPushBack(arrayPopFront(there), {_NONE}) AS later,
        arrayMap((b, e) -> (toUInt16(b), multiIf(e = {_NONE}, 1, e + 1 = b, 2, 3)), there, earlier) AS comings,
        arrayFilter((b, l) -> l != b + 1, there, later) AS last_seen,
        arrayJoin(arrayConcat(comings, arrayMap(b -> (toUInt16(b + 1), 4), arrayFilter(b -> b > 0, last_seen)))) AS cell
    FROM (
        SELECT {who.of} AS who, groupUniqArray({buckets.of(MS, parameters)}) AS found
        FROM events
        {inside(about, parameters, start_ms=epoch_ms(FIRST))} AND {matches(asked.chosen, parameters)}
        GROUP BY who
        HAVING who != 0
    )
)
WHERE bucket BETWEEN 2 AND {len(buckets.bounds) - 1}
GROUP BY bucket, state"""
    counts = {(bucket, state): count for bucket, state, count in warehouse.rows(scope, sql, parameters.values)}
    zone, places = about.calendar.zone, range(2, len(buckets.bounds))
    of = {name: [int(counts.get((at, state), 0)) for at in places] for state, name in enumerate(STATES, 1)}
    over = [buckets.is_over(at) for at in places]
    gone = [count if is_over else None for count, is_over in zip(of["dormant"], over, strict=True)]
    return {
        "granularity": asked.granularity,
        "event": asked.chosen.name,
        "start_time": shown(told.bounds[0], zone),
        "end_time": shown(told.end, zone),
        "timezone": zone.key,
        "complete_since": since({RAW: epoch_ms(FIRST)}, told.end, kept, zone),
        "times": [shown(told.bounds[at - 2], zone) for at in places],
        "incomplete": [not each for each in over],
        "active": [sum(each) for each in zip(of["new"], of["returning"], of["resurrecting"], strict=True)],
        **of,
        "dormant": gone,
    }
