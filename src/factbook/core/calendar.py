"""The calendar a tenant counts by: its zone, the day its weeks begin on, the month its fiscal years begin in."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Cycle(StrEnum):
    """What a calendar counts in. A quarter is one of the fiscal year; a year begins in January."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    FISCAL_YEAR = "fiscal_year"


@dataclass(frozen=True, slots=True)
class Span:
    """So many months and days of a calendar; negative ones lead back."""

    months: int = 0
    days: int = 0

    def times(self, count: int) -> Span:
        return Span(self.months * count, self.days * count)

    def from_day(self, day: date) -> date:
        """The date this span away from `day`; where that month is too short, its last. OverflowError past year 9999."""
        year, month = divmod(day.year * 12 + day.month - 1 + self.months, 12)
        if not 1 <= year <= 9999:
            raise OverflowError
        return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1])) + timedelta(days=self.days)


LENGTHS: dict[Cycle, Span] = {
    Cycle.DAY: Span(days=1),
    Cycle.WEEK: Span(days=7),
    Cycle.MONTH: Span(months=1),
    Cycle.QUARTER: Span(months=3),
    Cycle.YEAR: Span(months=12),
    Cycle.FISCAL_YEAR: Span(months=12),
}


@dataclass(frozen=True, slots=True)
class Calendar:
    """week_start: 1 (Monday) to 7 (Sunday). fiscal_year_start: its first month, 1 to 12."""

    zone: ZoneInfo
    week_start: int = 1
    fiscal_year_start: int = 1

    def __post_init__(self) -> None:
        if not (1 <= self.week_start <= 7 and 1 <= self.fiscal_year_start <= 12):
            raise ValueError(f"no such calendar: {self}")

    def first_day(self, cycle: Cycle, day: date) -> date:
        """The day with which the week, month, … of `day` begins."""
        if cycle is Cycle.WEEK:
            return day - timedelta(days=(day.isoweekday() - self.week_start) % 7)
        months = LENGTHS[cycle].months
        if not months:
            return day
        begins = self.fiscal_year_start if cycle in (Cycle.QUARTER, Cycle.FISCAL_YEAR) else 1
        return Span(months=-((day.month - begins) % months)).from_day(day.replace(day=1))

    def midnight(self, day: date) -> datetime:
        """The first instant of `day` on the wall clock, UTC; of a day that the zone skips, that of the next."""
        return datetime.combine(day, time.min, self.zone).astimezone(UTC)

    def day(self, moment: datetime) -> date:
        """The date that the wall clock shows at `moment`."""
        return moment.astimezone(self.zone).date()
