"""Paths are those of a walk over the events: forward, backward, by session and person, with everything that is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import given as whatever
from hypothesis import strategies as st

from factbook.core.calendar import Calendar
from factbook.core.scope import Role, Scope
from factbook.ingest.session_rule import Rule
from factbook.queries.behaviour.history import history
from factbook.queries.behaviour.paths import PathsRequest, paths
from factbook.queries.behaviour.selection import Selection
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

START = datetime(2026, 3, 2, tzinfo=UTC)
ABOUT = history({"start_date": "2026-03-02", "end_date": "2026-03-03"}, Calendar(ZoneInfo("UTC")), START)
RULE = Rule(30 * 60_000)
CAPPED = Rule(30 * 60_000, 60 * 60_000)


def event(minute: int, type_: str, user: str = "u", **more: Any) -> dict[str, Any]:
    return {"at": START + timedelta(minutes=minute), "type": type_, "user": user, "id": str(uuid4()), **more}


def view(minute: int, path: str, user: str = "u") -> dict[str, Any]:
    return event(minute, "page_view", user, properties={"path": path})


def asked(rule: Rule = RULE, **more: Any) -> PathsRequest:
    return PathsRequest(ABOUT, rule, Selection(("purchase",)), **more)


def edges(told: dict[str, Any]) -> dict[tuple[str, str], int]:
    return {(edge["source"], edge["target"]): edge["count"] for edge in told["edges"]}


def test_paths_of_three_people_counted_by_hand(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    steps = {"a": ["home", "list", "item", "purchase"], "b": ["home", "list"], "c": ["home", "item", "purchase"]}
    given(engine, scope, [event(m, name, who) for who, names in steps.items() for m, name in enumerate(names)])
    told = paths(warehouse, scope, asked(depth=2))
    assert edges(told) == {
        ("0:home", "1:list"): 2,
        ("0:home", "1:item"): 1,
        ("1:list", "2:item"): 1,
        ("1:item", "2:purchase"): 1,
    }
    assert (told["paths"], told["converted"]) == (3, 2)
    [home] = told["layers"][0]["nodes"]
    assert (home["count"], home["share"], home["converted"], home["dropped"]) == (3, 1.0, 2, 0)
    listed = next(node for node in told["layers"][1]["nodes"] if node["label"] == "list")
    assert (listed["count"], listed["conversion_rate"], listed["drop_off_rate"]) == (2, 0.5, 0.5)
    assert [node["dropped"] for node in told["layers"][2]["nodes"]] == [None, None]


def test_back_from_a_point(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [event(m, name) for m, name in enumerate(["a", "b", "c", "b", "d"])])
    told = paths(warehouse, scope, asked(backward=True, point=Selection(("b",))))
    assert edges(told) == {("0:b", "1:c"): 1, ("1:c", "2:b"): 1, ("2:b", "3:a"): 1}


def test_pages_are_grouped_by_patterns_and_repeats_are_one_step(
    warehouse: Warehouse, engine: Engine, scope: Scope
) -> None:
    given(engine, scope, [view(0, "/"), view(1, "/p/1"), view(2, "/p/2"), event(3, "click"), event(4, "purchase")])
    groups = (("/p/*", "products"), ("/p*", "never"))
    told = paths(warehouse, scope, asked(pages=True, groups=groups))
    assert edges(told) == {("0:/", "1:products"): 1, ("1:products", "2:purchase"): 1}
    told = paths(warehouse, scope, asked(pages=True, groups=groups, collapse=False))
    assert ("1:products", "2:products") in edges(told)


def test_a_wildcard_is_the_only_sign_of_a_pattern(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [view(0, "/a_b%"), view(1, "/axb1")])
    told = paths(warehouse, scope, asked(pages=True, groups=(("/a_b%*", "exact"),)))
    assert edges(told) == {("0:exact", "1:/axb1"): 1}


def test_less_frequent_nodes_are_other_and_small_edges_are_left_out(
    warehouse: Warehouse, engine: Engine, scope: Scope
) -> None:
    firsts = ["a", "a", "a", "b", "b", "c", "d"]
    given(engine, scope, [event(n, x, f"u{n}") for n, x in enumerate(firsts)])
    given(engine, scope, [event(n + 10, "z", f"u{n}") for n, x in enumerate(firsts)])
    told = paths(warehouse, scope, asked(top=1, min_count=4))
    assert [(n["label"], n["count"]) for n in told["layers"][0]["nodes"]] == [("a", 3), (None, 4)]
    assert edges(told) == {("0~other", "1:z"): 4}


@pytest.mark.parametrize("backward", [False, True])
def test_a_session_that_has_lasted_long_enough_ends_a_path(
    warehouse: Warehouse, engine: Engine, scope: Scope, backward: bool
) -> None:
    given(engine, scope, [event(m, f"e{m}") for m in (0, 30, 60, 61, 91, 121, 122)])
    told = paths(warehouse, scope, asked(CAPPED, backward=backward))
    layers = [{node["label"] for node in layer["nodes"]} for layer in told["layers"]]
    forward = [{"e0", "e61", "e122"}, {"e30", "e91"}, {"e60", "e121"}]
    assert layers == ([{"e60", "e121", "e122"}, {"e30", "e91"}, {"e0", "e61"}] if backward else forward)


@pytest.mark.parametrize("by_session", [False, True])
@pytest.mark.parametrize("backward", [False, True])
def test_very_long_walks_are_cut_and_said_to_be(
    warehouse: Warehouse, engine: Engine, scope: Scope, backward: bool, by_session: bool
) -> None:
    given(engine, scope, [event(m, f"e{m}") for m in range(6)])
    given(engine, scope, [event(m, f"e{m}", "brief") for m in range(3)])
    told = paths(warehouse, scope, asked(most_events=3, depth=10, backward=backward, by_session=by_session))
    assert (told["degraded"], len(told["layers"]), told["paths"]) == (True, 3, 2)
    assert {node["label"] for node in told["layers"][0]["nodes"]} == ({"e5", "e2"} if backward else {"e0"})
    assert told["notes"][0].startswith("1 people")


def test_of_too_many_events_a_sample_of_people_is_looked_at(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [event(0, "a", f"u{n}") for n in range(400)])
    told = paths(warehouse, scope, asked(most_rows=100))
    assert told["degraded"]
    assert 50 < told["paths"] < 150


def test_nothing_leads_nowhere(warehouse: Warehouse, scope: Scope) -> None:
    told = paths(warehouse, scope, asked())
    assert (told["paths"], told["conversion_rate"], told["layers"], told["edges"]) == (0, None, [], [])


def test_one_tenants_paths_are_his(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [event(0, "a")])
    assert paths(warehouse, Scope(f"{scope.tenant}-other", "test", Role.OWNER), asked())["paths"] == 0


users = st.sampled_from([("u", ""), ("w", ""), ("", "v"), ("u", "v"), ("", "")])
one = st.tuples(st.integers(0, 12), users, st.sampled_from(["a", "b", "c", "purchase"]))


@pytest.mark.parametrize("backward", [False, True])
@settings(
    max_examples=15,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@whatever(
    walk=st.lists(one, min_size=1, max_size=14),
    point=st.sampled_from([None, Selection(("b",))]),
    collapse=st.booleans(),
    by_session=st.booleans(),
    depth=st.integers(1, 4),
    rule=st.sampled_from([RULE, CAPPED]),
)
def test_paths_are_those_of_a_walk_over_the_events(
    warehouse: Warehouse, engine: Engine, walk: Sequence[Any], backward: bool, **how: Any
) -> None:
    scope = Scope(uuid4().hex, "test", Role.OWNER)
    events = [event(m * 15, type_, user, visitor=visitor) for m, (user, visitor), type_ in walk]
    given(engine, scope, events)
    request = asked(backward=backward, top=100, **how)
    told = paths(warehouse, scope, request)
    expected = walked(events, request)
    assert edges(told) == {
        (f"{layer}:{a}", f"{layer + 1}:{b}"): n for (layer, a, b), n in Counter(expected["edges"]).items()
    }
    assert (told["paths"], told["converted"]) == (expected["paths"], expected["converted"])
    nodes = {node["id"]: node["count"] for layer in told["layers"] for node in layer["nodes"]}
    assert nodes == {f"{layer}:{a}": n for (layer, a), n in Counter(expected["nodes"]).items()}


def walked(events: Sequence[dict[str, Any]], request: PathsRequest) -> dict[str, Any]:
    joined = any(e["user"] and e["visitor"] for e in events)
    found: dict[str, Any] = {"edges": [], "nodes": [], "paths": 0, "converted": 0}
    people: dict[str, list[dict[str, Any]]] = {}
    for e in sorted(events, key=lambda e: (e["at"], by_id(e["id"]))):
        own = "u" if e["visitor"] and joined else e["user"] or e["visitor"]
        if own:
            people.setdefault(own, []).append(e)
    for steps in people.values():
        sessions: list[list[dict[str, Any]]] = []
        for e in steps:
            near = sessions and e["at"] - sessions[-1][-1]["at"] <= timedelta(minutes=30)
            if near and request.rule.longest_ms:
                near = e["at"] - sessions[-1][0]["at"] <= timedelta(milliseconds=request.rule.longest_ms)
            (sessions[-1].append(e) if sessions and (near or not request.by_session) else sessions.append([e]))
        for session in sessions:
            names = [e["type"] for e in (session[::-1] if request.backward else session)]
            if request.point:
                if "b" not in names:
                    continue
                names = names[names.index("b") :]
            found["paths"] += 1
            found["converted"] += "purchase" in names
            names = [name for name, _ in groupby(names)] if request.collapse else names
            names = names[: request.depth + 1]
            found["nodes"] += enumerate(names)
            found["edges"] += [(n, a, b) for n, (a, b) in enumerate(pairwise(names))]
    return found


def by_id(id_: str) -> tuple[int, int]:
    """As the warehouse orders ids: by the second half."""
    half = id_.replace("-", "")
    return int(half[16:], 16), int(half[:16], 16)
