"""The SQL that analyses of people are measured beside answers the same questions: it tells the same numbers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from factbook.bench.behaviour import ANALYSES, Analysis
from factbook.bench.events import COUNTRIES, TYPES
from factbook.core.calendar import Calendar
from factbook.core.scope import Scope
from factbook.ingest.session_rule import Rule
from factbook.metrics.catalog import built_in
from factbook.queries.behaviour.cohorts.question import cohorts
from factbook.queries.behaviour.cohorts.retention import retention
from factbook.queries.behaviour.funnels.answer import funnel
from factbook.queries.behaviour.funnels.question import question
from factbook.queries.behaviour.path_questions import asked_paths
from factbook.queries.behaviour.paths import paths
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.behaviour.tenants import tenant
from tests.queries.given import given

START = datetime(2026, 3, 1, tzinfo=UTC)
END = START + timedelta(days=28)
NOW = END + timedelta(days=30)
UTC_DAYS = Calendar(ZoneInfo("UTC"))


class Both:
    """Some weeks of people who come and go, before and behind the period too, at equal moments and by bots."""

    def __init__(self, warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
        self.warehouse, self.engine, self.scope = warehouse, engine, scope
        pick, at, user = random.Random(7), START - timedelta(days=4), 0
        events = []
        for number in range(5000):
            at += timedelta(minutes=pick.choice([0, 0, 3, 12, 40]))
            user = user if pick.random() < 0.6 else number // 40 + pick.randrange(30)
            country = COUNTRIES[(user + at.hour) % len(COUNTRIES)]
            one = {"at": at, "type": pick.choice(TYPES), "user": f"u{user}", "country": country}
            events.append({**one, "is_bot": pick.random() < 0.05})
        given(engine, scope, events)

    def asked(self, analysis: Analysis) -> dict[str, Any]:
        times = {"start_time": START.isoformat(), "end_time": END.isoformat(), "timezone": "UTC"}
        return {**analysis.asked, **times}

    def by_hand(self, analysis: Analysis) -> Sequence[Any]:
        return self.engine.rows(analysis.by_hand(START, END).replace("'default'", f"'{self.scope.tenant}'"))

    def funnel(self, analysis: Analysis) -> dict[str, Any]:
        fields = self.asked(analysis)
        asked = question(fields, UTC_DAYS, NOW, dimension=built_in().dimension, named=lambda name: {})
        return funnel(self.warehouse, self.scope, asked, NOW, {})

    def retention(self, analysis: Analysis) -> dict[str, Any]:
        return retention(self.warehouse, self.scope, cohorts(self.asked(analysis), UTC_DAYS, NOW), {})

    def paths(self, analysis: Analysis) -> dict[str, Any]:
        asked = asked_paths(self.asked(analysis), tenant(calendar=UTC_DAYS), Rule(30 * 60_000), NOW)
        return paths(self.warehouse, self.scope, asked)


@pytest.fixture
def both(warehouse: Warehouse, engine: Engine, scope: Scope) -> Both:
    return Both(warehouse, engine, scope)


def named(what: str) -> Analysis:
    return next(each for each in ANALYSES if each.what == what)


def test_a_funnel_and_its_times(both: Both) -> None:
    analysis = named("funnel of three steps")
    [(*numbers, histogram)] = both.by_hand(analysis)
    told = both.funnel(analysis)
    counts = [step["count"] for step in told["steps"]]
    times = [1000 * step[name] for step in told["steps"][1:] for name in ("median_seconds", "mean_seconds")]
    whole = [1000 * told["median_seconds"], 1000 * told["mean_seconds"]]
    assert numbers == pytest.approx([*counts, *times, *whole])
    assert histogram == {1000 * bar["from_seconds"]: bar["count"] for bar in told["histogram"] if bar["count"]}
    assert counts[2] > 0


def test_a_funnel_by_country(both: Both) -> None:
    analysis = named("funnel by country")
    rows = both.funnel(analysis)["breakdown"]["rows"]
    assert {row[0]: list(row[1:4]) for row in both.by_hand(analysis)} == {row["value"]: row["steps"] for row in rows}


def test_weekly_retention(both: Both) -> None:
    analysis = named("weekly retention")
    found = {(f"{first}", (week - first).days // 7): n for first, week, n in both.by_hand(analysis)}
    assert found == returned(both.retention(analysis))
    assert len(found) > 5


def test_daily_retention_with_the_sizes_of_the_cohorts(both: Both) -> None:
    analysis = named("daily retention of buyers")
    told = both.retention(analysis)
    sizes = {(line["cohort"][:10], -1): line["size"] for line in told["cohorts"] if line["size"]}
    assert {(f"{day}", k): n for day, k, n in both.by_hand(analysis)} == sizes | returned(told)


def test_paths_with_their_ends_and_conversions(both: Both) -> None:
    analysis = named("paths of five steps")
    found = {(layer, node, after): (n, converted) for layer, node, after, n, converted in both.by_hand(analysis)}
    told = both.paths(analysis)
    nodes = {node["id"]: (layer["layer"] + 1, node) for layer in told["layers"] for node in layer["nodes"]}
    steps, ends = {}, {}
    for edge in told["edges"]:
        layer, node = nodes[edge["source"]]
        steps[layer, node["label"], nodes[edge["target"]][1]["label"]] = edge["count"], edge["converted"]
    for layer, node in nodes.values():
        ends[layer, node["label"]] = node["dropped"]
    assert {edge: numbers for edge, numbers in found.items() if edge[2]} == steps
    assert {edge[:2]: n for edge, (n, _) in found.items() if not edge[2] and edge[0] < 6} == {
        place: n for place, n in ends.items() if n
    }
    assert len(steps) > 50


def returned(told: dict[str, Any]) -> dict[tuple[str, int], int]:
    return {(line["cohort"][:10], k): n for line in told["cohorts"] for k, n in enumerate(line["counts"]) if n}
