"""Periods by name: counted by hand, and for many tenants and moments against a walk along the wall clock."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest

from factbook.core.calendar import Calendar, Cycle, Span
from factbook.core.errors import FactbookError, Kind
from factbook.core.times import Period
from factbook.queries.named_periods import CURRENT, FORMER, NEWEST, named_period
from tests.calendars import ZONES, calendar_of, days, numbered

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), week_start=7, fiscal_year_start=4)
NOW = datetime(2026, 3, 17, 9, 29, 31, 5, tzinfo=UTC)  # a Tuesday, 10:29 in Berlin; the clock goes on on the 29th


def shown(period: Period) -> tuple[str, str]:
    return tuple(f"{each.astimezone(BERLIN.zone):%Y-%m-%d %H:%M}" for each in (period.start, period.end))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("today", "2026-03-17 00:00", "2026-03-17 10:30"),
        ("yesterday", "2026-03-16 00:00", "2026-03-17 00:00"),
        ("last_30_minutes", "2026-03-17 10:00", "2026-03-17 10:30"),
        ("last_1_hour", "2026-03-17 09:30", "2026-03-17 10:30"),
        ("last_24_hours", "2026-03-16 10:30", "2026-03-17 10:30"),
        ("24h", "2026-03-16 10:30", "2026-03-17 10:30"),
        ("15m", "2026-03-17 10:15", "2026-03-17 10:30"),
        ("last_1_days", "2026-03-17 00:00", "2026-03-17 10:30"),
        ("last_30_days", "2026-02-16 00:00", "2026-03-17 10:30"),
        ("30d", "2026-02-16 00:00", "2026-03-17 10:30"),
        ("last_12_weeks", "2025-12-28 00:00", "2026-03-17 10:30"),
        ("12w", "2025-12-28 00:00", "2026-03-17 10:30"),
        ("last_6_months", "2025-10-01 00:00", "2026-03-17 10:30"),
        ("6mo", "2025-10-01 00:00", "2026-03-17 10:30"),
        ("this_week", "2026-03-15 00:00", "2026-03-17 10:30"),
        ("last_week", "2026-03-08 00:00", "2026-03-15 00:00"),
        ("this_month", "2026-03-01 00:00", "2026-03-17 10:30"),
        ("last_month", "2026-02-01 00:00", "2026-03-01 00:00"),
        ("this_quarter", "2026-01-01 00:00", "2026-03-17 10:30"),
        ("last_quarter", "2025-10-01 00:00", "2026-01-01 00:00"),
        ("this_year", "2026-01-01 00:00", "2026-03-17 10:30"),
        ("last_year", "2025-01-01 00:00", "2026-01-01 00:00"),
        ("fiscal_year", "2025-04-01 00:00", "2026-03-17 10:30"),
        ("last_fiscal_year", "2024-04-01 00:00", "2025-04-01 00:00"),
    ],
)
def test_every_name_means_what_it_says(name: str, start: str, end: str) -> None:
    assert shown(named_period(name, NOW, BERLIN)) == (start, end)


def test_hours_are_as_long_as_they_say_through_daylight_saving() -> None:
    sunday = datetime(2026, 3, 29, 10, 0, tzinfo=UTC)
    assert named_period("last_24_hours", sunday, BERLIN).length == timedelta(hours=24)
    assert named_period("today", sunday, BERLIN).length == timedelta(hours=11, minutes=1)


def test_a_period_ends_with_the_current_minute() -> None:
    for second in (0, 59):
        now = NOW.replace(second=second, microsecond=999_999)
        assert named_period("today", now, BERLIN).end == datetime(2026, 3, 17, 9, 30, tzinfo=UTC)


def test_the_day_before_a_skipped_one_was_yesterday() -> None:
    apia = Calendar(ZoneInfo("Pacific/Apia"))
    yesterday = named_period("yesterday", datetime(2011, 12, 30, 20, tzinfo=UTC), apia)
    assert apia.day(yesterday.start) == date(2011, 12, 29)
    assert yesterday.length == timedelta(days=1)


INTERESTING = [
    datetime(2011, 12, 30, 9, 59, 59, tzinfo=UTC),
    datetime(2011, 12, 30, 10, 0, tzinfo=UTC),
    datetime(2012, 2, 29, 12, 0, tzinfo=UTC),
    datetime(2012, 3, 11, 7, 30, tzinfo=UTC),
    datetime(2012, 3, 25, 0, 59, tzinfo=UTC),
    datetime(2012, 10, 28, 1, 30, tzinfo=UTC),
    datetime(2012, 10, 21, 3, 0, tzinfo=UTC),
    datetime(2013, 2, 17, 2, 30, tzinfo=UTC),
    datetime(2013, 3, 31, 23, 59, 30, tzinfo=UTC),
    datetime(2013, 10, 5, 15, 29, tzinfo=UTC),
]


def beginning(past: Sequence[tuple[datetime, date]], calendar: Calendar, cycle: str, fewest: int) -> datetime:
    """When the first day began whose number is `fewest` at least."""
    return [i for i, _ in takewhile(lambda each: numbered(each[1], cycle, calendar) >= fewest, reversed(past))][-1]


@pytest.mark.parametrize("turn", range(1, 13))
@pytest.mark.parametrize("zone", ZONES)
def test_on_every_calendar_a_period_holds_the_days_that_a_walk_counts(zone: str, turn: int) -> None:
    calendar, chance = calendar_of(zone, turn), random.Random(f"{zone} {turn}")
    moments = [
        datetime(2011, 9, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(2 * 365 * 86400)) for _ in range(5)
    ]
    for now in [*chance.sample(INTERESTING, 5), *moments]:
        present = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
        past = [(instant, day) for instant, day in days(zone) if instant <= now]
        today = past[-1][1]

        since = partial(beginning, past, calendar)
        for name, cycle in CURRENT.items():
            start = since(cycle, numbered(today, cycle, calendar))
            assert named_period(name, now, calendar) == Period(start, present, LENGTHS[cycle]), (name, now)
        for name, cycle in FORMER.items():
            end = since(cycle, numbered(today, cycle, calendar))
            before = numbered(next(day for instant, day in reversed(past) if instant < end), cycle, calendar)
            assert named_period(name, now, calendar) == Period(since(cycle, before), end, LENGTHS[cycle]), (name, now)
        for kind, cycle in (("days", Cycle.DAY), ("weeks", Cycle.WEEK), ("months", Cycle.MONTH)):
            count = chance.randint(1, 20)
            start = since(cycle, numbered(today, cycle, calendar) - count + 1)
            every = Span(LENGTHS[cycle].months * count, LENGTHS[cycle].days * count)
            assert named_period(f"last_{count}_{kind}", now, calendar) == Period(start, present, every), now


LENGTHS = {
    Cycle.DAY: Span(days=1),
    Cycle.WEEK: Span(days=7),
    Cycle.MONTH: Span(months=1),
    Cycle.QUARTER: Span(months=3),
    Cycle.YEAR: Span(months=12),
    Cycle.FISCAL_YEAR: Span(months=12),
}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("last_30day", "last_30_days"),
        ("Last_7_Days", "last_7_days"),
        ("30 days", "last_30_days"),
        ("last-12-months", "last_12_months"),
        ("this_moth", "this_month"),
        ("yesterdy", "yesterday"),
        ("this_fiscal_year", "fiscal_year"),
        ("TODAY", "today"),
    ],
)
def test_a_slip_is_refused_with_what_was_meant(text: str, meant: str) -> None:
    with pytest.raises(FactbookError) as refused:
        named_period(text, NOW, BERLIN)
    assert (refused.value.kind, refused.value.field) == (Kind.INVALID, "period")
    assert f"Did you mean {meant}?" in (refused.value.hint or "")


@pytest.mark.parametrize(
    "text", ["", "x" * 10_000, "last__days", "last_-1_days", "last_1.5_days", "last_٣_days", "30", "d"]
)
def test_what_is_no_period_is_refused_with_all_that_are(text: str) -> None:
    with pytest.raises(FactbookError) as refused:
        named_period(text, NOW, BERLIN)
    assert (refused.value.kind, refused.value.field) == (Kind.INVALID, "period")
    assert "last_N_days" in (refused.value.hint or "")
    assert len(refused.value.message) < 200


@pytest.mark.parametrize("kind", NEWEST)
@pytest.mark.parametrize("count", ["0", "000", "999999999", "9999999"])
def test_no_time_at_all_and_time_beyond_the_calendar_are_refused(kind: str, count: str) -> None:
    if (kind, count) == ("minutes", "9999999"):
        assert named_period("last_9999999_minutes", NOW, BERLIN).length == timedelta(minutes=9999999)
        return
    with pytest.raises(FactbookError) as refused:
        named_period(f"last_{count}_{kind}", NOW, BERLIN)
    assert (refused.value.kind, refused.value.field) == (Kind.INVALID, "period")
