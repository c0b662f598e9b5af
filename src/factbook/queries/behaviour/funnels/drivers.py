"""What goes with turning away before a step: values of columns and properties, by odds ratio, with their confidence.

Odds ratios and their 95 % intervals after Woolf (1955), with Haldane's half where a cell is empty; p values of their
logarithm against 0, adjusted after Benjamini and Hochberg (1995) over all that were compared. They tell what goes
together, not what causes it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.queries.behaviour.history import inside
from factbook.queries.behaviour.people import people
from factbook.storage.warehouse import Warehouse

from .attempts import attempts, matched, unit_of
from .listed import about
from .question import ANY, Question
from .shape import shape_of

LEAST = 30
"""People with a value, and without it, below which nothing is said of it."""

MAX_COMPARED, MAX_TOLD = 2000, 50
SIGNIFICANT = 0.05
COLUMNS = (
    "country", "region", "city", "device", "browser", "os", "referrer_source", "source", "resource_type", "content_id",
    "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content",
)  # fmt: skip
_LONGEST = 200
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Compared:
    """odds: how the odds of turning away with the value stand to those without it, and the ends of its interval."""

    odds: float
    low: float
    high: float
    p: float


def drivers(warehouse: Warehouse, scope: Scope, asked: Question, step: int) -> dict[str, Any]:
    """Of those who did what comes before `step`: the values that go with turning away, or going on, the surest first.

    Values are those of the event with which they did the step before.
    """
    away, on, rows = _read(warehouse, scope, asked, step)
    told = [
        (name, value, a, b, compared(a, b, away - a, on - b))
        for name, value, a, b in rows
        if min(a + b, away + on - a - b) >= LEAST
    ]
    adjusted = discoveries([one.p for *_, one in told])
    found = [
        {
            "dimension": name,
            "value": value,
            "people": a + b,
            "dropped": a,
            "drop_rate": a / (a + b),
            "lift": (a / (a + b)) / (away / (away + on)) if away else None,
            "odds_ratio": one.odds,
            "confidence_interval": [one.low, one.high],
            "p_value": one.p,
            "adjusted_p_value": q,
            "significant": q < SIGNIFICANT,
        }
        for (name, value, a, b, one), q in zip(told, adjusted, strict=True)
    ]
    found.sort(key=lambda row: (row["p_value"], row["dimension"], row["value"]))
    return {
        "step": step,
        "people": away + on,
        "dropped": away,
        "compared": len(told),
        "least_people": LEAST,
        "drivers": found[:MAX_TOLD],
    }


def compared(a: int, b: int, c: int, d: int) -> Compared:
    """a, b: who turned away and went on with the value; c, d: without it."""
    half = 0.0 if min(a, b, c, d) else 0.5
    w, x, y, z = (count + half for count in (a, b, c, d))
    log, error = math.log(w * z / (x * y)), math.sqrt(1 / w + 1 / x + 1 / y + 1 / z)
    ends = math.exp(log - _Z * error), math.exp(log + _Z * error)
    return Compared(math.exp(log), *ends, math.erfc(abs(log) / error / math.sqrt(2)))


def discoveries(values: Sequence[float]) -> list[float]:
    """The p values adjusted for how many there are, each in its place."""
    found = [1.0] * len(values)
    least = 1.0
    for rank, place in reversed(list(enumerate(sorted(range(len(values)), key=lambda at: values[at]), 1))):
        least = min(least, values[place] * len(values) / rank)
        found[place] = least
    return found


def _read(
    warehouse: Warehouse, scope: Scope, asked: Question, step: int
) -> tuple[int, int, list[tuple[str, str, int, int]]]:
    """Who turned away and who went on, in all and by dimension and value."""
    who, parameters = people(warehouse, scope), Parameters()
    before = shape_of(asked).before(step)[-1]
    steps = matched(asked, parameters)
    is_before = f"({' OR '.join(steps)})" if asked.order == ANY else steps[before - 1]
    pairs = ", ".join(f"('{name}', toString({name}))" for name in COLUMNS)
    where = inside(asked.about, parameters, end_ms=asked.end + asked.window)
    sql = f"""{who.begin}SELECT pair.1 AS name, pair.2 AS held, countIf(away) AS gone, countIf(NOT away) AS stayed
FROM (
    SELECT away, arrayJoin(arrayConcat([('', '')], arrayFilter(one -> one.2 != '' AND length(one.2) <= {_LONGEST},
        pairs))) AS pair
    FROM (
        SELECT unit, times[{before}] + {asked.start - 1} AS at, {about(asked, step, dropped=True)} AS away
        FROM ({attempts(asked, who, parameters)})
        WHERE times[{before}] > 0
    ) AS tried
    ANY LEFT JOIN (
        SELECT {unit_of(asked, who)} AS unit, toUnixTimestamp64Milli(timestamp) AS at,
            arrayConcat([{pairs}], arrayMap((name, held) -> (concat('property.', name), held), mapKeys(texts),
                mapValues(texts))) AS pairs
        FROM events
        {where}
            AND {is_before}
    ) AS did ON tried.unit = did.unit AND tried.at = did.at
)
GROUP BY name, held
HAVING name = '' OR gone + stayed >= {LEAST}
ORDER BY name != '', gone + stayed DESC, name, held
LIMIT {MAX_COMPARED + 1}"""
    rows = warehouse.rows(scope, sql, parameters.values)
    if not rows:
        return 0, 0, []
    (_, _, away, on), *rest = rows
    return int(away), int(on), [(name, value, int(a), int(b)) for name, value, a, b in rest]
