"""One service by hour: the record SystemAnalytics, and the same over the whole period."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from factbook.queries.records import Fields, Records

from .apdex import DECLARED, THRESHOLD_MS, apdex, declared
from .fields import SERVICE, told

ENDPOINT: Fields = {
    "request_count": "requests",
    "error_count": "failed_requests",
    "average_response_time": "latency_average",
    "p95": "latency_p95",
}
ENDPOINTS, STATUSES = 20, 50
"""Most of them told in a map; what else there is, is left out and said so."""

_Series = Mapping[str, list[float | None]]


async def hours(records: Records, service: str, threshold: float) -> dict[str, Any]:
    """Every hour of the period, in the zone asked for: counts 0 and all else null where nothing came in.

    threshold: of the Apdex of the whole. events: how many the whole stands on. notes: what was left out, and what was
    never sent.
    """
    own = (("property.service", service),)
    hourly: dict[str, Any] = {"filters": own, "granularity": "1h"}
    is_declared = threshold == THRESHOLD_MS
    whole, endpoints, statuses = await asyncio.gather(
        records.ask(*SERVICE.values(), *(DECLARED if is_declared else ()), **hourly),
        records.ask(*ENDPOINT.values(), dimensions=("endpoint",), limit=ENDPOINTS, other=False, **hourly),
        records.ask("requests", dimensions=("status_code",), limit=STATUSES, other=False, **hourly),
    )
    calculated = records.now.isoformat()
    times = whole["times"]
    stats = [_stats(endpoints, place) for place in range(len(times))]
    codes = [_codes(statuses, place) for place in range(len(times))]
    return {
        "service_name": service,
        **{name: whole[name] for name in ("start_time", "end_time", "timezone", "events", "complete_since")},
        "total": {
            **told(SERVICE, whole["total"]["values"]),
            "endpoint_stats": _stats(endpoints),
            "status_code_distribution": _codes(statuses),
        },
        "hours": [
            {
                "service_name": service,
                "date": moment.date().isoformat(),
                "hour": moment.hour,
                "start_time": begun,
                **told(SERVICE, _at(whole["total"]["series"], place)),
                "endpoint_stats": stats[place],
                "status_code_distribution": codes[place],
                "calculated_at": calculated,
            }
            for place, begun in enumerate(times)
            if (moment := datetime.fromisoformat(begun))
        ],
        "notes": _notes(whole["total"]["values"], endpoints["cut"], statuses["cut"]),
        "apdex": declared(whole["total"]["values"]) if is_declared else await apdex(records, threshold, filters=own),
    }


def _at(series: _Series, place: int) -> dict[str, float | None]:
    return {metric: values[place] for metric, values in series.items()}


def _stats(answer: Mapping[str, Any], place: int | None = None) -> dict[str, Any]:
    found = {}
    for row in answer["rows"]:
        values = row["values"] if place is None else _at(row["series"], place)
        if values["requests"]:
            found[row["dimensions"]["endpoint"] or ""] = told(ENDPOINT, values)
    return found


def _codes(answer: Mapping[str, Any], place: int | None = None) -> dict[str, Any]:
    found = {}
    for row in answer["rows"]:
        count = row["values"]["requests"] if place is None else row["series"]["requests"][place]
        if count:
            found[row["dimensions"]["status_code"] or ""] = count
    return found


_MISSING = {
    "requests": "No api_request came in: nothing is known of requests.",
    "cpu_usage": "No cpu_percent came in with resource_usage.",
    "memory_usage": "No memory_percent came in with resource_usage.",
    "disk_usage": "No disk_percent came in with resource_usage.",
    "db_queries": "No db_query came in.",
    "cache_hit_rate": "No cache_access came in.",
    "external_calls": "No external_call came in.",
}
"""What is said where a metric has nothing to stand on: null, or for a count 0."""


def _notes(values: Mapping[str, Any], endpoints: Mapping[str, Any], statuses: Mapping[str, Any]) -> list[str]:
    kinds = ("requests", "db_queries", "external_calls")
    notes = [
        words
        for metric, words in _MISSING.items()
        if values[metric] is None or (metric in kinds and not values[metric])
    ]
    for name, cut in (("endpoints", endpoints), ("status codes", statuses)):
        if cut["is_cut"]:
            notes.append(f"The {cut['shown']} busiest of {cut['of']} {name} are told apart.")
    return notes
