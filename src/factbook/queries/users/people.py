"""Every person of a period from his sessions: one line each, with his scores by the formulas of one person's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from factbook.core.errors import invalid
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.events.filters import Condition, Nature
from factbook.queries.behaviour.scores import DAY_MS, WEEK_MS
from factbook.queries.inquiry import Inquiry
from factbook.queries.where import between, where
from factbook.storage.warehouse import Warehouse

from .phases import phase_sql

ORDERS = (
    "sessions",
    "total_session_duration",
    "average_session_duration",
    "events",
    "pages_visited",
    "interactions",
    "orders",
    "active_days",
    "return_visits",
    "bounce_rate",
    "engagement_score",
    "activity_score",
    "loyalty_score",
    "first_at",
    "last_at",
)
"""Numbers of a line, by each of which the list can be sorted."""
COLUMNS = ("user_id", "anonymous_id", *ORDERS, "user_segment")

_HELD = frozenset(
    (
        "device",
        "browser",
        "os",
        "country",
        "referrer_source",
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "user_id",
        "anonymous_id",
    )
)


def lacking(conditions: tuple[Condition, ...]) -> list[str]:
    """Filters that sessions cannot meet: they hold no such field."""
    return sorted({each.name for each in conditions if each.nature is not Nature.PEOPLE and each.name not in _HELD})


def people_sql(asked: Inquiry, parameters: Parameters) -> str:
    """SQL of a row a person with a session that began in the period: `who`, COLUMNS without those of the table
    (moments in milliseconds), `conversions`."""
    begin, end = asked.begin, asked.end
    inside = "1" + between(begin, end, parameters).replace("timestamp ", "started_at ")
    inside += where(asked.about.conditions, parameters, include_bots=True)
    zone = parameters.add(asked.calendar.zone.key, "String")
    days = f"[toDate(started_at, {zone}), toDate(ended_at, {zone})]"
    ago = f"intDiv({end - 1} - toUnixTimestamp64Milli({{at}}), {WEEK_MS})"
    weeks = f"[{ago.format(at='started_at')}, {ago.format(at='ended_at')}]"
    recent = f"inside AND toUnixTimestamp64Milli(started_at) >= {end - 30 * DAY_MS}"
    return f"""SELECT who, user AS user_id, visitor AS anonymous_id, sessions, seconds AS total_session_duration,
    device, browser,
    seconds / sessions AS average_session_duration, happened AS events, pages AS pages_visited, acts AS interactions,
    bought AS orders, active_days, bounces, bounces / sessions AS bounce_rate,
    sessions - (first_at >= {begin}) AS return_visits, first_at, last_at,
    greatest(0, {end} - last_at) / {DAY_MS} AS gone,
    100 * (0.3 * exp2(-gone / 7) + 0.3 * least(1, recent_days / 10) + 0.25 * least(1, (pages + acts) / sessions / 10)
        + 0.15 * (1 - exp2(-toFloat64(bought)))) AS engagement_score,
    100 * (0.6 * (1 - exp(-active_days / 10)) + 0.4 * exp2(-gone / 14)) AS activity_score,
    100 * (0.4 * least(1, active_weeks / greatest(1, ceil(({end} - greatest({begin}, first_at)) / {WEEK_MS})))
        + 0.3 * (1 - exp(-greatest(0, {end} - first_at) / {DAY_MS} / 180)) + 0.3 * (1 - exp(-bought / 3)))
        AS loyalty_score,
    {phase_sql(end)} AS user_segment
FROM (
    SELECT person AS who,
        argMaxIf(user_id, started_at, inside AND user_id != '') AS user,
        argMaxIf(anonymous_id, started_at, inside AND anonymous_id != '') AS visitor,
        argMaxIf(device, started_at, inside AND device != '') AS device,
        argMaxIf(browser, started_at, inside AND browser != '') AS browser,
        countIf(inside) AS sessions,
        sumIf(duration_seconds, inside) AS seconds,
        sumIf(events, inside) AS happened,
        sumIf(page_views, inside) AS pages,
        sumIf(interactions, inside) AS acts,
        sumIf(orders, inside) AS bought,
        countIf(inside AND is_bounce) AS bounces,
        uniqExactArrayIf({days}, inside) AS active_days,
        uniqExactArrayIf({weeks}, inside) AS active_weeks,
        uniqExactIf(toDate(started_at, {zone}), {recent}) AS recent_days,
        toUnixTimestamp64Milli(min(started_at)) AS first_at,
        toUnixTimestamp64Milli(maxIf(ended_at, inside)) AS last_at
    FROM (SELECT *, {inside} AS inside FROM user_behavior FINAL WHERE tenant = {{tenant:String}})
    GROUP BY who
    HAVING sessions > 0
)"""


@dataclass(frozen=True, slots=True)
class Listed:
    """order: one of ORDERS, `-` before it for the largest first. after: the cursor of the page before."""

    order: str
    limit: int
    after: str | None = None


def listing(order: str, limit: int, after: str | None) -> Listed:
    """INVALID naming the field."""
    if order.removeprefix("-") not in ORDERS:
        raise invalid(
            f"{order[:40]!r} is no order.", field="order", hint="Use " + ", ".join(ORDERS) + ", with - or not."
        )
    if after:
        _after(after)
    return Listed(order, limit, after)


def listed_people(
    warehouse: Warehouse, scope: Scope, asked: Inquiry, how: Listed
) -> tuple[list[dict[str, Any]], str | None]:
    """(a page of people, the cursor of the next one)."""
    name, down = how.order.removeprefix("-"), how.order.startswith("-")
    parameters = Parameters()
    inner = people_sql(asked, parameters)
    begun = ""
    if how.after:
        value, who = _after(how.after)
        place = f"({parameters.add(value, 'Float64')}, {parameters.add(who, 'UInt64')})"
        begun = f" AND (toFloat64({name}), who) {'<' if down else '>'} {place}"
    direction = "DESC" if down else "ASC"
    sql = f"""SELECT who, {", ".join(COLUMNS)}, toFloat64({name}) AS place FROM ({inner})
WHERE {{tenant:String}} != ''{begun}
ORDER BY place {direction}, who {direction} LIMIT {how.limit + 1}"""
    rows = warehouse.records(scope, sql, parameters.values)
    page = rows[: how.limit]
    after = f"{page[-1]['place']!r}~{page[-1]['who']}" if len(rows) > how.limit else None
    return [_told(asked, row) for row in page], after


def _told(asked: Inquiry, row: dict[str, Any]) -> dict[str, Any]:
    told = {name: row[name] for name in COLUMNS}
    return {**told, "first_at": asked.at(int(row["first_at"])), "last_at": asked.at(int(row["last_at"]))}


def _after(cursor: str) -> tuple[float, int]:
    value, _, who = cursor.partition("~")
    try:
        found = float(value), int(who)
    except ValueError:
        found = None
    if found is None or not 0 <= found[1] < 2**64 or found[0] != found[0] or len(cursor) > 60:
        raise invalid("cursor is none of ours.", field="cursor", hint="Give the next_cursor of the page before.")
    return found
