"""Journeys, paths and attribution over HTTP: what is documented is answered, what is wrong is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
from fastapi import FastAPI

from factbook.core.scope import Role, Scope
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from factbook.transports.http import journeys, paths
from tests.queries.given import given

from .reading_services import Reading, reading

EVENTS: list[dict[str, Any]] = [
    {"at": "2026-02-27T09:00:00Z", "visitor": "phone", "referrer_source": "Google", "properties": {"path": "/in"}},
    {"at": "2026-03-01T08:00:00Z", "type": "purchase", "user": "ann", "visitor": "phone", "properties": {"amount": 9}},
    {"at": "2026-03-01T09:00:00Z", "user": "ann", "properties": {"path": "=1+1"}},
    {"at": "2026-03-01T09:30:00Z", "visitor": "eve", "properties": {"path": "/in"}},
]


@pytest.fixture
def served(engine: Engine, warehouse: Warehouse, scope: Scope, tmp_path: Path) -> Iterator[Reading]:
    given(engine, scope, EVENTS)
    with reading(warehouse, scope, tmp_path, engine) as found:
        cast(FastAPI, found.client.app).include_router(journeys.router(found.services))
        cast(FastAPI, found.client.app).include_router(paths.router(found.services))
        yield found


def same_shape(told: Any, documented: Any, where: str = "") -> None:
    if isinstance(documented, dict) and where not in (".amounts", ".source.tables"):
        assert set(told) == set(documented), where
        for name, value in documented.items():
            same_shape(told[name], value, f"{where}.{name}" if name != "amounts" else ".amounts")
    elif isinstance(documented, list) and told and documented:
        same_shape(told[0], documented[0], where)


@pytest.mark.parametrize("path", ["/user/ann/journey", "/api/v1/analytics/users/phone/journey"])
def test_a_journey_is_answered_as_documented(served: Reading, path: str) -> None:
    told = served.get(path, limit=1)
    assert told.status_code == 200, told.text
    same_shape(told.json(), journeys.ANSWER)
    after = served.get(path, limit=1, cursor=told.json()["next_cursor"]).json()
    assert [s["source"] for s in after["sessions"]] == ["direct"]
    assert after["summary"] == told.json()["summary"]


def test_a_journey_is_a_file_without_formulas(served: Reading) -> None:
    told = served.get("/user/ann/journey", format="csv")
    assert told.headers["content-type"].startswith("text/csv")
    assert "'=1+1" in told.text


def test_nobody_is_not_found(served: Reading) -> None:
    assert served.get(f"/user/{uuid4()}/journey").status_code == 404


def test_single_people_are_for_analysts(served: Reading) -> None:
    assert served.get("/user/ann/journey", role=Role.VIEWER).status_code == 403


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"cursor": "abc"}, "cursor"),
        ({"cursor": "9" * 30}, "cursor"),
        ({"format": "xml"}, "format"),
        ({"timezone": "Mars"}, "timezone"),
        ({"period": "last_x"}, "period"),
        ({"start_date": "yesterday-ish"}, "start_time"),
    ],
)
def test_what_is_wrong_with_a_journey_is_named(served: Reading, parameters: dict[str, Any], field: str) -> None:
    told = served.get("/user/ann/journey", **parameters)
    assert told.status_code == 422, told.text
    assert field in told.text


PATHS = "/api/v1/analytics/paths"
ATTRIBUTION = "/api/v1/analytics/attribution"


def post(served: Reading, path: str, body: Any) -> Any:
    return served.client.post(path, json=body, headers={"Authorization": f"Bearer {served.keys[Role.VIEWER]}"})


@pytest.mark.parametrize(("path", "documented"), [(PATHS, paths.PATHS_ANSWER), (ATTRIBUTION, paths.ATTRIBUTION_ANSWER)])
def test_both_forms_answer_as_documented(served: Reading, path: str, documented: Any) -> None:
    told = served.get(path, role=Role.VIEWER, period="last_30_days")
    assert told.status_code == 200, told.text
    same_shape(told.json(), documented)
    assert post(served, path, {"period": "last_30_days"}).json() == told.json()


@pytest.mark.parametrize(
    ("path", "question"), [(PATHS, paths.PATHS_QUESTION), (ATTRIBUTION, paths.ATTRIBUTION_QUESTION)]
)
def test_the_examples_are_answered(served: Reading, path: str, question: Any) -> None:
    assert post(served, path, question).status_code == 200


def test_groups_and_filters_of_a_query_string(served: Reading) -> None:
    filters: dict[str, Any] = {"user_id.exists": "false"}
    told = served.get(PATHS, nodes="page", groups="/i*=Inside", **filters).json()
    assert [node["label"] for node in told["layers"][0]["nodes"]] == ["Inside"]
    assert told["paths"] == 2


def test_attribution_over_devices(served: Reading) -> None:
    told = served.get(ATTRIBUTION).json()
    assert {row["value"]: (row["first"], row["last"]["conversions"]) for row in told["rows"]} == {
        "Google": ({"conversions": 1.0, "revenue": 9.0}, 0.0),
        "direct": ({"conversions": 0.0, "revenue": 0.0}, 1.0),
    }


@pytest.mark.parametrize("path", [PATHS, ATTRIBUTION])
def test_tables_are_files(served: Reading, path: str) -> None:
    told = served.get(path, by="person", format="csv") if path == PATHS else served.get(path, format="csv")
    assert told.headers["content-type"].startswith("text/csv")
    assert len(told.text.splitlines()) > 1


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (PATHS, {"depth": 11}, "depth"),
        (PATHS, {"top": 0}, "top"),
        (PATHS, {"by": "planet"}, "by"),
        (PATHS, {"nodes": 3}, "nodes"),
        (PATHS, {"direction": "up"}, "direction"),
        (PATHS, {"groups": [{"pattern": "/x"}]}, "groups"),
        (PATHS, {"groups": "/x"}, "groups"),
        (PATHS, {"point": 7}, "point"),
        (PATHS, {"nonsense": 7}, "nonsense"),
        (PATHS, {"collapse": "maybe"}, "collapse"),
        (ATTRIBUTION, {"dimension": "mood"}, "dimension"),
        (ATTRIBUTION, {"lookback_days": 0}, "lookback_days"),
        (ATTRIBUTION, {"half_life_days": "x"}, "half_life_days"),
        (ATTRIBUTION, {"conversion": {"where": "amount >"}}, "conversion.where"),
        (ATTRIBUTION, {"include_bots": "perhaps"}, "include_bots"),
    ],
)
def test_what_is_wrong_with_a_question_is_named(served: Reading, path: str, body: Any, field: str) -> None:
    told = post(served, path, body)
    assert told.status_code == 422, told.text
    assert field in told.text
