"""The ContentAnalytics record: of one piece, or of several by the same three questions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from factbook.core.clock import epoch_ms

from .fields import RECORD
from .question import Content, checked, known
from .scores import EXPLAINED, scores
from .spread import Spread, largest, spread
from .watching import watched

NO_EVENTS = "No event names this content in the period: counts are 0, and what they would be divided by is missing."
NO_PLAYS = "Nobody played it in the period: watch time is 0, and scores leave out what needs plays."
NO_TREND = "A trend needs three whole days since its first view."

_SCORES = ("popularity", "engagement", "quality")


async def record(asked: Content, id_: str) -> dict[str, Any]:
    """The record of one piece. NOT_FOUND where no event ever named it."""
    numbers, spreads, seconds = await asyncio.gather(
        asked.records.one(RECORD, filters=(("content_id", checked(id_)),)),
        asked.look(partial(spread, asked, [id_]), "spread of views"),
        asked.look(partial(watched, asked, [id_]), "watch time"),
    )
    if not numbers["events"]:
        await asked.look(partial(known, asked, id_), "content")
    found = spreads.get(id_, Spread())
    told = reckoned(asked, id_, numbers, found, seconds.get(id_, 0.0), about(asked))
    explained = {name: {**score, **EXPLAINED[name]} for name, score in told["scores"].items()}
    return {**told, "scores": explained, "notes": notes(told, numbers["events"])}


async def records(asked: Content, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The records of rows with the numbers of RECORD, each of the piece `content`."""
    ids = [row["content"] for row in rows]
    spreads, seconds = await asyncio.gather(
        asked.look(partial(spread, asked, ids), "spread of views"),
        asked.look(partial(watched, asked, ids), "watch time"),
    )
    common = about(asked)
    return [
        reckoned(asked, id_, row, spreads.get(id_, Spread()), seconds.get(id_, 0.0), common)
        for id_, row in zip(ids, rows, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class About:
    """What all records of one question tell alike. days: of the period, up to now."""

    date: str
    told: Mapping[str, Any]
    days: float
    calculated_at: str | None


def about(asked: Content) -> About:
    return About(asked.date, asked.told, days_so_far(asked), asked.at(epoch_ms(asked.now)))


def reckoned(
    asked: Content, id_: str, numbers: Mapping[str, Any], found: Spread, watch_seconds: float, common: About
) -> dict[str, Any]:
    """The record from its numbers, with what no metric can tell."""
    views = numbers["total_views"]
    told: dict[str, Any] = {
        "content_id": id_,
        "date": common.date,
        **common.told,
        **{field: numbers[field] for field in RECORD},
        "watch_time": watch_seconds,
        "average_view_duration": watch_seconds / views if views else None,
        "top_countries": largest(found.countries),
        "top_regions": largest(found.regions),
        "hourly_distribution": {str(hour): found.hours.get(hour, 0) for hour in range(24)},
        "daily_trend": found.trend,
    }
    by_name = scores(told, common.days)
    return {
        **told,
        **{f"{name}_score": by_name[name]["score"] for name in _SCORES},
        "scores": by_name,
        "calculated_at": common.calculated_at,
        "last_updated": None if found.last_ms is None else asked.at(found.last_ms),
    }


def days_so_far(asked: Content) -> float:
    """Of the period, up to now."""
    period = asked.about.period
    return max((min(period.end, asked.now) - period.start) / timedelta(days=1), 0.0)


def notes(told: Mapping[str, Any], events: int) -> list[str]:
    """Why figures are null or 0."""
    if not events:
        return [NO_EVENTS]
    reasons = ((not told["plays"], NO_PLAYS), (told["daily_trend"] is None, NO_TREND))
    return [note for is_so, note in reasons if is_so]
