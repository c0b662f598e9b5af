"""Every answer against the oracle, from roll-ups and from single events, which must agree."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from factbook.core.errors import FactbookError
from factbook.core.scope import Role, Scope, Tier
from factbook.queries.asking.ask import ask
from factbook.queries.asking.request import Request
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given
from tests.queries.oracle import quantile_holds

from .drawn import World, requests, worlds
from .oracle import Anything, Near, Oracle, RefusedError

CUTS = ("country", "category", "property.sku", "basket", "country_name", "property.note", "event_type", "user_id")
TIMES = ("hour", "weekday", "day", "week", "month", "quarter", "year")
EVERY_EVENT = ("event_type.exists", True)
"""A filter that changes nothing but the tables."""

QUESTIONS = 4
"""Asked of every drawn tenant."""

quickly = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@quickly
@drawn(st.data())
def test_totals_and_buckets_are_what_the_events_say_on_both_paths(
    warehouse: Warehouse, engine: Engine, data: st.DataObject
) -> None:
    world = data.draw(worlds())
    scope = kept(engine, world)
    for _ in range(QUESTIONS):
        assert_holds_on_both_paths(warehouse, scope, world, data.draw(requests(world)))


@quickly
@drawn(st.data())
def test_event_types_are_told_apart_alike_on_both_paths(
    warehouse: Warehouse, engine: Engine, data: st.DataObject
) -> None:
    world = data.draw(worlds())
    scope = kept(engine, world)
    for _ in range(QUESTIONS):
        assert_holds_on_both_paths(warehouse, scope, world, data.draw(requests(world, dimensions=("event_type",))))


@quickly
@drawn(st.data())
def test_rows_are_what_the_events_say(warehouse: Warehouse, engine: Engine, data: st.DataObject) -> None:
    world = data.draw(worlds())
    scope = kept(engine, world)
    for _ in range(QUESTIONS):
        assert_holds(warehouse, scope, world, data.draw(requests(world, dimensions=CUTS)))


@quickly
@drawn(st.data())
def test_time_parts_are_those_of_the_wall_clock(warehouse: Warehouse, engine: Engine, data: st.DataObject) -> None:
    world = data.draw(worlds())
    scope = kept(engine, world)
    for _ in range(QUESTIONS):
        assert_holds(warehouse, scope, world, data.draw(requests(world, dimensions=TIMES)))


@quickly
@drawn(st.data())
def test_filters_choose_what_they_say(warehouse: Warehouse, engine: Engine, data: st.DataObject) -> None:
    world = data.draw(worlds())
    scope = kept(engine, world)
    for cuts in [(), CUTS] * (QUESTIONS // 2):
        assert_holds(warehouse, scope, world, data.draw(requests(world, dimensions=cuts, filtered=True)))


def kept(engine: Engine, world: World) -> Scope:
    """A tenant of its own that has sent the events of `world`, in two blocks: their states are merged."""
    scope = Scope(f"asking-{uuid.uuid4().hex}", "test", Role.OWNER, Tier.ENTERPRISE)
    half = len(world.events) // 2
    for part in (world.events[:half], world.events[half:]):
        given(engine, scope, part)
    return scope


def asked(warehouse: Warehouse, scope: Scope, world: World, request: Request) -> dict[str, Any]:
    answer: dict[str, Any] = ask(warehouse, scope, world.tenant, request, world.now)
    json.dumps(answer, allow_nan=False)
    return answer


def assert_holds(warehouse: Warehouse, scope: Scope, world: World, request: Request) -> dict[str, Any] | None:
    """The answer, which is what the oracle says; None where both refuse."""
    oracle = Oracle(world.events, world.tenant, request, world.now)
    try:
        expected = oracle.answer()
    except RefusedError as error:
        field = str(error)
    else:
        answer = asked(warehouse, scope, world, request)
        assert_agrees({name: answer[name] for name in expected}, expected)
        return answer
    with pytest.raises(FactbookError) as refused:
        asked(warehouse, scope, world, request)
    assert refused.value.field == field
    return None


def assert_holds_on_both_paths(warehouse: Warehouse, scope: Scope, world: World, request: Request) -> None:
    answer = assert_holds(warehouse, scope, world, request)
    if answer:
        assert_same(asked(warehouse, scope, world, replace(request, filters=(EVERY_EVENT,))), answer)


def assert_agrees(answer: Any, expected: Any, path: str = "answer") -> None:
    match expected:
        case dict():
            assert answer.keys() == expected.keys(), path
            for key, value in expected.items():
                assert_agrees(answer[key], value, f"{path}.{key}")
        case list():
            assert len(answer) == len(expected), path
            for i, value in enumerate(expected):
                assert_agrees(answer[i], value, f"{path}[{i}]")
        case Near(q, numbers):
            assert quantile_holds(answer, q, numbers), path
        case Anything():
            pass
        case float():
            assert answer == pytest.approx(expected, rel=1e-9, abs=1e-9), path
        case _:
            assert answer == expected, path


def assert_same(raw: dict[str, Any], rolled: dict[str, Any]) -> None:
    """The same to the last digit, but for where it was read."""
    assert raw["source"]["tables"] == ["events"]
    assert_agrees(raw | {"source": rolled["source"]}, rolled)
