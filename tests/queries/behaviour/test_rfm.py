"""Buyers are scored by fifths, equal ones equally, and every score belongs to one group."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
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
from factbook.queries.behaviour.rfm.answer import buyers, rfm
from factbook.queries.behaviour.rfm.groups import GROUPS, SCORES, group_called, group_of
from factbook.queries.behaviour.rfm.question import asked
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

NOW = datetime(2026, 3, 20, 12, 0, 30, tzinfo=UTC)
TENANT = Tenant(built_in(), Calendar(ZoneInfo("UTC")), Money("EUR", {"USD": 0.5}), {})


def order(day: int, user: str, amount: float, **more: Any) -> dict[str, Any]:
    at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=day)
    properties = {"amount": amount, "currency": more.pop("currency", "EUR")}
    return {"at": at, "type": "purchase", "user": user, "properties": properties, **more}


def answer(warehouse: Warehouse, scope: Scope, **how: Any) -> dict[str, Any]:
    return rfm(warehouse, scope, TENANT, asked(how, TENANT, NOW))


def scores(warehouse: Warehouse, scope: Scope) -> dict[str, str]:
    what = asked({}, TENANT, NOW)
    found: dict[str, str] = {}
    for group in GROUPS:
        people, _ = buyers(warehouse, scope, TENANT, what, group, limit=100)
        found |= {one["user_id"] or one["anonymous_ids"][0]: one["scores"] for one in people}
    return found


def test_five_buyers_take_the_five_fifths(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    events = [order(n, f"u{n}", 10 * (5 - n)) for n in range(5)] + [order(4, "u4", 1)]
    given(engine, scope, events)
    assert scores(warehouse, scope) == {"u0": "115", "u1": "214", "u2": "313", "u3": "412", "u4": "551"}
    told = answer(warehouse, scope)
    assert (told["people"], told["orders"], told["monetary"], told["currency"]) == (5, 6, 151.0, "EUR")
    assert told["scores"]["frequency"] == [
        {"score": 1, "people": 4, "least": 1, "most": 1},
        {"score": 2, "people": 0, "least": None, "most": None},
        {"score": 3, "people": 0, "least": None, "most": None},
        {"score": 4, "people": 0, "least": None, "most": None},
        {"score": 5, "people": 1, "least": 2, "most": 2},
    ]
    assert sum(group["people"] for group in told["groups"]) == 5


def test_money_counts_in_the_tenants_currency(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [order(1, "a", 100, currency="USD"), order(1, "b", 60)])
    found = scores(warehouse, scope)
    assert found == {"a": "111", "b": "113"}
    assert answer(warehouse, scope)["monetary"] == 110


def test_a_currency_without_a_rate_is_refused(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [order(1, "a", 100, currency="JPY")])
    with pytest.raises(FactbookError) as refused:
        answer(warehouse, scope)
    assert refused.value.kind == "conflict"


def test_filters_and_bots_leave_buyers_out(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(
        engine,
        scope,
        [order(1, "a", 5, country="DE"), order(1, "b", 5, country="AT"), order(1, "c", 5, is_bot=True, country="DE")],
    )
    assert answer(warehouse, scope)["people"] == 2
    assert answer(warehouse, scope, filters={"country": "DE"})["people"] == 1
    assert answer(warehouse, scope, period="7d")["people"] == 0


def test_nobody_is_told_as_such(warehouse: Warehouse, scope: Scope) -> None:
    told = answer(warehouse, scope)
    assert (told["people"], told["monetary"], told["cells"]) == (0, 0, [])
    assert {group["people"] for group in told["groups"]} == {0}


def test_one_tenants_buyers_are_his_alone(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [order(1, "a", 5)])
    other = Scope(tenant=f"{scope.tenant}-other", actor="test", role=Role.OWNER)
    assert answer(warehouse, other)["people"] == 0
    assert scores(warehouse, other) == {}


def test_a_metric_that_is_no_sum_is_refused(warehouse: Warehouse, scope: Scope) -> None:
    for metric in ("orders", "conversion_rate", "nonsense"):
        with pytest.raises(FactbookError) as refused:
            answer(warehouse, scope, metric=metric)
        assert (refused.value.kind, refused.value.field) == ("invalid", "metric"), metric


def test_every_score_belongs_to_a_group_and_every_group_has_scores() -> None:
    found = {group_of(r, f, m).id for r in SCORES for f in SCORES for m in SCORES}
    assert found == {group.id for group in GROUPS}
    with pytest.raises(FactbookError):
        group_called("whales")


orders = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.sampled_from(["", "a", "b", "c"]),
        st.sampled_from(["", "v", "w", "x", "y"]),
        st.integers(0, 4),
    ),
    max_size=14,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@whatever(drawn=orders)
def test_scores_are_those_of_counting_who_has_less(
    warehouse: Warehouse, engine: Engine, drawn: Sequence[tuple[int, str, str, int]]
) -> None:
    scope = Scope(tenant=uuid4().hex, actor="test", role=Role.OWNER)
    given(engine, scope, [order(day, user, amount, visitor=visitor) for day, user, visitor, amount in drawn])
    owner: dict[str, str] = {}
    for _, user, visitor, _ in sorted(drawn):
        if user and visitor:
            owner.setdefault(visitor, user)
    bought: dict[str, list[tuple[int, int]]] = {}
    for day, user, visitor, amount in drawn:
        if user or visitor:
            bought.setdefault(user or owner.get(visitor, visitor), []).append((day, amount))
    values = {who: (max(d for d, _ in his), len(his), sum(a for _, a in his)) for who, his in bought.items()}
    expected = {
        who: "".join(str(5 * sum(v[i] < own[i] for v in values.values()) // len(values) + 1) for i in range(3))
        for who, own in values.items()
    }
    assert scores(warehouse, scope) == expected
