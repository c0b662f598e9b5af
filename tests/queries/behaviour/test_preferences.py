"""Preferences are shares of what a person turned to, the newest counting most."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from factbook.core.calendar import Calendar
from factbook.core.errors import FactbookError
from factbook.core.scope import Role, Scope
from factbook.queries.behaviour.history import history
from factbook.queries.behaviour.preferences import preferences
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

NOW = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
SPAN = {"start_time": "2026-01-01T00:00:00Z", "end_time": "2026-03-29T00:00:00Z"}


def answer(warehouse: Warehouse, scope: Scope, id_: str, zone: str = "UTC", **how: Any) -> dict[str, Any]:
    half_life = how.pop("half_life", 30)
    about = history({**SPAN, **how}, Calendar(ZoneInfo(zone)), NOW)
    return preferences(warehouse, scope, id_, about, half_life=half_life)


def shares(told: list[dict[str, Any]]) -> dict[Any, Any]:
    return {one["value"]: pytest.approx(one["share"]) for one in told}


def event(at: str, category: str, user: str = "ann", **more: Any) -> dict[str, Any]:
    return {"at": f"2026-{at}T00:00:00Z", "user": user, "properties": {"category": category}, **more}


def test_what_is_half_a_life_old_counts_half(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [event("03-28", "Books"), event("02-26", "Music"), event("02-26", "Music", is_bot=True)])
    told = answer(warehouse, scope, "ann")
    assert shares(told["categories"]) == {"Books": 2 / 3, "Music": 1 / 3}
    assert [one["value"] for one in told["categories"]] == ["Books", "Music"]
    assert shares(answer(warehouse, scope, "ann", half_life=10)["categories"]) == {"Books": 8 / 9, "Music": 1 / 9}
    assert told["categories"][0]["last_seen"] == "2026-03-28T00:00:00+00:00"


def test_every_kind_is_told_and_what_is_absent_is_no_value(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    texts = {"content_type": "film", "language": "de"}
    given(
        engine,
        scope,
        [
            {"at": "2026-03-28T22:30:00Z", "visitor": "phone", "device": "mobile", "browser": "Firefox"},
            {"at": "2026-03-28T22:45:00Z", "user": "ann", "visitor": "phone", "properties": texts, "content_id": "c1"},
            {"at": "2026-03-28T09:00:00Z", "user": "ann", "resource_type": "article", "device": "desktop"},
        ],
    )
    told = answer(warehouse, scope, "ann", "Europe/Berlin")
    named = {
        kind: {one["value"] for one in told[kind]} for kind in ("content_types", "languages", "contents", "devices")
    }
    assert named == {
        "content_types": {"film", "article"},
        "languages": {"de"},
        "contents": {"c1"},
        "devices": {"mobile", "desktop"},
    }
    assert [one["value"] for one in told["hours"]] == [10, 23]
    assert sum(one["share"] for one in told["hours"]) == pytest.approx(1)
    assert told["categories"] == []
    assert told == answer(warehouse, scope, "phone", "Europe/Berlin") | {"id": "ann"}


def test_filters_choose_what_counts(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [event("03-28", "Books", type="purchase"), event("03-28", "Music")])
    told = answer(warehouse, scope, "ann", filters={"event_type": "purchase"})
    assert shares(told["categories"]) == {"Books": 1}


def test_at_most_ten_of_a_kind_are_told_with_their_shares_of_all(
    warehouse: Warehouse, engine: Engine, scope: Scope
) -> None:
    given(engine, scope, [event("03-28", f"c{n:02}") for n in range(20)])
    told = answer(warehouse, scope, "ann")["categories"]
    assert [one["value"] for one in told] == [f"c{n:02}" for n in range(10)]
    assert {round(one["share"], 9) for one in told} == {0.05}


def test_who_did_nothing_lately_has_none_and_nobody_is_not_known(
    warehouse: Warehouse, engine: Engine, scope: Scope
) -> None:
    given(engine, scope, [event("03-28", "Books")])
    assert answer(warehouse, scope, "ann", start_time="2026-01-01", end_time="2026-01-31")["categories"] == []
    other = Scope(tenant=f"{scope.tenant}-other", actor="test", role=Role.OWNER)
    for asker, id_ in ((scope, "zoe"), (other, "ann")):
        with pytest.raises(FactbookError) as refused:
            answer(warehouse, asker, id_)
        assert refused.value.kind == "not_found"
