"""What goes with turning away: counted by hand, with odds ratios of the textbook, and nothing said of the few."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as whatever
from hypothesis import strategies as st

from factbook.core.calendar import Calendar
from factbook.core.scope import Role, Scope
from factbook.metrics.catalog import built_in
from factbook.queries.behaviour.funnels.drivers import compared, discoveries, drivers
from factbook.queries.behaviour.funnels.held import held
from factbook.queries.behaviour.funnels.question import Question, question
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

START = datetime(2026, 3, 2, tzinfo=UTC)


def question_of(**more: Any) -> Question:
    fields = {"start_date": "2026-03-02", "end_date": "2026-03-02", "steps": ["a", "b"], **more}
    return question(fields, Calendar(ZoneInfo("UTC")), START, dimension=built_in().dimension, named=lambda name: {})


def told(warehouse: Warehouse, scope: Scope, step: int = 2, **more: Any) -> dict[str, Any]:
    return drivers(warehouse, scope, question_of(**more), step)


def test_values_are_those_of_the_step_before(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    rows = []
    for person in range(100):
        device, goes_on = ("mobile", person % 5 == 0) if person < 60 else ("desktop", person % 5 != 0)
        plan = {"plan": "rare"} if person < 20 else {"plan": "usual"}
        first = {"at": START + timedelta(minutes=person), "type": "a", "user": f"u{person}", "device": device}
        rows.append({**first, "properties": plan})
        if goes_on:
            rows.append({"at": START + timedelta(hours=3, minutes=person), "type": "b", "user": f"u{person}"})
    given(engine, scope, rows)
    for order in ("ordered", "any"):
        found = told(warehouse, scope, order=order)
        assert (found["people"], found["dropped"], found["compared"]) == (100, 48 + 8, 2)
        by_value = {row["value"]: row for row in found["drivers"]}
        mobile = by_value["mobile"]
        assert (mobile["dimension"], mobile["people"], mobile["dropped"]) == ("device", 60, 48)
        assert mobile["odds_ratio"] == pytest.approx(48 * 32 / (12 * 8))
        assert mobile["lift"] == pytest.approx(0.8 / 0.56)
        assert mobile["significant"]
        assert by_value["desktop"]["odds_ratio"] == pytest.approx(12 * 8 / (48 * 32))


def test_nothing_is_said_of_the_few(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [{"at": START, "type": "a", "user": "u", "device": "mobile"}])
    assert told(warehouse, scope)["drivers"] == []
    assert told(warehouse, scope, steps=["c", "d"])["people"] == 0


def test_the_interval_is_woolfs() -> None:
    found = compared(20, 80, 10, 90)
    assert (found.odds, found.low, found.high) == pytest.approx((2.25, 0.99429, 5.09155), abs=1e-4)
    assert found.p == pytest.approx(0.05163, abs=1e-4)
    assert compared(0, 40, 10, 30).odds == pytest.approx(0.5 * 30.5 / (40.5 * 10.5))


def test_p_values_are_adjusted_for_how_many_there_are() -> None:
    assert discoveries([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert discoveries([]) == []


def test_numbers_are_taken_together_between_their_quartiles(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    rows = []
    for person in range(200):
        amount = {"amount": person + 1} if person < 160 else {}
        first = {"at": START + timedelta(minutes=person), "type": "a", "user": f"u{person}"}
        rows.append({**first, "properties": amount})
        if 40 <= person < 160 or person % 4 == 0:
            rows.append({"at": START + timedelta(hours=5, minutes=person), "type": "b", "user": f"u{person}"})
    given(engine, scope, rows)
    found = told(warehouse, scope)
    assert found["compared"] == 5
    by_value = {row["value"]: row for row in found["drivers"]}
    assert set(by_value) == {"at most 40.75", "above 40.75, at most 80.5", "above 80.5, at most 120.25",
                             "above 120.25", None}  # fmt: skip
    low, lacking = by_value["at most 40.75"], by_value[None]
    assert (low["people"], low["dropped"], low["above"], low["at_most"]) == (40, 30, None, 40.75)
    assert (lacking["dimension"], lacking["people"], lacking["dropped"]) == ("property.amount", 40, 30)
    assert lacking["odds_ratio"] == pytest.approx(30 * 130 / (10 * 30))
    assert low["significant"]
    assert lacking["significant"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@whatever(
    people=st.lists(
        st.tuples(
            st.booleans(),
            st.sampled_from(["mobile", "desktop", ""]),
            st.one_of(st.none(), st.integers(-3, 5), st.floats(-9, 9, width=16), st.sampled_from(["x", "y" * 201])),
        ),
        min_size=1,
        max_size=25,
    )
)
def test_what_was_held_is_what_a_count_finds(
    warehouse: Warehouse, engine: Engine, people: list[tuple[bool, str, float | str | None]]
) -> None:
    scope = Scope(tenant=uuid4().hex, actor="test", role=Role.OWNER)
    rows = []
    for person, (goes_on, device, value) in enumerate(people):
        first = {"at": START + timedelta(minutes=person), "type": "a", "user": f"u{person}", "device": device}
        rows.append({**first, "properties": {} if value is None else {"value": value}})
        if goes_on:
            rows.append({"at": START + timedelta(hours=3, minutes=person), "type": "b", "user": f"u{person}"})
    given(engine, scope, rows)
    away, on, found = held(warehouse, scope, question_of(), 2, least=1)
    assert (away, on) == (sum(not goes for goes, *_ in people), sum(goes for goes, *_ in people))
    expected: dict[tuple[str, object], list[int]] = {}

    def count(key: tuple[str, object], goes_on: bool) -> None:
        expected.setdefault(key, [0, 0])[goes_on] += 1

    numbers = sorted(float(value) for *_, value in people if isinstance(value, int | float))
    ends = quantiles(numbers, n=4, method="inclusive") if len(numbers) > 1 else numbers
    for goes_on, device, value in people:
        if any(device for _, device, _ in people):
            count(("device", device or None), goes_on)
        if isinstance(value, str) and len(value) < 200:
            count(("property.value", value), goes_on)
        if isinstance(value, int | float):
            count(("property.value", next((end for end in ends if value <= end), "above")), goes_on)
        if value is None and any(value is not None for *_, value in people):
            count(("property.value", None), goes_on)
    last = max(ends, default=0)
    got = {
        (one.dimension, one.at_most if one.at_most is not None else "above" if one.above == last else one.value): [
            one.away,
            one.on,
        ]
        for one in found
    }
    assert got == expected
