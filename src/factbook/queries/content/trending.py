"""What rises: content viewed more in the newest part of a period than its own usual rate can explain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from factbook.core.clock import epoch_ms
from factbook.core.errors import invalid
from factbook.core.sql import Parameters
from factbook.queries.behaviour.history import inside

from .question import Content

FORMULA = "score = (recent views - expected) / sqrt(expected); expected = (views before + 1) * window / time before"
RULES = (
    "at least min_views in the window",
    "more than twice what was expected",
    "as many or more would come by chance (Poisson) at most once in a thousand times",
)
CHANCE = 0.001
LEAST_RATIO = 2.0
FEWEST_WINDOWS = 3
"""That the time before must have room for."""
MOST = 10_000
"""Pieces looked at, the most viewed of the window."""

_HOUR_MS = 3_600_000
_AT = "toUnixTimestamp64Milli(timestamp)"


@dataclass(frozen=True, slots=True)
class Views:
    """Of one piece: in the window, in the time before it, and when the first of these was, in milliseconds."""

    content_id: str
    recent: int
    before: int
    first_ms: int


async def trending(asked: Content, *, window_hours: int, min_views: int, limit: int) -> dict[str, Any]:
    """The newest `window_hours` of the period against the rest of it. INVALID where that is too short."""
    period = asked.about.period
    end = epoch_ms(min(period.end, asked.now) if asked.now > period.start else period.end)
    begin, since = epoch_ms(period.start), end - window_hours * _HOUR_MS
    if since - begin < FEWEST_WINDOWS * window_hours * _HOUR_MS:
        raise invalid(
            f"The period has no room for {FEWEST_WINDOWS} windows before the last.",
            field="window_hours",
            hint="Ask for a longer period or a shorter window.",
        )
    found = await asked.look(partial(_views, asked, since, end, min_views), "views now and before")
    told = [risen(each, begin, since, end) for each in found]
    rising = sorted((row for row in told if row["rises"]), key=lambda row: (-row["score"], row["content_id"]))
    new = [row for row in told if row["expected"] is None]
    return {
        **asked.told,
        "window": {"start_time": asked.at(since), "end_time": asked.at(end), "hours": window_hours},
        "min_views": min_views,
        "formula": FORMULA,
        "rules": list(RULES),
        "content": [_shown(asked, row) for row in rising[:limit]],
        "new": [_shown(asked, row) for row in new[:limit]],
        "looked_at": len(found),
        "notes": [] if found else [f"Nothing had {min_views} views in the window."],
    }


def risen(views: Views, begin: int, since: int, end: int) -> dict[str, Any]:
    """One piece against its own rate, in milliseconds: since its first view of the time before, of a window at least.

    What was first viewed within the window has no usual rate: `expected` is None, and it does not rise.
    """
    window = end - since
    told: dict[str, Any] = {
        "content_id": views.content_id,
        "views": views.recent,
        "views_before": views.before,
        "first_ms": views.first_ms,
    }
    if not views.before:
        return {**told, "expected": None, "ratio": None, "score": None, "chance": None, "rises": False}
    before = max(window, since - max(begin, views.first_ms))
    expected = (views.before + 1) * window / before
    chance = at_least(views.recent, expected)
    return {
        **told,
        "expected": expected,
        "ratio": views.recent / expected,
        "score": (views.recent - expected) / math.sqrt(expected),
        "chance": chance,
        "rises": views.recent > LEAST_RATIO * expected and chance <= CHANCE,
    }


def at_least(count: int, mean: float) -> float:
    """The chance that a Poisson number of this mean (above 0) is `count` or more; 1 where that is no more than the
    mean."""
    if count <= mean:
        return 1.0
    total, each, term = 0.0, count, _chance(count, mean)
    while term > total * 1e-12:
        total += term
        each += 1
        term *= mean / each
    return min(1.0, total)


def _chance(count: int, mean: float) -> float:
    return math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))


def _views(asked: Content, since: int, end: int, min_views: int) -> Sequence[Views]:
    parameters = Parameters()
    is_recent = f"{_AT} >= {parameters.add(since, 'Int64')}"
    rows = asked.rows(
        f"""SELECT content_id, countIf({is_recent}) AS recent, countIf(NOT {is_recent}), min({_AT})
FROM events
{inside(asked.about, parameters, end_ms=end)} AND event_type = 'content_view' AND content_id != ''
GROUP BY content_id
HAVING recent >= {parameters.add(min_views, "UInt64")}
ORDER BY recent DESC, content_id
LIMIT {MOST}""",
        parameters,
    )
    return [Views(id_, int(recent), int(before), int(first)) for id_, recent, before, first in rows]


def _shown(asked: Content, row: dict[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in row.items() if name not in ("rises", "first_ms")}
    return {**told, "first_view": asked.at(row["first_ms"])}
