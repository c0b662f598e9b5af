"""Errors and statements that differ in values alone, as groups: no metric can say what makes them the same."""

from __future__ import annotations

from typing import Any

from factbook.core.clock import epoch_ms
from factbook.core.fingerprint import fingerprint_sql
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.queries.behaviour.history import History, inside
from factbook.queries.shown import shown
from factbook.queries.where import moment
from factbook.storage.warehouse import Warehouse

SLOWEST = 10


def errors(warehouse: Warehouse, scope: Scope, about: History, limit: int) -> dict[str, Any]:
    """Groups of `error_occurred` by fingerprint of the message and kind, the most frequent first.

    previous: in as long a time before the period. users and sessions are counted exactly.
    """
    start, end = epoch_ms(about.period.start), epoch_ms(about.period.end)
    parameters = Parameters()
    inner = inside(about, parameters, start_ms=2 * start - end)
    now = f"timestamp >= {moment(start, parameters)}"
    sql = f"""SELECT {fingerprint_sql("message")} AS fingerprint, kind,
    sum(here) AS count, sum(before) AS earlier,
    uniqExactMerge(users) AS people, uniqExactMerge(sessions) AS visits,
    toUnixTimestamp64Milli(minIf(first, here > 0)) AS begun, toUnixTimestamp64Milli(max(last)) AS ended,
    argMax(message, last) AS newest,
    arraySort(groupUniqArrayArray(10)(services)) AS served, arraySort(groupUniqArrayArray(10)(versions)) AS versioned,
    arraySort(groupUniqArrayArray(10)(endpoints)) AS reached, arraySort(groupUniqArrayArray(10)(severities)) AS severe,
    sum(sum(here)) OVER () AS whole, sum(sum(here) > 0) OVER () AS groups
FROM (
    SELECT texts['message'] AS message, texts['error_type'] AS kind,
        countIf(is_now) AS here, countIf(NOT is_now) AS before,
        uniqExactStateIf(person, is_now AND person != 0) AS users,
        uniqExactStateIf(session, is_now AND session != 0) AS sessions,
        minIf(timestamp, is_now) AS first, maxIf(timestamp, is_now) AS last,
        groupUniqArrayIf(10)(texts['service'], is_now AND texts['service'] != '') AS services,
        groupUniqArrayIf(10)(texts['version'], is_now AND texts['version'] != '') AS versions,
        groupUniqArrayIf(10)(texts['endpoint'], is_now AND texts['endpoint'] != '') AS endpoints,
        groupUniqArrayIf(10)(texts['severity'], is_now AND texts['severity'] != '') AS severities
    FROM (
        SELECT texts, person, session, timestamp, {now} AS is_now FROM events
        {inner} AND event_type = 'error_occurred'
    )
    GROUP BY message, kind
)
GROUP BY fingerprint, kind
HAVING count > 0
ORDER BY count DESC, ended DESC, fingerprint, kind
LIMIT {int(limit)}"""
    rows = warehouse.records(scope, sql, parameters.values)
    zone = about.calendar.zone
    return {
        **_period(about),
        "errors": int(rows[0]["whole"]) if rows else 0,
        "groups": [
            {
                "fingerprint": row["fingerprint"],
                "error_type": row["kind"] or None,
                "count": int(row["count"]),
                "share": int(row["count"]) / int(row["whole"]),
                "previous": int(row["earlier"]),
                "is_new": not int(row["earlier"]),
                "users": int(row["people"]),
                "sessions": int(row["visits"]),
                "first_seen": shown(int(row["begun"]), zone),
                "last_seen": shown(int(row["ended"]), zone),
                "message": row["newest"],
                "services": row["served"],
                "versions": row["versioned"],
                "endpoints": row["reached"],
                "severities": row["severe"],
            }
            for row in rows
        ],
        "cut": _cut(rows, limit),
    }


def statements(warehouse: Warehouse, scope: Scope, about: History, slow_ms: float, limit: int) -> dict[str, Any]:
    """Groups of `db_query` by fingerprint of the statement, those that took most time together first.

    A query without a statement is in the group of its operation and table. Quantiles are within 1 %.
    """
    parameters = Parameters()
    slow = parameters.add(slow_ms, "Float64")
    sql = f"""SELECT {fingerprint_sql("statement")} AS fingerprint, sum(number) AS count,
    sum(failures) AS failed, sum(timed) AS measured, sum(total) AS time, sum(slows) AS slow, max(longest) AS most,
    quantilesBFloat16Merge(0.5, 0.95, 0.99)(durations) AS quantiles,
    arraySort(groupUniqArrayArray(10)(tables)) AS named, arraySort(groupUniqArrayArray(10)(services)) AS served,
    count() OVER () AS groups
FROM (
    SELECT if(texts['query'] != '', texts['query'], concat(texts['operation'], ' ', texts['table'])) AS statement,
        count() AS number, countIf(texts['success'] = 'false') AS failures,
        countIf(is_timed) AS timed, sumIf(took, is_timed) AS total, countIf(is_timed AND took >= {slow}) AS slows,
        maxIf(took, is_timed) AS longest, quantilesBFloat16StateIf(0.5, 0.95, 0.99)(took, is_timed) AS durations,
        groupUniqArrayIf(10)(texts['table'], texts['table'] != '') AS tables,
        groupUniqArrayIf(10)(texts['service'], texts['service'] != '') AS services
    FROM (
        SELECT texts, mapContains(numbers, 'duration_ms') AS is_timed, numbers['duration_ms'] AS took
        FROM events {inside(about, parameters)} AND event_type = 'db_query'
    )
    GROUP BY statement
)
GROUP BY fingerprint
ORDER BY time DESC, count DESC, fingerprint
LIMIT {int(limit)}"""
    rows = warehouse.records(scope, sql, parameters.values)
    return {
        **_period(about),
        "slow_ms": slow_ms,
        "groups": [
            {
                "fingerprint": row["fingerprint"],
                "count": int(row["count"]),
                "failures": int(row["failed"]),
                "total_time": float(row["time"]) if int(row["measured"]) else None,
                "average_time": float(row["time"]) / int(row["measured"]) if int(row["measured"]) else None,
                **_quantiles(row),
                "slow": int(row["slow"]),
                "tables": row["named"],
                "services": row["served"],
            }
            for row in rows
        ],
        "cut": _cut(rows, limit),
        "slowest": _slowest(warehouse, scope, about),
    }


def _slowest(warehouse: Warehouse, scope: Scope, about: History) -> list[dict[str, Any]]:
    """The single queries that took longest."""
    parameters = Parameters()
    sql = f"""SELECT toString(event_id) AS id, toUnixTimestamp64Milli(timestamp) AS at, numbers['duration_ms'] AS took,
    {fingerprint_sql("texts['query']")} AS fingerprint, texts['table'] AS named, texts['service'] AS served
FROM events {inside(about, parameters)} AND event_type = 'db_query' AND mapContains(numbers, 'duration_ms')
ORDER BY took DESC, id LIMIT {SLOWEST}"""
    return [
        {
            "event_id": row["id"],
            "timestamp": shown(int(row["at"]), about.calendar.zone),
            "duration_ms": float(row["took"]),
            "fingerprint": row["fingerprint"],
            "table": row["named"] or None,
            "service": row["served"] or None,
        }
        for row in warehouse.records(scope, sql, parameters.values)
    ]


def _quantiles(row: dict[str, Any]) -> dict[str, float | None]:
    if not int(row["measured"]):
        return dict.fromkeys(("p50", "p95", "p99", "max"))
    p50, p95, p99 = (min(float(value), float(row["most"])) for value in row["quantiles"])
    return {"p50": p50, "p95": p95, "p99": p99, "max": float(row["most"])}


def _cut(rows: list[dict[str, Any]], limit: int) -> dict[str, Any]:
    of = int(rows[0]["groups"]) if rows else 0
    return {"is_cut": of > len(rows), "shown": len(rows), "of": of, "limit": limit}


def _period(about: History) -> dict[str, str]:
    zone = about.calendar.zone
    return {
        "start_time": shown(epoch_ms(about.period.start), zone),
        "end_time": shown(epoch_ms(about.period.end), zone),
        "timezone": zone.key,
    }
