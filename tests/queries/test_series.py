"""Metrics against the oracle: random small event sets around clock changes, from roll-ups and from raw events."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from factbook.core.calendar import Calendar
from factbook.core.clock import epoch_ms, from_epoch_ms
from factbook.core.errors import FactbookError
from factbook.core.scope import Role, Scope
from factbook.core.times import Period
from factbook.events.filters import from_pairs
from factbook.metrics.buckets import boundaries
from factbook.queries.series import SeriesRequest, series
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse

from .given import given
from .oracle import counted, quantile_holds

ANCHORS = {
    "Europe/Berlin": ["2026-03-29T01:00:00+00:00", "2026-10-25T01:00:00+00:00", "2026-02-28T23:00:00+00:00"],
    "America/New_York": ["2026-03-08T07:00:00+00:00", "2026-11-01T06:00:00+00:00"],
    "Asia/Kolkata": ["2026-03-01T18:30:00+00:00"],
    "Australia/Lord_Howe": ["2026-04-04T15:00:00+00:00", "2026-10-03T15:30:00+00:00"],
    "America/Sao_Paulo": ["2018-11-04T03:00:00+00:00", "2019-02-17T02:00:00+00:00"],
    "UTC": ["2026-03-01T00:00:00+00:00", "2026-12-31T23:59:59.999+00:00"],
}
METRICS = ["events.count", "events.count.order.placed", "users.active", "sessions", "order.placed.amount"]
SPANS = {"1m": 2, "5m": 6, "15m": 24, "30m": 24, "1h": 48, "4h": 72, "1d": 24 * 10, "1w": 24 * 40, "1mo": 24 * 100}

minutes = st.sampled_from([0, 0, 1, 29, 30, 31, 59, 60, 61, 90, 120, 24 * 60, 25 * 60, 7 * 24 * 60])
offsets = st.builds(
    lambda sign, minute, ms: timedelta(minutes=sign * minute, milliseconds=ms),
    st.sampled_from([-1, 1]),
    minutes,
    st.sampled_from([-1, 0, 0, 1, 30_000]),
)
numbers = st.one_of(st.integers(-50, 50), st.floats(-1e6, 1e6, allow_nan=False, width=32))


@st.composite
def event_sets(draw: st.DrawFn) -> tuple[str, datetime, list[dict[str, Any]]]:
    name = draw(st.sampled_from(sorted(ANCHORS)))
    anchor = datetime.fromisoformat(draw(st.sampled_from(ANCHORS[name])))
    events = st.fixed_dictionaries(
        {
            "at": offsets.map(lambda offset: anchor + offset),
            "type": st.sampled_from(["order.placed", "page_view"]),
            "user": st.sampled_from(["", "a", "b", "c"]),
            "anonymous_id": st.sampled_from(["", "x", "a"]),
            "session": st.integers(0, 4),
            "is_bot": st.sampled_from([False, False, False, True]),
            "properties": st.one_of(st.just({}), numbers.map(lambda n: {"amount": n}), st.just({"amount": "7"})),
        }
    )
    return name, anchor, draw(st.lists(events, max_size=25))


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@drawn(
    event_sets(),
    st.sampled_from(METRICS),
    st.sampled_from(sorted(SPANS)),
    offsets,
    st.sampled_from([0, 1, 999, 30_000, 59_999]),
)
def test_every_bucket_agrees_with_the_oracle_on_both_paths(
    engine: Engine,
    warehouse: Warehouse,
    case: tuple[str, datetime, list[dict[str, Any]]],
    metric: str,
    interval: str,
    shift: timedelta,
    ragged: int,
) -> None:
    name, anchor, events = case
    scope = Scope(f"oracle-{uuid.uuid4().hex}", "test", Role.OWNER)
    half = len(events) // 2  # two blocks: their states are merged
    for part in (events[:half], events[half:]):
        given(engine, scope, part)
    tz = ZoneInfo(name)
    reach = timedelta(hours=SPANS[interval] / 2)
    start = (anchor + shift - reach).replace(second=0, microsecond=0) + timedelta(milliseconds=ragged)
    period = Period(start.astimezone(UTC), (anchor + shift + reach).astimezone(UTC))
    request = SeriesRequest(metric, period, tz, interval)
    starts = boundaries(period, interval, Calendar(tz))
    edges = [epoch_ms(period.start), *starts[1:-1], epoch_ms(period.end)]
    expected = counted(events, metric, edges)

    answer = series(warehouse, scope, request)
    assert_agrees([*answer["points"], answer["total"]], expected)

    raw = series(warehouse, scope, replace(request, conditions=NOTHING))
    assert raw["source"]["tables"] == ["events"]
    assert_same([*raw["points"], raw["total"]], [*answer["points"], answer["total"]])


NOTHING = from_pairs([("event_type.ne", "")], ZoneInfo("UTC"))


def assert_agrees(points: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    assert len(points) == len(expected)
    for point, truth in zip(points, expected, strict=True):
        assert point["count"] == truth["count"]
        for name in ("value", "sum", "avg", "min", "max"):
            if name in truth:
                assert point[name] == (None if truth[name] is None else pytest.approx(truth[name], rel=1e-9, abs=1e-6))
        if "numbers" in truth:
            for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
                assert quantile_holds(point[name], q, truth["numbers"]), (name, point[name], truth["numbers"])


def assert_same(raw: list[dict[str, Any]], rolled: list[dict[str, Any]]) -> None:
    """The same to the last digit, but for sums of floats, whose order may differ."""
    for one, other in zip(raw, rolled, strict=True):
        assert one.keys() == other.keys()
        for name, value in one.items():
            if name in ("sum", "avg", "value") and value is not None:
                assert value == pytest.approx(other[name], rel=1e-9, abs=1e-6)
            else:
                assert value == other[name], name


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_the_total_of_users_is_exact_to_thousands_and_near_beyond(
    engine: Engine, warehouse: Warehouse, scope: Scope
) -> None:
    start = at("2026-03-01T00:00:00+00:00")
    given(
        engine,
        scope,
        [{"at": start + timedelta(seconds=4 * n), "user": f"user-{n}"} for n in range(20_000)],
    )
    for seconds, users in ((4 * 4000, 4000), (4 * 20_000, 20_000)):
        period = Period(start, start + timedelta(seconds=seconds))
        answer = series(warehouse, scope, SeriesRequest("users.active", period, ZoneInfo("UTC"), "1h"))
        assert answer["total"]["value"] == (users if users <= 4000 else pytest.approx(users, rel=0.01))


@pytest.mark.parametrize("people", [80_000, 165_000, 330_000, 660_000])
def test_distinct_counts_lean_to_neither_side_at_any_size(engine: Engine, people: int) -> None:
    [(kind,)] = engine.rows(
        "SELECT type FROM system.columns"
        " WHERE database = currentDatabase() AND table = 'rollups' AND name IN ('users', 'sessions') GROUP BY type"
    )
    function = kind.removeprefix("AggregateFunction(").removesuffix(", UInt64)")
    [(mean,)] = engine.rows(
        f"SELECT avg(counted) FROM (SELECT {function}(sipHash64(number)) AS counted"
        f" FROM numbers({8 * people}) GROUP BY number % 8)"
    )
    assert mean == pytest.approx(people, rel=0.004)


def test_a_number_that_was_seen_once_is_seen_where_there_is_none(
    engine: Engine, warehouse: Warehouse, scope: Scope
) -> None:
    start = at("2026-03-01T00:00:00+00:00")
    given(engine, scope, [{"at": start, "type": "purchase", "properties": {"price": 3}}])

    def asked(name: str, day: datetime) -> tuple[bool, int]:
        request = SeriesRequest(name, Period(day, day + timedelta(days=1)), ZoneInfo("UTC"), "1d")
        answer = series(warehouse, scope, request)
        return answer["seen"], answer["total"]["count"]

    assert asked("purchase.price", start) == (True, 1)
    assert asked("purchase.price", start - timedelta(days=9)) == (True, 0)
    assert asked("purchase.discount", start) == (False, 0)


def test_ten_thousand_minutes_over_a_clock_change_are_answered_in_one_read(
    engine: Engine, warehouse: Warehouse, scope: Scope
) -> None:
    start = at("2026-03-25T00:00:00+00:00")
    given(engine, scope, [{"at": start + timedelta(minutes=n, seconds=n % 60)} for n in range(0, 10_000, 7)])
    period = Period(start, start + timedelta(minutes=10_000))
    answer = series(warehouse, scope, SeriesRequest("events.count", period, ZoneInfo("Europe/Berlin"), "1m"))
    assert [point["value"] for point in answer["points"]] == [int(n % 7 == 0) for n in range(10_000)]


def test_years_of_berlin_days_are_answered_from_hours(engine: Engine, warehouse: Warehouse, scope: Scope) -> None:
    tz = ZoneInfo("Europe/Berlin")
    days = [datetime(2023, 1, 1, tzinfo=tz) + timedelta(days=n) for n in range(0, 1095, 13)]
    given(engine, scope, [{"at": day.astimezone(UTC)} for day in days])
    given(engine, scope, [{"at": day.astimezone(UTC) - timedelta(milliseconds=1)} for day in days])
    period = Period(days[0].astimezone(UTC), datetime(2026, 1, 1, tzinfo=tz).astimezone(UTC))
    answer = series(warehouse, scope, SeriesRequest("events.count", period, tz, "1d", explain=True))
    values = [point["value"] for point in answer["points"]]
    assert [n for n, value in enumerate(values) if value] == sorted(
        {n for k in range(0, 1095, 13) for n in (k - 1, k) if n >= 0}
    )
    assert answer["source"]["levels"] == ["1h"]
    assert len(answer["explain"]["spans"]) < 60


def test_a_scattered_raw_edge_reads_only_the_edges(warehouse: Warehouse, scope: Scope) -> None:
    start = from_epoch_ms(1_772_323_200_001)
    period = Period(start, start + timedelta(days=400))
    answer = series(warehouse, scope, SeriesRequest("events.count", period, ZoneInfo("UTC"), "1d", explain=True))
    raw = [span for span in answer["explain"]["spans"] if span["level"] == "raw"]
    assert len(raw) == 2


@pytest.mark.parametrize("limit", [0, 101])
def test_a_split_is_bounded(warehouse: Warehouse, scope: Scope, limit: int) -> None:
    start = at("2026-03-01T00:00:00+00:00")
    request = SeriesRequest(
        "events.count",
        Period(start, start + timedelta(days=1)),
        ZoneInfo("UTC"),
        dimensions=(("plan", None),),
        limit=limit,
    )
    with pytest.raises(FactbookError) as refused:
        series(warehouse, scope, request)
    assert refused.value.field == "limit"
