"""Distinct counts: exact to thousands, near beyond, and the same from roll-ups and single events."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from factbook.core.scope import Scope
from factbook.queries.asking.ask import ask
from factbook.queries.asking.request import Request
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

from .test_errors import NOW, TENANT

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("people", [4000, 12_000])
def test_people_of_many_days_are_merged(warehouse: Warehouse, engine: Engine, scope: Scope, people: int) -> None:
    """Everybody comes on two of nine days."""
    days = [(n, n % 8 + more) for n in range(people) for more in (0, 1)]
    given(engine, scope, [{"at": START + timedelta(days=day, seconds=n), "user": f"u{n}"} for n, day in days])
    request = Request(
        ("people", "weekly"), start_time="2026-03-01", end_time="2026-03-09", granularity="1d", show=("running_total",)
    )
    answer = ask(warehouse, scope, TENANT, request, NOW)
    raw = ask(warehouse, scope, TENANT, replace(request, include_bots=True), NOW)
    assert answer["source"]["tables"] == ["rollups"]
    assert raw["source"]["tables"] == ["events"]
    assert answer["total"] == raw["total"]
    eighth = people // 8
    daily = [eighth, *[2 * eighth] * 7, eighth]
    grown = [*range(eighth, people + 1, eighth), people]
    counted = answer["total"]
    if people <= 4000:
        assert (counted["values"]["people"], counted["series"]["people"]) == (people, daily)
        assert counted["running_total"]["people"] == grown
    else:
        assert counted["values"]["people"] == pytest.approx(people, rel=0.01)
        assert counted["running_total"]["people"] == pytest.approx(grown, rel=0.01)
