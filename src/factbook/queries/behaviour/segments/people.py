"""The people of a segment: how many, page by page, and a sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from factbook.core.clock import epoch_ms
from factbook.core.errors import invalid
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.queries.behaviour.people import WHO
from factbook.queries.shown import shown
from factbook.storage.warehouse import Warehouse

from .members import everybody, members
from .rules import Rule

MAX_VISITORS = 10
"""Devices told of one person."""


def sizes(warehouse: Warehouse, scope: Scope, rules: Sequence[Rule]) -> tuple[list[int], int]:
    """How many people are in each of `rules`, and how many there are: one pass over the events for all of them."""
    parameters = Parameters()
    counted = "".join(f", countIf(held{i})" for i in range(len(rules)))
    sql = f"SELECT count(){counted} FROM ({everybody(list(rules), parameters)})"
    [(of, *found)] = warehouse.rows(scope, sql, parameters.values)
    return [int(each) for each in found], int(of)


def listed(
    warehouse: Warehouse, scope: Scope, rule: Rule, zone: ZoneInfo, *, limit: int, cursor: str | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of its people in an order of no meaning, and the cursor of the next."""
    if cursor is not None and not (cursor.isdecimal() and len(cursor) <= 20 and int(cursor) < 2**64):
        raise invalid("The cursor is none that was given out.", field="cursor", hint="Begin without one.")
    parameters = Parameters()
    inside = members(rule, parameters)
    after = f"WHERE who > {parameters.add(int(cursor), 'UInt64')}\n" if cursor else ""
    sql = f"""SELECT {WHO} AS who, max(user_id),
    arraySort(groupUniqArrayIf({MAX_VISITORS})(anonymous_id, anonymous_id != '')),
    min(timestamp), max(timestamp), count(), argMax(event_type, (timestamp, event_id))
FROM events
WHERE tenant = {{tenant:String}} AND NOT is_bot
    AND {WHO} IN (SELECT who FROM ({inside}) {after}ORDER BY who LIMIT {int(limit) + 1})
GROUP BY who
ORDER BY who"""
    rows = warehouse.rows(scope, sql, parameters.values)
    people = [
        {
            "user_id": user or None,
            "anonymous_ids": list(visitors),
            "first_seen": shown(epoch_ms(first), zone),
            "last_seen": shown(epoch_ms(last), zone),
            "events": int(events),
            "last_event_type": newest,
        }
        for _, user, visitors, first, last, events, newest in rows[:limit]
    ]
    return people, str(rows[limit - 1][0]) if len(rows) > limit else None
