"""The period a read is about: from what the caller gave, in the tenant's or the asked zone, with its predecessors."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from factbook.core.errors import invalid
from factbook.core.scope import Scope
from factbook.core.times import Period, parse_moment, zone

COMPARISONS = ("previous_period", "previous_year")

_FIRST, _LAST = datetime(1900, 1, 2, tzinfo=UTC), datetime(2262, 1, 1, tzinfo=UTC)


def zone_of(scope: Scope, name: str | None) -> ZoneInfo:
    """The zone asked for, or the tenant's."""
    return zone(name or scope.zone)


def bounds(start: str | None, end: str | None, tz: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """Start and end as given, UTC; an end that is a date includes that day. INVALID in the wrong order."""
    begin = parse_moment(start, tz, "start_time") if start else None
    until = parse_moment(end, tz, "end_time", end=True) if end else None
    for field, moment in (("start_time", begin), ("end_time", until)):
        if moment and not _FIRST <= moment <= _LAST:
            raise invalid(f"{field} lies outside the years 1900 to 2261.", field=field)
    if begin and until and begin >= until:
        raise invalid("The period ends before it starts.", field="end_time", hint="Give a start_time before end_time.")
    return begin, until


def period_of(start: str | None, end: str | None, tz: ZoneInfo, *, now: datetime, default: timedelta) -> Period:
    """The half-open period; without an end it ends with the current minute, without a start it is `default` long.

    (With the minute rather than now: its newest edge is then read from roll-ups, and events of a clock that is a little
    ahead count.)
    """
    begin, until = bounds(start, end, tz)
    present = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    until = until or (present if begin is None or begin < present else begin + default)
    begin = begin or until - default
    return Period(max(begin, _FIRST), until)


def compared(period: Period, compare: str, interval: str, tz: ZoneInfo) -> Period:
    """The period to compare with, on the wall clock of `tz`: whole days stay whole days through daylight saving.

    previous_period: as many days (of whole months, in intervals of months: as many months) earlier; a period that does
    not begin and end at midnight is moved by its length.
    previous_year: the same dates a year earlier (29 February: the 28th).
    """
    start, end = period.start.astimezone(tz), period.end.astimezone(tz)
    try:
        if compare == "previous_year":
            return Period(_months_earlier(start, 12), _months_earlier(end, 12))
        if compare != "previous_period":
            raise invalid(
                f"{compare[:40]!r} is not a comparison.", field="compare", hint="Use " + " or ".join(COMPARISONS) + "."
            )
        if interval == "1mo" and start.day == end.day == 1 and _midnight(start) and _midnight(end):
            months = (end.year - start.year) * 12 + end.month - start.month
            return Period(_months_earlier(start, months), period.start)
        if _midnight(start) and _midnight(end):
            day = start.date() - (end.date() - start.date())
            return Period(datetime.combine(day, time.min, tz).astimezone(UTC), period.start)
        return period.previous()
    except OverflowError:
        raise invalid("The period before it lies beyond the calendar.", field="compare") from None


def _midnight(moment: datetime) -> bool:
    return datetime.combine(moment.date(), time.min, moment.tzinfo).astimezone(UTC) == moment.astimezone(UTC)


def _months_earlier(moment: datetime, months: int) -> datetime:
    count = moment.year * 12 + moment.month - 1 - months
    year, month = divmod(count, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    day = min(moment.day, (following - timedelta(days=1)).day)
    moved = datetime.combine(date(year, month + 1, day), moment.time(), moment.tzinfo)
    return moved.replace(fold=moment.fold).astimezone(UTC)
