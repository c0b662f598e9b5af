"""What a person's sessions make of him: how often and how long he was here, in which phase he is, his scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from factbook.core.clock import epoch_ms, from_epoch_ms
from factbook.core.errors import not_found
from factbook.core.scope import Scope
from factbook.core.times import Period
from factbook.ingest.session_rule import Rule
from factbook.queries.behaviour.journey import engagement, ids_of
from factbook.queries.behaviour.scores import WEEK_MS, Inputs, activity, loyalty
from factbook.queries.behaviour.sessions import MOST, sessions_of
from factbook.queries.inquiry import Inquiry
from factbook.storage.warehouse import Warehouse

from .phases import phase

_BUILT = f"""SELECT toUnixTimestamp64Milli(started_at) AS start, toUnixTimestamp64Milli(ended_at) AS end,
    duration_seconds, events, page_views, interactions, is_bounce, orders, user_id, anonymous_id
FROM user_behavior FINAL
WHERE tenant = {{tenant:String}} AND person IN {{hashes:Array(UInt64)}}
ORDER BY started_at DESC LIMIT {MOST}"""


@dataclass(frozen=True, slots=True)
class Standing:
    """sessions: fields of the record. scores: by name, each with its formula and parts. last_at: milliseconds, None for
    nothing in the period, as is phase."""

    ids: dict[str, list[str]]
    sessions: dict[str, Any]
    scores: dict[str, dict[str, Any]]
    phase: str | None
    conversion_rate: float | None
    last_at: int | None


def standing(
    warehouse: Warehouse, scope: Scope, asked: Inquiry, id_: str, hashes: Sequence[int], rule: Rule
) -> Standing:
    """By his sessions as they were built; of whom none was built yet, or who may be seen in part alone, by his
    events as they stand. NOT_FOUND where he has none of these either."""
    every = [] if scope.rows else warehouse.records(scope, _BUILT, {"hashes": list(hashes)})
    if every:
        ids = {f"{name}s": sorted({row[name] for row in every} - {""}) for name in ("user_id", "anonymous_id")}
        return _told(asked, every, ids)
    found = ids_of(warehouse, scope, hashes)
    if found is None:
        raise not_found(f"Nobody is known as {id_[:200]!r}.")
    ever = Period(from_epoch_ms(0), max(asked.now, asked.about.period.end) + timedelta(days=1))
    return _told(asked, sessions_of(warehouse, scope, rule, hashes, ever), found)


def _told(asked: Inquiry, every: list[dict[str, Any]], ids: dict[str, list[str]]) -> Standing:
    """every: his sessions, newest first."""
    begin, end, calendar = asked.begin, asked.end, asked.calendar
    found = [row for row in every if begin <= row["start"] < end]
    count, orders = len(found), sum(row["orders"] for row in found)
    seconds = sum(row["duration_seconds"] for row in found)
    moments = [row[name] for row in found for name in ("start", "end")]
    inputs = Inputs(
        events=sum(row["events"] for row in found),
        active_days=len({calendar.day(from_epoch_ms(at)) for at in moments}),
        active_weeks=len({(end - 1 - at) // WEEK_MS for at in moments}),
        conversions=orders,
        last_at=max((row["end"] for row in found), default=0),
        first_at=every[-1]["start"] if every else epoch_ms(asked.now),
    )
    return Standing(
        ids,
        {
            "sessions": count,
            "total_session_duration": seconds,
            "average_session_duration": seconds / count if count else None,
            "bounce_rate": sum(row["is_bounce"] for row in found) / count if count else None,
            "return_visits": max(0, count - (inputs.first_at >= begin)),
        },
        {
            "engagement": engagement(found, orders, end, calendar.zone),
            "activity": activity(inputs, end),
            "loyalty": loyalty(inputs, begin, end),
        },
        phase(end, inputs.first_at, inputs.last_at, inputs.active_days) if found else None,
        orders / count if count else None,
        inputs.last_at if found else None,
    )
