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
from factbook.queries.behaviour.funnels.reading import EDGES

from .figures import Figure, below, figure
from .metrics import NO_CACHE
from .process import forget_peak, memory_mib
from .query import make_history
from .server import Served
from .statements import apart

Say = Callable[[str], None]
PEOPLE = 1_000_000
ROUNDS = 5
BUILT_SECONDS = 900.0
_WEEK_MS = 7 * 86_400_000
_MOMENT = "%Y-%m-%d %H:%M:%S"
_PEOPLE = "tenant = 'default' AND NOT is_bot AND person != 0"
_STEPS = ("product_view", "add_to_cart", "purchase")
_LISTED = ", ".join(f"'{step}'" for step in _STEPS)
_MS = "toUnixTimestamp64Milli(timestamp)"
_VIEWED = f"""groupArrayIf(toString(country), event_type = 'product_view') AS countries,
        groupArrayIf({_MS}, event_type = 'product_view') AS moments,
       """
_BARS = f"CAST({[edge * 1000 for edge in EDGES]}, 'Array(Int64)')"

_ATTEMPTS = f"""
    SELECT person, {{columns}}
        arraySort(groupArrayIf({_MS}, event_type = 'product_view' AND timestamp < '{{end}}')) AS views,
        arraySort(groupArrayIf({_MS}, event_type = 'add_to_cart')) AS carts,
        arraySort(groupArrayIf({_MS}, event_type = 'purchase')) AS bought,
        arrayFirst(b -> b - arrayLast(v -> v <= arrayLast(c -> c <= b, carts), views) <= {_WEEK_MS}, bought) AS third,
        if(third > 0, arrayLast(c -> c <= third, carts),
            arrayFirst(c -> c - arrayLast(v -> v <= c, views) <= {_WEEK_MS}, carts)) AS second,
        if(second > 0, arrayLast(v -> v <= second, views), views[1]) AS first
    FROM events
    WHERE {_PEOPLE} AND timestamp >= '{{start}}' AND timestamp < toDateTime64('{{end}}', 3, 'UTC') + INTERVAL 7 DAY
        AND event_type IN ({_LISTED})
    GROUP BY person
    HAVING notEmpty(views)"""
_TOLD = f"""count(), countIf(second > 0), countIf(third > 0),
    quantileExactInclusiveIf(0.5)(second - first, second > 0), avgIf(second - first, second > 0),
    quantileExactInclusiveIf(0.5)(third - second, third > 0), avgIf(third - second, third > 0),
    quantileExactInclusiveIf(0.5)(third - first, third > 0), avgIf(third - first, third > 0),
    sumMapIf(map(roundDown(third - first, {_BARS}), 1), third > 0)"""


@dataclass(frozen=True, slots=True)
class Analysis:
    """asked: the body of a POST to `path`, beside the period. sql: the same numbers by hand, `{start}` and `{end}` are
    moments as text (a test compares them). It knows that nobody here has two ids; the service looks.
    """

    what: str
    path: str
    asked: dict[str, Any]
    sql: str

    def by_hand(self, start: datetime, end: datetime) -> str:
        return self.sql.replace("{start}", f"{start:{_MOMENT}}").replace("{end}", f"{end:{_MOMENT}}")


ANALYSES = (
    Analysis(
        "funnel of three steps",
        "/funnel/analysis",
        {"steps": list(_STEPS), "window": "7d", "granularity": "none"},
        f"SELECT {_TOLD} FROM ({_ATTEMPTS.replace('{columns}', '')})",
    ),
    Analysis(
        "funnel by country",
        "/funnel/analysis",
        {"steps": list(_STEPS), "window": "7d", "granularity": "none", "breakdown": "country"},
        f"""SELECT countries[indexOf(moments, first)] AS country, {_TOLD}
FROM ({_ATTEMPTS.replace("{columns}", _VIEWED)})
GROUP BY country WITH TOTALS""",
    ),
    Analysis(
        "weekly retention",
        "/cohort/analysis",
        {"cohort_type": "acquisition_week"},
        f"""SELECT first, week, count()
FROM (
    SELECT person, toStartOfWeek(min(timestamp), 1) AS first, groupUniqArray(toStartOfWeek(timestamp, 1)) AS weeks
    FROM events
    WHERE {_PEOPLE} AND timestamp < '{{end}}'
    GROUP BY person
    HAVING first >= toStartOfWeek(toDateTime('{{start}}', 'UTC'), 1)
)
ARRAY JOIN weeks AS week
GROUP BY first, week""",
    ),
    Analysis(
        "daily retention of buyers",
        "/cohort/analysis",
        {"cohort_type": "acquisition_day", "cohort_event": "product_view", "return_event": "purchase"},
        f"""SELECT toDate(first) AS day, k, count()
FROM (
    SELECT person, minIf(timestamp, event_type = 'product_view') AS first,
        groupArrayIf(timestamp, event_type = 'purchase') AS bought,
        arrayDistinct(arrayMap(t -> toDate(t) - toDate(first), arrayFilter(t -> t >= first, bought))) AS days
    FROM events
    WHERE {_PEOPLE} AND timestamp < '{{end}}' AND event_type IN ('product_view', 'purchase')
    GROUP BY person
    HAVING countIf(event_type = 'product_view') > 0 AND first >= '{{start}}'
)
ARRAY JOIN arrayPushBack(days, -1) AS k
GROUP BY day, k""",
    ),
    Analysis(
        "paths of five steps",
        "/api/v1/analytics/paths",
        {"depth": 5, "point": "product_view"},
        f"""SELECT edge.1, edge.2, edge.3, count(), countIf(bought)
FROM (
    SELECT arraySlice(session, indexOf(session, 'product_view')) AS path, has(path, 'purchase') AS bought,
        arraySlice(arrayCompact(path), 1, 6) AS names,
        arrayZip(arrayEnumerate(names), names, arrayPushBack(arrayPopFront(names), '')) AS edges
    FROM (
        SELECT arrayMap(each -> (toUnixTimestamp64Milli(each.1), toString(each.3)), arraySort(groupArray((timestamp,
            event_id, event_type)))) AS steps, arrayMap(step -> step.2, steps) AS names,
            arraySplit((name, pause) -> pause > 1800000, names, arrayDifference(arrayMap(step -> step.1, steps)))
            AS sessions
        FROM events
        WHERE {_PEOPLE} AND timestamp >= '{{start}}' AND timestamp < '{{end}}'
        GROUP BY person
    )
    ARRAY JOIN arrayFilter(session -> has(session, 'product_view'), sessions) AS session
)
ARRAY JOIN edges AS edge
GROUP BY edge.1, edge.2, edge.3""",
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
    bare = apart(folder / "data", seconds, {each.what: each.by_hand(start, end) for each in ANALYSES})
    figures = []
    for each in ANALYSES:
        mine, theirs = min(times[each.what]), min(bare[each.what])
        name = f"{each.what}, {events:,} events, the quickest of {ROUNDS}"
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
