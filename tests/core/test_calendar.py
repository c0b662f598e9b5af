"""The calendar of a tenant, against a walk over every single day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factbook.core.calendar import Calendar, Cycle, Span

UTC_ZONE = ZoneInfo("UTC")
DAYS = [date(2023, 1, 1) + timedelta(days=n) for n in range(3 * 366)]


def begins(cycle: Cycle, day: date, week_start: int, fiscal_year_start: int) -> bool:
    """Whether a week, month, … begins on `day`."""
    fiscal = (day.month - fiscal_year_start) % 12
    return {
        Cycle.DAY: True,
        Cycle.WEEK: day.isoweekday() == week_start,
        Cycle.MONTH: day.day == 1,
        Cycle.QUARTER: day.day == 1 and fiscal in (0, 3, 6, 9),
        Cycle.YEAR: (day.month, day.day) == (1, 1),
        Cycle.FISCAL_YEAR: day.day == 1 and fiscal == 0,
    }[cycle]


@pytest.mark.parametrize("cycle", Cycle)
@pytest.mark.parametrize("fiscal_year_start", range(1, 13))
def test_every_day_belongs_to_the_last_beginning_before_it(cycle: Cycle, fiscal_year_start: int) -> None:
    week_start = (fiscal_year_start - 1) % 7 + 1
    calendar = Calendar(UTC_ZONE, week_start, fiscal_year_start)
    newest: date | None = None
    for day in DAYS:
        newest = day if begins(cycle, day, week_start, fiscal_year_start) else newest
        if newest:
            assert calendar.first_day(cycle, day) == newest
    assert newest


@pytest.mark.parametrize("week_start", range(1, 8))
def test_weeks_begin_on_the_day_of_the_tenant(week_start: int) -> None:
    calendar = Calendar(UTC_ZONE, week_start)
    firsts = {calendar.first_day(Cycle.WEEK, day) for day in DAYS}
    assert {first.isoweekday() for first in firsts} == {week_start}
    assert all(
        calendar.first_day(Cycle.WEEK, day) <= day < calendar.first_day(Cycle.WEEK, day) + timedelta(7) for day in DAYS
    )


@pytest.mark.parametrize(
    ("day", "span", "there"),
    [
        ("2026-03-31", Span(months=-1), "2026-02-28"),
        ("2028-03-31", Span(months=-1), "2028-02-29"),
        ("2028-02-29", Span(months=-12), "2027-02-28"),
        ("2027-02-28", Span(months=12), "2028-02-28"),
        ("2026-01-15", Span(months=-1), "2025-12-15"),
        ("2026-12-31", Span(months=2, days=1), "2027-03-01"),
        ("2026-03-01", Span(days=-1), "2026-02-28"),
    ],
)
def test_a_month_too_short_for_the_day_gives_its_last(day: str, span: Span, there: str) -> None:
    assert span.from_day(date.fromisoformat(day)) == date.fromisoformat(there)


@given(st.dates(), st.integers(-200_000, 200_000))
def test_a_span_beyond_the_calendar_overflows_and_never_wraps(day: date, months: int) -> None:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if 1 <= year <= 9999:
        there = Span(months=months).from_day(day)
        assert (there.year, there.month) == (year, month + 1)
    else:
        with pytest.raises(OverflowError):
            Span(months=months).from_day(day)


def test_midnight_is_the_first_instant_of_the_day() -> None:
    for name, day, moment in [
        ("Europe/Berlin", date(2026, 3, 29), datetime(2026, 3, 28, 23, tzinfo=UTC)),
        ("America/Sao_Paulo", date(2018, 11, 4), datetime(2018, 11, 4, 3, tzinfo=UTC)),  # 00:00 to 01:00 is skipped
        ("America/Havana", date(2026, 11, 1), datetime(2026, 11, 1, 4, tzinfo=UTC)),  # 00:00 to 01:00 comes twice
        ("Pacific/Apia", date(2011, 12, 30), datetime(2011, 12, 30, 10, tzinfo=UTC)),  # skipped: begins with the 31st
        ("Pacific/Apia", date(2011, 12, 31), datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ]:
        assert Calendar(ZoneInfo(name)).midnight(day) == moment


@pytest.mark.parametrize(("week_start", "fiscal_year_start"), [(0, 1), (8, 1), (1, 0), (1, 13)])
def test_a_day_or_month_that_does_not_exist_makes_no_calendar(week_start: int, fiscal_year_start: int) -> None:
    with pytest.raises(ValueError, match="no such calendar"):
        Calendar(UTC_ZONE, week_start, fiscal_year_start)
