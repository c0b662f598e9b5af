"""Candles of any length: which candle a moment falls into, as SQL, and when each begins and ends."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from factbook.core.calendar import Calendar
from factbook.core.clock import epoch_ms, from_epoch_ms
from factbook.core.errors import invalid
from factbook.core.sql import Parameters

SECONDS = {"s": 1, "m": 60, "h": 3600}
DAYS = {"d": 1, "w": 7}
MONTHS = {"mo": 1, "q": 3, "y": 12}
DAY = 86_400
LONGEST_DAYS = 36_000

_INTERVAL = re.compile(r"([1-9][0-9]{0,4})(s|m|h|d|w|mo|q|y)\Z")
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Interval:
    """name: as it was asked for. One of seconds, days and months is its length, the others are 0. offset: days or
    months before 1970 at which the first candle of all would begin."""

    name: str
    seconds: int = 0
    days: int = 0
    months: int = 0
    offset: int = 0

    @property
    def typical_ms(self) -> int:
        return 1000 * (self.seconds or (self.days or self.months * 30) * DAY)


def interval(text: str, calendar: Calendar) -> Interval:
    """`90s`, `7m`, `4h`, `1d`, `2w`, `1mo`, `1q`, `1y`: any number of them. INVALID for another text.

    Up to a day they are counted from midnight on the wall clock, and a day's last one may be shorter; longer hours are
    counted from 1970 in UTC; days, weeks and months are whole ones of the calendar, weeks beginning on the tenant's
    first day, quarters and years on his fiscal ones.
    """
    found = _INTERVAL.match(text)
    if not found:
        raise invalid(
            f"{text[:40]!r} is not an interval.",
            field="interval",
            hint="Use a number with s, m, h, d, w, mo, q or y: 30s, 5m, 4h, 1d, 1w, 1mo.",
        )
    count, unit = int(found[1]), found[2]
    if count * (DAYS.get(unit, 0) or MONTHS.get(unit, 0) * 30) > LONGEST_DAYS:
        raise invalid(f"{text} is longer than a century.", field="interval")
    if unit in SECONDS:
        seconds = count * SECONDS[unit]
        return Interval(text, days=1) if seconds == DAY else Interval(text, seconds=seconds)
    if unit in DAYS:
        return Interval(text, days=count * DAYS[unit], offset=(4 - calendar.week_start) % 7 if unit == "w" else 0)
    shift = (1 - calendar.fiscal_year_start) % 12 if unit in ("q", "y") else 0
    return Interval(text, months=count * MONTHS[unit], offset=shift)


def key(each: Interval, calendar: Calendar, parameters: Parameters) -> str:
    """SQL: the number of the candle that `timestamp` falls into. Of seconds it is the second at which it begins."""
    zone = parameters.add(calendar.zone.key, "String")
    at = "intDiv(toUnixTimestamp64Milli(timestamp), 1000)"
    if each.seconds > DAY:
        return f"intDiv({at}, {each.seconds}) * {each.seconds}"
    if each.seconds:
        midnight = f"toInt64(toUnixTimestamp(toStartOfDay(timestamp, {zone})))"
        return f"{midnight} + intDiv({at} - {midnight}, {each.seconds}) * {each.seconds}"
    day = f"toDate32(timestamp, {zone})"
    if each.days:
        return f"toInt64(floor((toInt32({day}) + {each.offset}) / {each.days}))"
    return f"intDiv((toYear({day}) * 12 + toMonth({day}) - 1) + {each.offset}, {each.months})"


def begins(each: Interval, calendar: Calendar, number: int) -> int:
    """Milliseconds at which the candle begins."""
    if each.seconds:
        return number * 1000
    return epoch_ms(calendar.midnight(_first_day(each, number)))


def ends(each: Interval, calendar: Calendar, number: int) -> int:
    """Milliseconds at which the next one begins."""
    if each.seconds > DAY:
        return (number + each.seconds) * 1000
    if each.seconds:
        day = calendar.day(from_epoch_ms(number * 1000))
        return min((number + each.seconds) * 1000, epoch_ms(calendar.midnight(day + timedelta(days=1))))
    return epoch_ms(calendar.midnight(_first_day(each, number + 1)))


def between(each: Interval, before: int, after: int) -> int:
    """About how many candles would lie between two numbers."""
    return round((after - before) / each.seconds) - 1 if each.seconds else after - before - 1


def start_of(each: Interval, calendar: Calendar, moment: datetime) -> int:
    """The number of the candle of `moment`: what `key` says of it."""
    second = int(moment.timestamp() // 1)
    if each.seconds > DAY:
        return second // each.seconds * each.seconds
    day = calendar.day(moment)
    if each.seconds:
        midnight = epoch_ms(calendar.midnight(day)) // 1000
        return midnight + (second - midnight) // each.seconds * each.seconds
    if each.days:
        return ((day - _EPOCH).days + each.offset) // each.days
    return (day.year * 12 + day.month - 1 + each.offset) // each.months


def _first_day(each: Interval, number: int) -> date:
    if each.days:
        return _EPOCH + timedelta(days=number * each.days - each.offset)
    year, month = divmod(number * each.months - each.offset, 12)
    return date(year, month + 1, 1)
