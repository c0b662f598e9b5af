"""A person's scores are their formulas, reckoned by hand; the engagement is that of his journey."""

from __future__ import annotations

from datetime import UTC, datetime
from math import exp
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from factbook.core.calendar import Calendar
from factbook.core.errors import FactbookError
from factbook.core.scope import Role, Scope
from factbook.ingest.session_rule import Rule
from factbook.queries.behaviour.history import history
from factbook.queries.behaviour.journey import JourneyRequest, journey
from factbook.queries.behaviour.scores import scores
from factbook.queries.behaviour.selection import Selection
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

NOW = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
MARCH = {"start_date": "2026-03-01", "end_date": "2026-03-28"}
RULE, PURCHASE = Rule(30 * 60_000), Selection(("purchase",))
UTC_DAYS = Calendar(ZoneInfo("UTC"))


def answer(warehouse: Warehouse, scope: Scope, id_: str, calendar: Calendar = UTC_DAYS, **how: Any) -> dict[str, Any]:
    return scores(warehouse, scope, id_, history({**MARCH, **how}, calendar, NOW), PURCHASE, RULE)


@pytest.fixture
def known(engine: Engine, scope: Scope) -> Scope:
    given(
        engine,
        scope,
        [
            {"at": "2026-02-17T00:00:00Z", "visitor": "phone"},
            {"at": "2026-03-02T10:00:00Z", "visitor": "phone"},
            {"at": "2026-03-02T10:05:00Z", "visitor": "phone", "user": "ann", "type": "purchase"},
            {"at": "2026-03-15T00:00:00Z", "user": "ann"},
            {"at": "2026-03-16T00:00:00Z", "user": "ann", "is_bot": True},
            {"at": "2026-03-16T00:00:00Z", "user": "bob"},
        ],
    )
    return scope


def test_scores_are_reckoned_by_their_formulas(warehouse: Warehouse, known: Scope) -> None:
    told = answer(warehouse, known, "ann")
    assert told["inputs"] == {
        "sessions": 2,
        "events": 3,
        "active_days": 2,
        "active_weeks": 2,
        "conversions": 1,
        "days_since_last": 14.0,
        "days_since_first": 40.0,
    }
    activity, loyalty = told["scores"]["activity"], told["scores"]["loyalty"]
    assert activity["score"] == pytest.approx(100 * (0.6 * (1 - exp(-0.2)) + 0.4 * 0.5))
    assert loyalty["score"] == pytest.approx(100 * (0.4 * 2 / 4 + 0.3 * (1 - exp(-40 / 180)) + 0.3 * (1 - exp(-1 / 3))))
    assert activity["parts"].keys() == activity["meanings"].keys()
    assert loyalty["parts"].keys() == loyalty["meanings"].keys()


def test_engagement_is_that_of_the_journey(warehouse: Warehouse, known: Scope) -> None:
    told = answer(warehouse, known, "ann")["scores"]["engagement"]
    about = history(MARCH, UTC_DAYS, NOW)
    assert told == journey(warehouse, known, JourneyRequest("ann", about, PURCHASE, RULE))["engagement"]


def test_any_of_his_ids_names_the_person(warehouse: Warehouse, known: Scope) -> None:
    assert answer(warehouse, known, "phone")["scores"] == answer(warehouse, known, "ann")["scores"]


def test_days_are_those_of_the_zone(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [{"at": f"2026-03-10T{hour}:30:00Z", "user": "ann"} for hour in ("21", "23")])
    berlin = Calendar(ZoneInfo("Europe/Berlin"))
    assert answer(warehouse, scope, "ann")["inputs"]["active_days"] == 1
    assert answer(warehouse, scope, "ann", berlin)["inputs"]["active_days"] == 2


def test_who_did_nothing_in_the_period_is_not_active(warehouse: Warehouse, known: Scope) -> None:
    told = answer(warehouse, known, "ann", start_date="2026-03-20")
    assert told["scores"]["activity"]["score"] == told["scores"]["engagement"]["score"] == 0
    assert (told["inputs"]["events"], told["inputs"]["days_since_last"]) == (0, None)


def test_scores_stay_between_0_and_100(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    days = [f"2026-03-{day:02}T{hour:02}:00:00Z" for day in range(1, 29) for hour in range(24)]
    given(engine, scope, [{"at": "2010-01-01T00:00:00Z", "user": "max"}])
    given(engine, scope, [{"at": at, "user": "max", "type": "purchase"} for at in days])
    told = answer(warehouse, scope, "max")["scores"]
    assert all(90 < each["score"] <= 100 for name, each in told.items() if name != "engagement")
    assert 0 <= told["engagement"]["score"] <= 100


def test_nobody_and_another_tenants_people_are_not_known(warehouse: Warehouse, known: Scope) -> None:
    other = Scope(tenant=f"{known.tenant}-other", actor="test", role=Role.OWNER)
    for scope, id_ in ((known, "zoe"), (other, "ann")):
        with pytest.raises(FactbookError) as refused:
            answer(warehouse, scope, id_)
        assert refused.value.kind == "not_found"
