"""Thirty days of events, made by the engine itself in a fresh folder: what the reads are measured over.

`python -m factbook.bench.history FOLDER EVENTS PEOPLE` fills FOLDER and writes when they begin.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from factbook.storage.engine import Engine
from factbook.storage.migrate import migrate

from .events import COUNTRIES, TYPES
from .reference import Block, roll_up

DAYS = 30
BLOCK = 500_000

_INSERT = """
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


def fill(folder: Path, events: int, people: int) -> int:
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
                _INSERT.format(
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
    finally:
        engine.close()
    return start


def _text(ms: int) -> str:
    return f"{ms / 1000:.3f}"


if __name__ == "__main__":
    sys.stdout.write(str(fill(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
