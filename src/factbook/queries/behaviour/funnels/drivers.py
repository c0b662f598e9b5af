"""What goes with turning away before a step: what columns and properties held, by odds ratio, with their confidence.

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
from factbook.storage.warehouse import Warehouse

from .held import held
from .question import Question

LEAST = 30
"""People with a value, and without it, below which nothing is said of it."""

MAX_COMPARED, MAX_TOLD = 2000, 50
SIGNIFICANT = 0.05
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Compared:
    """odds: how the odds of turning away with the value stand to those without it, and the ends of its interval."""

    odds: float
    low: float
    high: float
    p: float


def drivers(warehouse: Warehouse, scope: Scope, asked: Question, step: int) -> dict[str, Any]:
    """Of those who did what comes before `step`: what goes with turning away, or going on, the surest first.

    Values are those of the event with which they did the step before; numbers are taken together between their
    quartiles, and to have none is a value too. `compared` is how many were, whatever of them is told.
    """
    away, on, values = held(warehouse, scope, asked, step, least=LEAST)
    able = [one for one in values if min(one.people, away + on - one.people) >= LEAST][:MAX_COMPARED]
    told = [(one, compared(one.away, one.on, away - one.away, on - one.on)) for one in able]
    adjusted = discoveries([found.p for _, found in told])
    rows = [
        {
            "dimension": one.dimension,
            "value": one.value,
            "above": one.above,
            "at_most": one.at_most,
            "people": one.people,
            "dropped": one.away,
            "drop_rate": one.away / one.people,
            "lift": (one.away / one.people) / (away / (away + on)) if away else None,
            "odds_ratio": found.odds,
            "confidence_interval": [found.low, found.high],
            "p_value": found.p,
            "adjusted_p_value": q,
            "significant": q < SIGNIFICANT,
        }
        for (one, found), q in zip(told, adjusted, strict=True)
    ]
    rows.sort(key=lambda row: (row["p_value"], row["dimension"], row["value"] or ""))
    return {
        "step": step,
        "people": away + on,
        "dropped": away,
        "compared": len(told),
        "least_people": LEAST,
        "drivers": rows[:MAX_TOLD],
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
