"""Every case of tests/cases/metric_*.yaml: events in, answer out, from the roll-ups and again from raw events."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from factbook.core.scope import Scope
from factbook.events.filters import field_of, from_json
from factbook.queries.period import period_of
from factbook.queries.series import SeriesRequest, series
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse

from .given import given

PATHS = ("rollups", "events")
CASES = [
    pytest.param(case, path, id=f"{file.stem}: {case['promise']} ({path})")
    for file in sorted((Path(__file__).parent.parent / "cases").glob("metric_*.yaml"))
    for case in yaml.safe_load(file.read_text())
    for path in PATHS
    # With bots asked for, everything is read from the events: another answer where the case has bots.
    if path == "rollups" or not any(event.get("is_bot") for event in case["events"])
]


@pytest.mark.parametrize(("case", "path"), CASES)
def test_case(engine: Engine, warehouse: Warehouse, scope: Scope, case: dict[str, Any], path: str) -> None:
    given(engine, scope, case["events"])
    request = asked(case["ask"])
    if path == "events":
        request = replace(request, include_bots=True)
    answer = json.loads(json.dumps(series(warehouse, scope, request)))
    assert_holds(answer, case["answer"])


def asked(ask: dict[str, Any]) -> SeriesRequest:
    tz = ZoneInfo(ask.get("timezone", "UTC"))
    now = datetime(2026, 6, 1, tzinfo=UTC)
    return SeriesRequest(
        metric_name=ask["metric"],
        period=period_of(ask["start"], ask["end"], tz, now=now, default=timedelta(days=1)),
        zone=tz,
        interval=ask["interval"],
        conditions=from_json(json.dumps(ask["filters"]), tz) if "filters" in ask else (),
        dimensions=tuple(field_of(name) for name in ask.get("dimensions", [])),
        compare=ask.get("compare"),
        include_bots=ask.get("include_bots", False),
        statistic=ask.get("statistic", "sum"),
        limit=ask.get("limit", 10),
    )


def assert_holds(answer: Any, expected: Any, path: str = "answer") -> None:
    """`answer` has everything of `expected`; lists have the same length, numbers are equal within one per cent."""
    if isinstance(expected, dict):
        for key, value in expected.items():
            assert key in answer, f"{path}.{key} is missing"
            assert_holds(answer[key], value, f"{path}.{key}")
    elif isinstance(expected, list):
        assert len(answer) == len(expected), f"{path} has {len(answer)} items"
        for i, value in enumerate(expected):
            assert_holds(answer[i], value, f"{path}[{i}]")
    elif isinstance(expected, float | int) and not isinstance(expected, bool) and "p" in path.rsplit(".", 1)[-1]:
        assert answer == pytest.approx(expected, rel=0.01), path
    else:
        assert answer == expected, path
