"""Who did a step of a funnel, or turned away before it: page by page, with the ids by which they are known."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from factbook.core.errors import invalid
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.queries.behaviour.history import inside
from factbook.queries.behaviour.people import people
from factbook.storage.warehouse import Warehouse

from .attempts import attempts, unit_of
from .question import SESSIONS, Question
from .shape import shape_of

MAX_PEOPLE = 1000
_MAX_IDS = 20
"""Visitors of one person that are told."""


def step_of(asked: Question, given: Any, *, dropped: bool) -> int:
    """The number of a step; before the first nobody turns away."""
    if isinstance(given, str) and given.isdecimal():
        given = int(given[:4])
    least = 2 if dropped else 1
    if not isinstance(given, int) or isinstance(given, bool) or not least <= given <= len(asked.steps):
        raise invalid(f"step is a whole number from {least} to {len(asked.steps)}.", field="step")
    return given


def about(asked: Question, step: int, *, dropped: bool) -> str:
    """SQL that is true for the attempts that did `step`; or that did what comes before it, and not it."""
    if not dropped:
        return f"times[{step}] > 0"
    return f"times[{shape_of(asked).before(step)[-1]}] > 0 AND depth < {step}"


def listed(
    warehouse: Warehouse, scope: Scope, asked: Question, step: int, *, dropped: bool, limit: int, cursor: str | None
) -> dict[str, Any]:
    """`people` (each with its ids, how far he got and when) and `next_cursor`, None on the last page."""
    who, parameters = people(warehouse, scope), Parameters()
    found = attempts(asked, who, parameters, after=_after(cursor))
    sql = f"""{who.begin}SELECT unit, depth, times
FROM ({found})
WHERE {about(asked, step, dropped=dropped)}
ORDER BY unit, times
LIMIT 1 BY unit
LIMIT {int(limit) + 1}"""
    rows = warehouse.rows(scope, sql, parameters.values)
    page = rows[:limit]
    ids = _ids(warehouse, scope, asked, [row[0] for row in page])
    return {
        "step": step,
        "dropped": dropped,
        "people": [
            {
                **ids.get(unit, {"user_id": None, "anonymous_ids": []}),
                **({"session": str(unit)} if asked.count == SESSIONS else {}),
                "steps_done": depth,
                "times": [_time(asked, at) for at in times],
            }
            for unit, depth, times in page
        ],
        "next_cursor": str(page[-1][0]) if len(rows) > limit else None,
    }


def _after(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdecimal()) or int(cursor[:30]) >= 2**64:
        raise invalid("cursor is none that was given out.", field="cursor", hint="Leave it out for the first page.")
    return int(cursor)


def _ids(warehouse: Warehouse, scope: Scope, asked: Question, units: list[int]) -> dict[int, dict[str, Any]]:
    """By unit: the user, where he is one, and the visitors that he was."""
    if not units:
        return {}
    who, parameters = people(warehouse, scope), Parameters()
    where = inside(asked.about, parameters, end_ms=asked.end + asked.window)
    sql = f"""{who.begin}SELECT {unit_of(asked, who)} AS unit,
    if(max(user_id) != '', max(user_id), max(joined.named)) AS user,
    arraySort(groupUniqArrayIf({_MAX_IDS})(anonymous_id, anonymous_id != '')) AS visitors
FROM events
LEFT JOIN (
    SELECT anonymous_id AS visitor, argMin(user_id, (first_at, user_id)) AS named
    FROM identities
    WHERE tenant = {{tenant:String}}
    GROUP BY anonymous_id
) AS joined ON joined.visitor = events.anonymous_id
{where}
    AND unit IN {parameters.add(units, "Array(UInt64)")}
GROUP BY unit"""
    return {
        unit: {"user_id": user or None, "anonymous_ids": list(visitors)}
        for unit, user, visitors in warehouse.rows(scope, sql, parameters.values)
    }


def _time(asked: Question, at: int) -> str | None:
    if not at:
        return None
    moment = datetime.fromtimestamp((at + asked.start - 1) / 1000, UTC)
    return moment.astimezone(asked.about.calendar.zone).isoformat()
