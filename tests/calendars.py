"""Calendars for those who can only count: a walk along the wall clock, quarter by quarter of an hour."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from factbook.core.calendar import Calendar

QUARTER_HOUR = 15 * 60_000
FIRST, LAST = datetime(2008, 1, 1, tzinfo=UTC), datetime(2014, 1, 1, tzinfo=UTC)
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",  # the clock changed at midnight: days without one, and days that end twice
    "Australia/Lord_Howe",  # by half an hour
    "Asia/Kathmandu",  # 05:45 ahead
    "Asia/Amman",
    "Pacific/Apia",  # had no 30 December 2011
]


def calendar_of(zone: str, turn: int) -> Calendar:
    """turn 1 to 12: every fiscal year, every week."""
    return Calendar(ZoneInfo(zone), week_start=(turn - 1) % 7 + 1, fiscal_year_start=turn)


@cache
def walls(zone: str) -> tuple[datetime, ...]:
    """What the wall clock shows at FIRST and every quarter of an hour after it."""
    tz = ZoneInfo(zone)
    first, last = int(FIRST.timestamp()), int(LAST.timestamp())
    return tuple(datetime.fromtimestamp(second, tz).replace(tzinfo=None) for second in range(first, last, 900))


@cache
def days(zone: str) -> tuple[tuple[datetime, date], ...]:
    """Every date that the clock showed, and when it did so first."""
    shown: dict[date, datetime] = {}
    for step, wall in enumerate(walls(zone)):
        shown.setdefault(wall.date(), moment(step))
    return tuple((instant, day) for day, instant in shown.items())


def moment(step: int) -> datetime:
    return datetime.fromtimestamp(FIRST.timestamp() + step * 900, UTC)


def step_of(instant: datetime) -> int:
    """The first step at or after `instant`."""
    return -int((FIRST - instant).total_seconds() // 900)


def numbered(day: date, cycle: str, calendar: Calendar) -> int:
    """Which day, week, month, … it is, counted from some long ago."""
    if cycle == "day":
        return day.toordinal()
    if cycle == "week":
        return (day - date(1900, 1, calendar.week_start)).days // 7  # 1 January 1900 was a Monday
    months = (day.year - 1900) * 12 + day.month - 1
    if cycle == "month":
        return months
    if cycle == "year":
        return months // 12
    return (months - (calendar.fiscal_year_start - 1)) // {"quarter": 3, "fiscal_year": 12}[cycle]
