"""What goes with turning away: counted by hand, with odds ratios of the textbook, and nothing said of the few."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from factbook.core.calendar import Calendar
from factbook.core.scope import Scope
from factbook.metrics.catalog import built_in
from factbook.queries.behaviour.funnels.drivers import compared, discoveries, drivers
from factbook.queries.behaviour.funnels.question import question
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

START = datetime(2026, 3, 2, tzinfo=UTC)


def told(warehouse: Warehouse, scope: Scope, step: int = 2, **more: Any) -> dict[str, Any]:
    fields = {"start_date": "2026-03-02", "end_date": "2026-03-02", "steps": ["a", "b"], **more}
    about = question(fields, Calendar(ZoneInfo("UTC")), START, dimension=built_in().dimension, named=lambda name: {})
    return drivers(warehouse, scope, about, step)


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
