"""One person's scores from 0 to 100: how engaged, active and loyal he is, each with the formula it comes from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from factbook.core.clock import epoch_ms
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.ingest.session_rule import Rule
from factbook.queries.behaviour.history import History, inside
from factbook.queries.behaviour.journey import JourneyRequest, journey
from factbook.queries.behaviour.people import hashes_of
from factbook.queries.behaviour.selection import Selection, matches
from factbook.storage.warehouse import Warehouse

WEEK_MS, DAY_MS = 7 * 86_400_000, 86_400_000

ACTIVITY = "100 * (0.6 * frequency + 0.4 * recency)"
ACTIVITY_MEANS = {
    "frequency": "1 - exp(-days with an event / 10)",
    "recency": "0.5 ^ (days since the last event / 14)",
}
LOYALTY = "100 * (0.4 * regularity + 0.3 * tenure + 0.3 * conversion)"
LOYALTY_MEANS = {
    "regularity": "weeks with an event / weeks of the period since the first event ever",
    "tenure": "1 - exp(-days since the first event ever / 180)",
    "conversion": "1 - exp(-conversions / 3)",
}


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the formulas take of one person; moments in milliseconds, first of all that is kept."""

    events: int
    active_days: int
    active_weeks: int
    conversions: int
    last_at: int
    first_at: int


def scores(
    warehouse: Warehouse, scope: Scope, id_: str, about: History, conversions: Selection, rule: Rule
) -> dict[str, Any]:
    """The scores over the period of `about`. NOT_FOUND where nobody is called so.

    Engagement is that of the person's journey over the same period.
    """
    told = journey(warehouse, scope, JourneyRequest(id_, about, conversions, rule, limit=1))
    _, hashes = hashes_of(warehouse, scope, id_)
    found = _inputs(warehouse, scope, hashes, about, conversions)
    start, end = epoch_ms(about.period.start), epoch_ms(about.period.end)
    return {
        **{name: told[name] for name in ("id", "user_ids", "anonymous_ids", "start_time", "end_time", "timezone")},
        "conversion_event": conversions.name,
        "inputs": {
            "sessions": told["summary"]["sessions"],
            "events": found.events,
            "active_days": found.active_days,
            "active_weeks": found.active_weeks,
            "conversions": found.conversions,
            "days_since_last": (end - found.last_at) / DAY_MS if found.events else None,
            "days_since_first": max(0.0, (end - found.first_at) / DAY_MS),
        },
        "scores": {
            "engagement": told["engagement"],
            "activity": activity(found, end),
            "loyalty": loyalty(found, start, end),
        },
    }


def activity(found: Inputs, end: int) -> dict[str, Any]:
    """How often and how lately; 0 for nothing in the period."""
    parts = {"frequency": 0.0, "recency": 0.0}
    if found.events:
        parts = {
            "frequency": 1 - math.exp(-found.active_days / 10),
            "recency": 0.5 ** (max(0, end - found.last_at) / DAY_MS / 14),
        }
    score = 100 * (0.6 * parts["frequency"] + 0.4 * parts["recency"])
    return {"score": score, "formula": ACTIVITY, "parts": parts, "meanings": ACTIVITY_MEANS}


def loyalty(found: Inputs, start: int, end: int) -> dict[str, Any]:
    """How steadily, how long, and whether he converts; weeks are of 7 times 24 hours back from the end."""
    weeks = max(1, math.ceil((end - max(start, found.first_at)) / WEEK_MS))
    parts = {
        "regularity": min(1.0, found.active_weeks / weeks),
        "tenure": 1 - math.exp(-max(0, end - found.first_at) / DAY_MS / 180),
        "conversion": 1 - math.exp(-found.conversions / 3),
    }
    score = 100 * (0.4 * parts["regularity"] + 0.3 * parts["tenure"] + 0.3 * parts["conversion"])
    return {"score": score, "formula": LOYALTY, "parts": parts, "meanings": LOYALTY_MEANS}


def _inputs(
    warehouse: Warehouse, scope: Scope, hashes: Sequence[int], about: History, conversions: Selection
) -> Inputs:
    parameters = Parameters({"hashes": list(hashes)})
    zone = parameters.add(about.calendar.zone.key, "String")
    weeks = f"intDiv({epoch_ms(about.period.end) - 1} - toUnixTimestamp64Milli(timestamp), {WEEK_MS})"
    sql = f"""SELECT count(), uniqExact(toDate(timestamp, {zone})), uniqExact({weeks}),
    countIf({matches(conversions, parameters)}), toUnixTimestamp64Milli(max(timestamp)),
    (
        SELECT toUnixTimestamp64Milli(min(timestamp)) FROM events
        WHERE tenant = {{tenant:String}} AND person IN {{hashes:Array(UInt64)}}
    )
FROM events
{inside(about, parameters)} AND person IN {{hashes:Array(UInt64)}}"""
    [row] = warehouse.rows(scope, sql, parameters.values)
    return Inputs(*(int(each) for each in row))
