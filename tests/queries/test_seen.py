"""Row filters mean one thing: as a filter of a question, as what a scope may see, and for one live event in Python."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from factbook.core.scope import Role, Scope
from factbook.events.filters import COLUMNS, Condition, Nature, Operator
from factbook.events.matching import meets
from factbook.events.row_filters import conditions_of, rows_of, told
from factbook.queries.events import EventsRequest, events
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import _row, given
from tests.queries.test_where import names, values

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
IDS = [str(uuid.UUID(int=n)) for n in (1, 2, 3)]
few = st.sampled_from(["", "a", "b", "Ab", "é", "10", "it's", "\\"])
moments = st.integers(0, 3).map(lambda n: AT + timedelta(milliseconds=n))
columns = {
    "country": few,
    "content_id": few,
    "user_id": few,
    "is_bot": st.booleans(),
    "session": st.sampled_from([0, 1, 2**64 - 1]),
    "timestamp": moments,
    "batch_id": st.sampled_from(IDS),
}
sent = st.fixed_dictionaries(
    {"properties": st.dictionaries(names, st.one_of(values, st.none(), st.lists(values, max_size=1)), max_size=3)},
    optional={name: found for name, found in columns.items() if name != "batch_id"},
)
of_columns = st.sampled_from(sorted(columns)).flatmap(
    lambda name: st.tuples(
        st.just(name), st.sampled_from(list(Operator)), st.lists(columns[name], min_size=1, max_size=3)
    )
)
of_properties = st.tuples(
    names.map("property.{}".format), st.sampled_from(list(Operator)), st.lists(values, min_size=1, max_size=3)
)


def condition(field: str, operator: Operator, asked: list[Any]) -> list[dict[str, Any]]:
    """As an administrator writes it; nothing where the field does not know the operator."""
    plain = [
        one.isoformat()
        if isinstance(one, datetime)
        else str(one)
        if isinstance(one, int) and not isinstance(one, bool) and field == "session"
        else one
        for one in asked
    ]
    value: Any = plain if operator is Operator.IN else len(asked) > 1 if operator is Operator.EXISTS else plain[0]
    return [{"field": field, "operator": operator.value, "value": value}]


def allowed(field: str, operator: Operator) -> bool:
    nature = COLUMNS.get(field)
    return nature in (None, Nature.TEXT) or {
        Nature.TIME: operator not in (Operator.IN, Operator.CONTAINS, Operator.EXISTS),
        Nature.ID: operator in (Operator.EQ, Operator.NE, Operator.IN),
        Nature.FLAG: operator in (Operator.EQ, Operator.NE),
        Nature.NUMBER: operator in (Operator.EQ, Operator.NE, Operator.IN, Operator.EXISTS),
    }.get(nature, False)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@drawn(st.lists(sent, min_size=1, max_size=6), st.lists(st.one_of(of_columns, of_properties), min_size=1, max_size=2))
def test_a_row_filter_chooses_the_same_events_everywhere(
    engine: Engine, warehouse: Warehouse, sent: list[dict[str, Any]], asked: list[tuple[str, Operator, list[Any]]]
) -> None:
    written = [one for each in asked if allowed(each[0], each[1]) for one in condition(*each)]
    rows = rows_of(written)
    assert rows_of(told(rows)) == rows
    scope = Scope(f"seen-{uuid.uuid4().hex}", "test", Role.VIEWER)
    events_sent = [{"at": AT, "id": str(uuid.uuid4()), **each} for each in sent]
    given(engine, scope, events_sent)
    conditions: tuple[Condition, ...] = conditions_of(rows)
    everything = EventsRequest(include_bots=True)

    by_question = events(warehouse, scope, replace(everything, conditions=conditions)).events
    by_scope = events(warehouse, replace(scope, rows=rows), everything).events
    by_hand = {one["id"] for one in events_sent if meets(_row(scope, one), conditions)}
    assert {one["id"] for one in by_question} == {one["id"] for one in by_scope} == by_hand
