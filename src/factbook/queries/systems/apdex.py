"""Apdex at any threshold: satisfied requests and half of those that are still tolerable, for each request."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from factbook.queries.records import Records

THRESHOLD_MS = 500.0
FORMULA = "(satisfied + tolerated / 2) / requests"
DECLARED = ("requests", "satisfying_requests", "tolerable_requests", "timed_requests")
"""Metrics that are declared for this threshold: one question in place of three."""


def meanings(threshold: float) -> dict[str, str]:
    """As the Apdex Alliance defines them (Technical Specification 1.1): T, and four times T."""
    return {
        "satisfied": f"did not fail and took at most {threshold:g} ms",
        "tolerated": f"did not fail and took more than that, at most {4 * threshold:g} ms",
        "requests": "all requests, failed ones and those without a duration too",
    }


async def apdex(records: Records, threshold: float, **given: Any) -> dict[str, Any]:
    """The score with its formula and parts; null where there were no requests, or of none is known how long it took."""
    if threshold == THRESHOLD_MS:
        return declared((await records.ask(*DECLARED, **given))["total"]["values"])
    return _told(threshold, *await _counted(records, threshold, **given))


def declared(values: Mapping[str, Any]) -> dict[str, Any]:
    """The score at THRESHOLD_MS, from the values of DECLARED."""
    return _told(THRESHOLD_MS, *(values[name] for name in DECLARED))


def _told(threshold: float, requests: int, satisfied: int, tolerated: int, timed: int) -> dict[str, Any]:
    return {
        "score": (satisfied + tolerated / 2) / requests if requests and timed else None,
        "threshold_ms": threshold,
        "formula": FORMULA,
        "parts": {"satisfied": satisfied, "tolerated": tolerated, "requests": requests},
        "meanings": meanings(threshold),
    }


_Counts = tuple[int, int, int, int]
"""Requests, those satisfied, tolerated, and those of which it is known how long they took."""


async def _counted(records: Records, threshold: float, **given: Any) -> _Counts:
    filters = given.pop("filters", ())
    whole, fast, bearable = await asyncio.gather(
        records.ask("requests", "timed_requests", filters=filters, **given),
        records.ask("answered_requests", filters=(*filters, _within(threshold)), **given),
        records.ask("answered_requests", filters=(*filters, _within(4 * threshold)), **given),
    )
    satisfied = fast["total"]["values"]["answered_requests"]
    tolerated = bearable["total"]["values"]["answered_requests"] - satisfied
    values = whole["total"]["values"]
    return values["requests"], satisfied, tolerated, values["timed_requests"]


async def apdex_by(
    records: Records, threshold: float, dimensions: tuple[str, ...], **given: Any
) -> dict[tuple[str, ...], float | None]:
    """The score by the values of `dimensions`; absent where the list of them is cut."""
    about = {"dimensions": dimensions, "other": False, "limit": 1000, **given}
    if threshold == THRESHOLD_MS:
        answer = await records.ask("requests", "apdex", order="-requests", **about)
        return {_key(row): row["values"]["apdex"] for row in answer["rows"]}
    filters = about.pop("filters", ())
    whole, fast, bearable = await asyncio.gather(
        records.ask("requests", "timed_requests", filters=filters, **about),
        records.ask("answered_requests", filters=(*filters, _within(threshold)), **about),
        records.ask("answered_requests", filters=(*filters, _within(4 * threshold)), **about),
    )
    satisfied, either = (
        {_key(row): row["values"]["answered_requests"] for row in answer["rows"]} for answer in (fast, bearable)
    )
    return {
        key: (satisfied.get(key, 0) + either.get(key, 0)) / 2 / row["values"]["requests"]
        for row in whole["rows"]
        if (key := _key(row)) is not None and row["values"]["timed_requests"]
    }


def _within(threshold: float) -> tuple[str, float]:
    return "property.duration_ms.lte", threshold


def _key(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(value or "" for value in row["dimensions"].values())
