"""A piece of content's scores from 0 to 100: how popular, engaging and good it is, each with its formula and parts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

MEANS = {
    "reach": "log10(1 + unique views / days of the period so far) / 4, at most 1: 10,000 viewers a day",
    "momentum": "0.5 + daily_trend / 20, from 0 to 1: one at which views grow by 10 % a day; left out where unknown",
    "completion": "completion_rate, at most 1; left out where nothing was played or finished",
    "attention": "1 - exp(-average_view_duration / 120 s); left out where nothing was played",
    "interaction": "1 - exp(-engagement_rate / 0.1)",
    "finishing": "the lower end of the 95 % interval (Wilson) of completions in views; left out as completion is",
    "approval": "1 - exp(-(likes + 2 * shares + 2 * bookmarks) / views / 0.1)",
    "pull": "clicks / times shown, of searches and recommendations together, / 0.1, at most 1; left out if never shown",
}
WEIGHTS: Mapping[str, Mapping[str, float]] = {
    "popularity": {"reach": 0.7, "momentum": 0.3},
    "engagement": {"interaction": 0.4, "completion": 0.35, "attention": 0.25},
    "quality": {"finishing": 0.5, "approval": 0.3, "pull": 0.2},
}
FORMULAS = {
    name: "100 * (" + " + ".join(f"{weight:g} * {part}" for part, weight in weights.items()) + ")"
    for name, weights in WEIGHTS.items()
}
_RULE = "Where a part is left out, the others share its weight; without views engagement and quality are unknown."

EXPLAINED = {
    name: {"formula": FORMULAS[name], "meanings": {part: MEANS[part] for part in weights}, "rule": _RULE}
    for name, weights in WEIGHTS.items()
}
"""What is told beside scores: beside each of one record, once beside many."""

_Z = 1.959964


def scores(record: Mapping[str, Any], days: float) -> dict[str, dict[str, Any]]:
    """Score and parts of each, of a record with its numbers; days: of the period so far."""
    views = record["total_views"]
    parts: dict[str, dict[str, float | None]] = {
        "popularity": {
            "reach": min(1.0, math.log10(1 + record["unique_views"] / max(days, 1.0)) / 4),
            "momentum": None if record["daily_trend"] is None else _bounded(0.5 + record["daily_trend"] / 20),
        },
        "engagement": {
            "interaction": _saturated(record["engagement_rate"], 0.1),
            "completion": _completion(record),
            "attention": _saturated(record["average_view_duration"], 120) if record["plays"] else None,
        },
        "quality": {
            "finishing": wilson(min(record["completions"], views), views)[0] if _is_played(record) and views else None,
            "approval": _saturated(
                (record["likes"] + 2 * record["shares"] + 2 * record["bookmarks"]) / views if views else None, 0.1
            ),
            "pull": _pull(record),
        },
    }
    return {
        name: {
            "score": _weighed(found, WEIGHTS[name]) if views or name == "popularity" else None,
            "parts": found,
        }
        for name, found in parts.items()
    }


def wilson(hits: float, of: float) -> tuple[float, float]:
    """The 95 % interval of a share of `of` (not 0)."""
    share, square = hits / of, _Z * _Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    reach = _Z * math.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _weighed(parts: Mapping[str, float | None], weights: Mapping[str, float]) -> float | None:
    known = {name: value for name, value in parts.items() if value is not None}
    total = sum(weights[name] for name in known)
    return 100 * sum(weights[name] * value for name, value in known.items()) / total if known else None


def _is_played(record: Mapping[str, Any]) -> bool:
    return bool(record["plays"] or record["completions"])


def _completion(record: Mapping[str, Any]) -> float | None:
    rate = record["completion_rate"]
    return min(1.0, rate) if rate is not None and _is_played(record) else None


def _pull(record: Mapping[str, Any]) -> float | None:
    seen = record["search_impressions"] + record["recommendation_impressions"]
    return min(1.0, (record["search_clicks"] + record["recommendation_clicks"]) / seen / 0.1) if seen else None


def _saturated(value: float | None, scale: float) -> float | None:
    return None if value is None else 1 - math.exp(-value / scale)


def _bounded(value: float) -> float:
    return min(1.0, max(0.0, value))
