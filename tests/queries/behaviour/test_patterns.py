"""Patterns are the runs of event types within sessions, by hand and beside a walk over the events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from math import prod
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as whatever
from hypothesis import strategies as st

from factbook.core.calendar import Calendar
from factbook.core.errors import FactbookError
from factbook.core.money import Money
from factbook.core.scope import Role, Scope
from factbook.metrics.catalog import built_in
from factbook.queries.asking.ask import Tenant
from factbook.queries.behaviour.patterns.frequent import patterns
from factbook.queries.behaviour.patterns.question import asked
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

NOW = datetime(2026, 3, 20, 12, 0, 30, tzinfo=UTC)
START = datetime(2026, 3, 10, tzinfo=UTC)
TENANT = Tenant(built_in(), Calendar(ZoneInfo("UTC")), Money(), {})


def answer(warehouse: Warehouse, scope: Scope, **how: Any) -> dict[str, Any]:
    return patterns(warehouse, scope, asked(how, TENANT, NOW), {})


def session(number: int, types: str, user: str, **more: Any) -> list[dict[str, Any]]:
    return [
        {"at": START + timedelta(minutes=at), "type": type_, "user": user, "session": number, **more}
        for at, type_ in enumerate(types)
    ]


def test_patterns_have_support_people_times_and_lift(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, session(1, "abc", "u") + session(2, "abab", "u") + session(3, "ba", "v"))
    told = answer(warehouse, scope, max_length="2")
    assert told["sessions"] == 3
    ab, ba, bc = told["patterns"]
    assert ab == {
        "events": ["a", "b"],
        "sessions": 2,
        "support": 2 / 3,
        "people": 1,
        "times": 3,
        "lift": (3 / 6) / (4 / 9 * 4 / 9),
    }
    assert (ba["events"], ba["sessions"], ba["people"], ba["times"]) == (["b", "a"], 2, 2, 2)
    assert (bc["events"], bc["sessions"]) == (["b", "c"], 1)


def test_the_same_again_is_one_event_unless_repeats_are_asked_for(
    warehouse: Warehouse, engine: Engine, scope: Scope
) -> None:
    given(engine, scope, session(1, "aab", "u"))
    for how, expected in (({}, [["a", "b"]]), ({"repeats": "true"}, [["a", "a", "b"], ["a", "a"], ["a", "b"]])):
        assert [one["events"] for one in answer(warehouse, scope, **how)["patterns"]] == expected


def test_rare_patterns_bots_and_events_without_a_session_are_left_out(
    warehouse: Warehouse, engine: Engine, scope: Scope
) -> None:
    given(
        engine,
        scope,
        session(1, "ab", "u")
        + session(2, "ab", "v")
        + session(3, "ac", "w")
        + session(4, "xy", "bot", is_bot=True)
        + session(0, "pq", "z"),
    )
    told = answer(warehouse, scope, min_support="0.5")
    assert [one["events"] for one in told["patterns"]] == [["a", "b"]]
    assert (told["sessions"], told["degraded"], told["notes"]) == (3, False, [])


def test_more_types_than_are_told_apart_is_said(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    events = [e for n in range(101) for e in session(n + 1, "ab", f"u{n}")]
    for n in range(101):
        events[2 * n + 1]["type"] = f"b{n:03}"
    given(engine, scope, events)
    told = answer(warehouse, scope, min_support="0.0001")
    assert told["degraded"]
    assert "100 most frequent of 102" in told["notes"][0]


def test_one_tenants_sessions_are_his_alone(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, session(1, "ab", "u"))
    other = Scope(tenant=f"{scope.tenant}-other", actor="test", role=Role.OWNER)
    assert (answer(warehouse, other)["sessions"], answer(warehouse, other)["patterns"]) == (0, [])


@pytest.mark.parametrize(
    ("field", "value"),
    [("min_length", "1"), ("max_length", "6"), ("min_support", "0"), ("order", "name"), ("limit", "201")],
)
def test_what_is_wrong_is_named(field: str, value: str) -> None:
    with pytest.raises(FactbookError) as refused:
        asked({field: value}, TENANT, NOW)
    assert refused.value.field == field


drawn_events = st.lists(
    st.fixed_dictionaries(
        {
            "at": st.integers(0, 6).map(lambda minute: START + timedelta(minutes=minute)),
            "type": st.sampled_from("abc"),
            "session": st.integers(1, 3),
        }
    ),
    min_size=1,
    max_size=16,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@whatever(drawn=drawn_events, repeats=st.booleans(), support=st.sampled_from([0.2, 0.5, 1.0]))
def test_patterns_are_those_of_a_walk_over_the_sessions(
    warehouse: Warehouse, engine: Engine, drawn: list[dict[str, Any]], repeats: bool, support: float
) -> None:
    scope = Scope(tenant=uuid4().hex, actor="test", role=Role.OWNER)
    events = [{**event, "id": str(UUID(int=i)), "user": f"u{event['session'] // 2}"} for i, event in enumerate(drawn)]
    given(engine, scope, events)
    how = {"repeats": str(repeats), "min_support": str(support), "limit": "200"}
    found = {tuple(one.pop("events")): one for one in answer(warehouse, scope, **how)["patterns"]}
    expected = _walked(events, repeats, support)
    assert set(found) == set(expected)
    for events_, one in expected.items():
        assert found[events_] == pytest.approx(one), events_


def _walked(events: Sequence[Mapping[str, Any]], repeats: bool, support: float) -> dict[tuple[str, ...], Any]:
    runs: dict[int, list[str]] = {}
    for event in sorted(events, key=lambda e: (e["at"], e["id"])):
        runs.setdefault(event["session"], []).append(event["type"])
    if not repeats:
        runs = {session: [type_ for type_, _ in groupby(types)] for session, types in runs.items()}
    all_types = Counter(type_ for types in runs.values() for type_ in types)
    found: dict[tuple[str, ...], Any] = {}
    for length in range(2, 6):
        grams = {s: [tuple(t[i : i + length]) for i in range(len(t) - length + 1)] for s, t in runs.items()}
        times = Counter(gram for each in grams.values() for gram in each)
        for gram, count in times.items():
            sessions = [s for s, each in grams.items() if gram in each]
            if len(sessions) < support * len(runs) - 1e-9:
                continue
            expected = prod(all_types[type_] / all_types.total() for type_ in gram)
            found[gram] = {
                "sessions": len(sessions),
                "support": len(sessions) / len(runs),
                "people": len({s // 2 for s in sessions}),
                "times": count,
                "lift": count / times.total() / expected,
            }
    return found
