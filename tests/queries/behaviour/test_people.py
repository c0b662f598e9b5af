"""Visitors become users when an event names both, for all that they did; nobody else does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, settings
from hypothesis import given as whatever
from hypothesis import strategies as st

from factbook.core.scope import Role, Scope
from factbook.queries.behaviour.people import hashes_of, people
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

START = datetime(2026, 3, 2, tzinfo=UTC)


def event(minute: int, user: str = "", visitor: str = "", **more: Any) -> dict[str, Any]:
    return {"at": START + timedelta(minutes=minute), "user": user, "visitor": visitor, **more}


def groups(warehouse: Warehouse, scope: Scope) -> dict[int, set[tuple[str, str]]]:
    """Which ids are told to be one person, by person."""
    who = people(warehouse, scope)
    sql = f"{who.begin}SELECT {who.of} AS who, user_id, anonymous_id FROM events WHERE tenant = {{tenant:String}}"
    found: dict[int, set[tuple[str, str]]] = {}
    for person, user, visitor in warehouse.rows(scope, sql):
        found.setdefault(person, set()).add((user, visitor))
    return found


def told(warehouse: Warehouse, scope: Scope) -> list[set[tuple[str, str]]]:
    return sorted(groups(warehouse, scope).values(), key=sorted)


def test_what_a_visitor_did_before_he_signed_in_is_the_users(
    warehouse: Warehouse, engine: Engine, scope: Scope
) -> None:
    given(engine, scope, [event(0, visitor="v"), event(2, visitor="v"), event(3, visitor="w")])
    assert told(warehouse, scope) == [{("", "v")}, {("", "w")}]
    given(engine, scope, [event(1, user="u", visitor="v")])
    assert told(warehouse, scope) == [{("", "v"), ("u", "v")}, {("", "w")}]


def test_two_devices_are_one_person(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [event(0, visitor="phone"), event(1, visitor="laptop"), event(2, user="u")])
    given(engine, scope, [event(3, user="u", visitor="phone"), event(4, user="u", visitor="laptop")])
    assert len(told(warehouse, scope)) == 1


def test_a_shared_device_belongs_to_whom_it_was_first_named_with(
    warehouse: Warehouse, engine: Engine, scope: Scope
) -> None:
    given(engine, scope, [event(5, user="b", visitor="v"), event(7, visitor="v")])
    assert told(warehouse, scope) == [{("", "v"), ("b", "v")}]
    given(engine, scope, [event(4, user="a", visitor="v")])  # came in later, happened before
    assert told(warehouse, scope) == [{("", "v"), ("a", "v")}, {("b", "v")}]


def test_nobody_is_nobody(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [event(0), event(1, user="u")])
    assert groups(warehouse, scope)[0] == {("", "")}


def test_one_tenants_ids_are_joined_for_him_alone(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    other = Scope(tenant=f"{scope.tenant}-other", actor="test", role=Role.OWNER)
    given(engine, scope, [event(0, visitor="v")])
    given(engine, other, [event(0, user="u", visitor="v")])
    assert told(warehouse, scope) == [{("", "v")}]
    assert len(hashes_of(warehouse, scope, "v")[1]) == 1


def test_any_of_his_ids_names_the_person(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(
        engine, scope, [event(0, user="u", visitor="phone"), event(1, user="u", visitor="laptop"), event(2, user="z")]
    )
    named = [hashes_of(warehouse, scope, id_) for id_ in ("u", "phone", "laptop")]
    assert {person for person, _ in named} == {named[0][0]}
    assert [len(hashes) for _, hashes in named] == [3, 3, 3]
    alone, hashes = hashes_of(warehouse, scope, "z")
    assert hashes == [alone]
    unknown, hashes = hashes_of(warehouse, scope, "nobody")
    assert hashes == [unknown]


ids = st.sampled_from(["", "a", "b"]), st.sampled_from(["", "v", "w", "x", "a"])
histories = st.lists(st.tuples(st.integers(0, 5), *ids), min_size=1, max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@whatever(history=histories, cuts=st.integers(0, 12))
def test_people_are_those_of_a_walk_over_the_events(
    warehouse: Warehouse, engine: Engine, history: Sequence[tuple[int, str, str]], cuts: int
) -> None:
    scope = Scope(tenant=uuid4().hex, actor="test", role=Role.OWNER)
    events = [event(*each) for each in history]
    given(engine, scope, events[:cuts])
    given(engine, scope, events[cuts:])
    owner: dict[str, str] = {}
    for _, user, visitor in sorted(history):
        if user and visitor and user != visitor:
            owner.setdefault(visitor, user)
    expected: dict[str, set[tuple[str, str]]] = {}
    for _, user, visitor in history:
        own = user or visitor
        expected.setdefault(owner.get(own, own), set()).add((user, visitor))
    assert told(warehouse, scope) == sorted(expected.values(), key=sorted)
