"""On how many days of a week or a month people are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from factbook.core.calendar import Calendar
from factbook.core.clock import from_epoch_ms
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.metrics.levels import RAW
from factbook.queries.horizon import since
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
DAYS = {"1w": 7, "1mo": 31}


@dataclass(frozen=True, slots=True)
class Stickiness:
    """granularity: the length of the windows in which days are counted. chosen: the events that count."""

    about: History
    granularity: str
    chosen: Selection
    now: datetime


def stickiness_asked(
    given: Mapping[str, Any], calendar: Calendar, now: datetime, segments: Segments = NONE
) -> Stickiness:
    """From the FIELDS of a question. INVALID naming the field."""
    granularity = one_of(text(given, "granularity") or "1w", tuple(DAYS), "granularity")
    default = "last_12_weeks" if granularity == "1w" else "last_6_months"
    given = {**given, "include_bots": flag(given, "include_bots")}
    about = history(given, calendar, now, default=default, segments=segments)
    return Stickiness(about, granularity, chosen(given, "event", about.calendar.zone, segments), now)


def stickiness(warehouse: Warehouse, scope: Scope, asked: Stickiness, kept: Mapping[str, int]) -> dict[str, Any]:
    """People by their number of active days, in each whole week or month that the period touches; the average of those
    that are over, each weighted by its people."""
    about = asked.about
    windows = grid(about.period, asked.granularity, about.calendar, asked.now)
    whole = replace(about, period=replace(about.period, start=from_epoch_ms(windows.bounds[0])))
    days = grid(whole.period, "1d", about.calendar, asked.now)
    parameters = Parameters()
    who = people(warehouse, scope)
    sql = f"""{who.begin}SELECT window, days, count()
FROM (
    SELECT who, {windows.of("begun", parameters)} AS window, count() AS days
    FROM (
        SELECT {who.of} AS who, {days.of(MS, parameters)} AS day, min({MS}) AS begun
        FROM events
        {inside(whole, parameters)} AND {matches(asked.chosen, parameters)}
        GROUP BY who, day
        HAVING who != 0
    )
    GROUP BY who, window
)
WHERE {{tenant:String}} != ''
GROUP BY window, days"""
    counts = {(window, days): int(count) for window, days, count in warehouse.rows(scope, sql, parameters.values)}
    zone, most = about.calendar.zone, DAYS[asked.granularity]
    lines = []
    for window in range(1, windows.size + 1):
        row = [counts.get((window, day), 0) for day in range(1, most + 1)]
        at = shown(windows.bounds[window - 1], zone)
        lines.append({"time": at, **_told(row), "incomplete": not windows.is_over(window)})
    over = [line["counts"] for line in lines if not line["incomplete"]]
    return {
        "granularity": asked.granularity,
        "event": asked.chosen.name,
        "start_time": shown(windows.bounds[0], zone),
        "end_time": shown(windows.end, zone),
        "timezone": zone.key,
        "complete_since": since({RAW: windows.bounds[0]}, windows.end, kept, zone),
        "days": list(range(1, most + 1)),
        "windows": lines,
        "average": _told([sum(each) for each in zip(*over, strict=True)] if over else [0] * most),
    }


def _told(row: list[int]) -> dict[str, Any]:
    people = sum(row)
    return {
        "people": people,
        "counts": row,
        "shares": [count / people if people else None for count in row],
        "mean_days": sum(day * count for day, count in enumerate(row, 1)) / people if people else None,
    }
