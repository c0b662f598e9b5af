"""Dashboards over HTTP: the list, the answers of all tiles, one that fails beside the others, and nothing at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import FastAPI

from factbook.core.scope import Role, Scope
from factbook.metrics.catalog import built_in
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from factbook.transports.http import dashboards
from tests.queries.given import given

from .reading_services import Reading, reading

PATH = "/api/v1/analytics/dashboards"
IDS = list(built_in().dashboards)


@pytest.fixture
def served(warehouse: Warehouse, scope: Scope, tmp_path: Path) -> Iterator[Reading]:
    with reading(warehouse, scope, tmp_path) as found:
        cast(FastAPI, found.client.app).include_router(dashboards.router(found.services))
        yield found


@pytest.fixture
def sold(engine: Engine, scope: Scope) -> None:
    """Three purchases of the last days, in two categories."""
    given(
        engine,
        scope,
        [
            {"at": f"2026-02-{day}T09:00:00Z", "type": "purchase", "user": user, "country": "DE"}
            | {"properties": {"amount": amount, "category": category, "currency": "EUR"}}
            for day, user, amount, category in ((26, "a", 30, "Books"), (27, "b", 20, "Books"), (28, "a", 10, "Toys"))
        ],
    )


def data(served: Reading, id_: str = "commerce", **asked: Any) -> dict[str, Any]:
    answer = served.get(f"{PATH}/{id_}/data", **asked)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def tile(told: dict[str, Any], title: str) -> dict[str, Any]:
    [found] = [one for one in told["tiles"] if one["title"] == title]
    return cast(dict[str, Any], found)


def test_the_list_tells_every_dashboard_with_its_tiles(served: Reading) -> None:
    listed = served.get(PATH, Role.VIEWER).json()["dashboards"]
    assert [one["id"] for one in listed] == IDS
    assert served.get(f"{PATH}/trading").json() == next(one for one in listed if one["id"] == "trading")
    assert served.get(PATH, Role.WRITER).status_code == 403


@pytest.mark.parametrize("id_", IDS)
def test_every_tile_of_every_dashboard_is_a_question_that_is_answered(served: Reading, id_: str) -> None:
    told = data(served, id_)
    wrong = {one["title"]: one["error"]["message"] for one in told["tiles"] if one["error"]}
    assert wrong == (
        {"Churn": "churn_rate is part of the pro tier; this tenant has free."} if id_ == "subscriptions" else {}
    )
    assert all(one["answer"]["metrics"] for one in told["tiles"] if not one["error"])


def test_a_tile_holds_the_answer_to_its_own_question(served: Reading, sold: None) -> None:
    told = data(served, period="last_7_days")
    by_category = tile(told, "Revenue by category")
    assert [(row["dimensions"], row["values"]) for row in by_category["answer"]["rows"]] == [
        ({"category": "Books"}, {"revenue": 50}),
        ({"category": "Toys"}, {"revenue": 10}),
    ]
    for one in told["tiles"]:
        asked = served.client.post(
            "/dashboard/metrics", json=one["question"], headers={"Authorization": f"Bearer {served.keys[Role.ANALYST]}"}
        )
        assert asked.json() == one["answer"], one["title"]
    headlines = tile(told, "Headlines")["answer"]
    assert headlines["total"]["values"]["orders"] == 3
    assert set(headlines["total"]) >= {"previous", "change", "series"}
    assert (told["is_empty"], told["send_first"]) == (False, [])
    assert tile(told, "On the way to a purchase")["is_empty"] is False


def test_a_period_dates_and_filters_hold_for_every_tile(served: Reading, sold: None) -> None:
    told = data(served, start_date="2026-02-27", end_date="2026-02-27")
    assert {one["answer"]["start_time"][:10] for one in told["tiles"]} == {"2026-02-27"}
    assert tile(told, "Headlines")["answer"]["total"]["values"]["orders"] == 1
    books = data(served, **{"property.category": "Books", "country": "DE"})
    assert tile(books, "Headlines")["answer"]["total"]["values"]["revenue"] == 50
    nowhere = data(served, country="FR")
    assert nowhere["is_empty"]


def test_a_tile_that_cannot_be_answered_leaves_the_others(
    served: Reading, engine: Engine, scope: Scope, sold: None
) -> None:
    properties = {"amount": 5, "category": "Books", "currency": "USD"}
    given(engine, scope, [{"at": "2026-02-28T10:00:00Z", "type": "purchase", "user": "c", "properties": properties}])
    told = data(served)
    revenue = tile(told, "Revenue")
    assert revenue["answer"] is None
    assert "USD" in revenue["error"]["message"]
    assert revenue["error"]["kind"] == "conflict"
    assert tile(told, "Orders")["answer"]["total"]["values"]["orders"] == 4


def test_nothing_yet_says_what_to_send(served: Reading) -> None:
    told = data(served, "imports")
    assert told["is_empty"]
    assert [one["event_type"] for one in told["send_first"]] == ["import_started", "import_completed", "import_failed"]
    assert tile(told, "Rows by origin")["event_types"] == ["import_completed", "import_failed"]
    assert tile(data(served, "executive"), "What happens most")["event_types"] == []
    assert data(served, "subscriptions")["is_empty"], "what may not be asked hides nothing"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"period": "soon"}, "period"),
        ({"period": "7d", "start_date": "2026-02-01"}, "period"),
        ({"start_date": "no"}, "start_time"),
        ({"timezone": "Mars"}, "timezone"),
        ({"filters": "{"}, "filters"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_senseless_question_is_refused_by_name(served: Reading, asked: dict[str, Any], field: str) -> None:
    answer = served.get(f"{PATH}/commerce/data", **asked)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_an_unknown_dashboard_is_not_found_with_what_was_meant(served: Reading) -> None:
    for path in (f"{PATH}/comerce", f"{PATH}/comerce/data"):
        answer = served.get(path)
        assert answer.status_code == 404
        assert answer.json()["suggested_actions"] == ["Did you mean 'commerce'?"]


@pytest.mark.parametrize(("path", "id_"), [(PATH, ""), (f"{PATH}/{{dashboard_id}}", "commerce")])
def test_the_documented_examples_have_the_fields_of_the_answers(served: Reading, path: str, id_: str) -> None:
    def example(of: str) -> Any:
        operation = served.client.get("/openapi.json").json()["paths"][of]["get"]
        return operation["responses"]["200"]["content"]["application/json"]["example"]

    answer = served.get(path.format(dashboard_id=id_)).json()
    assert set(answer) == set(example(path))
    if id_:
        told, shown = data(served, id_), example(f"{path}/data")
        assert set(told) == set(shown)
        assert set(told["tiles"][0]) == set(shown["tiles"][0])


def changed(served: Reading, method: str, path: str, **sent: Any) -> Any:
    """As an admin."""
    return served.client.request(method, path, headers={"X-API-Key": served.keys[Role.ADMIN]}, **sent)


def test_a_dashboard_shared_with_some_is_not_there_for_the_others(served: Reading, sold: None) -> None:
    path = f"{PATH}/commerce"
    answer = changed(served, "PUT", f"{path}/permissions", json={"roles": ["analyst"]})
    assert answer.json() == {"everybody": False, "roles": ["analyst"], "people": []}
    assert [one["id"] for one in served.get(PATH, Role.VIEWER).json()["dashboards"]] == [
        id_ for id_ in IDS if id_ != "commerce"
    ]
    assert [served.get(p, Role.VIEWER).status_code for p in (path, f"{path}/data")] == [404, 404]
    assert [served.get(p, Role.ANALYST).status_code for p in (path, f"{path}/data")] == [200, 200]
    assert served.get(f"{path}/permissions", Role.ANALYST).status_code == 403
    assert changed(served, "DELETE", f"{path}/permissions").status_code == 204
    assert served.get(path, Role.VIEWER).status_code == 200


def test_permissions_name_what_is_wrong(served: Reading) -> None:
    path = f"{PATH}/commerce/permissions"
    assert changed(served, "PUT", path, json={"roles": ["king"]}).json()["field"] == "roles"
    assert changed(served, "PUT", path, json={}).json()["field"] == "roles"
    assert changed(served, "PUT", f"{PATH}/no/permissions", json={"roles": []}).status_code == 404
