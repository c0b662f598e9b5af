"""Segments hold whom their rules describe, by hand and beside a walk over the events; frozen ones stay as they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as whatever
from hypothesis import strategies as st

from factbook.core.calendar import Calendar
from factbook.core.errors import FactbookError
from factbook.core.scope import Role, Scope
from factbook.core.sql import Parameters
from factbook.queries.behaviour.segments.members import members
from factbook.queries.behaviour.segments.people import listed, sizes
from factbook.queries.behaviour.segments.segments import Segments
from factbook.storage.engine import Engine
from factbook.storage.rows import SegmentRow
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

from . import segment_oracle as oracle

NOW = datetime(2026, 3, 20, 12, 0, 30, tzinfo=UTC)
ZONE = ZoneInfo("UTC")


def segments(**rules: dict[str, Any]) -> Segments:
    rows = {id_: SegmentRow("", id_, id_, "", rule, None, 1, 0, 0) for id_, rule in rules.items()}
    return Segments(lambda: rows, Calendar(ZONE), NOW)


def inside(warehouse: Warehouse, scope: Scope, rule: Any, **others: Any) -> set[str]:
    """Who is in it: users, else their visitors."""
    people, _ = listed(warehouse, scope, segments(**others).read(rule), ZONE, limit=100)
    return {one["user_id"] or one["anonymous_ids"][0] for one in people}


@pytest.fixture
def shop(engine: Engine, scope: Scope) -> Scope:
    given(
        engine,
        scope,
        [
            {
                "at": "2026-03-01T10:00:00Z",
                "user": "ann",
                "type": "purchase",
                "properties": {"amount": 80},
                "country": "DE",
            },
            {
                "at": "2026-03-18T10:00:00Z",
                "user": "ann",
                "type": "purchase",
                "properties": {"amount": 30},
                "country": "AT",
            },
            {"at": "2026-03-18T11:00:00Z", "user": "ann", "type": "page_view"},
            {
                "at": "2026-03-10T10:00:00Z",
                "user": "bob",
                "type": "purchase",
                "properties": {"amount": 200},
                "country": "DE",
            },
            {"at": "2026-03-19T10:00:00Z", "visitor": "eve", "type": "page_view", "properties": {"plan": "pro"}},
            {"at": "2026-03-19T12:00:00Z", "visitor": "eve", "type": "page_view", "properties": {"plan": "free"}},
            {"at": "2026-03-19T10:00:00Z", "user": "bot", "type": "purchase", "is_bot": True, "country": "DE"},
            {"at": "2026-03-19T10:00:00Z", "type": "purchase", "properties": {"amount": 999}, "country": "DE"},
        ],
    )
    return scope


CASES: list[tuple[dict[str, Any], set[str]]] = [
    ({"did": "purchase"}, {"ann", "bob"}),
    ({"did": "purchase", "count": {"gte": 2}}, {"ann"}),
    ({"did": "purchase", "count": {"lt": 2}}, {"bob", "eve"}),
    ({"did": "purchase", "within": "7d"}, {"ann"}),
    ({"did": "purchase", "start_time": "2026-03-10", "end_time": "2026-03-10"}, {"bob"}),
    ({"did": "purchase", "start_time": "2026-03-18T10:00:00Z"}, {"ann"}),
    ({"did": "purchase", "end_time": "2026-03-10T10:00:00Z"}, {"ann"}),
    ({"did_not": "purchase"}, {"eve"}),
    ({"did": {"event": "purchase", "where": "amount > 100"}}, {"bob"}),
    ({"did": {"events": ["purchase", "page_view"], "filters": {"country": "AT"}}}, {"ann"}),
    ({"did": {}}, {"ann", "bob", "eve"}),
    ({"property": "country", "eq": "DE"}, {"bob"}),
    ({"property": "country", "ne": "DE"}, {"ann", "eve"}),
    ({"property": "country", "exists": False}, {"eve"}),
    ({"property": "property.plan", "eq": "free"}, {"eve"}),
    ({"property": "property.plan", "in": ["pro", "team"]}, set()),
    ({"property": "property.amount", "lt": 100}, {"ann"}),
    ({"aggregate": "sum", "of": "amount", "over": "purchase", "gte": 110}, {"ann", "bob"}),
    ({"aggregate": "sum", "of": "amount", "lt": 200}, {"ann", "eve"}),
    ({"aggregate": "avg", "of": "amount", "over": "purchase", "eq": 55}, {"ann"}),
    ({"aggregate": "min", "of": "amount", "over": "purchase", "lt": 1000}, {"ann", "bob"}),
    ({"any": [{"did_not": "purchase"}, {"property": "country", "eq": "DE"}]}, {"bob", "eve"}),
    ({"all": [{"did": "purchase"}, {"not": {"property": "country", "eq": "DE"}}]}, {"ann"}),
    ({"segment": "buyers"}, {"ann", "bob"}),
    ({"all": [{"segment": "buyers"}, {"not": {"segment": "germans"}}]}, {"ann"}),
]
OTHERS = {
    "buyers": {"did": "purchase"},
    "germans": {"all": [{"segment": "buyers"}, {"property": "country", "eq": "DE"}]},
}


@pytest.mark.parametrize(("rule", "expected"), CASES, ids=[str(rule)[:60] for rule, _ in CASES])
def test_a_segment_holds_whom_its_rule_describes(
    warehouse: Warehouse, shop: Scope, rule: dict[str, Any], expected: set[str]
) -> None:
    assert inside(warehouse, shop, rule, **OTHERS) == expected


def test_sizes_of_several_are_counted_at_once(warehouse: Warehouse, shop: Scope) -> None:
    read = segments().read
    rules = [read({"did": "purchase"}), read({"did_not": "purchase"}), read({"did": "never"})]
    assert sizes(warehouse, shop, rules) == ([2, 1, 0], 3)


def test_pages_of_people_meet_without_a_gap(warehouse: Warehouse, shop: Scope) -> None:
    everybody, cursor, found = segments().read({"did": {}}), None, []
    for _ in range(3):
        page, cursor = listed(warehouse, shop, everybody, ZONE, limit=1, cursor=cursor)
        found += page
    assert cursor is None
    assert {one["user_id"] for one in found} == {"ann", "bob", None}
    [eve] = [one for one in found if one["user_id"] is None]
    assert eve == {
        "user_id": None,
        "anonymous_ids": ["eve"],
        "first_seen": "2026-03-19T10:00:00+00:00",
        "last_seen": "2026-03-19T12:00:00+00:00",
        "events": 2,
        "last_event_type": "page_view",
    }


def test_another_tenants_people_are_in_no_segment(warehouse: Warehouse, shop: Scope) -> None:
    other = Scope(tenant=f"{shop.tenant}-other", actor="test", role=Role.OWNER)
    assert inside(warehouse, other, {"did_not": "never"}) == set()


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ("purchase", "rule"),
        ({}, "rule"),
        ({"did": "a", "did_not": "b"}, "rule"),
        ({"did": "a", "often": 2}, "rule.often"),
        ({"did": {"event": "a", "wher": "x > 1"}}, "rule.did.wher"),
        ({"did": "a", "count": {"gte": 1.5}}, "rule.count"),
        ({"did": "a", "count": {"gte": 1, "lt": 3}}, "rule.count"),
        ({"did": "a", "count": 2}, "rule.count"),
        ({"did": "a", "within": "a while"}, "rule.within"),
        ({"did": "a", "within": "7d", "start_time": "2026-01-01"}, "rule.within"),
        ({"did": "a", "start_time": "2026-02-01", "end_time": "2026-01-01"}, "rule.end_time"),
        ({"did": {"event": "a", "where": "x >"}}, "rule.did.where"),
        ({"all": []}, "rule.all"),
        ({"all": [{"did": "a"}, {"any": [7]}]}, "rule.all[1].any[0]"),
        ({"property": "colour", "eq": "red"}, "rule.property"),
        ({"property": "country"}, "rule"),
        ({"property": "country", "eq": None}, "rule.eq"),
        ({"property": "is_bot", "gt": 1}, "rule.gt"),
        ({"aggregate": "median", "of": "x", "gt": 1}, "rule.aggregate"),
        ({"aggregate": "sum", "gt": 1}, "rule.of"),
        ({"aggregate": "sum", "of": "x", "gt": "much"}, "rule.gt"),
        ({"segment": "nobody"}, "rule.segment"),
        ({"segment": "snake"}, "rule.segment"),
        ({"any": [{"did": str(i)} for i in range(51)]}, "rule"),
    ],
)
def test_what_is_wrong_in_a_rule_is_named(rule: Any, field: str) -> None:
    with pytest.raises(FactbookError) as refused:
        segments(snake={"segment": "snake"}).read(rule)
    assert refused.value.kind == "invalid"
    assert refused.value.field == field


START = datetime(2026, 3, 2, tzinfo=UTC)
TYPES = ["buy", "look", "look|buy", ""]
compared = st.tuples(st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte"]), st.integers(0, 3)).map(
    lambda pair: {pair[0]: pair[1]}
)
moments = st.integers(0, 4).map(lambda minute: (START + timedelta(minutes=minute)).isoformat())
span: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"start_time": moments}),
    st.fixed_dictionaries({"end_time": st.just((START + timedelta(minutes=3)).isoformat())}),
)
leaf = st.one_of(
    st.builds(lambda t, c, s: {"did": t, "count": c, **s}, st.sampled_from(TYPES), compared, span),
    st.builds(lambda t, s: {"did_not": t, **s}, st.sampled_from(TYPES), span),
    st.builds(
        lambda how, t, c, s: {"aggregate": how, "of": "n", "over": t, **c, **s},
        st.sampled_from(["sum", "avg", "min", "max"]),
        st.sampled_from(TYPES),
        compared,
        span,
    ),
    st.builds(
        lambda name, test: {"property": name, **test},
        st.sampled_from(["country", "property.tone"]),
        st.sampled_from(
            [{"eq": "x"}, {"ne": "x"}, {"in": ["x", "y"]}, {"exists": True}, {"exists": False}, {"gt": "x"}]
        ),
    ),
    st.builds(lambda c: {"property": "property.n", **c}, compared),
)
rules = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda them: {"all": them}),
        st.lists(inner, min_size=1, max_size=3).map(lambda them: {"any": them}),
        inner.map(lambda one: {"not": one}),
    ),
    max_leaves=5,
)
happenings = st.lists(
    st.fixed_dictionaries(
        {
            "at": st.integers(0, 4).map(lambda minute: START + timedelta(minutes=minute)),
            "user": st.sampled_from(["", "a", "b"]),
            "visitor": st.sampled_from(["", "v", "w", "x"]),
            "type": st.sampled_from(["buy", "look"]),
            "country": st.sampled_from(["", "x", "y"]),
            "is_bot": st.sampled_from([False, False, False, True]),
            "properties": st.fixed_dictionaries(
                {}, optional={"n": st.integers(0, 3), "tone": st.sampled_from(["x", "y"])}
            ),
        }
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@whatever(drawn=st.lists(rules, min_size=4, max_size=4), events=happenings)
def test_members_are_those_of_a_walk_over_the_events(
    warehouse: Warehouse, engine: Engine, drawn: Sequence[Mapping[str, Any]], events: list[dict[str, Any]]
) -> None:
    scope = Scope(tenant=uuid4().hex, actor="test", role=Role.OWNER)
    events = [{**event, "id": str(UUID(int=(i * 2654435761) % 2**32 << 96 | i))} for i, event in enumerate(events)]
    given(engine, scope, events)
    read = [segments().read(rule) for rule in drawn]
    expected = [oracle.members(rule, events) for rule in drawn]
    assert sizes(warehouse, scope, read)[0] == [len(them) for them in expected]
    for rule, people in zip(read, expected, strict=True):
        parameters = Parameters()
        names = parameters.add(sorted(oracle.people(events)), "Array(String)")
        sql = f"""SELECT arrayFilter(name -> has((SELECT groupArray(who) FROM ({members(rule, parameters)})),
            sipHash64(name)), {names})"""
        [(found,)] = warehouse.rows(scope, sql, parameters.values)
        assert set(found) == people
