"""The sessions of one person, from his events as they stand: what `user_behavior` tells, and nothing of it late."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from factbook.core.clock import epoch_ms
from factbook.core.scope import Scope
from factbook.core.times import Period
from factbook.ingest.session_rule import Rule, sessions_sql
from factbook.storage.warehouse import Warehouse

MOST = 10_000

_COLUMNS = """toUnixTimestamp64Milli(started_at) AS start, toUnixTimestamp64Milli(ended_at) AS end, duration_seconds,
    events, page_views, interactions, is_bounce, entry, exit, referrer_source, utm_source, utm_medium, utm_campaign,
    device, browser, os, country, orders, amounts"""
_EVER = 2**62


def sessions_of(
    warehouse: Warehouse, scope: Scope, rule: Rule, hashes: Sequence[int], period: Period
) -> list[dict[str, Any]]:
    """His sessions that began within `period`, newest first, `start` and `end` in milliseconds; at most MOST.

    hashes: every value of `person` that his events carry.
    """
    spans = (
        "SELECT arrayJoin({hashes:Array(UInt64)}) AS raw, {who:UInt64} AS who, -{last:Int64} AS lo, {last:Int64} AS hi"
    )
    found = sessions_sql(rule, spans)
    bound = rule.bound | {
        "who": hashes[0],
        "hashes": list(hashes),
        "first": 0,
        "last": _EVER,
        "version": 0,
        "since": epoch_ms(period.start),
        "until": epoch_ms(period.end),
    }
    sql = f"""SELECT {_COLUMNS} FROM ({found})
WHERE start >= {{since:Int64}} AND start < {{until:Int64}} ORDER BY start DESC LIMIT {MOST}"""
    return warehouse.records(scope, sql, bound)
