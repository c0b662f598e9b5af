"""A tenant's own metrics beside his benchmarks: the gap, whether it is a good one, and where he stands among others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from factbook.core.scope import Scope
from factbook.core.tiers import Feature, require_feature
from factbook.queries.asking.request import MAX_METRICS
from factbook.queries.inquiry import Inquiry

from .kept import level

NONE = "There are no benchmarks yet: PUT /api/v1/analytics/benchmarks/{id} keeps one."


def entitled(scope: Scope) -> None:
    """FORBIDDEN for a tenant below the enterprise tier."""
    require_feature(scope, Feature.COMPETITIVE_ANALYSIS)


async def competitive(asked: Inquiry, benchmarks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Each benchmark with the tenant's own value over the period. FORBIDDEN below the enterprise tier, CONFLICT for
    amounts in a currency without a rate."""
    entitled(asked.scope)
    names = list(dict.fromkeys(each["metric"] for each in benchmarks))
    parts = [names[at : at + MAX_METRICS] for at in range(0, len(names), MAX_METRICS)]
    found = await asyncio.gather(*(asked.records.ask(*part) for part in parts))
    own = {name: value for answer in found for name, value in answer["total"]["values"].items()}
    about = {metric["id"]: metric for answer in found for metric in answer["metrics"]}
    rows = [compared(each, own[each["metric"]], about[each["metric"]]) for each in benchmarks]
    return {**asked.told, "rows": rows, "notes": [] if rows else [NONE]}


def compared(benchmark: dict[str, Any], own: float | None, metric: dict[str, Any]) -> dict[str, Any]:
    """gap: own less theirs, which is the value or else the median. better: null where they are equal or unknown, or no
    way is the good one. percentile: the share of others below, 0 to 100, between two quantiles in proportion; beyond
    them null, and `percentile_below` or `percentile_above` says of which it is."""
    quantiles = benchmark["quantiles"] or {}
    theirs = benchmark["value"] if benchmark["value"] is not None else quantiles.get("p50")
    gap = own - theirs if own is not None and theirs is not None else None
    better = None if not gap or metric["good"] not in ("up", "down") else (gap > 0) == (metric["good"] == "up")
    return {
        **{name: benchmark[name] for name in ("id", "label", "metric", "source", "period", "value", "quantiles")},
        "unit": metric["unit"],
        "good": metric["good"],
        "own": own,
        "theirs": theirs,
        "gap": gap,
        "relative_gap": gap / abs(theirs) if gap is not None and theirs else None,
        "better": better,
        **standing(own, quantiles),
    }


def standing(own: float | None, quantiles: dict[str, float]) -> dict[str, float | None]:
    """Where `own` stands among others whose quantiles are known."""
    found: dict[str, float | None] = dict.fromkeys(("percentile", "percentile_below", "percentile_above"))
    points = sorted((level(name) * 100, value) for name, value in quantiles.items())
    if own is None or not points:
        return found
    if own < points[0][1]:
        return {**found, "percentile_below": points[0][0]}
    if own > points[-1][1]:
        return {**found, "percentile_above": points[-1][0]}
    equal = [place for place, value in points if value == own]
    if equal:
        return {**found, "percentile": sum(equal) / len(equal)}
    for (low, least), (high, most) in pairwise(points):
        if least < own < most:
            found["percentile"] = low + (high - low) * (own - least) / (most - least)
    return found
