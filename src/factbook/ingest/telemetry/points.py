"""Data points of any sender as events: how full processors, memory and disks are, and every other number by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .attributes import Attributes, Source
from .taken import Taken, digest, event, moment
from .usage import Usage, usage_of


@dataclass(frozen=True, slots=True)
class Point:
    """One number (None: only `more`) of a named metric. at: nanoseconds. item: its number among the sender's items."""

    item: int
    source: Source
    name: str
    at: int
    value: float | None
    attributes: Attributes
    more: dict[str, Any] = field(default_factory=dict)


def events_of(points: Sequence[Point], items: int, prefix: str) -> Taken:
    """`resource_usage` for what `usage` knows, one for each time, source and thing used; `metric` for the rest.

    An id is that of the source, name, attributes and time: a point sent again counts once.
    """
    found = Taken(items=items)
    used: dict[str, Usage] = {}
    for point in points:
        usage = usage_of(point.name, point.attributes)
        if usage is None or point.value is None:
            _put(found, _metric(point, prefix), point.item)
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
        _put(found, event("resource_usage", f"{prefix}-use:{key}", moment(point.at), properties), point.item)
    return found


def _metric(point: Point, prefix: str) -> dict[str, Any]:
    id_ = f"{prefix}:{digest(point.source.attributes, point.name, point.attributes, point.at)}"
    properties = {
        **point.source.properties,
        "name": point.name,
        "value": point.value,
        **point.more,
        "attributes": dict(point.attributes),
    }
    return event("metric", id_, moment(point.at), properties)


def _put(found: Taken, sent: dict[str, Any], item: int) -> None:
    found.events.append(sent)
    found.item.append(item)
