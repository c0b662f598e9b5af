"""What exporters of hosts count (seconds of processors, bytes of memory and disks), as utilization by convention."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from .attributes import text
from .counters import Growth, Turn
from .points import Point, events_of, grown
from .taken import Taken

_SECONDS = frozenset(("node_cpu_seconds_total", "system.cpu.time", "system_cpu_time_seconds_total"))
_STATES = ("mode", "cpu.mode", "cpu_mode", "state")
_PROCESSORS = ("cpu", "cpu.logical_number", "cpu_logical_number")
_PARTS = {
    "node_memory_MemAvailable_bytes": ("node_memory_MemTotal_bytes", "system.memory.utilization"),
    "node_filesystem_avail_bytes": ("node_filesystem_size_bytes", "system.filesystem.utilization"),
}
"""What is free, what there is, and the name of the share that is used."""
_NO_DISKS = frozenset(("tmpfs", "devtmpfs", "ramfs", "overlay", "squashfs", "nsfs", "iso9660"))


def told(found: Taken, plain: Sequence[Point], running: Sequence[Point], prefix: str, turn: Turn) -> Taken:
    """The events of all points of a body, those of hosts as utilization too."""
    shares: list[Point] = []

    def idle(point: Point, growth: Growth) -> bool:
        if not is_idle_time(point):
            return False
        share = idle_share(point, growth)
        shares.extend([share] if share else [])
        return True

    grown(found, running, prefix, turn, idle)
    return events_of(found, [*plain, *shares_used(plain), *shares], prefix)


def is_idle_time(point: Point) -> bool:
    """Whether it counts the seconds that a processor had nothing to do."""
    return point.name in _SECONDS and text(point.attributes, *_STATES) == "idle"


def idle_share(point: Point, growth: Growth) -> Point | None:
    """Of the time since the sample before; None where no time went by."""
    seconds = (point.at - growth.after) / 1e9
    if seconds <= 0:
        return None
    given = {"state": "idle", "cpu": text(point.attributes, *_PROCESSORS) or ""}
    share = min(1.0, growth.of("value") / seconds)
    return Point(point.item, point.source, "system.cpu.utilization", point.at, share, given)


def shares_used(points: Sequence[Point]) -> Iterator[Point]:
    """1 - free / all, of memory and of each disk, where both came at the same time; file systems in memory are none."""
    whole = {_key(point): point.value for point in points if point.value}
    for point in points:
        if point.name not in _PARTS or point.value is None or point.attributes.get("fstype") in _NO_DISKS:
            continue
        all_of, name = _PARTS[point.name]
        total = whole.get(_key(replace(point, name=all_of)))
        if total:
            given = {"state": "used", "mountpoint": point.attributes.get("mountpoint", "")}
            yield replace(point, name=name, value=1 - point.value / total, attributes=given)


def _key(point: Point) -> tuple[str, int]:
    return point.series, point.at
