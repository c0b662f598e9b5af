"""What rises is what its own usual rate cannot explain: formula, floor and bound, new content, chances of Poisson."""

from __future__ import annotations

import asyncio
import math
from datetime import timedelta
from typing import Any

import pytest

from factbook.core.errors import FactbookError
from factbook.core.scope import Scope
from factbook.queries.content.trending import Views, _views, at_least, risen, trending
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

from .questions import NOW, question

HOUR = 3_600_000
DAY = 24 * HOUR


def told(recent: int, before: int, *, days_known: int = 27) -> dict[str, Any]:
    """Of a window of a day after 27 days, first viewed so many days before it."""
    return risen(Views("c", recent, before, 27 * DAY - days_known * DAY), 0, 27 * DAY, 28 * DAY)


def test_from_one_view_to_three_is_not_trending() -> None:
    assert not told(3, 27)["rises"]


def test_a_tenfold_rate_rises() -> None:
    found = told(100, 269)
    assert found["rises"]
    assert (found["expected"], found["ratio"], found["score"]) == (10, 10, 90 / math.sqrt(10))


@pytest.mark.parametrize(("recent", "rises"), [(20, False), (21, False), (22, True)])
def test_it_takes_more_than_twice_what_was_expected_and_more_than_chance(recent: int, rises: bool) -> None:
    found = told(recent, 269)
    assert found["ratio"] == recent / 10
    assert found["rises"] is rises
    assert (found["chance"] <= 0.001) is rises


def test_much_that_was_usual_does_not_rise() -> None:
    assert not told(10_500, 269_999)["rises"]


def test_what_is_young_is_held_against_its_own_days() -> None:
    assert told(30, 59, days_known=2)["expected"] == 30
    assert told(30, 59)["expected"] == 60 / 27


def test_what_was_first_viewed_within_the_window_has_no_usual_rate() -> None:
    found = told(500, 0)
    assert (found["expected"], found["ratio"], found["rises"]) == (None, None, False)


@pytest.mark.parametrize("mean", [0.1, 1.0, 7.5, 40.0])
def test_the_chance_is_that_of_a_poisson_number(mean: float) -> None:
    for count in range(math.ceil(mean) + 1, 80, 7):
        below = sum(math.exp(n * math.log(mean) - mean - math.lgamma(n + 1)) for n in range(count))
        assert at_least(count, mean) == pytest.approx(1 - below, abs=1e-9)


def test_the_chance_of_very_many_is_a_number() -> None:
    assert at_least(2_000_000, 900_000.0) == 0
    assert 0 < at_least(900_100, 900_000.0) < 1


def test_views_of_the_window_and_before_it_are_counted_apart(
    engine: Engine, warehouse: Warehouse, scope: Scope
) -> None:
    def view(hours: int, content: str, **more: Any) -> dict[str, Any]:
        at = NOW - timedelta(hours=hours, minutes=1)
        return {"at": at, "type": "content_view", "user": "u", "content_id": content, **more}

    given(
        engine,
        scope,
        [
            *(view(hour, "rare") for hour in (0, 1)),
            *(view(hour, "often") for hour in (0, 1, 2, 23, 24, 25)),
            *(view(hour, "often", is_bot=True) for hour in (0, 1)),
            *(view(hour, "old") for hour in (30, 31, 32, 33)),
            *(view(hour, "") for hour in range(9)),
        ],
    )
    end = int(NOW.timestamp() * 1000)
    asked = question(warehouse, scope)
    [found] = _views(asked, end - DAY, end, 3)
    assert (found.content_id, found.recent, found.before) == ("often", 4, 2)


def test_a_period_too_short_to_know_what_is_usual_is_refused(warehouse: Warehouse, scope: Scope) -> None:
    asked = question(warehouse, scope, period="last_7_days")
    with pytest.raises(FactbookError, match="no room") as error:
        asyncio.run(trending(asked, window_hours=48, min_views=10, limit=10))
    assert error.value.field == "window_hours"
