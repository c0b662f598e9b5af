"""Scores follow their formulas: by hand, between 0 and 100, and without what is not known."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given as whatever
from hypothesis import strategies as st

from factbook.queries.content.scores import MEANS, WEIGHTS, scores, wilson
from factbook.queries.content.spread import slope

NOTHING: dict[str, Any] = {
    "total_views": 0,
    "unique_views": 0,
    "completions": 0,
    "completion_rate": None,
    "engagement_rate": None,
    "average_view_duration": None,
    "likes": 0,
    "shares": 0,
    "bookmarks": 0,
    "plays": 0,
    "daily_trend": None,
    "search_impressions": 0,
    "search_clicks": 0,
    "recommendation_impressions": 0,
    "recommendation_clicks": 0,
}


def record(**told: Any) -> dict[str, Any]:
    found = {**NOTHING, **told}
    views = found["total_views"]
    return {
        **found,
        "completion_rate": found["completions"] / views if views else None,
        "engagement_rate": (found["likes"] + found["shares"] + found["bookmarks"]) / views if views else None,
    }


def test_by_hand() -> None:
    found = scores(
        record(
            total_views=100,
            unique_views=99 * 10,
            completions=50,
            likes=10,
            plays=80,
            average_view_duration=120.0,
            daily_trend=4.0,
            search_impressions=60,
            recommendation_impressions=40,
            recommendation_clicks=5,
        ),
        days=10,
    )
    part = 1 - math.exp(-1)
    assert found["popularity"]["score"] == pytest.approx(100 * (0.7 * 2 / 4 + 0.3 * 0.7))
    assert found["engagement"]["score"] == pytest.approx(100 * (0.4 * part + 0.35 * 0.5 + 0.25 * part))
    low = 0.40383  # of 50 in 100, from a table of Wilson intervals
    assert found["quality"]["score"] == pytest.approx(100 * (0.5 * low + 0.3 * part + 0.2 * 0.5), abs=0.01)


def test_parts_that_are_not_known_leave_their_weight_to_the_others() -> None:
    found = scores(record(total_views=100, unique_views=100, likes=10), days=1)
    assert found["engagement"]["parts"] == {
        "interaction": pytest.approx(1 - math.exp(-1)),
        "completion": None,
        "attention": None,
    }
    assert found["engagement"]["score"] == pytest.approx(100 * (1 - math.exp(-1)))
    assert found["popularity"]["parts"]["momentum"] is None


def test_of_nothing_there_is_no_engagement_and_no_quality() -> None:
    found = scores(NOTHING, days=1)
    assert (found["popularity"]["score"], found["engagement"]["score"], found["quality"]["score"]) == (0, None, None)


_counts = st.integers(0, 10_000_000)


@whatever(
    views=_counts,
    unique=_counts,
    completions=_counts,
    likes=_counts,
    plays=_counts,
    shown=_counts,
    clicked=_counts,
    duration=st.none() | st.floats(0, 1e6),
    trend=st.none() | st.floats(-1e4, 1e4),
    days=st.floats(0, 4000),
)
def test_scores_lie_between_0_and_100(
    views: int,
    unique: int,
    completions: int,
    likes: int,
    plays: int,
    shown: int,
    clicked: int,
    duration: float | None,
    trend: float | None,
    days: float,
) -> None:
    told = record(
        total_views=views,
        unique_views=unique,
        completions=completions,
        likes=likes,
        plays=plays,
        search_impressions=shown,
        search_clicks=clicked,
        average_view_duration=duration,
        daily_trend=trend,
    )
    for each in scores(told, days).values():
        assert each["score"] is None or -1e-9 <= each["score"] <= 100 + 1e-9


def test_every_part_is_explained_and_weights_are_whole() -> None:
    assert {part for weights in WEIGHTS.values() for part in weights} == set(MEANS)
    assert all(sum(weights.values()) == pytest.approx(1) for weights in WEIGHTS.values())


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"), [(0, 10, 0, 0.2775), (10, 10, 0.7225, 1), (5, 10, 0.2366, 0.7634)]
)
def test_wilson_intervals_are_those_of_tables(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(
    ("counts", "percent"),
    [
        ([10, 10, 10], 0),
        ([1, 2, 3], 50),
        ([0, 0, 3, 2, 1], -50),
        ([0, 4, 0, 8], 50),
        ([1, 2], None),
        ([0, 0, 0, 5], None),
        ([], None),
    ],
)
def test_a_trend_is_the_slope_in_per_cent_of_the_mean(counts: list[int], percent: float | None) -> None:
    assert slope(counts) == (None if percent is None else pytest.approx(percent))
