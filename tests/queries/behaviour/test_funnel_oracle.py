"""The attempt that counts is the one that a search over everything finds: any steps, order, ties, exclusions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, settings
from hypothesis import given as whatever
from hypothesis import strategies as st

from factbook.core.calendar import Calendar
from factbook.core.scope import Role, Scope
from factbook.core.sql import Parameters
from factbook.metrics.catalog import built_in
from factbook.queries.behaviour.funnels.attempts import attempts
from factbook.queries.behaviour.funnels.question import Question, question
from factbook.queries.behaviour.people import people
from factbook.queries.behaviour.segments.segments import NONE, Segments
from factbook.storage.engine import Engine
from factbook.storage.rows import SegmentRow
from factbook.storage.warehouse import Warehouse
from tests.queries.behaviour import funnel_oracle as oracle
from tests.queries.given import given

START = datetime(2026, 3, 2, tzinfo=UTC)
SECONDS = 8
"""Of the period; histories go on behind it."""

TYPES = "abcx"


def asked(steps: Sequence[Any], segments: Segments = NONE, **more: Any) -> Question:
    fields = {
        "start_time": START.isoformat(),
        "end_time": (START + timedelta(seconds=SECONDS)).isoformat(),
        "window": "4s",
        "granularity": "none",
        "steps": list(steps),
        **more,
    }
    calendar = Calendar(ZoneInfo("UTC"))
    return question(fields, calendar, START, dimension=built_in().dimension, named=lambda name: {}, segments=segments)


def found(warehouse: Warehouse, scope: Scope, about: Question) -> dict[int, list[tuple[oracle.Times, str]]]:
    """Of each unit its attempts as (times, value); times as the oracle's, milliseconds from the period's start."""
    who, parameters = people(warehouse, scope), Parameters()
    sql = f"{who.begin}SELECT unit, times, value FROM ({attempts(about, who, parameters)}) ORDER BY times"
    told: dict[int, list[tuple[oracle.Times, str]]] = {}
    for unit, times, value in warehouse.rows(scope, sql, parameters.values):
        told.setdefault(unit, []).append((tuple(at - 1 if at else None for at in times), value))
    return told


def event(user: int, second: int, kind: str, **more: Any) -> dict[str, Any]:
    return {"at": START + timedelta(seconds=second), "type": kind, "user": f"u{user}", **more}


def seen(kind: str, second: int, steps: Sequence[str], exclusions: Sequence[str] = ()) -> oracle.Event:
    return oracle.Event(
        second * 1000,
        frozenset(number for number, step in enumerate(steps, 1) if kind in step),
        frozenset(number for number, step in enumerate(exclusions) if kind in step),
    )


histories = st.lists(
    st.lists(st.tuples(st.integers(0, SECONDS + 4), st.sampled_from(TYPES)), min_size=1, max_size=6),
    min_size=1,
    max_size=12,
)
steps = st.lists(st.sampled_from(["a", "b", "c", "ab", "bc", "ac"]), min_size=2, max_size=4)


def of_users(engine: Engine, scope: Scope, people_: Sequence[Sequence[tuple[int, str]]]) -> None:
    given(engine, scope, [event(user, second, kind) for user, one in enumerate(people_) for second, kind in one])


def by_user(warehouse: Warehouse, scope: Scope, told: dict[int, Any], users: int) -> list[Any]:
    rows = warehouse.rows(
        scope, "SELECT DISTINCT user_id, person FROM events WHERE tenant = {tenant:String} AND user_id != ''"
    )
    persons = dict(rows)
    return [told.get(persons[f"u{user}"], []) for user in range(users)]


@pytest.mark.parametrize("order", ["ordered", "strict", "any"])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@whatever(people_=histories, steps_=steps)
@example(people_=[[(4, "a"), (SECONDS, "a"), (SECONDS, "b")]], steps_=["a", "b", "a"])
def test_attempts_are_those_of_a_search_over_everything(
    warehouse: Warehouse, engine: Engine, order: str, people_: list[list[tuple[int, str]]], steps_: list[str]
) -> None:
    scope = Scope(tenant=uuid4().hex, actor="test", role=Role.OWNER)
    of_users(engine, scope, people_)
    told = found(warehouse, scope, asked(["|".join(step) for step in steps_], order=order))
    funnel = oracle.Funnel(len(steps_), order, 4000, SECONDS * 1000)
    search = oracle.in_any_order if order == "any" else oracle.deepest
    expected = [search([seen(kind, second, steps_) for second, kind in one], funnel) for one in people_]
    got = [[times for times, _ in one] for one in by_user(warehouse, scope, told, len(people_))]
    assert got == [[times] if times else [] for times in expected]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@whatever(people_=histories, data=st.data())
def test_exclusions_and_optional_steps_are_those_of_a_search_over_everything(
    warehouse: Warehouse, engine: Engine, people_: list[list[tuple[int, str]]], data: st.DataObject
) -> None:
    scope = Scope(tenant=uuid4().hex, actor="test", role=Role.OWNER)
    of_users(engine, scope, people_)
    steps_ = data.draw(st.lists(st.sampled_from(["a", "b", "c", "ab"]), min_size=2, max_size=4))
    optional = frozenset(n for n in range(2, len(steps_)) if data.draw(st.booleans()))
    firm = [number for number in range(1, len(steps_) + 1) if number not in optional]
    ends = st.tuples(st.sampled_from(firm), st.sampled_from(firm)).filter(lambda pair: pair[0] < pair[1])
    kills = data.draw(st.lists(st.tuples(st.sampled_from(["x", "bx", "c"]), ends), max_size=2))
    about = asked(
        [
            {"events": list(step), "optional": number in optional} if optional else "|".join(step)
            for number, step in enumerate(steps_, 1)
        ],
        exclusions=[{"events": list(kind), "from_step": one[0], "to_step": one[1]} for kind, one in kills],
    )
    told = found(warehouse, scope, about)
    funnel = oracle.Funnel(len(steps_), "ordered", 4000, SECONDS * 1000, optional, tuple(one for _, one in kills))
    events = [[seen(kind, at, steps_, [k for k, _ in kills]) for at, kind in one] for one in people_]
    got = [[ends_of(times) for times, _ in one] for one in by_user(warehouse, scope, told, len(people_))]
    expected = [oracle.deepest(one, funnel) for one in events]
    assert got == [[ends_of(times)] if times else [] for times in expected]
    every = found(warehouse, scope, asked_again(about, count="totals"))
    got = [sorted((times for times, _ in one), key=str) for one in by_user(warehouse, scope, every, len(people_))]
    assert got == [oracle.every(one, funnel) for one in events]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@whatever(people_=histories, data=st.data())
def test_a_segment_among_the_filters_of_a_step_is_of_its_people_alone(
    warehouse: Warehouse, engine: Engine, people_: list[list[tuple[int, str]]], data: st.DataObject
) -> None:
    scope = Scope(tenant=uuid4().hex, actor="test", role=Role.OWNER)
    of_users(engine, scope, people_)
    steps_ = data.draw(st.lists(st.sampled_from(["a", "b", "ab"]), min_size=2, max_size=3))
    of = data.draw(st.lists(st.sampled_from(["", "segment", "segment.ne"]), min_size=4, max_size=4))
    row = SegmentRow("", "often", "", "", {"did": "x", "count": {"gte": 2}}, None, 1, 0, 0)
    kept = Segments(lambda: {"often": row}, Calendar(ZoneInfo("UTC")), START)

    def chosen(types: str, place: int) -> dict[str, Any]:
        return {"events": list(types), "filters": {of[place]: "often"} if of[place] else {}}

    about = asked(
        [chosen(step, place) for place, step in enumerate(steps_)], kept, exclusions=[chosen("c", len(steps_))]
    )
    funnel = oracle.Funnel(len(steps_), "ordered", 4000, SECONDS * 1000, exclusions=((1, len(steps_)),))
    expected = []
    for one in people_:
        is_often = [kind for _, kind in one].count("x") >= 2
        seen_ = [name == "" or is_often == (name == "segment") for name in of]
        told = [step if seen_[place] else "" for place, step in enumerate(steps_)]
        kill = "c" if seen_[len(steps_)] else ""
        expected.append(oracle.deepest([seen(kind, at, told, [kill]) for at, kind in one], funnel))
    got = by_user(warehouse, scope, found(warehouse, scope, about), len(people_))
    assert [[ends_of(times) for times, _ in one] for one in got] == [
        [ends_of(times)] if times else [] for times in expected
    ]


def ends_of(times: oracle.Times) -> tuple[int, int | None, int]:
    """What there is one right answer to where a step may be left out: the depth, the start, the end."""
    done = [(number, at) for number, at in enumerate(times, 1) if at is not None]
    return done[-1][0], times[0], done[-1][1]


def asked_again(about: Question, **changed: Any) -> Question:
    return replace(about, **changed)
