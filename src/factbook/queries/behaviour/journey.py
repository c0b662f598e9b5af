"""One person's journey: his sessions with what he did in them, where he came from, conversions, engagement."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from factbook.core.clock import epoch_ms
from factbook.core.errors import not_found
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.ingest.session_rule import Rule
from factbook.queries.shown import shown as written
from factbook.storage.warehouse import Warehouse

from .history import History
from .people import hashes_of
from .selection import Selection, matches
from .sessions import MOST, sessions_of

DIRECT = "direct"
EVENTS_SHOWN = 50
"""Of each session."""
CONVERSIONS_SHOWN = 1000

FORMULA = "100 * (0.3 * recency + 0.3 * frequency + 0.25 * depth + 0.15 * conversion)"
_WEIGHTS = {"recency": 0.3, "frequency": 0.3, "depth": 0.25, "conversion": 0.15}
MEANINGS = {
    "recency": "0.5 ^ (days since the last event / 7)",
    "frequency": "days with a session in the last 30 days of the period / 10, at most 1",
    "depth": "page views and interactions a session / 10, at most 1",
    "conversion": "1 - 0.5 ^ conversions",
}
_DAY_MS = 86_400_000

_PLACE = """multiIf(content_id != '', content_id, texts['path'] != '', texts['path'], texts['url'] != '', texts['url'],
    texts['page'])"""


@dataclass(frozen=True, slots=True)
class JourneyRequest:
    """about: sessions that began within its period. limit: sessions a page. before: only those that began before."""

    id: str
    about: History
    conversions: Selection
    rule: Rule
    limit: int = 20
    before_ms: int | None = None


def journey(warehouse: Warehouse, scope: Scope, asked: JourneyRequest) -> dict[str, Any]:
    """The whole journey in figures, and a page of its sessions, newest first. NOT_FOUND where nobody is called so."""
    _, hashes = hashes_of(warehouse, scope, asked.id)
    ids = ids_of(warehouse, scope, hashes)
    if ids is None:
        raise not_found(f"Nobody is known as {asked.id[:200]!r}.")
    period, zone = asked.about.period, asked.about.calendar.zone
    found = sessions_of(warehouse, scope, asked.rule, hashes, period)
    starts = [session["start"] for session in reversed(found)]
    conversions = _conversions(warehouse, scope, asked, hashes, starts, found[0]["end"] if found else 0)
    per_session = [0] * len(starts)
    for conversion in conversions:
        per_session[bisect_right(starts, conversion["at"]) - 1] += 1
    told = [
        _told(session, found[place + 1] if place + 1 < len(found) else None, count, zone)
        for place, (session, count) in enumerate(zip(found, reversed(per_session), strict=True))
    ]
    page = [s for s in told if asked.before_ms is None or s["start"] < asked.before_ms][: asked.limit + 1]
    shown, rest = page[: asked.limit], page[asked.limit :]
    _add_events(warehouse, scope, asked, hashes, shown)
    return {
        "id": asked.id,
        **ids,
        "start_time": written(epoch_ms(period.start), zone),
        "end_time": written(epoch_ms(period.end), zone),
        "timezone": str(zone),
        "summary": _summary(found, len(conversions)),
        "engagement": engagement(found, len(conversions), epoch_ms(period.end), zone),
        "first_touch": _touch(found[-1], zone) if found else None,
        "last_touch": _touch(found[0], zone) if found else None,
        "conversion_event": asked.conversions.name,
        "conversions": [
            {"time": written(c["at"], zone), "event_type": c["event_type"]} for c in conversions[:CONVERSIONS_SHOWN]
        ],
        "sessions": [{k: v for k, v in session.items() if k not in ("start", "end")} for session in shown],
        "next_cursor": str(shown[-1]["start"]) if rest else None,
        "notes": [f"Only the newest {MOST:,} sessions are counted."] if len(found) == MOST else [],
    }


def ids_of(warehouse: Warehouse, scope: Scope, hashes: Sequence[int]) -> dict[str, Any] | None:
    """Every id that his events carry, None where he has none."""
    sql = """SELECT count(), arraySort(groupUniqArrayIf(100)(user_id, user_id != '')),
    arraySort(groupUniqArrayIf(100)(anonymous_id, anonymous_id != ''))
FROM events WHERE tenant = {tenant:String} AND person IN {hashes:Array(UInt64)}"""
    [(events, users, visitors)] = warehouse.rows(scope, sql, {"hashes": list(hashes)})
    return {"user_ids": list(users), "anonymous_ids": list(visitors)} if events else None


def _conversions(
    warehouse: Warehouse, scope: Scope, asked: JourneyRequest, hashes: Sequence[int], starts: list[int], until: int
) -> list[dict[str, Any]]:
    """Those within the sessions, oldest first; the newest of very many."""
    if not starts:
        return []
    bound = Parameters({"hashes": list(hashes), "first": starts[0], "last": until})
    sql = f"""SELECT toUnixTimestamp64Milli(timestamp) AS at, event_type FROM events
WHERE tenant = {{tenant:String}} AND person IN {{hashes:Array(UInt64)}} AND NOT is_bot
    AND toUnixTimestamp64Milli(timestamp) BETWEEN {{first:Int64}} AND {{last:Int64}}
    AND {matches(asked.conversions, bound)}
ORDER BY timestamp DESC, event_id DESC LIMIT {MOST}"""
    return warehouse.records(scope, sql, bound.values)[::-1]


def _told(session: dict[str, Any], before: dict[str, Any] | None, conversions: int, zone: ZoneInfo) -> dict[str, Any]:
    hidden = ("start", "end")
    return {
        "start": session["start"],
        "end": session["end"],
        "started_at": written(session["start"], zone),
        "ended_at": written(session["end"], zone),
        "seconds_since_previous": (session["start"] - before["end"]) / 1000 if before else None,
        "source": source(session),
        **{name: value for name, value in session.items() if name not in hidden},
        "conversions": conversions,
    }


def source(session: dict[str, Any]) -> str:
    """What brought him: the campaign's source, else the referrer's, else nothing but himself."""
    return str(session["utm_source"] or session["referrer_source"] or DIRECT)


def _touch(session: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    named = ("utm_medium", "utm_campaign", "entry")
    return {
        "time": written(session["start"], zone),
        "source": source(session),
        **{name: session[name] for name in named},
    }


def _summary(found: list[dict[str, Any]], conversions: int) -> dict[str, Any]:
    count = len(found)
    seconds = sum(session["duration_seconds"] for session in found)
    gaps = [(later["start"] - earlier["end"]) / 1000 for later, earlier in pairwise(found)]
    return {
        "sessions": count,
        "events": sum(session["events"] for session in found),
        "page_views": sum(session["page_views"] for session in found),
        "interactions": sum(session["interactions"] for session in found),
        "bounces": sum(session["is_bounce"] for session in found),
        "conversions": conversions,
        "orders": sum(session["orders"] for session in found),
        "seconds": seconds,
        "seconds_per_session": seconds / count if count else None,
        "seconds_between_sessions": sum(gaps) / len(gaps) if gaps else None,
    }


def engagement(found: list[dict[str, Any]], conversions: int, end_ms: int, zone: ZoneInfo) -> dict[str, Any]:
    """0 to 100 by FORMULA; 0 for somebody without a session."""
    parts = dict.fromkeys(_WEIGHTS, 0.0)
    if found:
        since = end_ms - timedelta(days=30) // timedelta(milliseconds=1)
        days = {written(session["start"], zone)[:10] for session in found if session["start"] >= since}
        acts = sum(session["page_views"] + session["interactions"] for session in found) / len(found)
        parts = {
            "recency": float(0.5 ** (max(0, end_ms - found[0]["end"]) / _DAY_MS / 7)),
            "frequency": min(1.0, len(days) / 10),
            "depth": min(1.0, acts / 10),
            "conversion": 1 - 0.5**conversions,
        }
    score = 100 * sum(weight * parts[name] for name, weight in _WEIGHTS.items())
    return {"score": score, "formula": FORMULA, "parts": parts, "meanings": MEANINGS}


def _add_events(
    warehouse: Warehouse, scope: Scope, asked: JourneyRequest, hashes: Sequence[int], shown: list[dict[str, Any]]
) -> None:
    """Gives each session the first EVENTS_SHOWN events of its own."""
    for session in shown:
        session["timeline"] = []
    if not shown:
        return
    starts = [session["start"] for session in reversed(shown)]
    bound = Parameters({"hashes": list(hashes), "starts": starts, "last": shown[0]["end"]})
    sql = f"""SELECT toUnixTimestamp64Milli(timestamp) AS at, event_type, {_PLACE} AS place,
    {matches(asked.conversions, bound)} AS is_conversion,
    arrayLastIndex(start -> start <= at, {{starts:Array(Int64)}}) AS session
FROM events
WHERE tenant = {{tenant:String}} AND person IN {{hashes:Array(UInt64)}} AND NOT is_bot
    AND at >= {starts[0]} AND at <= {{last:Int64}}
ORDER BY timestamp, event_id LIMIT {EVENTS_SHOWN} BY session"""
    ordered = shown[::-1]
    for row in warehouse.records(scope, sql, bound.values):
        ordered[row["session"] - 1]["timeline"].append(
            {
                "time": written(row["at"], asked.about.calendar.zone),
                "event_type": row["event_type"],
                "place": row["place"],
                "is_conversion": bool(row["is_conversion"]),
            }
        )
