"""Funnels counted by hand: windows, ties, sessions, what is held constant, times, trend, rows, what is not over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from factbook.core.calendar import Calendar
from factbook.core.scope import Scope
from factbook.metrics.catalog import built_in
from factbook.queries.behaviour.funnels.answer import funnel
from factbook.queries.behaviour.funnels.question import question
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

START = datetime(2026, 3, 2, tzinfo=UTC)
LATER = START + timedelta(days=60)


class Shop:
    def __init__(self, warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
        self.warehouse, self.engine, self.scope = warehouse, engine, scope

    def happened(self, user: str, *events: tuple[float, str] | tuple[float, str, dict[str, Any]]) -> None:
        rows = []
        for minute, kind, *more in events:
            at = START + timedelta(minutes=minute)
            rows.append({"at": at, "type": kind, "user": user, **(more[0] if more else {})})
        given(self.engine, self.scope, rows)

    def told(self, steps: Sequence[Any] = ("a", "b"), now: datetime = LATER, **more: Any) -> dict[str, Any]:
        fields = {
            "start_date": "2026-03-02",
            "end_date": "2026-03-03",
            "window": "1h",
            "granularity": "none",
            "steps": list(steps),
            **more,
        }
        about = question(fields, Calendar(ZoneInfo("UTC")), now, dimension=built_in().dimension, named=lambda name: {})
        return funnel(self.warehouse, self.scope, about, now, {})

    def counts(self, steps: Sequence[Any] = ("a", "b"), **more: Any) -> list[int]:
        return [step["count"] for step in self.told(steps, **more)["steps"]]


@pytest.fixture
def shop(warehouse: Warehouse, engine: Engine, scope: Scope) -> Shop:
    return Shop(warehouse, engine, scope)


def test_the_window_holds_its_edge(shop: Shop) -> None:
    shop.happened("in", (0, "a"), (60, "b"))
    shop.happened("out", (0, "a"), (60 + 1 / 60_000, "b"))
    assert shop.counts() == [2, 1]


def test_later_steps_may_lie_behind_the_period_and_the_first_may_not(shop: Shop) -> None:
    end = 2 * 24 * 60
    shop.happened("late", (end - 1, "a"), (end + 30, "b"))
    shop.happened("too late", (end, "a"), (end + 1, "b"))
    shop.happened("too early", (-1, "a"), (1, "b"))
    assert shop.counts() == [1, 1]


def test_a_step_done_anew_begins_anew(shop: Shop) -> None:
    shop.happened("u", (0, "a"), (50, "a"), (70, "b"))
    told = shop.told()
    assert (told["converted"], told["median_seconds"]) == (1, 20 * 60)


def test_the_same_step_twice_needs_two_events(shop: Shop) -> None:
    shop.happened("once", (0, "a"))
    shop.happened("twice", (0, "a"), (0, "a"))
    for order in ("ordered", "strict", "any"):
        assert shop.counts(["a", "a"], order=order) == [2, 1]


def test_equal_times_count_in_the_order_of_the_steps(shop: Shop) -> None:
    shop.happened("u", (0, "b"), (0, "a"))
    assert shop.counts() == [1, 1]
    assert shop.counts(order="strict") == [1, 1]


def test_strict_is_the_very_next_event(shop: Shop) -> None:
    shop.happened("next", (0, "a"), (1, "b"))
    shop.happened("between", (0, "a"), (1, "x"), (2, "b"))
    assert shop.counts() == [2, 2]
    assert shop.counts(order="strict") == [2, 1]
    assert shop.counts(order="strict", filters={"event_type.ne": "x"}) == [2, 2]


def test_any_order_counts_how_many_of_the_steps(shop: Shop) -> None:
    shop.happened("backwards", (0, "c"), (1, "b"), (2, "a"))
    shop.happened("two", (0, "b"), (1, "c"))
    assert shop.counts(["a", "b", "c"]) == [1, 0, 0]
    told = shop.told(["a", "b", "c"], order="any")
    assert [(step["label"], step["count"]) for step in told["steps"]] == [("1 of 3", 2), ("2 of 3", 2), ("3 of 3", 1)]


def test_an_exclusion_ends_the_attempt_it_lies_in(shop: Shop) -> None:
    shop.happened("clean", (0, "a"), (1, "b"), (2, "c"), (3, "x"))
    shop.happened("early", (0, "a"), (1, "x"), (2, "b"), (3, "c"))
    shop.happened("late", (0, "a"), (1, "b"), (2, "x"), (3, "c"))
    shop.happened("again", (0, "a"), (1, "x"), (2, "a"), (3, "b"), (4, "c"))
    steps = ["a", "b", "c"]
    assert shop.counts(steps, exclusions=["x"]) == [4, 3, 2]
    assert shop.counts(steps, exclusions=[{"event": "x", "from_step": 2, "to_step": 3}]) == [4, 4, 3]


def test_an_optional_step_may_be_left_out(shop: Shop) -> None:
    shop.happened("all", (0, "a"), (1, "b"), (2, "c"))
    shop.happened("short", (0, "a"), (4, "c"))
    told = shop.told(["a", {"event": "b", "optional": True}, "c"])
    assert [step["count"] for step in told["steps"]] == [2, 1, 2]
    assert [step["conversion"] for step in told["steps"]] == [1.0, 0.5, 1.0]
    assert told["steps"][2]["mean_seconds"] == (60 + 240) / 2


def test_sessions_are_counted_by_themselves_and_totals_one_after_the_other(shop: Shop) -> None:
    shop.happened("u", (0, "a", {"session": 1}), (1, "b", {"session": 2}), (2, "a", {"session": 2}), (3, "b"))
    shop.happened("u", (4, "a", {"session": 3}), (5, "b", {"session": 3}))
    assert shop.counts() == [1, 1]
    assert shop.counts(count="sessions") == [3, 1]
    assert shop.counts(count="totals") == [3, 3]


def test_what_is_held_constant_is_equal_over_all_steps(shop: Shop) -> None:
    shop.happened("same", (0, "a", {"content_id": "1"}), (1, "a", {"content_id": "2"}), (2, "b", {"content_id": "1"}))
    shop.happened("other", (0, "a", {"content_id": "1"}), (1, "b", {"content_id": "2"}))
    shop.happened("none", (0, "a"), (1, "b"))
    assert shop.counts() == [3, 3]
    assert shop.counts(hold_constant="content_id") == [2, 1]


def test_bots_are_nobody_unless_asked_for(shop: Shop) -> None:
    shop.happened("bot", (0, "a", {"is_bot": True}), (1, "b", {"is_bot": True}))
    assert shop.counts() == [0, 0]
    assert shop.counts(include_bots=True) == [1, 1]


def test_steps_tell_shares_and_times(shop: Shop) -> None:
    for user, minutes in (("u", 1), ("v", 3), ("w", 10)):
        shop.happened(user, (0, "a"), (minutes, "b"), (minutes + 1, "c"))
    shop.happened("x", (0, "a"))
    told = shop.told(["a", "b", "c"])
    second, third = told["steps"][1:]
    assert (second["conversion"], second["dropped"], second["median_seconds"]) == (0.75, 1, 180)
    assert second["mean_seconds"] == pytest.approx(280)
    assert (third["overall"], third["median_seconds"], told["median_seconds"]) == (0.75, 60, 240)
    assert told["histogram"] == [
        {"from_seconds": 60, "to_seconds": 300, "count": 2},
        {"from_seconds": 300, "to_seconds": 600, "count": 0},
        {"from_seconds": 600, "to_seconds": 1800, "count": 1},
    ]


def test_the_trend_is_by_when_people_entered(shop: Shop) -> None:
    shop.happened("u", (23 * 60 + 50, "a"), (24 * 60 + 5, "b"))
    shop.happened("v", (24 * 60, "a"))
    points = shop.told(granularity="1d")["trend"]["points"]
    assert [(point["time"][:10], point["entered"], point["converted"]) for point in points] == [
        ("2026-03-02", 1, 1),
        ("2026-03-03", 1, 0),
    ]


def test_days_are_those_of_the_zone(shop: Shop) -> None:
    shop.happened("u", (30, "a"))
    told = shop.told(granularity="1d", timezone="America/New_York", start_date="2026-03-01", end_date="2026-03-02")
    assert [point["entered"] for point in told["trend"]["points"]] == [1, 0]


def test_whose_window_is_not_over_is_told_apart(shop: Shop) -> None:
    shop.happened("waits", (60, "a"))
    shop.happened("over", (0, "a"))
    shop.happened("done", (60, "a"), (61, "b"))
    assert shop.told(now=START + timedelta(minutes=90))["incomplete"] == 1


@pytest.mark.parametrize(
    ("attribution", "rows"),
    [
        ("first", [("DE", [2, 1]), ("US", [1, 1])]),
        ("last", [("US", [2, 2]), ("DE", [1, 0])]),
        ("step:2", [("US", [2, 2]), (None, [1, 0])]),
    ],
)
def test_rows_are_by_the_event_that_is_named(shop: Shop, attribution: str, rows: list[Any]) -> None:
    shop.happened("u", (0, "a", {"country": "DE"}), (1, "b", {"country": "US"}))
    shop.happened("v", (0, "a"), (1, "b", {"country": "US"}))
    shop.happened("w", (0, "a", {"country": "DE"}))
    for count, order in (("people", "ordered"), ("people", "any"), ("totals", "ordered")):
        told = shop.told(breakdown="country", attribution=attribution, count=count, order=order)["breakdown"]
        assert [(row["value"], row["steps"]) for row in told["rows"]] == rows


def test_rows_past_the_limit_are_other(shop: Shop) -> None:
    for number, country in enumerate(("DE", "DE", "DE", "US", "US", "FR")):
        shop.happened(f"u{number}", (0, "a", {"country": country}), *([(1, "b")] if country != "US" else []))
    told = shop.told(breakdown="country", limit=1)["breakdown"]
    assert [(row["value"], row["other"], row["steps"]) for row in told["rows"]] == [
        ("DE", False, [3, 3]),
        (None, True, [3, 1]),
    ]
    assert told["cut"] == {"is_cut": True, "shown": 1, "of": 3, "limit": 1}


def test_a_period_in_which_nobody_entered_has_an_answer(shop: Shop) -> None:
    told = shop.told(granularity="1d", breakdown="country")
    assert (told["entered"], told["conversion"], told["histogram"]) == (0, None, [])
    assert [point["conversion"] for point in told["trend"]["points"]] == [None, None]


def test_depths_are_those_of_the_engines_own_funnel(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    kinds = ["a", "b", "c", "d", "x"]
    rows = [
        {
            "at": START + timedelta(seconds=(n * 7919) % 86_400),
            "type": kinds[(n * n + n // 7) % 5],
            "user": f"u{n % 61}",
        }
        for n in range(1500)
    ]
    given(engine, scope, rows)
    sql = """SELECT level, count() FROM (
    SELECT windowFunnel(43200000)(toUInt64(toUnixTimestamp64Milli(timestamp)), event_type = 'a', event_type = 'b',
        event_type = 'c', event_type = 'd') AS level
    FROM events WHERE tenant = {tenant:String} GROUP BY person) GROUP BY level"""
    levels = dict(warehouse.rows(scope, sql))
    expected = [sum(count for level, count in levels.items() if level >= step) for step in (1, 2, 3, 4)]
    assert Shop(warehouse, engine, scope).counts(["a", "b", "c", "d"], window="12h") == expected
    assert expected[3] > 0


def test_a_visitor_who_signs_in_goes_on_as_the_user(shop: Shop) -> None:
    at = [START + timedelta(minutes=minute) for minute in range(3)]
    events = [
        {"at": at[0], "type": "a", "visitor": "phone"},
        {"at": at[1], "type": "login", "visitor": "phone", "user": "u"},
        {"at": at[2], "type": "b", "visitor": "laptop", "user": "u"},
    ]
    given(shop.engine, shop.scope, events)
    told = shop.told(breakdown="country", granularity="1d")
    assert (told["entered"], told["converted"], told["median_seconds"]) == (1, 1, 120)
    assert shop.counts(order="any") == shop.counts(count="totals") == [1, 1]


def test_every_attempt_is_counted_by_what_is_held_constant(shop: Shop) -> None:
    one, two = {"content_id": "1"}, {"content_id": "2"}
    shop.happened("u", (0, "a", one), (1, "a", two), (2, "b", one), (3, "b", two), (4, "a", one))
    assert shop.counts(count="totals", hold_constant="content_id") == [3, 2]
    assert shop.counts(count="totals") == [2, 1]
