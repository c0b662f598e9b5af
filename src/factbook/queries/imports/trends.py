"""How imports change over time: a record a bucket, and the period beside the one before."""

from __future__ import annotations

from typing import Any

from factbook.queries.inquiry import Inquiry

from .fields import IMPORTS


async def trends(asked: Inquiry, granularity: str) -> dict[str, Any]:
    """points: a record a bucket, `partial` where the period cuts it. change: relative, 0.1 for a tenth more."""
    found = await asked.records.ask(*IMPORTS.values(), granularity=granularity, compare="previous_period")
    total, series = found["total"], found["total"]["series"]
    partial = set(found["partial"])
    return {
        **{name: found[name] for name in ("start_time", "end_time", "timezone", "granularity")},
        "total": _told(total["values"]),
        "previous": _told(total["previous"]),
        "change": _told(total["change"]),
        "points": [
            {
                "time": time,
                "partial": place in partial,
                **{field: series[metric][place] for field, metric in IMPORTS.items()},
            }
            for place, time in enumerate(found["times"])
        ],
    }


def _told(values: dict[str, Any]) -> dict[str, Any]:
    return {field: values[metric] for field, metric in IMPORTS.items()}
