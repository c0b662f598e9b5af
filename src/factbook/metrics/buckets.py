"""Where output buckets begin: minutes to years on a tenant's calendar and wall clock, through daylight saving."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from factbook.core.calendar import LENGTHS, Calendar, Cycle
from factbook.core.clock import epoch_ms
from factbook.core.errors import invalid
from factbook.core.times import CYCLES, INTERVALS, Period

MAX_POINTS = 10_000

_SHORTEST = {**INTERVALS, "1mo": 28 * 86400, "1q": 89 * 86400, "1y": 365 * 86400}


def boundaries(period: Period, interval: str, calendar: Calendar, *, field: str = "interval") -> list[int]:
    """Starts of the buckets that `period` touches and the end of the last, in milliseconds UTC, ascending.

    A day begins with its first instant on the wall clock, a week on the day that the calendar says, quarters and years
    are fiscal ones. Shorter buckets begin where the wall clock shows a multiple of the interval since midnight; an hour
    (or less) that the clock repeats in autumn is a bucket of its own, one that it skips in spring is none.
    INVALID naming `field` for more than MAX_POINTS.
    """
    if interval not in INTERVALS:
        raise invalid(f"{interval!r} is not an interval.", field=field, hint="Use " + ", ".join(INTERVALS) + ".")
    if period.start >= period.end:
        raise invalid("The period ends before it starts.", field="end_time")
    points = (period.end - period.start).total_seconds() / _SHORTEST[interval]
    if points > MAX_POINTS:
        raise invalid(
            f"That would be about {points:,.0f} points; at most {MAX_POINTS:,} are answered.",
            field=field,
            hint="Ask for a coarser interval or a shorter period.",
        )
    try:
        return _clipped(_starts(period, interval, calendar), epoch_ms(period.start), epoch_ms(period.end))
    except OverflowError:
        raise invalid("The period lies beyond the calendar.", field="start_time") from None


def _clipped(starts: Iterator[int], begin: int, end: int) -> list[int]:
    """From the last start at or before `begin` to the first at or behind `end`."""
    kept: list[int] = []
    for start in starts:
        if kept and start <= kept[-1]:
            continue
        if start <= begin:
            kept = [start]
            continue
        kept.append(start)
        if start >= end:
            break
    return kept


def _starts(period: Period, interval: str, calendar: Calendar) -> Iterator[int]:
    cycle = CYCLES.get(interval, Cycle.DAY)
    day = calendar.first_day(cycle, calendar.day(period.start) - timedelta(days=1))
    while True:
        if interval in CYCLES:
            yield epoch_ms(calendar.midnight(day))
        else:
            yield from _within(day, INTERVALS[interval], calendar)
        day = LENGTHS[cycle].from_day(day)


def _within(day: date, step: int, calendar: Calendar) -> Iterator[int]:
    tz = calendar.zone
    start, end = epoch_ms(calendar.midnight(day)), epoch_ms(calendar.midnight(day + timedelta(days=1)))
    if end - start == 86_400_000 and _offset(start, tz) == _offset(end - 1, tz):
        yield from range(start, end, step * 1000)
        return
    furthest = -1
    for instant in range(start, end, 60_000):
        wall = datetime.fromtimestamp(instant / 1000, tz)
        seconds = wall.hour * 3600 + wall.minute * 60 + (86400 if wall.date() > day else 0)
        if wall.date() < day:
            continue
        if seconds // step > furthest or (step <= 3600 and seconds % step == 0):
            furthest = max(furthest, seconds // step)
            yield instant


def _offset(instant: int, tz: ZoneInfo) -> timedelta | None:
    return datetime.fromtimestamp(instant / 1000, tz).utcoffset()
