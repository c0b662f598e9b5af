"""Hostile questions: whatever is put into any field, the answer is an answer or an error of the caller's."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Scope
from factbook.queries.asking.ask import ask
from factbook.queries.asking.request import from_json
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

from .test_errors import TENANT

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
CALLERS = {Kind.INVALID, Kind.CONFLICT, Kind.FORBIDDEN, Kind.LIMITED}
TEXTS = [
    "'; DROP TABLE events; --",
    "1' OR '1'='1",
    "{tenant:String}",
    "{p0:String}",
    "orders') UNION ALL SELECT * FROM events WHERE ('1'='1",
    "events.count.' OR 1=1 --",
    "order.placed.amount`",
    "property.a'b\\",
    "property.{p1:Int64}",
    "property.%s%d",
    "\0",
    "a\0b",
    "\ud800",
    "property.\udfff",
    "💥",
    "x" * 100_000,
    "." * 300,
    "a." * 300,
    "../../etc/passwd",
    "99999999999999999999",
    "1e400",
    "-",
    "--orders",
    "last_99999999999999999999_days",
    "last_-1_days",
    "2026-03-01T00:00:00+99:99",
    "0000-00-00",
    "9999-12-31T23:59:59.999999999999Z",
    "NaN",
    "\n\t\r",
    "toString(tenant)",
    "tenant",
    "block",
    "properties",
    "moving_average_999999",
]
FIELDS: dict[str, list[Any]] = {
    "metrics": [["orders"]],
    "dimensions": [["country"], ["country", "property.category"]],
    "filters": [{}],
    "period": ["last_7_days"],
    "start_time": ["2026-03-01"],
    "end_time": ["2026-03-05"],
    "granularity": ["1d"],
    "timezone": ["UTC"],
    "compare": ["previous_year"],
    "order": ["orders"],
    "limit": [5],
    "other": [True],
    "top_per": ["country"],
    "fill": ["none"],
    "show": [["share"]],
    "include_bots": [True],
    "explain": [True],
}
texts = st.one_of(st.sampled_from(TEXTS), st.text(max_size=8))
scalars = st.one_of(texts, st.integers(-(10**40), 10**40), st.floats(), st.booleans(), st.none())
nested = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
operators = ["", ".eq", ".ne", ".gt", ".lte", ".in", ".contains", ".exists", ".like"]
keys = st.builds(
    str.__add__,
    st.sampled_from(["country", "property.a", "session", "id", "timestamp", *TEXTS]),
    st.sampled_from(operators),
)
filters = st.dictionaries(keys, scalars | st.lists(scalars, max_size=3), min_size=1, max_size=2)


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    """A plain question of which one or two fields hold something else."""
    names = draw(st.lists(st.sampled_from(sorted(FIELDS)), max_size=5, unique=True))
    question = {"metrics": ["orders"], **{name: draw(st.sampled_from(FIELDS[name])) for name in names}}
    for name in draw(st.lists(st.sampled_from(sorted(FIELDS)), min_size=1, max_size=2, unique=True)):
        strange = [texts, st.lists(texts, max_size=2), nested]
        question[name] = draw(filters if name == "filters" else st.one_of(strange))
    return question


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@drawn(questions())
def test_no_question_gets_through_to_the_engine_or_the_interpreter(
    warehouse: Warehouse, scope: Scope, question: dict[str, Any]
) -> None:
    try:
        answer = ask(warehouse, scope, TENANT, from_json(question), NOW)
    except FactbookError as error:
        told = error
    else:
        json.dumps(answer, allow_nan=False)
        return
    assert told.kind in CALLERS, told.message
    assert told.field is not None, told.message


@pytest.mark.parametrize("text", [text for text in TEXTS if text.isprintable() and len(text) < 400])
def test_hostile_text_is_a_value_like_any_other(warehouse: Warehouse, engine: Engine, scope: Scope, text: str) -> None:
    sold = {"at": "2026-03-05T00:00:00Z", "type": f"type {text}", "country": text, "properties": {text: 2, "a": text}}
    given(engine, scope, [sold, {"at": "2026-03-05T00:00:00Z", "type": "other", "properties": {"a": "b"}}])
    asked = {
        "metrics": [f"events.count.type {text}"],
        "dimensions": ["country", "property.a", f"property.{text}"],
        "filters": {"country": text, "property.a.eq": text, f"property.{text}.eq": 2},
        "start_time": "2026-03-05",
        "end_time": "2026-03-05",
    }
    [row] = ask(warehouse, scope, TENANT, from_json(asked), NOW)["rows"]
    assert list(row["dimensions"].values()) == [text, text, "2"]
    assert list(row["values"].values()) == [1]
    [row] = ask(warehouse, scope, TENANT, from_json(asked | {"filters": {}, "dimensions": ["event_type"]}), NOW)["rows"]
    assert row["dimensions"] == {"event_type": f"type {text}"}
