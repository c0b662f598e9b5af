"""Users over HTTP: one person, everybody, the list page by page, and what is wrong named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import FastAPI

from factbook.core.scope import Role, Scope
from factbook.ingest.session_rule import Rule
from factbook.ingest.sessions import Sessions
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from factbook.transports.http import behaviour, journeys, segments, users, users_docs
from tests.clocks import SetClock
from tests.queries.given import given

from .reading_services import NOW, Reading, reading

USERS = "/api/v1/analytics/users"


@pytest.fixture
def served(apart: Engine, scope: Scope, tmp_path: Path) -> Iterator[Reading]:
    paid = {"amount": 20, "category": "Books", "currency": "EUR"}
    given(
        apart,
        scope,
        [
            {"at": "2026-02-20T08:00:00Z", "type": "content_view", "visitor": "phone", "content_id": "c1"},
            {"at": "2026-02-20T08:01:00Z", "type": "purchase", "visitor": "phone", "user": "ann", "properties": paid},
            {"at": "2026-02-24T08:01:00Z", "type": "page_view", "user": "ann", "device": "mobile"},
            {"at": "2026-02-21T08:00:00Z", "type": "page_view", "user": "bob", "device": "desktop"},
            {"at": "2026-02-21T09:00:00Z", "type": "page_view", "user": "cy", "device": "desktop"},
        ],
    )
    sum(Sessions(apart, SetClock(NOW), Rule(30 * 60_000)).build())
    with reading(Warehouse(apart), scope, tmp_path, apart) as found:
        for part in (segments, behaviour, journeys, users):
            cast(FastAPI, found.client.app).include_router(part.router(found.services))
        yield found


def test_a_person_is_one_on_all_his_devices(served: Reading) -> None:
    told = served.get(f"{USERS}/ann").json()
    assert (told["sessions"], told["total_session_duration"], told["return_visits"]) == (2, 60.0, 1)
    assert (told["content_views"], told["unique_content_views"], told["pages_visited"]) == (1, 1, 1)
    assert told["conversion_metrics"]["revenue"] == 20
    assert told["device_types"] == {"mobile": 1}
    assert [one["value"] for one in told["preferred_categories"]] == ["Books"]
    assert told["user_segment"] == "new"
    same = served.get(f"{USERS}/phone").json()
    assert {**same, "user_id": "ann"} == told


def test_what_is_foretold_is_null_and_says_why(served: Reading) -> None:
    told = served.get(f"{USERS}/ann").json()
    assert told["churn_probability"] is told["predicted_ltv"] is None
    assert set(told["missing"]) == {"churn_probability", "predicted_ltv"}


def test_a_day_has_a_record_of_its_own(served: Reading) -> None:
    told = served.get(f"{USERS}/ann", date="2026-02-24").json()
    assert (told["date"], told["sessions"], told["content_views"], told["return_visits"]) == ("2026-02-24", 1, 0, 1)
    idle = served.get(f"{USERS}/ann", date="2026-02-22").json()
    assert (idle["sessions"], idle["average_session_duration"], idle["last_updated"]) == (0, None, None)
    assert (idle["user_segment"], idle["click_through_rate"]) == (None, None)


def test_everybody_is_told_as_sums_spread_and_people(served: Reading) -> None:
    told = served.get(USERS, order="-sessions").json()
    assert (told["sessions"], told["people_with_sessions"], told["bounce_rate"]) == (4, 3, 0.75)
    assert told["per_person"]["sessions"] == {"mean": 4 / 3, "median": 1.0, "p90": pytest.approx(1.8), "most": 2.0}
    assert told["user_segments"]["new"] == 3
    assert sum(each["people"] for each in told["distribution"]["engagement_score"]) == 3
    assert told["rows"][0]["user_id"] == "ann"
    assert told["notes"] == []


def test_the_list_of_people_comes_page_by_page(served: Reading) -> None:
    seen, cursor = [], ""
    while cursor is not None:
        told = served.get(USERS, order="sessions", limit=1, cursor=cursor).json()
        seen += [row["user_id"] for row in told["rows"]]
        cursor = told["next_cursor"]
    assert (sorted(seen), seen[-1]) == (["ann", "bob", "cy"], "ann")
    assert served.get(USERS, format="csv").text.startswith("user_id,anonymous_id,sessions")


def test_people_are_filtered_by_what_sessions_hold(served: Reading) -> None:
    told = served.get(USERS, device="desktop").json()
    assert sorted(row["user_id"] for row in told["rows"]) == ["bob", "cy"]
    told = served.get(USERS, filters='{"property.category": "Books"}').json()
    assert (told["rows"], told["sessions"], told["conversion_metrics"]["orders"]) == (None, None, 1)
    assert "category" in told["notes"][0]


def test_a_tenant_without_events_gets_an_answer_that_makes_sense(
    warehouse: Warehouse, scope: Scope, engine: Engine, tmp_path: Path
) -> None:
    with reading(warehouse, scope, tmp_path, engine) as served:
        cast(FastAPI, served.client.app).include_router(users.router(served.services))
        told = served.get(USERS).json()
        assert (told["people"], told["rows"], told["bounce_rate"], told["notes"]) == (0, [], None, [])
        assert served.get(f"{USERS}/ann").status_code == 404


def test_nobody_sees_the_people_of_another_tenant(served: Reading, scope: Scope, apart: Engine, tmp_path: Path) -> None:
    other, folder = replace(scope, tenant=f"{scope.tenant}-other"), tmp_path / "other"
    folder.mkdir()
    with reading(Warehouse(apart), other, folder, apart) as theirs:
        cast(FastAPI, theirs.client.app).include_router(users.router(theirs.services))
        assert theirs.get(f"{USERS}/ann").status_code == 404
        told = theirs.get(USERS).json()
        assert (told["people"], told["people_with_sessions"], told["rows"]) == (0, None, [])


@pytest.mark.parametrize(
    ("path", "query", "status", "field"),
    [
        ("", {"order": "colour"}, 422, "order"),
        ("", {"limit": "1001"}, 422, "limit"),
        ("", {"cursor": "x"}, 422, "cursor"),
        ("", {"cursor": "nan~1"}, 422, "cursor"),
        ("", {"colour": "red"}, 422, "colour"),
        ("", {"date": "2026-02-24", "period": "7d"}, 422, "date"),
        ("/ann", {"date": "soon"}, 422, "date"),
        ("/ann", {"timezone": "Moon"}, 422, "timezone"),
        ("/ann", {"segment": "nobody"}, 422, "segment"),
        ("/zoe", {}, 404, None),
    ],
)
def test_what_is_wrong_is_named(
    served: Reading, path: str, query: dict[str, Any], status: int, field: str | None
) -> None:
    refused = served.get(f"{USERS}{path}", **query)
    assert (refused.status_code, refused.json().get("field")) == (status, field), refused.text


def test_a_viewer_sees_everybody_together_but_no_single_person(served: Reading) -> None:
    told = served.get(USERS, Role.VIEWER).json()
    assert (told["sessions"], told["rows"]) == (4, None)
    assert served.get(USERS, Role.VIEWER, format="csv").status_code == 403
    assert served.get(f"{USERS}/ann", Role.VIEWER).status_code == 403


@pytest.mark.parametrize(
    "path", ["segments", "cohorts", "retention", "behavior-patterns", "ann/preferences", "ann/journey"]
)
def test_every_path_of_the_contract_answers(served: Reading, path: str) -> None:
    assert served.get(f"{USERS}/{path}").status_code == 200


def test_the_documented_examples_have_fields_of_the_answers(served: Reading) -> None:
    everybody, one = served.get(USERS).json(), served.get(f"{USERS}/ann").json()
    assert set(users_docs.EVERYBODY) - {"currency"} <= set(everybody)
    assert set(users_docs.PERSON) <= set(one)
    assert set(everybody["rows"][0]) == set(users_docs.EVERYBODY["rows"][0])


def test_every_operation_and_parameter_is_described(served: Reading) -> None:
    paths = served.client.get("/openapi.json").json()["paths"]
    for path in (USERS, f"{USERS}/{{user_id}}"):
        operation = paths[path]["get"]
        assert operation["summary"]
        assert {"200", "401", "403", "409", "422", "429", "503"} <= set(operation["responses"])
        assert all(parameter.get("description") for parameter in operation["parameters"])
