"""A person's journey: sessions as they are, touches, conversions and engagement counted by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from factbook.core.calendar import Calendar
from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role, Scope
from factbook.ingest.session_rule import Rule
from factbook.queries.behaviour.history import history
from factbook.queries.behaviour.journey import JourneyRequest, journey
from factbook.queries.behaviour.selection import selection
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

NOW = datetime(2026, 3, 10, tzinfo=UTC)
RULE = Rule(30 * 60_000)


def asked(id_: str, **given_: Any) -> JourneyRequest:
    more = {name: given_.pop(name) for name in ("limit", "before_ms") if name in given_}
    about = history({"start_date": "2026-03-01", "end_date": "2026-03-09", **given_}, Calendar(ZoneInfo("UTC")), NOW)
    return JourneyRequest(id_, about, selection("purchase", about.calendar.zone, field="conversion"), RULE, **more)


@pytest.fixture
def ann(engine: Engine, scope: Scope) -> None:
    v, u = {"visitor": "phone"}, {"user": "ann"}
    given(
        engine,
        scope,
        [
            {"at": "2026-03-01T10:00:00Z", **v, "referrer_source": "Google", "properties": {"path": "/in"}},
            {"at": "2026-03-05T10:00:00Z", **v, "utm_source": "news", "properties": {"path": "/a"}},
            {"at": "2026-03-05T10:05:00Z", **v, **u, "type": "user_login"},
            {"at": "2026-03-05T10:20:00Z", **u, "type": "purchase", "properties": {"amount": 3}},
            {"at": "2026-03-05T10:20:00Z", **u, "type": "purchase", "is_bot": True},
            {"at": "2026-03-07T23:50:00Z", **u, "type": "purchase"},
            {"at": "2026-03-08T00:10:00Z", **u, "type": "button_click"},
            {"at": "2026-03-08T00:10:00Z", "user": "bob"},
        ],
    )


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize("id_", ["ann", "phone"])
def test_any_of_his_ids_leads_to_the_whole_journey(warehouse: Warehouse, scope: Scope, id_: str) -> None:
    told = journey(warehouse, scope, asked(id_))
    assert (told["user_ids"], told["anonymous_ids"]) == (["ann"], ["phone"])
    assert [(s["started_at"][:16], s["events"], s["source"], s["conversions"]) for s in told["sessions"]] == [
        ("2026-03-07T23:50", 2, "direct", 1),
        ("2026-03-05T10:00", 3, "news", 1),
        ("2026-03-01T10:00", 1, "Google", 0),
    ]
    assert [s["seconds_since_previous"] for s in told["sessions"]] == [221_400, 345_600, None]
    assert [s["is_bounce"] for s in told["sessions"]] == [False, False, True]
    assert told["summary"] == {
        "sessions": 3,
        "events": 6,
        "page_views": 2,
        "interactions": 4,
        "bounces": 1,
        "conversions": 2,
        "orders": 2,
        "seconds": 2400,
        "seconds_per_session": 800,
        "seconds_between_sessions": 283_500,
    }
    assert (told["first_touch"]["source"], told["last_touch"]["source"]) == ("Google", "direct")
    timeline = told["sessions"][1]["timeline"]
    assert [(e["event_type"], e["place"], e["is_conversion"]) for e in timeline] == [
        ("page_view", "/a", False),
        ("user_login", "", False),
        ("purchase", "", True),
    ]


@pytest.mark.usefixtures("ann")
def test_engagement_is_what_its_formula_says(warehouse: Warehouse, scope: Scope) -> None:
    told = journey(warehouse, scope, asked("ann"))["engagement"]
    recency = 0.5 ** ((23 * 60 + 50) / 1440 / 7 + 1 / 7)
    assert told["parts"] == pytest.approx({"recency": recency, "frequency": 0.3, "depth": 0.2, "conversion": 0.75})
    assert told["score"] == pytest.approx(100 * (0.3 * recency + 0.3 * 0.3 + 0.25 * 0.2 + 0.15 * 0.75))


@pytest.mark.usefixtures("ann")
def test_pages_lead_to_every_session_once(warehouse: Warehouse, scope: Scope) -> None:
    seen, before = [], None
    while True:
        told = journey(warehouse, scope, asked("ann", limit=1, before_ms=before))
        seen += [session["started_at"] for session in told["sessions"]]
        if told["next_cursor"] is None:
            break
        before = int(told["next_cursor"])
    assert len(seen) == len(set(seen)) == 3


@pytest.mark.usefixtures("ann")
def test_a_session_belongs_to_the_period_that_it_began_in(warehouse: Warehouse, scope: Scope) -> None:
    told = journey(warehouse, scope, asked("ann", start_date="2026-03-08"))
    assert told["sessions"] == []
    told = journey(warehouse, scope, asked("ann", start_date="2026-03-07", end_date="2026-03-07"))
    assert [session["events"] for session in told["sessions"]] == [2]


@pytest.mark.usefixtures("ann")
def test_nobody_has_no_journey_and_another_tenants_person_is_nobody(warehouse: Warehouse, scope: Scope) -> None:
    other = Scope(f"{scope.tenant}-other", "test", Role.OWNER)
    for who, id_ in ((scope, "eve"), (other, "ann")):
        with pytest.raises(FactbookError) as caught:
            journey(warehouse, who, asked(id_))
        assert caught.value.kind is Kind.NOT_FOUND
