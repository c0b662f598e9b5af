"""On how many days people are there: by hand and against a walk over each person's days."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import given as whatever

from factbook.core.scope import Role, Scope
from factbook.queries.behaviour.stickiness import stickiness, stickiness_asked
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

from .histories import Event, events, persons
from .tenants import BERLIN

NOW = datetime(2026, 4, 3, 12, tzinfo=UTC)


def asked(warehouse: Warehouse, scope: Scope, **how: Any) -> Any:
    question = {"start_date": "2026-03-18", "end_date": "2026-04-03", **how}
    return stickiness(warehouse, scope, stickiness_asked(question, BERLIN, NOW), {})


def on(day: str, user: str) -> Event:
    return {"at": datetime.fromisoformat(f"{day}T12:00+02:00").astimezone(UTC), "user": user, "type": "view"}


def test_days_are_counted_in_whole_weeks(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [on("2026-03-16", "a"), on("2026-03-18", "a"), on("2026-03-18", "a"), on("2026-03-22", "b")])
    given(engine, scope, [on("2026-03-23", "a"), on("2026-04-01", "a")])
    told = asked(warehouse, scope)
    assert [(week["time"][:10], week["counts"], week["incomplete"]) for week in told["windows"]] == [
        ("2026-03-16", [1, 1, 0, 0, 0, 0, 0], False),
        ("2026-03-23", [1, 0, 0, 0, 0, 0, 0], False),
        ("2026-03-30", [1, 0, 0, 0, 0, 0, 0], True),
    ]
    assert (told["average"]["people"], told["average"]["mean_days"]) == (3, 4 / 3)
    assert told["average"]["shares"][:2] == [2 / 3, 1 / 3]


def test_nobody_has_no_shares(warehouse: Warehouse, scope: Scope) -> None:
    assert asked(warehouse, scope)["average"]["shares"] == [None] * 7


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@whatever(history=events)
def test_days_are_those_of_a_walk(warehouse: Warehouse, engine: Engine, history: list[Event]) -> None:
    scope = Scope(tenant=uuid4().hex, actor="test", role=Role.OWNER)
    given(engine, scope, history)
    expected: Counter[tuple[int, int]] = Counter()
    for own in persons(history).values():
        days = {event["at"].astimezone(ZoneInfo("Europe/Berlin")).date() for event in own}
        weeks = Counter((day - date(2026, 3, 16)).days // 7 for day in days if day <= date(2026, 4, 3))
        expected.update(weeks.items())
    told = asked(warehouse, scope)
    counts = [week["counts"] for week in told["windows"]]
    assert counts == [[expected[(week, day)] for day in range(1, 8)] for week in range(3)]
