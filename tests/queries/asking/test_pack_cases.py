"""Every built-in metric against numbers counted by hand (tests/cases/packs): from roll-ups, single events, and cut."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from factbook.core.calendar import Calendar
from factbook.core.money import Money
from factbook.core.scope import Role, Scope, Tier
from factbook.metrics.catalog import built_in
from factbook.metrics.model import Kind, Metric
from factbook.queries.asking.ask import Tenant, ask
from factbook.queries.asking.request import Request
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given, moment

Scene = dict[str, Any]

NOW = moment("2026-03-20T12:00:00Z")
BESIDE = ("series", "previous", "change")
ADDED_UP = (Kind.COUNT, Kind.SUM, Kind.STATE)
PACKS: dict[str, list[Scene]] = {
    file.stem: yaml.safe_load(file.read_text())
    for file in sorted((Path(__file__).parents[2] / "cases" / "packs").glob("*.yaml"))
}
SCENES = [
    pytest.param(pack, scene, id=f"{pack}: {scene['promise']}") for pack, scenes in PACKS.items() for scene in scenes
]


@pytest.mark.parametrize(("pack", "scene"), SCENES)
def test_a_scene_holds_from_rollups_from_single_events_and_cut(
    warehouse: Warehouse, engine: Engine, pack: str, scene: Scene
) -> None:
    scope = Scope(f"tenant-{uuid.uuid4().hex}", "test", Role.OWNER, Tier.ENTERPRISE)
    given(engine, scope, scene["events"])
    expected = {"values": values_of(pack, scene), **{told: scene.get(told, {}) for told in BESIDE}}
    metrics = tuple(dict.fromkeys(name for counted in expected.values() for name in counted))
    for raw in (False, True):
        answer = asked(warehouse, scope, scene, metrics, include_bots=raw)
        assert ("rollups" in answer["source"]["tables"]) is not raw
        for told, counted in expected.items():
            assert {name: answer["total"][told][name] for name in counted} == close(counted), told
    for dimension, names in by_breakdown(scene).items():
        answer = asked(warehouse, scope, scene, names, dimensions=(dimension,), limit=100, compare=None)
        assert not any(row["other"] for row in answer["rows"])
        for name in names:
            rows = {row["dimensions"][dimension]: row["values"][name] for row in answer["rows"]}
            assert {value: number for value, number in rows.items() if number} == close(scene["rows"][name]), name
            if adds_up(metric(name)):
                assert sum(scene["rows"][name].values()) == pytest.approx(answer["total"]["values"][name])


def test_every_built_in_metric_has_a_number_counted_by_hand() -> None:
    counted = {
        name for scenes in PACKS.values() for scene in scenes for name, number in scene["values"].items() if number
    }
    assert set(built_in().metrics) == counted


def test_every_breakdown_has_rows_counted_by_hand() -> None:
    counted = {name for scenes in PACKS.values() for scene in scenes for name in scene.get("rows", {})}
    assert {each.id for each in built_in().metrics.values() if each.breakdown} == counted


def test_every_pack_has_a_scene_in_which_nothing_happened() -> None:
    assert [pack for pack, scenes in PACKS.items() if scenes[-1]["events"]] == []
    assert set(PACKS) == {pack.id for pack in built_in().packs}


def asked(warehouse: Warehouse, scope: Scope, scene: Scene, metrics: tuple[str, ...], **more: Any) -> dict[str, Any]:
    tenant = Tenant(built_in(), Calendar(ZoneInfo("UTC")), Money(scene.get("currency", ""), scene.get("rates", {})), {})
    request = Request(
        metrics,
        start_time=scene["start"],
        end_time=scene["end"],
        timezone=scene.get("timezone"),
        **{"granularity": scene.get("granularity", "none"), "compare": scene.get("compare"), **more},
    )
    return ask(warehouse, scope, tenant, request, NOW)


def values_of(pack: str, scene: Scene) -> dict[str, float | None]:
    """What the scene says; where nothing happened, what it does not name of its pack is null."""
    if scene["events"]:
        return dict(scene["values"])
    return {each.id: scene["values"].get(each.id) for each in built_in().metrics.values() if each.pack == pack}


def by_breakdown(scene: Scene) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name in scene.get("rows", {}):
        dimension = metric(name).breakdown
        found[dimension] = (*found.get(dimension, ()), name)
    return found


def metric(name: str) -> Metric:
    return built_in().get(name)


def adds_up(metric: Metric) -> bool:
    return metric.measure is not None and metric.measure.kind in ADDED_UP


def close(numbers: Mapping[str, Any]) -> Any:
    """Equal but for the last digits."""
    return {
        name: [nearly(each) for each in number] if isinstance(number, list) else nearly(number)
        for name, number in numbers.items()
    }


def nearly(number: float | None) -> Any:
    return None if number is None else pytest.approx(number, rel=1e-9)
