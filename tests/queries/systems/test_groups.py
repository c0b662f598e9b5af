"""Groups of errors and statements against naive ones, over random events; and what they say of nothing."""

from __future__ import annotations

import uuid
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from factbook.core.fingerprint import fingerprint
from factbook.core.scope import Role, Scope
from factbook.queries.behaviour.history import history
from factbook.queries.systems.groups import errors, statements
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.answering import NOW, TENANT
from tests.queries.given import given

START, END = NOW - timedelta(hours=2), NOW
ABOUT = history({"start_time": START.isoformat(), "end_time": END.isoformat()}, TENANT.calendar, NOW)
MESSAGES = ["Order 1 lost", "Order 27 lost", "no 'a' in b", "no 'c d' in b", "no disk", "", "1", "x"]
QUERIES = ["SELECT 1 FROM a", "SELECT 22 FROM a", "UPDATE a SET x = 'y'", "UPDATE a SET x = 'z w'", ""]

minutes = st.integers(-200, 10)
failures = st.lists(
    st.tuples(minutes, st.sampled_from(MESSAGES), st.sampled_from(["A", "B", ""]), st.sampled_from(["u", "v", ""])),
    max_size=30,
)
queries = st.lists(
    st.tuples(minutes, st.sampled_from(QUERIES), st.sampled_from([None, 0.5, 8, 64, 1024]), st.booleans()), max_size=30
)


def fresh() -> Scope:
    return Scope(f"tenant-{uuid.uuid4().hex}", "test", Role.OWNER)


def moment(minute: int) -> datetime:
    return NOW + timedelta(minutes=minute)


@settings(max_examples=25, deadline=None)
@drawn(failures)
def test_errors_are_grouped_as_a_naive_reader_would(
    engine: Engine, warehouse: Warehouse, sent: list[tuple[int, str, str, str]]
) -> None:
    scope = fresh()
    given(
        engine,
        scope,
        [
            {"at": moment(m), "type": "error_occurred", "user": user, "properties": {"message": text, "error_type": k}}
            for m, text, k, user in sent
        ],
    )
    wanted: dict[tuple[str, str], list[tuple[datetime, str]]] = defaultdict(list)
    before: dict[tuple[str, str], int] = defaultdict(int)
    for minute, text, kind, user in sent:
        at = moment(minute)
        if START <= at < END:
            wanted[fingerprint(text), kind].append((at, user))
        elif START - (END - START) <= at < START:
            before[fingerprint(text), kind] += 1
    found = errors(warehouse, scope, ABOUT, 1000)
    told = {(one["fingerprint"], one["error_type"] or ""): one for one in found["groups"]}
    assert told.keys() == wanted.keys()
    assert found["errors"] == sum(map(len, wanted.values()))
    for key, happened in wanted.items():
        one = told[key]
        assert (one["count"], one["previous"]) == (len(happened), before[key])
        assert one["users"] == len({user for _, user in happened if user})
        assert datetime.fromisoformat(one["first_seen"]) == min(at for at, _ in happened)
        assert datetime.fromisoformat(one["last_seen"]) == max(at for at, _ in happened)
        assert fingerprint(one["message"]) == key[0]
    assert [one["count"] for one in found["groups"]] == sorted((len(each) for each in wanted.values()), reverse=True)


@settings(max_examples=25, deadline=None)
@drawn(queries)
def test_statements_are_grouped_as_a_naive_reader_would(
    engine: Engine, warehouse: Warehouse, sent: list[tuple[int, str, float | None, bool]]
) -> None:
    scope = fresh()
    given(
        engine,
        scope,
        [
            {"at": moment(m), "type": "db_query", "properties": properties(text, took, success)}
            for m, text, took, success in sent
        ],
    )
    wanted: dict[str, list[tuple[float | None, bool]]] = defaultdict(list)
    for minute, text, took, success in sent:
        if START <= moment(minute) < END:
            wanted[fingerprint(text or "READ t")].append((took, success))
    found = statements(warehouse, scope, ABOUT, 64, 1000)
    assert {one["fingerprint"] for one in found["groups"]} == wanted.keys()
    for one in found["groups"]:
        happened = wanted[one["fingerprint"]]
        timed = [took for took, _ in happened if took is not None]
        assert one["count"] == len(happened)
        assert one["failures"] == sum(not success for _, success in happened)
        assert one["slow"] == sum(took >= 64 for took in timed)
        assert one["total_time"] == (sum(timed) if timed else None)
        assert one["max"] == (max(timed) if timed else None)
        assert one["average_time"] == (sum(timed) / len(timed) if timed else None)
    longest = sorted((t for each in wanted.values() for t, _ in each if t is not None), reverse=True)[:10]
    assert [one["duration_ms"] for one in found["slowest"]] == longest


def properties(text: str, took: float | None, success: bool) -> dict[str, Any]:
    timed = {} if took is None else {"duration_ms": took}
    return {**timed, **({"query": text} if text else {}), "operation": "READ", "table": "t", "success": success}


def test_a_list_says_where_it_is_cut(engine: Engine, warehouse: Warehouse) -> None:
    scope = fresh()
    sent = [
        {"at": moment(-5), "type": "error_occurred", "properties": {"message": "ab"[n % 2] * (n + 1)}} for n in range(7)
    ]
    given(engine, scope, sent)
    found = errors(warehouse, scope, ABOUT, 3)
    assert (len(found["groups"]), found["cut"]) == (3, {"is_cut": True, "shown": 3, "of": 7, "limit": 3})
    assert found["errors"] == 7
