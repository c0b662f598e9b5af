"""Utilization by OpenTelemetry's semantic conventions, gathered from its states into one percentage."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .attributes import Attributes, text

_PROPERTIES = {
    "system.cpu.utilization": "cpu_percent",
    "process.cpu.utilization": "cpu_percent",
    "jvm.cpu.recent_utilization": "cpu_percent",
    "system.memory.utilization": "memory_percent",
    "process.memory.utilization": "memory_percent",
    "system.filesystem.utilization": "disk_percent",
}
"""Gauges from 0 to 1, and the property they become."""
_BY_UNDERSCORES = {
    name.replace(".", "_") + suffix: (name, kind) for name, kind in _PROPERTIES.items() for suffix in ("", "_ratio")
}
"""As Prometheus writes them."""
_STATES = (
    *("cpu.mode", "cpu_mode", "system.memory.state", "system_memory_state"),
    *("system.filesystem.state", "system_filesystem_state", "state"),
)
_PROCESSORS = ("cpu.logical_number", "cpu_logical_number", "cpu")
_PLACES = ("system.filesystem.mountpoint", "system_filesystem_mountpoint", "mountpoint")
_FREE = frozenset(("idle", "free", "available", "reserved", "iowait", "wait"))


@dataclass(slots=True)
class Usage:
    """One thing used, at one time: shares by processor and state."""

    property: str
    thing: dict[str, Any]
    first: Any = None
    used: dict[str, float] = field(default_factory=dict)
    free: dict[str, float] = field(default_factory=dict)

    def add(self, share: float, given: Attributes, of: Any) -> None:
        self.first = of if self.first is None else self.first
        state, processor = text(given, *_STATES), text(given, *_PROCESSORS) or ""
        place = self.free if state in _FREE else self.used
        if self.property == "memory_percent" and state not in (None, "used"):
            place = self.free  # buffers, caches and slabs are given back where they are needed
        place[processor] = place.get(processor, 0.0) + share

    def percent(self) -> float | None:
        """The mean over processors, 0 to 100; what is not idle is used, where only the idle share was sent."""
        shares = [self.used[key] if key in self.used else 1 - self.free[key] for key in {**self.used, **self.free}]
        if not shares or (self.property == "disk_percent" and not self.used):
            return None
        return round(100 * min(1.0, max(0.0, sum(shares) / len(shares))), 4)


def usage_of(name: str, given: Attributes) -> Usage | None:
    """What a point of this name is about; None where it is about no utilization."""
    conventional, kind = _BY_UNDERSCORES.get(name.replace(".", "_"), ("", ""))
    if not kind:
        return None
    thing = {"resource": conventional.rsplit(".", 1)[0]}
    place = text(given, *_PLACES) if kind == "disk_percent" else None
    return Usage(kind, {**thing, **({"mountpoint": place} if place else {})})
