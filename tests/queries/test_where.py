"""Filters against an oracle: hostile names and values, numbers and text, every operator, columns and properties."""

from __future__ import annotations

import uuid
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, example, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from factbook.core.scope import Role, Scope
from factbook.events.filters import Operator, from_pairs, number
from factbook.queries.events import EventsRequest, chosen_fields, events
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse

from .given import given

UTC = ZoneInfo("UTC")
HOSTILE = [
    "'",
    "\\",
    "\\'",
    "a'b\\",
    "\t",
    "\n",
    "\r\n",
    "{tenant:String}",
    "%s",
    "é",
    "🙂",
    "a b",
    "NULL",
    '"',
    "`",
    "--",
    "\x01",
]
texts = st.one_of(st.sampled_from([*HOSTILE, "a", "b", "10", "-1.5", "1e3", "true"]), st.text(max_size=6)).filter(
    lambda text: "\0" not in text and text.isprintable() | (text in HOSTILE)
)
values = st.one_of(texts, st.integers(-5, 15), st.sampled_from([0.5, -1.5, 1000.0]), st.booleans())
names = st.sampled_from(
    [
        "plan",
        "service",
        "symbol",
        "it's",
        "back\\slash",
        "tab\there",
        "new\nline",
        "ünï",
        "a b",
        "{x:String}",
        "per%cent",
    ]
)
OPERATORS = [op for op in Operator if op is not Operator.EXISTS]


def holds(event: dict[str, Any], name: str, operator: Operator, asked: list[Any]) -> bool:
    """What docs/definitions.md says about a property filter."""
    there = name in event["properties"]
    value = event["properties"].get(name)
    amount = float(value) if there and type(value) in (int, float) else None
    text = value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else None

    def equals(one: Any) -> bool:
        if isinstance(one, bool):
            one = str(one).lower()
        if isinstance(one, str):
            read = number(one)
            return text == one or (amount is not None and read is not None and amount == read)
        return amount is not None and amount == float(one)

    match operator:
        case Operator.EQ | Operator.IN:
            return any(equals(one) for one in asked)
        case Operator.NE:
            return not equals(asked[0])
        case Operator.CONTAINS:
            sought = str(asked[0]).lower() if isinstance(asked[0], bool) else str(shown(asked[0]))
            return text is not None and sought.lower() in text.lower()
    one = asked[0]
    one = str(one).lower() if isinstance(one, bool) else one
    limit = number(one) if isinstance(one, str) else float(one)
    left: Any = amount if limit is not None else text.encode() if text is not None else None
    right: Any = limit if limit is not None else str(one).encode()
    if left is None:
        return False
    return bool({"gt": left > right, "gte": left >= right, "lt": left < right, "lte": left <= right}[operator.value])


def shown(value: Any) -> Any:
    return float(value) if isinstance(value, int | float) else value


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@drawn(
    st.lists(st.dictionaries(names, values, max_size=2), min_size=1, max_size=6),
    names,
    st.sampled_from(OPERATORS),
    st.lists(values, min_size=1, max_size=3),
)
@example([{"it's": "x"}, {"it's": 10}, {"it's": "10"}], "it's", Operator.EQ, ["10"])
@example([{"plan": "'"}, {"plan": "\\"}], "plan", Operator.IN, ["'", "\\", "\t"])
def test_a_property_filter_chooses_what_its_definition_says(
    engine: Engine,
    warehouse: Warehouse,
    properties: list[dict[str, Any]],
    name: str,
    operator: Operator,
    asked: list[Any],
) -> None:
    scope = Scope(f"where-{uuid.uuid4().hex}", "test", Role.OWNER)
    sent = [{"at": "2026-03-01T09:00:00Z", "properties": each} for each in properties]
    ids = given(engine, scope, sent)
    asked = asked if operator is Operator.IN else asked[:1]
    [condition] = from_pairs([(f"property.{name}.{operator}", asked if operator is Operator.IN else asked[0])], UTC)
    page = events(warehouse, scope, EventsRequest(conditions=(condition,)))
    expected = {one for one, event in zip(ids, sent, strict=True) if holds(event, name, operator, asked)}
    assert {event["id"] for event in page.events} == expected


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@drawn(texts.filter(lambda text: text.strip() == text and text != ""))
def test_a_column_filter_takes_any_text_as_it_is(engine: Engine, warehouse: Warehouse, text: str) -> None:
    scope = Scope(f"where-{uuid.uuid4().hex}", "test", Role.OWNER)
    [wanted, _] = given(
        engine, scope, [{"at": "2026-03-01T09:00:00Z", "content_id": text}, {"at": "2026-03-01T09:00:00Z"}]
    )
    for key, value in (("content_id", text), ("content_id.contains", text), ("content_id.in", [text, "\\'"])):
        page = events(warehouse, scope, EventsRequest(conditions=from_pairs([(key, value)], UTC)))
        assert [event["id"] for event in page.events] == [wanted]


def test_a_chosen_property_may_have_any_name(engine: Engine, warehouse: Warehouse, scope: Scope) -> None:
    given(engine, scope, [{"at": "2026-03-01T09:00:00Z", "properties": {"it's": "a\tb", "n\\n": 1.5, "t": True}}])
    fields = chosen_fields("property.it's,property.n\\n,property.t,property.none")
    [event] = events(warehouse, scope, EventsRequest(fields=fields)).events
    assert event == {
        "property.it's": "a\tb",
        "property.n\\n": "1.5",
        "property.t": "true",
        "property.none": None,
    }


def test_what_was_sent_as_null_does_not_exist(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    """A list or an object is a value, null is none, as where the property was not sent at all."""
    sent: list[dict[str, Any]] = [{}, {"a": None}, {"a": 0}, {"a": ""}, {"a": []}, {"a": {}}, {"a": {"b": None}}]
    ids = given(engine, scope, [{"at": "2026-03-01T00:00:00Z", "properties": each} for each in sent])
    for key, there in (("a", {2, 3, 4, 5, 6}), ("a.b", set[int]())):
        for wanted, expected in ((True, there), (False, set(range(len(sent))) - there)):
            conditions = from_pairs([(f"property.{key}.exists", wanted)], UTC)
            page = events(warehouse, scope, EventsRequest(conditions=conditions))
            assert {ids.index(str(each["id"])) for each in page.events} == expected, (key, wanted)
