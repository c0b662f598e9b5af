"""Output buckets on the wall clocks and calendars of many tenants, compared with a count of every single minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from factbook.core.calendar import Calendar
from factbook.core.clock import epoch_ms
from factbook.core.errors import FactbookError
from factbook.core.times import CYCLES, INTERVALS, Period
from factbook.metrics.buckets import MAX_POINTS, boundaries
from tests.calendars import ZONES, calendar_of, days, numbered

MINUTE = 60_000
BERLIN = Calendar(ZoneInfo("Europe/Berlin"))
TRANSITIONS = [
    ("Europe/Berlin", "2026-03-29T01:00:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00:00Z"),
    ("America/New_York", "2026-03-08T07:00:00Z"),
    ("America/New_York", "2026-11-01T06:00:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
    ("America/Sao_Paulo", "2018-11-04T03:00:00Z"),
    ("America/Sao_Paulo", "2019-02-17T02:00:00Z"),
    ("America/Havana", "2026-11-01T05:00:00Z"),
    ("America/Nuuk", "2026-03-29T01:00:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),
    ("Asia/Kolkata", "2026-03-29T01:00:00Z"),
    ("Asia/Kathmandu", "2026-03-29T01:00:00Z"),
    ("UTC", "2026-03-29T01:00:00Z"),
]


def ms(text: str) -> int:
    return epoch_ms(datetime.fromisoformat(text))


def period(around: str, days: int = 2) -> Period:
    middle = datetime.fromisoformat(around).replace(minute=0)
    return Period(middle - timedelta(days=days), middle + timedelta(days=days))


def label(instant: int, interval: str, calendar: Calendar) -> tuple[object, ...]:
    """What a person would write above the bucket that this minute belongs to."""
    wall = datetime.fromtimestamp(instant / 1000, calendar.zone)
    day = wall.date()
    if interval in CYCLES:
        return (numbered(day, CYCLES[interval], calendar),)
    slot = (wall.hour * 60 + wall.minute) // (INTERVALS[interval] // 60)
    return (day, slot)


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize(("name", "around"), TRANSITIONS)
def test_two_minutes_share_a_bucket_exactly_when_they_share_a_label(name: str, around: str, interval: str) -> None:
    calendar = Calendar(ZoneInfo(name), week_start=7, fiscal_year_start=4)
    asked = period(around)
    starts = boundaries(asked, interval, calendar)
    begin, end = epoch_ms(asked.start), epoch_ms(asked.end)
    assert starts[0] <= begin
    assert starts[-1] >= end
    for a, b in pairwise(starts):
        labels = {label(t, interval, calendar) for t in range(max(a, begin), min(b, end), MINUTE)}
        assert len(labels) == 1, (a, b)
    for start in starts[1:-1]:  # neighbours differ, but for an hour that comes twice
        first, second = label(start - MINUTE, interval, calendar), label(start, interval, calendar)
        moved = offset(start - 3600 * 1000, calendar) != offset(start, calendar)
        assert first != second or (moved and interval not in ("4h", *CYCLES))


def offset(instant: int, calendar: Calendar) -> timedelta | None:
    return datetime.fromtimestamp(instant / 1000, calendar.zone).utcoffset()


@pytest.mark.parametrize("turn", range(1, 13))
@pytest.mark.parametrize("interval", CYCLES)
@pytest.mark.parametrize("name", ZONES)
def test_days_weeks_months_quarters_and_years_begin_where_a_walk_says(name: str, interval: str, turn: int) -> None:
    calendar, cycle = calendar_of(name, turn), CYCLES[interval]
    changes = [
        instant
        for (_, before), (instant, day) in pairwise(days(name))
        if numbered(before, cycle, calendar) != numbered(day, cycle, calendar)
    ]
    assert len(changes) >= 4
    asked = Period(changes[0] - timedelta(minutes=7), changes[-1] + timedelta(minutes=7))
    assert boundaries(asked, interval, calendar)[1:-1] == [epoch_ms(instant) for instant in changes]


def test_the_days_around_daylight_saving_have_23_and_25_hours() -> None:
    spring = boundaries(period("2026-03-29T01:00:00Z", 1), "1d", BERLIN)
    autumn = boundaries(period("2026-10-25T01:00:00Z", 1), "1d", BERLIN)
    assert 23 * 60 * MINUTE in [b - a for a, b in pairwise(spring)]
    assert 25 * 60 * MINUTE in [b - a for a, b in pairwise(autumn)]


def test_a_day_that_has_no_midnight_begins_with_its_first_minute() -> None:
    starts = boundaries(period("2018-11-04T03:00:00Z"), "1d", Calendar(ZoneInfo("America/Sao_Paulo")))
    assert ms("2018-11-04T03:00:00Z") in starts
    assert datetime.fromtimestamp(starts[2] / 1000, ZoneInfo("America/Sao_Paulo")).hour == 1


def test_a_day_that_has_begun_goes_on_when_the_clock_returns_to_the_day_before() -> None:
    newfoundland = Calendar(ZoneInfo("America/St_Johns"))  # on 7 November 2010 from 00:01 back to 23:01
    starts = boundaries(period("2010-11-07T02:31:00Z"), "1d", newfoundland)
    assert ms("2010-11-07T02:30:00Z") in starts
    assert ms("2010-11-07T03:30:00Z") not in starts


def test_an_hour_that_the_clock_repeats_is_two_buckets_and_a_skipped_one_none() -> None:
    autumn = Period(datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC))
    spring = Period(datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC))
    assert len(boundaries(autumn, "1h", BERLIN)) - 1 == 25
    assert len(boundaries(spring, "1h", BERLIN)) - 1 == 23


def test_weeks_begin_on_monday_unless_told_otherwise_and_months_on_their_first() -> None:
    asked = Period(datetime(2026, 2, 27, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC))
    weeks = [datetime.fromtimestamp(t / 1000, BERLIN.zone) for t in boundaries(asked, "1w", BERLIN)]
    months = [datetime.fromtimestamp(t / 1000, BERLIN.zone) for t in boundaries(asked, "1mo", BERLIN)]
    assert {(moment.weekday(), moment.hour) for moment in weeks} == {(0, 0)}
    assert [(moment.month, moment.day, moment.hour) for moment in months] == [
        (2, 1, 0),
        (3, 1, 0),
        (4, 1, 0),
        (5, 1, 0),
    ]


def test_too_many_points_are_refused_with_the_way_out() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    fits = Period(start, start + timedelta(minutes=MAX_POINTS))
    assert len(boundaries(fits, "1m", Calendar(ZoneInfo("UTC")))) - 1 == MAX_POINTS
    with pytest.raises(FactbookError) as refused:
        boundaries(Period(start, fits.end + timedelta(minutes=1)), "1m", Calendar(ZoneInfo("UTC")))
    assert refused.value.field == "interval"
    assert refused.value.hint
