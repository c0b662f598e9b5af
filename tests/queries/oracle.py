"""A metric in plain Python, event by event: what the SQL must answer."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from factbook.core.clock import epoch_ms

Event = Mapping[str, Any]


def counted(events: Sequence[Event], metric: str, edges: Sequence[int]) -> list[dict[str, Any]]:
    """Per bucket [edges[i], edges[i+1]), and at last over all of them: count, value, sum, min, max, sorted numbers."""
    groups: list[list[Event]] = [[] for _ in range(len(edges))]
    for event in events:
        at = epoch_ms(event["at"])
        if edges[0] <= at < edges[-1] and not event.get("is_bot"):
            groups[bisect_right(edges, at) - 1].append(event)
            groups[-1].append(event)
    return [_of(group, metric) for group in groups]


def _of(group: Sequence[Event], metric: str) -> dict[str, Any]:
    if metric == "users.active":
        actors = {event.get("user") or event.get("anonymous_id") for event in group} - {None, ""}
        return {"count": len(group), "value": len(actors)}
    if metric == "sessions":
        return {"count": len(group), "value": len({event.get("session", 0) for event in group} - {0})}
    if metric.startswith("events.count"):
        wanted = metric.removeprefix("events.count").removeprefix(".")
        matching = [event for event in group if wanted in ("", event["type"])]
        return {"count": len(matching), "value": len(matching)}
    event_type, _, prop = metric.rpartition(".")
    numbers = sorted(
        event["properties"][prop]
        for event in group
        if event["type"] == event_type and type(event.get("properties", {}).get(prop)) in (int, float)
    )
    if not numbers:
        return {"count": 0, "value": None, "sum": None, "avg": None, "min": None, "max": None, "numbers": []}
    total = math.fsum(numbers)
    return {
        "count": len(numbers),
        "value": total,
        "sum": total,
        "avg": total / len(numbers),
        "min": numbers[0],
        "max": numbers[-1],
        "numbers": numbers,
    }


def quantile_holds(answer: float | None, q: float, numbers: Sequence[float]) -> bool:
    """Whether `answer` is within one per cent of the value at that rank, either neighbour."""
    if not numbers:
        return answer is None
    if answer is None:
        return False
    rank = q * (len(numbers) - 1)
    near = numbers[math.floor(rank)], numbers[math.ceil(rank)]
    return any(abs(answer - value) <= 0.0101 * abs(value) + 1e-9 for value in near)
