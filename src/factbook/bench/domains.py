"""Records and lists of the businesses over millions of events, each beside SQL written for it by hand."""

from __future__ import annotations

import http.client
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from factbook.core.errors import unavailable

from .figures import Figure, below, figure, percentile
from .query import READS_ALONE, make_history
from .server import Served
from .statements import apart

Say = Callable[[str], None]
RECORD, LIST = 50, 300
"""Milliseconds within which a record, and a list of a thousand, is answered."""
DAY = timedelta(days=1)
MINUTES = 28 * 1440
PEOPLE = 50
"""Events for each of them."""
_PREFIX = "/api/v1/analytics"
_DAY = "tenant = 'default' AND NOT is_bot AND timestamp >= '{start}' AND timestamp < '{end}'"


@dataclass(frozen=True, slots=True)
class Reading:
    """path and sql: `{start}` and `{end}` are a day apart, `{n}` a number below 1000 that picks the thing, `{n10}` one
    below 10. bound: milliseconds, p95.
    """

    what: str
    path: str
    sql: str
    bound: float = RECORD


READINGS = (
    Reading(
        "one piece of content, a day",
        "/content/item-{n}?start_time={start}&end_time={end}",
        "SELECT countIf(event_type = 'content_view'), uniqIf(user_id, event_type = 'content_view'),"
        " countIf(event_type = 'content_complete'), countIf(event_type = 'content_like'),"
        " sumMapIf(map(country, 1), event_type = 'content_view'),"
        " sumMapIf(map(device, 1), event_type = 'content_view'),"
        " sumMapIf(map(toHour(timestamp), 1), event_type = 'content_view')"
        f" FROM events WHERE {_DAY} AND content_id = 'item-{{n}}'",
    ),
    Reading(
        "a thousand pieces of content, a day",
        "/content?start_time={start}&end_time={end}&limit=1000",
        "SELECT content_id, countIf(event_type = 'content_view') AS views,"
        " uniqIf(user_id, event_type = 'content_view'),"
        " countIf(event_type = 'content_complete'), countIf(event_type = 'content_like')"
        f" FROM events WHERE {_DAY} AND content_id != ''"
        " GROUP BY content_id ORDER BY views DESC LIMIT 1000",
        LIST,
    ),
    Reading(
        "one user, a day",
        "/users/user-{n}?start_time={start}&end_time={end}",
        "SELECT uniq(session), countIf(event_type = 'content_view'), uniqIf(content_id, event_type = 'content_view'),"
        " countIf(event_type = 'content_complete'), sumMap(map(device, 1)), sumMap(map(browser, 1))"
        f" FROM events WHERE {_DAY} AND user_id = 'user-{{n}}'",
    ),
    Reading(
        "one service by hour, a day",
        "/services/service-{n10}?start_time={start}&end_time={end}",
        "SELECT toHour(timestamp) AS hour, countIf(event_type = 'api_request'),"
        " quantilesIf(0.5, 0.95, 0.99)(numbers['duration_ms'], event_type = 'api_request'),"
        " countIf(event_type = 'db_query'), avgIf(numbers['cpu_percent'], event_type = 'resource_usage')"
        f" FROM events WHERE {_DAY} AND event_category = 'system' AND texts['service'] = 'service-{{n10}}'"
        " GROUP BY hour ORDER BY hour",
    ),
    Reading(
        "performance of trading, a day",
        "/trading/performance?start_time={start}&end_time={end}",
        "SELECT texts['symbol'] AS symbol, texts['strategy_id'] AS strategy, count(), sum(numbers['pnl']),"
        " countIf(numbers['pnl'] > 0), avgIf(numbers['pnl'], numbers['pnl'] > 0),"
        " avgIf(numbers['pnl'], numbers['pnl'] < 0)"
        f" FROM events WHERE {_DAY} AND event_type = 'position.closed'"
        " GROUP BY GROUPING SETS ((symbol), (strategy), ())",
    ),
    Reading(
        "candles of five minutes, a day",
        "/trading/candles?symbol=S{n10}&interval=5m&start_time={start}&end_time={end}",
        "SELECT toStartOfFiveMinutes(timestamp) AS t, argMin(numbers['price'], timestamp), max(numbers['price']),"
        " min(numbers['price']), argMax(numbers['price'], timestamp), sum(numbers['quantity'])"
        f" FROM events WHERE {_DAY} AND event_type = 'order.filled' AND texts['symbol'] = 'S{{n10}}'"
        " GROUP BY t ORDER BY t",
    ),
    Reading(
        "a thousand imports, a day",
        "/imports/jobs?start_time={start}&end_time={end}&limit=1000",
        "SELECT texts['job_id'] AS job, max(timestamp) AS at, sum(numbers['rows']), sum(numbers['rows_rejected'])"
        f" FROM events WHERE {_DAY} AND event_category = 'import'"
        " GROUP BY job ORDER BY at DESC LIMIT 1000",
        LIST,
    ),
)


def measure(folder: Path, *, events: int, seconds: float, say: Say) -> list[Figure]:
    """folder: an empty place. events: of thirty days. seconds: of asking, each way."""
    say(f"making {events:,} events of five businesses")
    make_history(folder / "data", events, max(1000, events // PEOPLE), kind="businesses")
    with Served(folder / "data", environment=READS_ALONE) as served:
        times = {}
        for each in READINGS:
            say(each.what)
            times[each.what] = _asked(served, each, seconds / len(READINGS))
    say("the same by hand on the bare engine")
    statements = {each.what: _placed(each.sql, *next(_picks(each.what)), "%Y-%m-%d %H:%M:%S") for each in READINGS}
    bare = apart(folder / "data", seconds, statements)
    return [
        figure(
            f"{each.what}, of {events:,} events, p95",
            percentile(times[each.what], 95),
            "ms",
            reference=(percentile(bare[each.what], 95), "by hand"),
            aim=below(each.bound, "ms"),
        )
        for each in READINGS
    ]


def _placed(text: str, end: datetime, number: int, form: str) -> str:
    told = {"start": f"{end - DAY:{form}}", "end": f"{end:{form}}", "n10": number % 10, "n": number}
    for name, value in told.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


def _picks(what: str) -> Iterator[tuple[datetime, int]]:
    """Ends of days and numbers, each another: no answer is kept already."""
    pick = random.Random(what)  # noqa: S311 (test data)
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    while True:
        yield now - timedelta(minutes=pick.randrange(1, MINUTES)), pick.randrange(1000)


def _asked(served: Served, each: Reading, seconds: float) -> list[float]:
    """Milliseconds of each request but the first, which also looks up what was ever seen."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=120)
    headers = {"Authorization": f"Bearer {served.admin_key}"}
    times: list[float] = []
    finish = time.perf_counter() + seconds
    for end, number in _picks(each.what):
        began = time.perf_counter()
        connection.request("GET", _PREFIX + _placed(each.path, end, number, "%Y-%m-%dT%H:%M:%SZ"), headers=headers)
        answer = connection.getresponse()
        content = answer.read()
        times.append((time.perf_counter() - began) * 1000)
        if answer.status != 200:
            raise unavailable(f"{each.what}: {answer.status} {content[:300].decode(errors='replace')}")
        if time.perf_counter() > finish and len(times) > 2:
            break
    connection.close()
    return times[1:]
