"""New, returning, resurrecting, dormant: by hand and against a walk over each person's days."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as whatever

from factbook.core.errors import FactbookError
from factbook.core.scope import Role, Scope
from factbook.queries.behaviour.lifecycle import STATES, lifecycle, lifecycle_asked
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

from .histories import Event, events, persons
from .tenants import BERLIN

NOW = datetime(2026, 4, 3, 12, tzinfo=UTC)


def asked(warehouse: Warehouse, scope: Scope, **how: Any) -> Any:
    question = {"granularity": "1d", "start_date": "2026-03-30", "end_date": "2026-04-03", **how}
    return lifecycle(warehouse, scope, lifecycle_asked(question, BERLIN, NOW), {})


def on(day: str, user: str, type: str = "view") -> Event:
    return {"at": datetime.fromisoformat(f"{day}T12:00+02:00").astimezone(UTC), "user": user, "type": type}


def test_each_state_is_what_it_says(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [on("2026-03-29", "stays"), on("2026-03-30", "stays"), on("2026-03-29", "leaves")])
    given(engine, scope, [on("2026-03-01", "back"), on("2026-03-31", "back"), on("2026-03-31", "fresh")])
    told = asked(warehouse, scope)
    assert told["times"][0] == "2026-03-30T00:00:00+02:00"
    assert {name: told[name] for name in (*STATES, "active")} == {
        "new": [0, 1, 0, 0, 0],
        "returning": [1, 0, 0, 0, 0],
        "resurrecting": [0, 1, 0, 0, 0],
        "dormant": [1, 1, 2, 0, None],
        "active": [1, 2, 0, 0, 0],
    }
    assert told["incomplete"] == [False, False, False, False, True]


def test_only_the_chosen_event_is_being_there(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [on("2026-03-01", "a"), on("2026-03-30", "a", "purchase"), on("2026-03-31", "a")])
    told = asked(warehouse, scope, event="purchase")
    assert (told["new"], told["dormant"]) == ([1, 0, 0, 0, 0], [0, 1, 0, 0, None])


def test_one_tenant_never_counts_anothers_people(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, Scope(tenant=f"{scope.tenant}-other", actor="test", role=Role.OWNER), [on("2026-03-30", "a")])
    assert sum(asked(warehouse, scope)["active"]) == 0


@pytest.mark.parametrize(("how", "field"), [({"granularity": "1h"}, "granularity"), ({"event": 7}, "event")])
def test_a_senseless_question_is_refused(warehouse: Warehouse, scope: Scope, how: dict[str, Any], field: str) -> None:
    with pytest.raises(FactbookError) as refused:
        asked(warehouse, scope, **how)
    assert refused.value.field == field


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@whatever(history=events)
def test_states_are_those_of_a_walk(warehouse: Warehouse, engine: Engine, history: list[Event]) -> None:
    scope = Scope(tenant=uuid4().hex, actor="test", role=Role.OWNER)
    given(engine, scope, history)
    first, width = date(2026, 3, 20), 10
    expected = {name: [0] * width for name in STATES}
    for own in persons(history).values():
        days = {(event["at"].astimezone(ZoneInfo("Europe/Berlin")).date() - first).days for event in own}
        for at in range(width):
            if at in days:
                state = "new" if min(days) == at else "returning" if at - 1 in days else "resurrecting"
                expected[state][at] += 1
            elif at - 1 in days:
                expected["dormant"][at] += 1
    told = asked(warehouse, scope, start_date="2026-03-20", end_date="2026-03-29")
    assert {name: told[name] for name in STATES} == expected
    assert told["active"][:-1] == [
        stayed + left for stayed, left in zip(told["returning"][1:], told["dormant"][1:], strict=True)
    ]
