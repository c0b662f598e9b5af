"""The answer to a question for a funnel, as it is told: steps, times, trend, histogram and rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from factbook.core.scope import Scope
from factbook.metrics.levels import RAW
from factbook.queries.horizon import since
from factbook.storage.warehouse import Warehouse

from .question import ANY, Question
from .reading import EDGES, Found, Group, read
from .shape import shape_of


def funnel(
    warehouse: Warehouse, scope: Scope, asked: Question, now: datetime, kept: Mapping[str, int]
) -> dict[str, Any]:
    """JSON-able. kept: since when events are kept, see horizon.horizons; LIMITED for a question too heavy."""
    found = read(warehouse, scope, asked, now)
    zone, period = asked.about.calendar.zone, asked.about.period
    return {
        "funnel_name": asked.name or None,
        "order": asked.order,
        "count": asked.count,
        "window_seconds": asked.window / 1000,
        "start_time": period.start.astimezone(zone).isoformat(),
        "end_time": period.end.astimezone(zone).isoformat(),
        "timezone": str(zone),
        "complete_since": since({RAW: asked.start}, asked.end, kept, zone),
        **_whole(found.whole),
        "steps": _steps(asked, found.whole),
        "histogram": _bars(found),
        "trend": _trend(asked, found),
        "breakdown": _rows(asked, found),
    }


def _whole(group: Group) -> dict[str, Any]:
    entered, converted = group.reached[0], group.reached[-1]
    return {
        "entered": entered,
        "converted": converted,
        "conversion": _share(converted, entered),
        "incomplete": group.open,
        "median_seconds": _seconds(group.medians[-1]),
        "mean_seconds": _seconds(group.means[-1]),
    }


def _steps(asked: Question, group: Group) -> list[dict[str, Any]]:
    shape, told = shape_of(asked), []
    for number, step in enumerate(asked.steps, 1):
        count = group.reached[number - 1]
        former = group.reached[shape.before(number)[-1] - 1] if number > 1 else count
        told.append(
            {
                "step": number,
                "label": step.label if asked.order != ANY else f"{number} of {len(asked.steps)}",
                "events": list(step.chosen.events) if asked.order != ANY else [],
                "optional": step.optional,
                "count": count,
                "conversion": _share(count, former),
                "overall": _share(count, group.reached[0]),
                "dropped": former - count,
                "median_seconds": _seconds(group.medians[number - 2]) if number > 1 else None,
                "mean_seconds": _seconds(group.means[number - 2]) if number > 1 else None,
            }
        )
    return told


def _bars(found: Found) -> list[dict[str, Any]]:
    """From the first bar with somebody to the last."""
    if not found.bars:
        return []
    ends = [*EDGES[1:], None]
    return [
        {"from_seconds": EDGES[place], "to_seconds": ends[place], "count": found.bars.get(place, 0)}
        for place in range(min(found.bars), max(found.bars) + 1)
    ]


def _trend(asked: Question, found: Found) -> dict[str, Any] | None:
    if not asked.granularity:
        return None
    empty = Group((0,) * len(asked.steps), 0, (None,) * len(asked.steps), (None,) * len(asked.steps))
    points = []
    for start, _ in pairwise(found.starts):
        group = found.trend.get(start, empty)
        points.append({"time": _time(start, asked), **_whole(group), "steps": list(group.reached)})
    return {"granularity": asked.granularity, "points": points}


def _rows(asked: Question, found: Found) -> dict[str, Any] | None:
    if asked.breakdown is None:
        return None
    shown = dict(list(found.rows.items())[: asked.limit])
    rows = [
        {"value": value or None, "other": False, **_whole(group), "steps": list(group.reached)}
        for value, group in shown.items()
    ]
    if found.values > len(shown):
        rest = [count - sum(g.reached[at] for g in shown.values()) for at, count in enumerate(found.whole.reached)]
        waits = found.whole.open - sum(group.open for group in shown.values())
        none = (None,) * len(asked.steps)
        rows.append({"value": None, "other": True, **_whole(Group(tuple(rest), waits, none, none)), "steps": rest})
    return {
        "dimension": asked.breakdown.id,
        "label": asked.breakdown.label,
        "attribution": f"step:{asked.of_step}" if asked.of_step else asked.attribution,
        "rows": rows,
        "cut": {"is_cut": found.values > len(shown), "shown": len(shown), "of": found.values, "limit": asked.limit},
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _time(ms: int, asked: Question) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(asked.about.calendar.zone).isoformat()
