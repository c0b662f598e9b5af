"""The size of a segment over time is what a walk over the events up to then finds, bucket by bucket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as whatever
from hypothesis import strategies as st

from factbook.core.errors import FactbookError
from factbook.core.scope import Role, Scope
from factbook.queries.behaviour.segments.over_time import over_time, sizes_over_time
from factbook.queries.behaviour.segments.people import sizes
from factbook.storage.engine import Engine
from factbook.storage.segment_members import SegmentMembers
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

from . import segment_oracle as oracle
from .test_segments import START, happenings, rules, segments


def told(
    warehouse: Warehouse, scope: Scope, rule: dict[str, Any], period: Mapping[str, str], **others: Any
) -> list[tuple[int, int]]:
    kept = segments(asked=rule, **others)
    found = sizes_over_time(warehouse, scope, over_time(period, kept), kept, "asked", {})
    return [(each["people"], each["of"]) for each in found["sizes"]]


@pytest.fixture
def shop(engine: Engine, scope: Scope) -> Scope:
    events: list[dict[str, Any]] = [
        {"at": "2026-03-01T10:00:00Z", "user": "ann", "type": "purchase", "country": "DE"},
        {"at": "2026-03-02T23:30:00Z", "user": "bob", "type": "purchase", "country": "DE"},
        {"at": "2026-03-03T10:00:00Z", "visitor": "eve", "type": "page_view", "country": "DE"},
        {"at": "2026-03-04T10:00:00Z", "user": "ann", "type": "page_view", "country": "AT"},
        {"at": "2026-03-04T11:00:00Z", "user": "bot", "type": "purchase", "is_bot": True},
        {"at": "2026-03-20T12:00:10Z", "visitor": "eve", "type": "purchase"},
    ]
    given(engine, scope, events)
    return scope


DAYS = {"start_date": "2026-02-28", "end_date": "2026-03-05"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"did": {}}, [0, 1, 2, 3, 3, 3]),
        ({"did": "purchase"}, [0, 1, 2, 2, 2, 2]),
        ({"did": "purchase", "within": "2d"}, [0, 1, 2, 1, 0, 0]),
        ({"did_not": "purchase"}, [0, 0, 0, 1, 1, 1]),
        ({"not": {"did": "purchase", "within": "1d"}}, [0, 0, 1, 3, 3, 3]),
        ({"property": "country", "eq": "DE"}, [0, 1, 2, 3, 2, 2]),
        ({"property": "country", "ne": "DE"}, [0, 0, 0, 0, 1, 1]),
        ({"did": "purchase", "start_time": "2026-03-02"}, [0, 0, 1, 1, 1, 1]),
        ({"segment": "recent"}, [0, 1, 1, 1, 1, 0]),
    ],
    ids=str,
)
def test_each_size_is_as_of_the_end_of_its_day(
    warehouse: Warehouse, shop: Scope, rule: dict[str, Any], expected: list[int]
) -> None:
    recent = {"did": {}, "within": "1d"}
    found = told(warehouse, shop, rule, DAYS, recent=recent)
    assert [people for people, _ in found] == expected
    assert [of for _, of in found] == [0, 1, 2, 3, 3, 3]


def test_days_are_those_of_the_zone(warehouse: Warehouse, shop: Scope) -> None:
    found = told(warehouse, shop, {"did": "purchase"}, {**DAYS, "timezone": "Europe/Berlin"})
    assert [people for people, _ in found] == [0, 1, 1, 2, 2, 2]


def test_a_week_begins_where_the_calendar_says_and_is_counted_at_its_end(warehouse: Warehouse, shop: Scope) -> None:
    kept = segments(asked={"did": "purchase"})
    found = sizes_over_time(warehouse, shop, over_time({**DAYS, "granularity": "1w"}, kept), kept, "asked", {})
    assert [(each["time"][:10], each["people"]) for each in found["sizes"]] == [("2026-02-23", 1), ("2026-03-02", 2)]


def test_a_day_that_is_not_over_is_told_as_of_now(warehouse: Warehouse, shop: Scope) -> None:
    kept = segments(asked={"did": "purchase", "within": "24h"})
    found = sizes_over_time(warehouse, shop, over_time({"period": "last_2_days"}, kept), kept, "asked", {})
    assert [(each["people"], each["incomplete"]) for each in found["sizes"]] == [(0, False), (1, True)]
    assert sizes(warehouse, shop, [kept.rule("asked")])[0] == [1]


def test_a_frozen_segment_has_one_size_and_what_stands_on_it_has_not(
    warehouse: Warehouse, engine: Engine, shop: Scope
) -> None:
    frozen = SegmentMembers(engine)
    select = (
        "SELECT DISTINCT person FROM events WHERE tenant = {tenant:String} AND event_type = 'purchase' AND NOT is_bot"
    )
    frozen.freeze(shop, 7, select, {})
    kept = segments(buyers={"did": "purchase"}, there={"all": [{"segment": "buyers"}]})
    rows = {**kept.rows(), "buyers": replace(kept.rows()["buyers"], freezing=7)}
    kept = replace(kept, rows=lambda: rows)
    for id_, expected in (("buyers", [3] * 6), ("there", [0, 1, 2, 3, 3, 3])):
        found = sizes_over_time(warehouse, shop, over_time(DAYS, kept), kept, id_, {})
        assert [each["people"] for each in found["sizes"]] == expected
        assert found["frozen"] is (id_ == "buyers")


def test_another_tenants_people_are_counted_in_no_size(warehouse: Warehouse, shop: Scope) -> None:
    other = Scope(tenant=f"{shop.tenant}-other", actor="test", role=Role.OWNER)
    assert told(warehouse, other, {"did_not": "never"}, DAYS) == [(0, 0)] * 6


def test_sizes_lack_what_is_no_longer_kept_and_say_so(warehouse: Warehouse, shop: Scope) -> None:
    kept = segments(asked={"did": "purchase"})
    since = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp() * 1000)
    found = sizes_over_time(warehouse, shop, over_time(DAYS, kept), kept, "asked", {"raw": since})
    assert found["complete_since"] == "2026-03-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"period": "last_101_days"}, "granularity"),
        ({"granularity": "1d2h"}, "granularity"),
        ({"start_date": "2027-01-01", "end_date": "2027-01-05"}, "start_time"),
        ({"period": "some time"}, "period"),
        ({"timezone": "Mars"}, "timezone"),
    ],
    ids=str,
)
def test_what_is_wrong_with_the_question_is_named(wrong: dict[str, str], field: str) -> None:
    with pytest.raises(FactbookError) as refused:
        over_time(wrong, segments())
    assert (refused.value.kind, refused.value.field) == ("invalid", field)


MINUTES = 6
latest = st.builds(lambda t, n: {"did": t, "within": f"{n}m"}, st.sampled_from(["buy", "look"]), st.integers(1, 3))


def placed(rule: Any, end: datetime) -> Any:
    """`within` as the walk knows it: since so many minutes before `end`."""
    if isinstance(rule, list):
        return [placed(each, end) for each in rule]
    if not isinstance(rule, dict):
        return rule
    found = {key: placed(each, end) for key, each in rule.items() if key != "within"}
    if "within" in rule:
        found["start_time"] = (end - timedelta(minutes=int(rule["within"][:-1]))).isoformat()
    return found


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@whatever(
    rule=st.one_of(latest, rules, st.tuples(latest, rules).map(lambda two: {"any": list(two)})), events=happenings
)
def test_sizes_are_those_of_a_walk_over_what_had_happened(
    warehouse: Warehouse, engine: Engine, rule: dict[str, Any], events: list[dict[str, Any]]
) -> None:
    scope = Scope(tenant=uuid4().hex, actor="test", role=Role.OWNER)
    events = [{**event, "id": str(UUID(int=(i * 2654435761) % 2**32 << 96 | i))} for i, event in enumerate(events)]
    given(engine, scope, events)
    end = START + timedelta(minutes=MINUTES)
    period = {"start_time": START.isoformat(), "end_time": end.isoformat(), "granularity": "1m"}
    expected = []
    for end in (START + timedelta(minutes=minute + 1) for minute in range(MINUTES)):
        then = [[e for e in his if e["at"] < end] for his in oracle.people(events).values()]
        there = [his for his in then if his]
        expected.append((sum(oracle.holds(placed(rule, end), his) for his in there), len(there)))
    assert told(warehouse, scope, rule, period) == expected
