"""How well systems are: one score from 0 to 100 for all and for each service, with its formula and parts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from factbook.queries.records import Fields, Records

from .apdex import apdex
from .fields import RESOURCES, in_percent
from .promises import Promises, apdex_by_service

FIELDS: Fields = {
    "request_count": "requests",
    "error_count": "failed_requests",
    "failure_rate": "failure_rate",
    "p95": "latency_p95",
    "errors_reported": "errors",
    **RESOURCES,
}
FORMULA = "100 * (0.5 * availability + 0.3 * speed + 0.2 * headroom), over the parts that are known"
MEANINGS = {
    "availability": "1 - failure rate / 0.05, at least 0: nothing is left where one request of twenty fails",
    "speed": "Apdex",
    "headroom": "1 - (the fullest of CPU, memory and disk - 80 %) / 20 %, from 0 to 1",
}
_WEIGHTS = {"availability": 0.5, "speed": 0.3, "headroom": 0.2}
HEALTHY, DEGRADED = 90, 70
STATUSES = {
    "healthy": f"a score of {HEALTHY} or more",
    "degraded": f"{DEGRADED} or more",
    "unhealthy": f"below {DEGRADED}",
    "silent": "was heard of in the 24 hours before the period, and not in it",
    "unknown": "no part of the score is known",
}


async def health(records: Records, promises: Promises, limit: int) -> dict[str, Any]:
    """Of all, and of each service at the Apdex threshold that it promises, the worst first."""
    whole, (rows, cut), speeds, speed, before = await asyncio.gather(
        records.ask(*FIELDS.values()),
        records.many(FIELDS, "service", limit=limit, order="-requests"),
        apdex_by_service(records, promises),
        apdex(records, promises.every.apdex_ms),
        heard_before(records),
    )
    services = [
        {**_judged(name, row, speeds.get(name)), "apdex_threshold_ms": promises.of(name).apdex_ms}
        for row in rows
        for name in (row["service"] or "",)
    ]
    heard = {one["service_name"] for one in services}
    services += [{"service_name": name, "status": "silent", "score": None} for name in before if name not in heard]
    services.sort(key=lambda one: (one["score"] is None and one["status"] != "silent", one["score"] or 0))
    everything = {field: whole["total"]["values"][metric] for field, metric in FIELDS.items()}
    judged = _judged("", everything, speed["score"])
    return {
        **{name: whole[name] for name in ("start_time", "end_time", "timezone", "events", "complete_since")},
        **{name: value for name, value in judged.items() if name != "service_name"},
        "apdex_threshold_ms": promises.every.apdex_ms,
        "formula": FORMULA,
        "meanings": MEANINGS,
        "statuses": STATUSES,
        "services": services,
        "cut": cut,
    }


async def heard_before(records: Records) -> list[str]:
    """Services heard of in the 24 hours before now, the busiest first."""
    given = Records(records.answers, records.scope, records.tenant, records.now, {**_without_period(records.about)})
    found, _ = await given.counts("requests", "service", period="last_24_hours", limit=1000, other=False)
    return [name for name, count in found.items() if name and count]


def _without_period(about: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in about.items() if name not in ("period", "start_time", "end_time")}


def score(parts: Mapping[str, float | None]) -> float | None:
    """The weighted mean of the known parts, 0 to 100."""
    known = {name: value for name, value in parts.items() if value is not None}
    weight = sum(_WEIGHTS[name] for name in known)
    return round(100 * sum(_WEIGHTS[name] * value for name, value in known.items()) / weight, 2) if known else None


def status(points: float | None) -> str:
    if points is None:
        return "unknown"
    return "healthy" if points >= HEALTHY else "degraded" if points >= DEGRADED else "unhealthy"


def _judged(name: str, record: Mapping[str, Any], speed: float | None) -> dict[str, Any]:
    failing = record["failure_rate"]
    used = [record[field] for field in RESOURCES if record[field] is not None]
    parts = {
        "availability": None if failing is None else max(0.0, 1 - failing / 0.05),
        "speed": speed,
        "headroom": min(1.0, max(0.0, 1 - (max(used) - 0.8) / 0.2)) if used else None,
    }
    points = score(parts)
    told = in_percent({field: record[field] for field in FIELDS})
    return {"service_name": name, "status": status(points), "score": points, "parts": parts, **told, "apdex": speed}
