"""The cover of output buckets by stored levels: everything once, the coarsest possible, few pieces."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from factbook.core.calendar import Calendar
from factbook.core.times import Period
from factbook.metrics.buckets import boundaries
from factbook.metrics.levels import LEVELS, RAW, Bucket, Run, cover

DAY, HOUR, MINUTE = (width for _, width in LEVELS)
T0 = 1_772_323_200_000  # 2026-03-01T00:00:00Z


def pieces(runs: tuple[Run, ...]) -> list[tuple[int, int, int]]:
    """(start, end, bucket) of every step of every run, in order."""
    return sorted(
        (start, start + run.step, run.first + n)
        for run in runs
        for n, start in enumerate(range(run.start, run.end, run.step))
    )


@given(st.lists(st.integers(0, 5 * DAY), min_size=2, max_size=8, unique=True), st.booleans())
def test_every_millisecond_of_a_bucket_is_read_once_and_none_outside(edges: list[int], raw: bool) -> None:
    ordered = sorted(T0 + edge for edge in edges)
    buckets: list[Bucket] = list(zip(ordered[::2], ordered[1::2], strict=False))
    found = pieces(cover(buckets, raw=raw))
    for before, after in pairwise(found):
        assert before[1] <= after[0]
    for number, (start, end) in enumerate(buckets):
        inside = [piece for piece in found if piece[2] == number]
        assert inside[0][0] == start
        assert inside[-1][1] == end
        assert sum(piece[1] - piece[0] for piece in inside) == end - start


@given(st.integers(0, 3 * DAY), st.integers(1, 3 * DAY))
def test_a_level_is_used_only_where_its_own_buckets_lie_inside(start: int, length: int) -> None:
    widths = dict(LEVELS)
    for run in cover([(T0 + start, T0 + start + length)]):
        if run.level != RAW:
            assert run.start % widths[run.level] == 0
            assert run.end % widths[run.level] == 0


def test_whole_utc_days_are_read_from_days_alone_in_one_run() -> None:
    buckets = [(T0 + n * DAY, T0 + (n + 1) * DAY) for n in range(31)]
    assert cover(buckets) == (Run("1d", T0, T0 + 31 * DAY, DAY, 0),)


def test_days_of_berlin_are_read_from_hours_with_a_run_for_each_length() -> None:
    period = Period(datetime(2026, 3, 26, 23, tzinfo=UTC), datetime(2026, 3, 31, 22, tzinfo=UTC))
    starts = boundaries(period, "1d", Calendar(ZoneInfo("Europe/Berlin")))
    runs = cover(list(pairwise(starts)))
    assert {run.level for run in runs} == {"1h"}
    assert [run.step // HOUR for run in runs] == [24, 23, 24]


def test_edges_below_a_minute_are_read_raw_and_the_rest_from_the_coarsest() -> None:
    runs = cover([(T0 - 1, T0 + DAY + HOUR + MINUTE + 1)])
    assert [(run.level, run.end - run.start) for run in runs] == [
        ("1d", DAY),
        ("1h", HOUR),
        ("1m", MINUTE),
        (RAW, 1),
        (RAW, 1),
    ]
