"""Who the people of one cell of a retention table are, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from factbook.core.clock import epoch_ms
from factbook.core.errors import invalid
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.core.times import parse_moment
from factbook.queries.behaviour.grid import Grid
from factbook.queries.behaviour.people import people
from factbook.queries.shown import shown
from factbook.storage.warehouse import Warehouse

from .cells import column
from .members import members
from .question import Cohorts
from .retention import grid_of

MAX_VISITORS = 10
"""Devices told of one person."""


@dataclass(frozen=True, slots=True)
class Place:
    """cohort: when it begins, or its channel. period: the name of its column, None for all members. stayed_away: those
    of them who did not come back in it."""

    cohort: str
    period: str | None = None
    stayed_away: bool = False


def people_of(
    warehouse: Warehouse, scope: Scope, asked: Cohorts, place: Place, *, limit: int, cursor: str | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of them in an order of no meaning, and the cursor of the next. INVALID for a cohort or a period that the
    table does not have."""
    if cursor is not None and not (cursor.isdecimal() and len(cursor) <= 20 and int(cursor) < 2**64):
        raise invalid("The cursor is none that was given out.", field="cursor", hint="Begin without one.")
    over, parameters = grid_of(asked), Parameters()
    who = people(warehouse, scope)
    inside = members(asked, over, who, parameters)
    tests = [_of_cohort(asked, over, place, parameters), _of_period(asked, place, parameters)]
    tests += [f"who > {parameters.add(int(cursor), 'UInt64')}"] if cursor else []
    sql = f"""{who.begin}SELECT {who.of} AS who, max(user_id),
    arraySort(groupUniqArrayIf({MAX_VISITORS})(anonymous_id, anonymous_id != '')),
    min(timestamp), max(timestamp), count(), argMax(event_type, (timestamp, event_id))
FROM events
WHERE tenant = {{tenant:String}}{"" if asked.about.include_bots else " AND NOT is_bot"}
    AND {who.of} IN (SELECT DISTINCT who FROM ({inside}) WHERE {" AND ".join(tests)} ORDER BY who LIMIT {limit + 1})
GROUP BY who
ORDER BY who"""
    rows, zone = warehouse.rows(scope, sql, parameters.values), asked.about.calendar.zone
    found = [
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
    return found, str(rows[limit - 1][0]) if len(rows) > limit else None


def _of_cohort(asked: Cohorts, over: Grid, place: Place, parameters: Parameters) -> str:
    if asked.is_channel:
        return f"label = {parameters.add(place.cohort, 'String')}"
    began = epoch_ms(parse_moment(place.cohort, asked.about.calendar.zone, "cohort"))
    if began not in over.bounds[: over.size]:
        raise invalid(
            "No cohort of this question begins then.",
            field="cohort",
            hint="Use the `cohort` of a line, with the other parameters as they were.",
        )
    return f"base = {over.bounds.index(began) + 1}"


def _of_period(asked: Cohorts, place: Place, parameters: Parameters) -> str:
    if place.period is None:
        return "1"
    names = [bracket.name for bracket in asked.columns]
    if place.period not in names:
        raise invalid(
            "There is no such period.", field="at", hint="Use one of `periods`, with the other parameters as they were."
        )
    at = names.index(place.period) + 1
    came = f"arrayExists(k -> {column(asked, 'k', parameters)} {'>=' if asked.open else '='} {at}, seen)"
    return f"NOT {came}" if place.stayed_away else came
