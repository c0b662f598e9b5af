"""Thirty days of events, made by the engine itself in a fresh folder: what the reads are measured over.

`python -m factbook.bench.history FOLDER EVENTS PEOPLE [KIND]` fills FOLDER and writes when they begin.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from factbook.core.scope import DEFAULT_TENANT
from factbook.ingest.session_rule import Rule, sessions_sql
from factbook.storage.engine import Engine
from factbook.storage.migrate import migrate

from .events import COUNTRIES, TYPES
from .reference import Block, roll_up

DAYS = 30
BLOCK = 500_000
BUILT = 1000
"""People of the businesses whose sessions are built: those who are asked about."""
REST = 10
"""Seconds without a merge after which none is to be expected."""
SESSION_TIMEOUT_MS = 1_800_000

SHOP = """
INSERT INTO events (tenant, event_id, event_type, event_category, timestamp, processed_at, user_id, session_id, session,
    content_id, device, browser, os, country, source, numbers, texts, properties, block)
SETTINGS async_insert = 0, insert_deduplication_token = '{block}', log_queries = 0
SELECT
    'default', generateUUIDv4(), {types}[1 + cityHash64(number, 1) % {kinds}], 'commerce',
    fromUnixTimestamp64Milli(toInt64({start} + number * {step}), 'UTC') AS at, at,
    concat('user-', toString(cityHash64(number, 2) % {people}) AS who),
    concat('s-', who, toString(intDiv(number, 400000))),
    cityHash64(who, intDiv(number, 400000)), concat('item-', toString(cityHash64(number, 3) % 5000)),
    ['desktop', 'mobile', 'tablet'][1 + number % 3], ['Chrome', 'Firefox', 'Safari'][1 + number % 3],
    ['Windows', 'Linux', 'iOS'][1 + number % 3], {countries}[1 + cityHash64(number, 4) % {lands}], 'http',
    map('price', cityHash64(number, 5) % 10000 / 100, 'quantity', 1. + number % 5),
    map('plan', 'pro', 'path', concat('/shop/', toString(number % 200))),
    concat('{{"price":', toString(cityHash64(number, 5) % 10000 / 100), ',"quantity":', toString(1 + number % 5),
        ',"plan":"pro","path":"/shop/', toString(number % 200), '"}}'),
    {block}
FROM numbers({first}, {count})
"""
"""People at a shop, every event with the same properties."""

BUSINESSES = """
INSERT INTO events (tenant, event_id, event_type, event_category, timestamp, processed_at, user_id, session_id, session,
    content_id, device, browser, os, country, source, numbers, texts, properties, block)
SETTINGS async_insert = 0, insert_deduplication_token = '{block}', log_queries = 0
WITH cityHash64(number, 1) % 100 AS kind, 1. + cityHash64(number, 5) % 1000 AS amount
SELECT
    'default', generateUUIDv4(),
    multiIf(kind < 40, 'content_view', kind < 46, 'content_play', kind < 50, 'content_pause', kind < 54,
        'content_complete', kind < 56, 'content_like', kind < 80, 'api_request', kind < 88, 'db_query', kind < 89,
        'error_occurred', kind < 91, 'resource_usage', kind < 95, 'order.filled', kind < 97, 'position.closed',
        kind < 98, 'import_completed', 'search_query') AS what,
    multiIf(kind < 56, 'content', kind < 91, 'system', kind < 97, 'trading', kind < 98, 'import', 'search'),
    fromUnixTimestamp64Milli(toInt64({start} + number * {step}), 'UTC') AS at, at,
    if(kind < 56 OR kind > 97, concat('user-', toString(cityHash64(number, 2) % {people}) AS who), ''),
    if(kind < 56 OR kind > 97, concat('s-', who, toString(intDiv(number, 400000))), ''),
    if(kind < 56 OR kind > 97, cityHash64(who, intDiv(number, 400000)), 0),
    if(kind < 56, concat('item-', toString(cityHash64(number, 3) % 5000)), ''),
    ['desktop', 'mobile', 'tablet'][1 + number % 3], ['Chrome', 'Firefox', 'Safari'][1 + number % 3],
    ['Windows', 'Linux', 'iOS'][1 + number % 3], {countries}[1 + cityHash64(number, 4) % {lands}], 'http',
    multiIf(kind < 56, map('position_seconds', amount), kind < 89,
        map('duration_ms', amount, 'status_code', if(amount < 990, 200., 500.)), kind < 91,
        map('cpu_percent', amount / 10, 'memory_percent', 40., 'disk_percent', 50.), kind < 95,
        map('price', 100 + amount / 100, 'quantity', 1. + number % 5, 'latency_ms', amount), kind < 97,
        map('pnl', amount - 480, 'holding_seconds', amount * 60), kind < 98,
        map('rows', amount, 'rows_rejected', amount / 100, 'duration_seconds', amount), map('results', amount)),
    multiIf(kind < 56, map('category', concat('c', toString(number % 20))), kind < 91,
        map('service', concat('service-', toString(number % 10)), 'endpoint', concat('/api/', toString(number % 50)),
            'method', 'GET', 'message', 'timed out'), kind < 97,
        map('symbol', concat('S', toString(number % 40)), 'strategy_id', concat('t', toString(number % 8)), 'side',
            'buy', 'currency', 'EUR'), kind < 98,
        map('job_id', concat('job-', toString(number)), 'origin', concat('origin-', toString(number % 10))),
        map('query', 'shoes')),
    '{{}}', {block}
FROM numbers({first}, {count})
"""
"""Five businesses: content, systems, trading, imports and searches."""

KINDS = {"shop": SHOP, "businesses": BUSINESSES}


def fill(folder: Path, events: int, people: int, kind: str = "shop") -> int:
    """Returns when the events begin, in milliseconds since 1970 UTC; they end now."""
    end = int(time.time() * 1000)
    start = end - DAYS * 86_400_000
    step = (end - start) / events
    engine = Engine("chdb", folder, connections=1)
    try:
        migrate(engine)
        for number, first in enumerate(range(0, events, BLOCK), 1):
            count = min(BLOCK, events - first)
            engine.command(
                KINDS[kind].format(
                    types=list(TYPES),
                    kinds=len(TYPES),
                    countries=list(COUNTRIES),
                    lands=len(COUNTRIES),
                    people=people,
                    start=start,
                    step=step,
                    block=number,
                    first=first,
                    count=count,
                )
            )
            low, high = (start + int(step * row) for row in (first, first + count))
            roll_up(engine, Block(number, count, _text(low), _text(high)), f"{number}")
        if kind == "businesses":
            _sessions(engine, [f"user-{number}" for number in range(BUILT)], end)
        _rested(engine)
    finally:
        engine.close()
    return start


def _sessions(engine: Engine, users: list[str], end: int) -> None:
    """Those of `users`, as the job of sessions leaves them."""
    rule = Rule(SESSION_TIMEOUT_MS)
    spans = f"SELECT arrayJoin(arrayMap(user -> sipHash64(user), {users})) AS raw, raw AS who, 0 AS lo, {end} AS hi"
    bound = {**rule.bound, "tenant": DEFAULT_TENANT, "first": 0, "last": end, "version": 1}
    rows = engine.table(sessions_sql(rule, spans), bound).drop_columns(["campaign"])
    engine.insert("user_behavior", rows, token=f"sessions of {len(users)}")


def _rested(engine: Engine) -> None:
    """Returns when the engine has merged what it merges by itself: a month of events does not come in within a minute,
    and what is asked while it merges them is asked of a machine at work."""
    before: list[tuple[object, ...]] = []
    since = time.monotonic()
    while time.monotonic() - since < REST:
        time.sleep(0.5)
        now = engine.rows("SELECT name FROM system.parts WHERE active AND database = currentDatabase() ORDER BY name")
        if now != before or engine.rows("SELECT 1 FROM system.merges LIMIT 1"):
            before, since = now, time.monotonic()


def _text(ms: int) -> str:
    return f"{ms / 1000:.3f}"


if __name__ == "__main__":
    sys.stdout.write(str(fill(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:5])))
