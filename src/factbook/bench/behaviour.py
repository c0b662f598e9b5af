"""What people do, over millions of events of a million people: each analysis beside SQL written for it by hand."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from factbook.core.errors import unavailable

from .figures import Figure, below, figure, percentile
from .metrics import NO_CACHE
from .process import forget_peak, memory_mib
from .query import make_history
from .server import Served
from .statements import apart

Say = Callable[[str], None]
PEOPLE = 1_000_000
ROUNDS = 3
BUILT_SECONDS = 900.0
_WEEK_MS = 7 * 86_400_000
_IN_TIME = "tenant = 'default' AND timestamp >= '{start}' AND timestamp < '{end}' AND NOT is_bot AND person != 0"
_STEPS = ("product_view", "add_to_cart", "purchase")
_TESTS = ", ".join(f"event_type = '{step}'" for step in _STEPS)
_FUNNEL = f"windowFunnel({_WEEK_MS})(toUInt64(toUnixTimestamp64Milli(timestamp)), {_TESTS})"
_LISTED = ", ".join(f"'{step}'" for step in _STEPS)


@dataclass(frozen=True, slots=True)
class Analysis:
    """asked: the body of a POST to `path`, beside the period. sql: `{start}` and `{end}` are moments as text."""

    what: str
    path: str
    asked: dict[str, Any]
    sql: str


ANALYSES = (
    Analysis(
        "funnel of three steps",
        "/funnel/analysis",
        {"steps": list(_STEPS), "window": "7d", "granularity": "none"},
        f"SELECT level, count() FROM (SELECT person, {_FUNNEL} AS level FROM events WHERE {_IN_TIME}"
        f" AND event_type IN ({_LISTED}) GROUP BY person) GROUP BY level",
    ),
    Analysis(
        "funnel by country",
        "/funnel/analysis",
        {"steps": list(_STEPS), "window": "7d", "granularity": "none", "breakdown": "country"},
        f"SELECT country, level, count() FROM (SELECT person, {_FUNNEL} AS level,"
        f" argMinIf(country, timestamp, event_type = '{_STEPS[0]}') AS country FROM events WHERE {_IN_TIME}"
        f" AND event_type IN ({_LISTED}) GROUP BY person) GROUP BY country, level",
    ),
    Analysis(
        "weekly retention",
        "/cohort/analysis",
        {"cohort_type": "acquisition_week"},
        "SELECT first, week, count() FROM (SELECT person, toStartOfWeek(min(timestamp), 1) AS first,"
        f" groupUniqArray(toStartOfWeek(timestamp, 1)) AS weeks FROM events WHERE {_IN_TIME} GROUP BY person)"
        " ARRAY JOIN weeks AS week GROUP BY first, week",
    ),
    Analysis(
        "daily retention of buyers",
        "/cohort/analysis",
        {"cohort_type": "acquisition_day", "cohort_event": "product_view", "return_event": "purchase"},
        "SELECT first, day, count() FROM (SELECT person,"
        " toDate(minIf(timestamp, event_type = 'product_view')) AS first,"
        " groupUniqArrayIf(toDate(timestamp), event_type = 'purchase') AS days"
        f" FROM events WHERE {_IN_TIME} AND event_type IN ('product_view', 'purchase') GROUP BY person)"
        " ARRAY JOIN days AS day GROUP BY first, day",
    ),
    Analysis(
        "paths of five steps",
        "/api/v1/analytics/paths",
        {"depth": 5, "point": "product_view"},
        "SELECT edge.1, edge.2, count() FROM (SELECT arrayMap(each -> each.2, arraySort(groupArray((timestamp,"
        " toString(event_type))))) AS names, arraySlice(names, indexOf(names, 'product_view'), 6) AS walk"
        f" FROM events WHERE {_IN_TIME} GROUP BY person) ARRAY JOIN arrayZip(arrayPopBack(walk), arrayPopFront(walk))"
        " AS edge GROUP BY edge.1, edge.2",
    ),
)


def measure(folder: Path, *, events: int, seconds: float, say: Say) -> list[Figure]:
    """folder: an empty place. events: of thirty days. seconds: of asking by hand."""
    say(f"making {events:,} events of {PEOPLE:,} people")
    make_history(folder / "data", events, PEOPLE)
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start = end - timedelta(days=28)
    with Served(folder / "data", environment=NO_CACHE) as served:
        forget_peak(served.pid)
        times = {}
        for each in ANALYSES:
            say(each.what)
            times[each.what] = [_asked(served, each, start, end) for _ in range(ROUNDS)]
        _, peak = memory_mib(served.pid)
    say("the same by hand on the bare engine")
    moments = {"start": f"{start:%Y-%m-%d %H:%M:%S}", "end": f"{end:%Y-%m-%d %H:%M:%S}"}
    bare = apart(folder / "data", seconds, {each.what: each.sql.format(**moments) for each in ANALYSES})
    figures = []
    for each in ANALYSES:
        mine, theirs = percentile(times[each.what], 50), percentile(bare[each.what], 50)
        name = f"{each.what}, {events:,} events, median"
        bound = below(round(2 * theirs), "ms")
        figures.append(figure(name, mine, "ms", reference=(theirs, "by hand"), aim=bound))
    figures.append(figure("memory of the server, peak", peak, "MiB", aim=below(4096, "MiB")))
    return figures


def _asked(served: Served, each: Analysis, start: datetime, end: datetime) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=120)
    headers = {"Authorization": f"Bearer {served.admin_key}", "Content-Type": "application/json"}
    body = {**each.asked, "start_time": start.isoformat(), "end_time": end.isoformat(), "timezone": "UTC"}
    began = time.perf_counter()
    connection.request("POST", each.path, msgspec.json.encode(body), headers)
    answer = connection.getresponse()
    content = answer.read()
    spent = (time.perf_counter() - began) * 1000
    connection.close()
    if answer.status != 200:
        raise unavailable(f"{each.what}: {answer.status} {content[:300].decode(errors='replace')}")
    return spent
