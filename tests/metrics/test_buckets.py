"""Output buckets on the wall clock of many zones, compared with a count of every single minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from factbook.core.clock import epoch_ms
from factbook.core.errors import FactbookError
from factbook.core.times import INTERVALS, Period
from factbook.metrics.buckets import MAX_POINTS, boundaries

MINUTE = 60_000
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


def label(instant: int, interval: str, tz: ZoneInfo) -> tuple[object, ...]:
    """What a person would write above the bucket that this minute belongs to."""
    wall = datetime.fromtimestamp(instant / 1000, tz)
    day = wall.date()
    if interval == "1mo":
        return (day.year, day.month)
    if interval == "1w":
        return day.isocalendar()[:2]
    if interval == "1d":
        return (day,)
    slot = (wall.hour * 60 + wall.minute) // (INTERVALS[interval] // 60)
    return (day, slot)


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize(("name", "around"), TRANSITIONS)
def test_two_minutes_share_a_bucket_exactly_when_they_share_a_label(name: str, around: str, interval: str) -> None:
    tz = ZoneInfo(name)
    asked = period(around)
    starts = boundaries(asked, interval, tz)
    begin, end = epoch_ms(asked.start), epoch_ms(asked.end)
    assert starts[0] <= begin
    assert starts[-1] >= end
    for a, b in pairwise(starts):
        labels = {label(t, interval, tz) for t in range(max(a, begin), min(b, end), MINUTE)}
        assert len(labels) == 1, (a, b)
    for a, b in zip(starts, starts[2:], strict=False):  # neighbours differ, but for an hour that comes twice
        first, second = label(b - MINUTE, interval, tz), label(b, interval, tz)
        moved = datetime.fromtimestamp(a / 1000, tz).utcoffset() != datetime.fromtimestamp(b / 1000, tz).utcoffset()
        assert first != second or (moved and INTERVALS[interval] <= 3600)


def test_the_days_around_daylight_saving_have_23_and_25_hours() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    spring = boundaries(period("2026-03-29T01:00:00Z", 1), "1d", berlin)
    autumn = boundaries(period("2026-10-25T01:00:00Z", 1), "1d", berlin)
    assert 23 * 60 * MINUTE in [b - a for a, b in pairwise(spring)]
    assert 25 * 60 * MINUTE in [b - a for a, b in pairwise(autumn)]


def test_a_day_that_has_no_midnight_begins_with_its_first_minute() -> None:
    starts = boundaries(period("2018-11-04T03:00:00Z"), "1d", ZoneInfo("America/Sao_Paulo"))
    assert ms("2018-11-04T03:00:00Z") in starts
    assert datetime.fromtimestamp(starts[2] / 1000, ZoneInfo("America/Sao_Paulo")).hour == 1


def test_an_hour_that_the_clock_repeats_is_two_buckets_and_a_skipped_one_none() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    autumn = Period(datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC))
    spring = Period(datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC))
    assert len(boundaries(autumn, "1h", berlin)) - 1 == 25
    assert len(boundaries(spring, "1h", berlin)) - 1 == 23


def test_weeks_begin_on_monday_and_months_on_their_first() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    asked = Period(datetime(2026, 2, 27, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC))
    weeks = [datetime.fromtimestamp(t / 1000, berlin) for t in boundaries(asked, "1w", berlin)]
    months = [datetime.fromtimestamp(t / 1000, berlin) for t in boundaries(asked, "1mo", berlin)]
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
    assert len(boundaries(fits, "1m", ZoneInfo("UTC"))) - 1 == MAX_POINTS
    with pytest.raises(FactbookError) as refused:
        boundaries(Period(start, fits.end + timedelta(minutes=1)), "1m", ZoneInfo("UTC"))
    assert refused.value.field == "interval"
    assert refused.value.hint
