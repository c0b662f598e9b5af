"""Utilization: states and processors of one time are one percentage; what is no utilization stays a metric."""

from __future__ import annotations

from typing import Any

import pytest

from factbook.ingest.telemetry.attributes import Source
from factbook.ingest.telemetry.points import Point, events_of
from factbook.ingest.telemetry.taken import Taken

SECOND = 1_000_000_000
SHOP = Source({"service": "shop"}, {"service.name": "shop"})


def told(*points: tuple[str, float | None, dict[str, Any]], at: int = SECOND) -> list[dict[str, Any]]:
    sent = [Point(n, SHOP, name, at, value, given) for n, (name, value, given) in enumerate(points)]
    return events_of(Taken(), sent, "test").events


CPU, MEMORY, DISK = "system.cpu.utilization", "system.memory.utilization", "system.filesystem.utilization"


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(CPU, 0.3, {})], {"cpu_percent": 30}),
        ([(CPU, 0.1, {"cpu.mode": "user"}), (CPU, 0.05, {"cpu.mode": "system"})], {"cpu_percent": 15}),
        ([(CPU, 0.9, {"state": "idle", "cpu": "0"}), (CPU, 0.5, {"state": "idle", "cpu": "1"})], {"cpu_percent": 30}),
        (
            [
                (CPU, 0.8, {"state": "user", "cpu": "0"}),
                (CPU, 0.2, {"state": "idle", "cpu": "0"}),
                (CPU, 0.2, {"state": "user", "cpu": "1"}),
                (CPU, 0.8, {"state": "idle", "cpu": "1"}),
            ],
            {"cpu_percent": 50},
        ),
        ([(MEMORY, 0.4, {"state": "used"}), (MEMORY, 0.3, {"state": "cached"})], {"memory_percent": 40}),
        ([(DISK, 0.7, {"mountpoint": "/"})], {"disk_percent": 70, "mountpoint": "/"}),
        ([("system_memory_utilization_ratio", 0.25, {"state": "used"})], {"memory_percent": 25}),
        ([("process.cpu.utilization", 1.7, {})], {"cpu_percent": 100}),
    ],
)
def test_states_of_one_time_are_one_percentage(points: Any, expected: dict[str, Any]) -> None:
    [event] = told(*points)
    assert event["event_type"] == "resource_usage"
    assert event["properties"].items() >= {**expected, "service": "shop"}.items()


def test_two_mount_points_are_two_events() -> None:
    events = told((DISK, 0.1, {"mountpoint": "/"}), (DISK, 0.2, {"mountpoint": "/data"}))
    assert [event["properties"]["disk_percent"] for event in events] == [10, 20]
    assert len({event["event_id"] for event in events}) == 2


def test_a_disk_of_which_only_the_free_share_is_known_is_no_event() -> None:
    assert told((DISK, 0.9, {"state": "free"})) == []


def test_any_other_number_is_a_metric_with_its_name_and_attributes() -> None:
    [event] = told(("queue.length", 3.0, {"queue": "mail"}))
    assert event["event_type"] == "metric"
    assert event["properties"] == {
        "service": "shop", "name": "queue.length", "value": 3.0, "attributes": {"queue": "mail"}
    }  # fmt: skip


def test_a_point_sent_again_has_the_same_id_and_another_time_another() -> None:
    point = ("queue.length", 3.0, {"queue": "mail"})
    [first], [again], [later] = told(point), told(point), told(point, at=2 * SECOND)
    assert first["event_id"] == again["event_id"] != later["event_id"]
