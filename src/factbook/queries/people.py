"""Who and what is active right now, one by one: users, sessions and orders, the most recent first."""

from __future__ import annotations

from typing import Any

from factbook.core.clock import epoch_ms
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.storage.warehouse import Warehouse

from .live import AMOUNT, ORDER, Live, last_hour
from .where import between

_ACTOR = "if(user_id != '', user_id, anonymous_id)"


def listed_users(warehouse: Warehouse, scope: Scope, live: Live, limit: int) -> list[dict[str, Any]]:
    """Users of the active window: user_id or anonymous_id, when first and last seen in it, events."""
    parameters = Parameters()
    sql = f"""SELECT {_ACTOR} AS actor, max(user_id != '') AS known, min(timestamp) AS first, max(timestamp) AS last,
    count() AS n, argMax(event_type, timestamp) AS newest
FROM events
WHERE tenant = {{tenant:String}}{_window(live, parameters)} AND NOT is_bot AND {_ACTOR} != ''
GROUP BY actor
ORDER BY last DESC, actor
LIMIT {int(limit)}"""
    return [
        {
            "user_id": row["actor"] if row["known"] else None,
            "anonymous_id": None if row["known"] else row["actor"],
            "first_seen": row["first"].isoformat(),
            "last_seen": row["last"].isoformat(),
            "events": row["n"],
            "last_event_type": row["newest"],
        }
        for row in warehouse.records(scope, sql, parameters.values)
    ]


def listed_sessions(warehouse: Warehouse, scope: Scope, live: Live, limit: int) -> list[dict[str, Any]]:
    """Sessions of the active window: their key, whose, when first and last seen in it, events, device and country."""
    parameters = Parameters()
    sql = f"""SELECT toString(session) AS key, any({_ACTOR}) AS actor, min(timestamp) AS first, max(timestamp) AS last,
    count() AS n, argMax(event_type, timestamp) AS newest, any(device) AS on, any(country) AS place
FROM events
WHERE tenant = {{tenant:String}}{_window(live, parameters)} AND NOT is_bot AND session != 0
GROUP BY session
ORDER BY last DESC, key
LIMIT {int(limit)}"""
    return [
        {
            "session": row["key"],
            "user": row["actor"] or None,
            "first_seen": row["first"].isoformat(),
            "last_seen": row["last"].isoformat(),
            "events": row["n"],
            "last_event_type": row["newest"],
            "device": row["on"] or None,
            "country": row["place"] or None,
        }
        for row in warehouse.records(scope, sql, parameters.values)
    ]


def listed_conversions(warehouse: Warehouse, scope: Scope, live: Live, limit: int) -> list[dict[str, Any]]:
    """Orders of the last hour: id, time, whose, amount (null without one), content_id."""
    parameters = Parameters()
    minutes = last_hour(live)
    sql = f"""SELECT toString(event_id) AS id, timestamp AS at, {_ACTOR} AS actor, content_id AS content,
    if(mapContains(numbers, '{AMOUNT}'), numbers['{AMOUNT}'], NULL) AS amount
FROM events
WHERE tenant = {{tenant:String}}{between(minutes[0][0], minutes[-1][1], parameters)}
    AND NOT is_bot AND event_type = '{ORDER}'
ORDER BY timestamp DESC, event_id DESC
LIMIT {int(limit)}"""
    return [
        {
            "id": row["id"],
            "timestamp": row["at"].isoformat(),
            "user": row["actor"] or None,
            "amount": row["amount"],
            "content_id": row["content"] or None,
        }
        for row in warehouse.records(scope, sql, parameters.values)
    ]


def _window(live: Live, parameters: Parameters) -> str:
    return between(epoch_ms(live.now) - round(live.active * 1000), live.minute_end, parameters)
