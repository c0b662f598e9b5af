"""The period a read is about, from the start and end that the caller gave, and the one it is compared with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from factbook.core.calendar import LENGTHS, Calendar, Cycle, Span
from factbook.core.errors import invalid
from factbook.core.scope import Scope
from factbook.core.times import CYCLES, Period, minute_end, parse_moment, zone

COMPARISONS = ("previous_period", "previous_year")

FIRST, LAST = datetime(1900, 1, 2, tzinfo=UTC), datetime(2262, 1, 1, tzinfo=UTC)

_DAY, _YEAR = timedelta(days=1), Span(months=12)


def zone_of(scope: Scope, name: str | None) -> ZoneInfo:
    """The zone asked for, or the tenant's."""
    return zone(name or scope.zone)


def bounds(start: str | None, end: str | None, tz: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """Start and end as given, UTC; an end that is a date includes that day. INVALID in the wrong order."""
    begin = parse_moment(start, tz, "start_time") if start else None
    until = parse_moment(end, tz, "end_time", end=True) if end else None
    for field, moment in (("start_time", begin), ("end_time", until)):
        if moment and not FIRST <= moment <= LAST:
            raise invalid(f"{field} lies outside the years 1900 to 2261.", field=field)
    if begin and until and begin >= until:
        raise invalid("The period ends before it starts.", field="end_time", hint="Give a start_time before end_time.")
    return begin, until


def period_of(start: str | None, end: str | None, tz: ZoneInfo, *, now: datetime, default: timedelta) -> Period:
    """The half-open period; without an end it ends with the current minute, without a start it is `default` long."""
    begin, until = bounds(start, end, tz)
    present = minute_end(now)
    until = until or (present if begin is None or begin < present else begin + default)
    begin = begin or until - default
    return Period(max(begin, FIRST), until)


def compared(period: Period, compare: str, interval: str, calendar: Calendar) -> Period:
    """The period to compare with, on the wall clock: whole days stay whole days through daylight saving.

    previous_period: what its name says: this month until the 17th at 10:30 is compared with last month until its 17th
    at 10:30, or with all of it where it is shorter. Without a name, whole months are moved by as many months; what
    begins with a bucket of a day or longer, by as many buckets as it touches; other whole days by as many days; and
    anything else by its length.
    previous_year: the same dates a year earlier (29 February: the 28th).
    """
    if compare not in COMPARISONS:
        raise invalid(
            f"{compare[:40]!r} is not a comparison.", field="compare", hint="Use " + " or ".join(COMPARISONS) + "."
        )
    try:
        if compare == "previous_year":
            return _earlier(period, _YEAR, calendar)
        back = period.every or _rhythm(period, interval, calendar)
        if isinstance(back, timedelta):
            return Period(period.start - back, period.end - back, back)
        before = _earlier(period, back, calendar)
        return Period(before.start, min(before.end, period.start), back)
    except OverflowError:
        raise invalid("The period before it lies beyond the calendar.", field="compare") from None


def _rhythm(period: Period, interval: str, calendar: Calendar) -> Span | timedelta:
    """How far back the period before one without a name begins."""
    start, end = calendar.day(period.start), calendar.day(period.end)
    whole, cycle = calendar.midnight(end) == period.end, CYCLES.get(interval)
    if calendar.midnight(start) != period.start:
        return period.length
    last = end - _DAY if whole else end
    if whole and start.day == end.day == 1:
        return _covering(start, last, Cycle.MONTH)
    if cycle and calendar.first_day(cycle, start) == start:
        return _covering(start, last, cycle)
    return _covering(start, last, Cycle.DAY) if whole or cycle else period.length


def _covering(start: date, last: date, cycle: Cycle) -> Span:
    """As many cycles as reach from `start`, which begins one, over the day `last`."""
    length = LENGTHS[cycle]
    if length.months:
        return length.times(((last.year - start.year) * 12 + last.month - start.month) // length.months + 1)
    return length.times((last - start).days // length.days + 1)


def _earlier(period: Period, back: Span, calendar: Calendar) -> Period:
    moved = _moved(period, Span(-back.months, -back.days), calendar)
    if moved.start < moved.end:
        return moved
    further = _moved(period, Span(-back.months, -back.days - 1), calendar)
    if further.start < further.end:  # a day that the zone skipped is empty: the one before it stands for it
        return further
    return replace(moved, end=moved.start + period.length)


def _moved(period: Period, span: Span, calendar: Calendar) -> Period:
    first, last = calendar.day(period.start), calendar.day(period.end)
    day = span.from_day(last)
    is_cut = span.months != 0 and (day - span.days * _DAY).day < last.day and first < last
    end = calendar.midnight(day + _DAY) if is_cut else _at(day, period.end, calendar)
    return Period(_at(span.from_day(first), period.start, calendar), end, period.every)


def _at(day: date, moment: datetime, calendar: Calendar) -> datetime:
    """`day` at the wall clock's time of `moment`; its first instant where `moment` is the first of its own day."""
    begins = calendar.midnight(day)
    if calendar.midnight(calendar.day(moment)) == moment or calendar.midnight(day + _DAY) == begins:
        return begins
    wall = moment.astimezone(calendar.zone)
    return datetime.combine(day, wall.time(), calendar.zone).replace(fold=wall.fold).astimezone(UTC)
