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
from factbook.transports.http import journeys
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
