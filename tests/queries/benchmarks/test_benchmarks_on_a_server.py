"""Comparison and satisfaction on a real ClickHouse server: the same answers as from the embedded engine."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from factbook.core.scope import Scope, Tier
from factbook.queries.benchmarks.competitive import competitive
from factbook.queries.benchmarks.satisfaction import satisfaction
from factbook.storage.engine import Engine
from tests.queries.both_engines import both
from tests.queries.trading.desk import Desk


def benchmark(metric: str, **given: Any) -> dict[str, Any]:
    told = {"id": metric, "label": "", "metric": metric, "source": "s", "period": None}
    return {**told, "value": None, "quantiles": None, **given}


BENCHMARKS = [benchmark("nps", value=30.0), benchmark("win_rate", quantiles={"p25": 0.2, "p75": 0.6})]


def happened() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number in range(60):
        at = f"2026-03-{2 + number % 10:02}T10:{number:02}:00Z"
        survey, score = (("nps", number % 11), ("csat", 1 + number % 5), ("own", number % 3))[number % 3]
        properties = {"survey": survey, "score": score, "comment": f"order {number} came 'late'" if number % 2 else ""}
        found.append({"at": at, "type": "feedback_submitted", "user": f"u{number}", "properties": properties})
        found.append({"at": at, "type": "position.closed", "properties": {"pnl": number % 4 - 1}})
    return found


def told(desk: Desk) -> list[Any]:
    verbs = (partial(satisfaction, granularity="1d"), partial(competitive, benchmarks=BENCHMARKS))
    return [desk.ask(verb, zone="America/New_York") for verb in verbs]


def test_every_read_has_the_same_answer(clickhouse_url: str, engine: Engine, scope: Scope, tmp_path: Path) -> None:
    scope = replace(scope, tier=Tier.ENTERPRISE)
    here, there = both(engine, clickhouse_url, scope, tmp_path, happened(), told)
    assert here[1]["rows"][1]["percentile"] is not None
    assert there == here
