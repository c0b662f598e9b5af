"""Periods by name: today, last_30_days, this_month and their kin on a tenant's calendar, up to the current minute."""

from __future__ import annotations

import difflib
import re
from datetime import datetime, timedelta

from factbook.core.calendar import LENGTHS, Calendar, Cycle
from factbook.core.errors import FactbookError, invalid
from factbook.core.times import Period, minute_end

from .period import FIRST

CURRENT: dict[str, Cycle] = {
    "today": Cycle.DAY,
    "this_week": Cycle.WEEK,
    "this_month": Cycle.MONTH,
    "this_quarter": Cycle.QUARTER,
    "this_year": Cycle.YEAR,
    "fiscal_year": Cycle.FISCAL_YEAR,
}
"""So far: from the start to the end of the current minute."""

FORMER: dict[str, Cycle] = {
    "yesterday": Cycle.DAY,
    "last_week": Cycle.WEEK,
    "last_month": Cycle.MONTH,
    "last_quarter": Cycle.QUARTER,
    "last_year": Cycle.YEAR,
    "last_fiscal_year": Cycle.FISCAL_YEAR,
}
"""All of the one before the current."""

NEWEST: dict[str, Cycle | timedelta] = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": Cycle.DAY,
    "weeks": Cycle.WEEK,
    "months": Cycle.MONTH,
}
"""What `last_N_…` counts."""

_SHORT = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks", "mo": "months"}
_COUNTED = re.compile(r"last_([0-9]{1,9})_(minute|hour|day|week|month)s?|([0-9]{1,9})(mo|m|h|d|w)")
_HINT = (
    "Use today, yesterday, last_N_minutes, last_N_hours, last_N_days, last_N_weeks or last_N_months (also 30m, 24h,"
    " 30d, 12w, 6mo), this_ or last_ with week, month, quarter or year, fiscal_year or last_fiscal_year."
)


def named_period(text: str, now: datetime, calendar: Calendar) -> Period:
    """The period called `text`. INVALID for the field `period` when none is.

    `last_N_days` (weeks, months): the N newest of the calendar, the current one among them, so far: last_7_days holds
    every weekday once, and today up to this minute. `last_N_hours` and `last_N_minutes`: exactly as long, up to the end
    of this minute. Quarters and fiscal years follow the calendar's fiscal year, `this_year` begins in January.
    """
    try:
        if text in CURRENT:
            return _newest(1, CURRENT[text], now, calendar)
        if text in FORMER:
            return _former(FORMER[text], now, calendar)
        counted = _COUNTED.fullmatch(text)
        if counted:
            kind = f"{counted[2]}s" if counted[2] else _SHORT[counted[4]]
            return _counted(int(counted[1] or counted[3]), kind, now, calendar)
    except OverflowError:
        raise _too_far(text) from None
    raise invalid(f"{text[:40]!r} is not a period.", field="period", hint=_suggestion(text) + _HINT)


def _counted(count: int, kind: str, now: datetime, calendar: Calendar) -> Period:
    if not count:
        raise invalid("A period of nothing has no answer.", field="period", hint=f"Use last_1_{kind} or more.")
    unit = NEWEST[kind]
    if isinstance(unit, Cycle):
        period = _newest(count, unit, now, calendar)
    else:
        end = minute_end(now)
        period = Period(end - unit * count, end, unit * count)
    if period.start < FIRST:
        raise _too_far(f"last_{count}_{kind}")
    return period


def _newest(count: int, cycle: Cycle, now: datetime, calendar: Calendar) -> Period:
    length = LENGTHS[cycle]
    first = length.times(1 - count).from_day(calendar.first_day(cycle, calendar.day(now)))
    return Period(calendar.midnight(first), minute_end(now), length.times(count))


def _former(cycle: Cycle, now: datetime, calendar: Calendar) -> Period:
    end = calendar.midnight(calendar.first_day(cycle, calendar.day(now)))
    first = calendar.first_day(cycle, calendar.day(end - timedelta(microseconds=1)))
    return Period(calendar.midnight(first), end, LENGTHS[cycle])


def _too_far(text: str) -> FactbookError:
    return invalid(f"{text[:40]} reaches beyond the year 1900.", field="period", hint="Ask for a shorter period.")


def _suggestion(text: str) -> str:
    number = re.search(r"[1-9][0-9]{0,5}", text)
    counted = [f"last_{number[0]}_{kind}" for kind in NEWEST] if number else []
    near = difflib.get_close_matches(text.strip().lower(), [*CURRENT, *FORMER, *counted], n=1)
    return f"Did you mean {near[0]}? " if near else ""
