"""Data points of any sender as events: how full processors, memory and disks are, and every other number by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .attributes import Attributes, Source
from .counters import Growth, Running, Turn
from .taken import Taken, digest, event, moment
from .usage import Usage, usage_of


@dataclass(frozen=True, slots=True)
class Point:
    """One number (None: only `more`) of a named metric. at: nanoseconds. item: its number among the sender's items.
    running: set in place of `value` where it is a total since some time."""

    item: int
    source: Source
    name: str
    at: int
    value: float | None
    attributes: Attributes
    more: dict[str, Any] = field(default_factory=dict)
    running: Running | None = None

    @property
    def series(self) -> str:
        return digest(self.source.attributes, self.name, self.attributes)


@dataclass(frozen=True, slots=True)
class Points:
    """Those of one body, of so many items. prefix: of the ids of their events. types: what the sender says that
    families are."""

    points: Sequence[Point]
    items: int
    prefix: str
    types: Mapping[str, int] = field(default_factory=dict)


def grown(
    found: Taken,
    points: Sequence[Point],
    prefix: str,
    turn: Turn,
    told_otherwise: Callable[[Point, Growth], bool] = lambda point, growth: False,
) -> None:
    """A `metric` for what each running total grew by since the sample before; none where it did not grow.

    told_otherwise: takes what is no metric.
    """
    for gone in turn.forgotten:
        found.note(gone)
    for point in sorted(points, key=lambda one: one.at):
        assert point.running is not None
        series = point.series
        growth, note = turn.growth(series, point.at, point.running)
        if growth is not None and not told_otherwise(point, growth) and (more := increase(growth)):
            more = {"temporality": "delta", **point.more, **more}
            id_ = f"{prefix}-grown:{digest(series, growth.since, growth.after, point.at)}"
            found.put(_metric(point, id_, more), point.item)
        if note is not None:
            found.note(note)


def increase(growth: Growth) -> dict[str, Any]:
    """`value`; of a histogram the mean of what came in, beside `count` and `sum`. Empty where nothing did."""
    if "count" not in growth.now:
        value = growth.of("value")
        return {"value": value} if value else {}
    count = growth.of("count")
    if not count:
        return {}
    if "sum" not in growth.now:
        return {"count": count}
    total = growth.of("sum")
    return {"value": total / count, "count": count, "sum": total}


def events_of(found: Taken, points: Sequence[Point], prefix: str) -> Taken:
    """`resource_usage` for what `usage` knows, one for each time, source and thing used; `metric` for the rest.

    An id is that of the source, name, attributes and time: a point sent again counts once.
    """
    used: dict[str, Usage] = {}
    for point in points:
        usage = usage_of(point.name, point.attributes)
        if usage is None or point.value is None:
            id_ = f"{prefix}:{digest(point.source.attributes, point.name, point.attributes, point.at)}"
            found.put(_metric(point, id_, {"value": point.value, **point.more}), point.item)
            continue
        key = digest(point.source.attributes, usage.property, usage.thing, point.name, point.at)
        one = used.setdefault(key, usage)
        one.add(point.value, point.attributes, point)
    for key, usage in used.items():
        point = usage.first
        percent = usage.percent()
        if percent is None:
            continue
        properties = {**point.source.properties, usage.property: percent, **usage.thing}
        found.put(event("resource_usage", f"{prefix}-use:{key}", moment(point.at), properties), point.item)
    return found


def _metric(point: Point, id_: str, told: Mapping[str, Any]) -> dict[str, Any]:
    properties = {**point.source.properties, "name": point.name, **told, "attributes": dict(point.attributes)}
    return event("metric", id_, moment(point.at), properties)
