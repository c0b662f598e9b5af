"""Time ranges and zones: half-open periods, buckets that follow an IANA zone through daylight saving."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .calendar import Cycle, Span
from .errors import invalid

INTERVALS: dict[str, int] = {
    "1m": 60,
    "5m": 300,
    "15m": 900,
    "30m": 1800,
    "1h": 3600,
    "4h": 14400,
    "1d": 86400,
    "1w": 604800,
    "1mo": 0,
    "1q": 0,
    "1y": 0,
}
"""Interval names and their usual length in seconds (months and longer have none)."""

CYCLES: dict[str, Cycle] = {
    "1d": Cycle.DAY,
    "1w": Cycle.WEEK,
    "1mo": Cycle.MONTH,
    "1q": Cycle.QUARTER,
    "1y": Cycle.FISCAL_YEAR,
}
"""The intervals that follow the calendar."""

_DATE_ONLY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


@dataclass(frozen=True, slots=True)
class Period:
    """[start, end): aware, UTC.

    every: how long before it the one before it begins, where its name says so: a month for "this month", of which only
    half may be past.
    """

    start: datetime
    end: datetime
    every: Span | timedelta | None = None

    @property
    def length(self) -> timedelta:
        return self.end - self.start


def zone(name: str, field: str = "timezone") -> ZoneInfo:
    """The IANA zone called `name`; INVALID naming `field` when there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise invalid(
            f"{name!r} is not a time zone.", field=field, hint="Use an IANA name such as Europe/Berlin or UTC."
        ) from None


def parse_moment(text: str, tz: ZoneInfo, field: str, *, end: bool = False) -> datetime:
    """An RFC 3339 time (or a date) as UTC. Without an offset it is read in `tz`; a date as `end`: up to its end."""
    try:
        if _DATE_ONLY.match(text):
            day = date.fromisoformat(text) + timedelta(days=1 if end else 0)
            return datetime.combine(day, time.min, tz).astimezone(UTC)
        moment = datetime.fromisoformat(text.replace(" ", "+") if re.search(r"T.* \d\d:?\d\d\Z", text) else text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=tz)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise invalid(
            f"{field} is not a time: {text[:40]!r}.", field=field, hint="Use RFC 3339, as in 2026-03-01T09:30:00Z."
        ) from None


def day_start(moment: datetime, tz: ZoneInfo) -> datetime:
    """The start, in UTC, of the day that `moment` falls into in `tz`."""
    return datetime.combine(moment.astimezone(tz).date(), time.min, tz).astimezone(UTC)


def minute_end(moment: datetime) -> datetime:
    """The end of the minute that `moment` falls into.

    Open periods end with it rather than now: their newest edge is then read from roll-ups, and events of a clock that
    is a little ahead count.
    """
    return moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
