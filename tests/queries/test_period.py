"""What a period is compared with: counted by hand, and for many tenants against a walk along the wall clock."""

from __future__ import annotations

import random
from datetime import UTC, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest

from factbook.core.calendar import Calendar, Cycle, Span
from factbook.core.errors import FactbookError
from factbook.core.times import CYCLES, INTERVALS, Period
from factbook.metrics.buckets import boundaries
from factbook.queries.named_periods import CURRENT, FORMER, named_period
from factbook.queries.period import compared
from tests.calendars import LAST, ZONES, calendar_of, days, moment, numbered, step_of, walls

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), week_start=7, fiscal_year_start=4)


def at(text: str, zone: str = "Europe/Berlin") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def between(text: str) -> Period:
    start, _, end = text.partition(" - ")
    return Period(at(start), at(end))


def bare(period: Period) -> Period:
    return Period(period.start, period.end)


@pytest.mark.parametrize(
    ("name", "now", "before"),
    [
        ("today", "2026-03-17 10:29", "2026-03-16 - 2026-03-16 10:30"),
        ("yesterday", "2026-03-17 10:29", "2026-03-15 - 2026-03-16"),
        ("last_30_minutes", "2026-03-17 10:29", "2026-03-17 09:30 - 2026-03-17 10:00"),
        ("last_24_hours", "2026-03-30 00:59", "2026-03-28 00:00 - 2026-03-29 00:00"),  # 24 hours, one of them skipped
        ("last_7_days", "2026-03-17 10:29", "2026-03-04 - 2026-03-10 10:30"),
        ("last_30_days", "2026-03-17 10:29", "2026-01-17 - 2026-02-15 10:30"),
        ("this_week", "2026-03-17 10:29", "2026-03-08 - 2026-03-10 10:30"),
        ("last_week", "2026-03-17 10:29", "2026-03-01 - 2026-03-08"),
        ("last_4_weeks", "2026-03-17 10:29", "2026-01-25 - 2026-02-17 10:30"),
        ("this_month", "2026-03-17 10:29", "2026-02-01 - 2026-02-17 10:30"),
        ("this_month", "2026-03-31 10:29", "2026-02-01 - 2026-03-01"),
        ("this_month", "2028-03-31 10:29", "2028-02-01 - 2028-03-01"),
        ("this_month", "2028-03-29 10:29", "2028-02-01 - 2028-02-29 10:30"),
        ("this_month", "2026-02-28 23:59", "2026-01-01 - 2026-02-01"),  # all of it is past
        ("this_month", "2026-03-01 00:00", "2026-02-01 - 2026-02-01 00:01"),
        ("last_month", "2026-03-17 10:29", "2026-01-01 - 2026-02-01"),
        ("last_6_months", "2026-08-31 10:29", "2025-09-01 - 2026-03-01"),
        ("this_quarter", "2026-05-17 10:29", "2026-01-01 - 2026-02-17 10:30"),
        ("this_quarter", "2026-05-31 10:29", "2026-01-01 - 2026-03-01"),
        ("last_quarter", "2026-05-17 10:29", "2025-10-01 - 2026-01-01"),
        ("this_year", "2028-03-17 10:29", "2027-01-01 - 2027-03-17 10:30"),
        ("this_year", "2028-02-29 10:29", "2027-01-01 - 2027-03-01"),
        ("last_year", "2026-03-17 10:29", "2024-01-01 - 2025-01-01"),
        ("fiscal_year", "2026-03-17 10:29", "2024-04-01 - 2025-03-17 10:30"),
        ("last_fiscal_year", "2026-03-17 10:29", "2023-04-01 - 2024-04-01"),
    ],
)
def test_a_period_to_date_is_compared_with_the_same_part_of_the_one_before(name: str, now: str, before: str) -> None:
    period = named_period(name, at(now), BERLIN)
    for interval in ("none", *INTERVALS):
        assert bare(compared(period, "previous_period", interval, BERLIN)) == between(before)


@pytest.mark.parametrize(
    ("period", "interval", "before"),
    [
        ("2026-03-01 - 2026-04-01", "1d", "2026-02-01 - 2026-03-01"),
        ("2026-03-01 - 2026-04-01", "none", "2026-02-01 - 2026-03-01"),
        ("2026-01-01 - 2026-04-01", "1w", "2025-10-01 - 2026-01-01"),
        ("2025-01-01 - 2026-01-01", "1q", "2024-01-01 - 2025-01-01"),
        ("2026-03-29 - 2026-03-30", "1h", "2026-03-28 - 2026-03-29"),
        ("2026-03-10 - 2026-03-17", "1h", "2026-03-03 - 2026-03-10"),
        ("2026-03-28 - 2026-03-31", "1d", "2026-03-25 - 2026-03-28"),
        ("2026-03-01 - 2026-03-17 10:30", "1d", "2026-02-12 - 2026-02-28 10:30"),
        ("2026-03-01 - 2026-03-17 10:30", "1w", "2026-02-08 - 2026-02-24 10:30"),
        ("2026-03-02 - 2026-03-17 10:30", "1w", "2026-02-14 - 2026-03-01 10:30"),
        ("2026-02-01 - 2026-03-17 10:30", "1mo", "2025-12-01 - 2026-01-17 10:30"),
        ("2026-01-01 - 2026-02-17 10:30", "1q", "2025-10-01 - 2025-11-17 10:30"),
        ("2025-04-01 - 2026-02-17 10:30", "1y", "2024-04-01 - 2025-02-17 10:30"),
        ("2026-03-01 - 2026-03-01 10:00", "1h", "2026-02-28 14:00 - 2026-03-01"),
        ("2026-03-01 08:00 - 2026-03-01 10:00", "1h", "2026-03-01 06:00 - 2026-03-01 08:00"),
        ("2026-03-29 01:00 - 2026-03-29 04:00", "1h", "2026-03-28 23:00 - 2026-03-29 01:00"),
    ],
)
def test_without_a_name_whole_months_days_and_buckets_are_compared_with_as_many(
    period: str, interval: str, before: str
) -> None:
    assert bare(compared(between(period), "previous_period", interval, BERLIN)) == between(before)


@pytest.mark.parametrize(
    ("period", "before"),
    [
        ("2026-03-01 - 2026-03-17 10:30", "2025-03-01 - 2025-03-17 10:30"),
        ("2026-03-29 - 2026-03-30", "2025-03-29 - 2025-03-30"),
        ("2028-02-01 - 2028-03-01", "2027-02-01 - 2027-03-01"),
        ("2028-02-29 - 2028-03-01", "2027-02-28 - 2027-03-01"),
        ("2028-02-28 - 2028-02-29", "2027-02-28 - 2027-03-01"),
        ("2028-02-29 - 2028-02-29 10:30", "2027-02-28 - 2027-02-28 10:30"),
        ("2028-02-01 - 2028-02-29 10:30", "2027-02-01 - 2027-03-01"),
        ("2027-02-01 - 2027-03-01", "2026-02-01 - 2026-03-01"),
    ],
)
def test_the_year_before_is_the_same_dates(period: str, before: str) -> None:
    for interval in ("none", *INTERVALS):
        assert bare(compared(between(period), "previous_year", interval, BERLIN)) == between(before)


def test_the_period_before_the_one_before_is_told_by_the_same_name() -> None:
    period = named_period("this_month", at("2026-05-17 10:29"), BERLIN)
    twice = compared(compared(period, "previous_period", "1d", BERLIN), "previous_period", "1d", BERLIN)
    assert bare(twice) == between("2026-03-01 - 2026-03-17 10:30")
    year = compared(period, "previous_year", "1d", BERLIN)
    assert bare(compared(year, "previous_period", "1d", BERLIN)) == between("2025-04-01 - 2025-04-17 10:30")


def test_a_skipped_day_is_no_day_to_compare_with() -> None:
    apia = Calendar(ZoneInfo("Pacific/Apia"))
    for name, part in (("today", timedelta(hours=10, minutes=30)), ("yesterday", timedelta(days=1))):
        now = at("2011-12-31 10:29", "Pacific/Apia") + timedelta(days=1 if name == "yesterday" else 0)
        before = compared(named_period(name, now, apia), "previous_period", "1h", apia)
        assert before.start == at("2011-12-29 00:00", "Pacific/Apia")
        assert before.length == part
    year_on = Period(at("2012-12-30 00:00", "Pacific/Apia"), at("2012-12-31 00:00", "Pacific/Apia"))
    assert compared(year_on, "previous_year", "1d", apia).start == at("2011-12-29 00:00", "Pacific/Apia")


def test_hours_of_an_hour_that_came_twice_have_their_length_in_the_year_before() -> None:
    end = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 02:10 again
    period = Period(end - timedelta(minutes=30), end)  # since 02:40
    assert compared(period, "previous_year", "1m", BERLIN).length == timedelta(minutes=30)


@pytest.mark.parametrize("turn", range(1, 13))
@pytest.mark.parametrize("zone", ZONES)
def test_on_every_calendar_the_one_before_is_cut_where_its_clock_shows_as_much(zone: str, turn: int) -> None:
    calendar, chance = calendar_of(zone, turn), random.Random(f"{zone} {turn}")
    for _ in range(4):
        step = chance.randrange(step_of(LAST - timedelta(days=2 * 365)), len(walls(zone)))
        now = moment(step) - timedelta(seconds=1)
        for name, cycle in {**CURRENT, **FORMER}.items():
            period = named_period(name, now, calendar)
            found = compared(period, "previous_period", "1d", calendar)
            before = cycle_before(zone, calendar, cycle, period.start)
            assert found.start == before, (name, now)
            if name in FORMER:
                assert found.end == period.start, (name, now)
            elif cycle in (Cycle.DAY, Cycle.WEEK):
                part = (calendar.day(period.end) - calendar.day(period.start)).days
                target = calendar.day(before) + timedelta(days=part)
                assert_reached(
                    found.end, first_showing(zone, before, datetime.combine(target, shown(zone, step).time()))
                )
            else:
                months = LENGTHS[cycle]
                assert_reached(found.end, first_showing(zone, before, shown(zone, step), months))


LENGTHS = {Cycle.MONTH: 1, Cycle.QUARTER: 3, Cycle.YEAR: 12, Cycle.FISCAL_YEAR: 12}


def shown(zone: str, step: int) -> datetime:
    return walls(zone)[step]


def cycle_before(zone: str, calendar: Calendar, cycle: Cycle, start: datetime) -> datetime:
    """When the day, week, month, … before the one that begins at `start` began."""
    past = [(instant, day) for instant, day in days(zone) if instant < start]
    number = numbered(past[-1][1], cycle, calendar)
    return [i for i, _ in takewhile(lambda each: numbered(each[1], cycle, calendar) == number, reversed(past))][-1]


def first_showing(zone: str, start: datetime, wall: datetime, months_earlier: int = 0) -> tuple[datetime, bool]:
    """The first quarter of an hour from `start` on whose clock shows `wall` or later, so many months earlier."""

    def place(shown: datetime, months: int = 0) -> tuple[int, int, time]:
        return shown.year * 12 + shown.month - months, shown.day, shown.time()

    target = place(wall, months_earlier)
    for step in range(step_of(start), len(walls(zone))):
        reached = place(walls(zone)[step])
        if reached >= target:
            return moment(step), reached == target or reached[0] > target[0]
    raise AssertionError("the walk ended")


def assert_reached(found: datetime, seen: tuple[datetime, bool]) -> None:
    """Where the clock jumped over the time, up to the jump's length is left open."""
    instant, is_shown = seen
    assert found == instant if is_shown else timedelta(0) <= found - instant <= timedelta(hours=1)


@pytest.mark.parametrize("interval", CYCLES)
@pytest.mark.parametrize("zone", ZONES)
def test_whole_days_have_whole_days_before_them_that_they_touch(zone: str, interval: str) -> None:
    chance = random.Random(f"{zone} {interval}")
    for turn in range(1, 13):
        calendar = calendar_of(zone, turn)
        begun = [instant for instant, _ in days(zone)][800:]
        first = chance.randrange(len(begun) - 60)
        period = Period(begun[first], begun[first + chance.randint(1, 59)])
        before = compared(period, "previous_period", interval, calendar)
        assert before.start in (instant for instant, _ in days(zone))
        assert before.start < before.end <= period.start
        if interval == "1d":
            assert before.end == period.start
        assert boundaries(before, interval, calendar)


@pytest.mark.parametrize("compare", ["", "last_year", "x" * 1000])
def test_a_comparison_nobody_knows_is_refused(compare: str) -> None:
    with pytest.raises(FactbookError) as refused:
        compared(between("2026-03-01 - 2026-03-02"), compare, "1d", BERLIN)
    assert refused.value.field == "compare"


def test_a_comparison_beyond_the_calendar_is_refused() -> None:
    early = Period(datetime(1, 6, 1, tzinfo=UTC), datetime(2, 6, 1, tzinfo=UTC))
    for compare in ("previous_period", "previous_year"):
        with pytest.raises(FactbookError) as refused:
            compared(early, compare, "1d", Calendar(ZoneInfo("UTC")))
        assert refused.value.field == "compare"
    with pytest.raises(FactbookError):
        compared(Period(early.start, early.end, Span(months=24)), "previous_period", "1d", Calendar(ZoneInfo("UTC")))
