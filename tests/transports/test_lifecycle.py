"""Lifecycle and stickiness over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factbook.core.scope import Role, Scope
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

from .reading_services import Reading, reading

FEBRUARY: dict[str, Any] = {"start_date": "2026-02-02", "end_date": "2026-02-15"}
LIFECYCLE, STICKINESS = "/api/v1/analytics/users/lifecycle", "/api/v1/analytics/users/stickiness"


@pytest.fixture
def served(warehouse: Warehouse, engine: Engine, scope: Scope, tmp_path: Path) -> Iterator[Reading]:
    days = {"a": ["02", "03", "09"], "b": ["02"], "c": ["10"]}
    happened = [{"at": f"2026-02-{day}T12:00:00Z", "user": user} for user, each in days.items() for day in each]
    given(engine, scope, happened)
    with reading(warehouse, scope, tmp_path) as found:
        yield found


def test_states_are_told_by_week(served: Reading) -> None:
    told = served.get(LIFECYCLE, **FEBRUARY).json()
    assert [told[name] for name in ("new", "returning", "resurrecting", "dormant")] == [[2, 1], [0, 1], [0, 0], [0, 1]]
    csv = served.get(LIFECYCLE, format="csv", **FEBRUARY).text.splitlines()
    assert csv[:2] == [
        "times,active,new,returning,resurrecting,dormant,incomplete",
        "2026-02-02T00:00:00+00:00,2,2,0,0,0,False",
    ]


def test_active_days_are_told_by_week_and_as_the_metric_tells_them(served: Reading) -> None:
    told = served.get(STICKINESS, **FEBRUARY).json()
    assert [week["counts"][:2] for week in told["windows"]] == [[1, 1], [2, 0]]
    assert told["daily"]["dau"][:2] == [2, 1]
    assert told["daily"]["stickiness"][:2] == [1, 0.5]
    point = served.get("/api/v1/metrics", metric_name="stickiness", granularity="1d", **FEBRUARY).json()["points"][1]
    assert point["value"] == told["daily"]["stickiness"][1]
    assert "daily" not in served.get(STICKINESS, event="purchase", **FEBRUARY).json()
    csv = served.get(STICKINESS, format="csv", **FEBRUARY).text.splitlines()
    assert csv[:2] == ["time,days,people,incomplete", "2026-02-02T00:00:00+00:00,1,1,False"]


@pytest.mark.parametrize("path", [LIFECYCLE, STICKINESS])
def test_a_mistake_is_named_and_a_key_is_needed(served: Reading, path: str) -> None:
    mistakes: list[dict[str, Any]] = [{"granularity": "1y"}, {"format": "xls"}]
    for wrong in mistakes:
        [field] = wrong
        refused = served.get(path, **wrong)
        assert (refused.status_code, refused.json()["field"]) == (422, field)
    assert served.get(path, role=None).status_code == 401
    assert served.get(path, role=Role.WRITER).status_code == 403
