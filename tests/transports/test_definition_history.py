"""How segments and funnels changed is told over HTTP: by whom, and what they were before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import FastAPI

from factbook.core.scope import Role, Scope
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from factbook.transports.http import segments

from .reading_services import Reading, reading

SEGMENTS, FUNNELS = "/api/v1/analytics/segments", "/api/v1/analytics/funnels"


@pytest.fixture
def served(engine: Engine, warehouse: Warehouse, scope: Scope, tmp_path: Path) -> Iterator[Reading]:
    with reading(warehouse, scope, tmp_path, engine) as found:
        cast(FastAPI, found.client.app).include_router(segments.router(found.services))
        yield found


def call(served: Reading, method: str, path: str, body: Any = None, role: Role = Role.ANALYST) -> Any:
    headers = {"Authorization": f"Bearer {served.keys[role]}"}
    return served.client.request(method, path, json=body, headers=headers)


@pytest.mark.parametrize(
    ("path", "first", "second", "part"),
    [
        (SEGMENTS, {"rule": {"did": "purchase"}}, {"rule": {"did": "order"}}, "rule"),
        (FUNNELS, {"steps": ["page_view", "purchase"]}, {"steps": ["page_view", "order"]}, "steps"),
    ],
    ids=["segments", "funnels"],
)
def test_every_change_is_told_newest_first(
    served: Reading, path: str, first: dict[str, Any], second: dict[str, Any], part: str
) -> None:
    assert call(served, "POST", path, {"id": "mine", **first}).status_code == 201
    assert call(served, "PUT", f"{path}/mine", second).json()["version"] == 2
    assert call(served, "DELETE", f"{path}/mine").status_code == 204
    told = call(served, "GET", f"{path}/mine/history", role=Role.VIEWER).json()
    assert told["id"] == "mine"
    removed, changed, created = told["changes"]
    assert [(each["version"], each["change"]) for each in told["changes"]] == [
        (3, "removed"),
        (2, "changed"),
        (1, "created"),
    ]
    assert created["before"] is None
    assert changed["before"] == created["definition"]
    assert (created["definition"][part], changed["definition"][part]) == (first[part], second[part])
    assert removed["before"] == removed["definition"] == changed["definition"]
    assert {each["changed_at"] for each in told["changes"]} == {"2026-03-01T12:00:30.250000Z"}
    assert len({each["actor"] for each in told["changes"]}) == 1
    assert created["actor"]


@pytest.mark.parametrize("path", [SEGMENTS, FUNNELS])
def test_what_never_was_has_no_history(served: Reading, path: str) -> None:
    assert call(served, "GET", f"{path}/never/history").status_code == 404
