"""The fields of answers about systems, and the metric that each of them is."""

from __future__ import annotations

from factbook.queries.records import Fields

REQUESTS: Fields = {
    "request_count": "requests",
    "success_count": "answered_requests",
    "error_count": "failed_requests",
    "average_response_time": "latency_average",
    "p50": "latency_p50",
    "p95": "latency_p95",
    "p99": "latency_p99",
}
RESOURCES: Fields = {
    "cpu_usage_avg": "cpu_usage",
    "memory_usage_avg": "memory_usage",
    "disk_usage_avg": "disk_usage",
}
"""Shares from 0 to 1; records tell them in per cent."""
PEAKS: Fields = {"cpu_usage_max": "cpu_peak", "memory_usage_max": "memory_peak", "disk_usage_max": "disk_peak"}
DATABASE: Fields = {
    "db_query_count": "db_queries",
    "db_avg_query_time": "db_query_time",
    "db_slow_queries": "db_slow_queries",
}
CACHE: Fields = {"cache_hits": "cache_hits", "cache_misses": "cache_misses", "cache_hit_rate": "cache_hit_rate"}
EXTERNAL: Fields = {
    "external_api_calls": "external_calls",
    "external_api_errors": "external_errors",
    "external_avg_response_time": "external_latency_average",
}
SERVICE: Fields = {**REQUESTS, **RESOURCES, **DATABASE, **CACHE, **EXTERNAL}
"""SystemAnalytics, but for its maps."""

_PERCENT = frozenset((*RESOURCES, *PEAKS))


def told(fields: Fields, values: dict[str, float | None]) -> dict[str, float | None]:
    """The fields with the values of their metrics (by metric id); utilization in per cent."""
    return in_percent({field: values[metric] for field, metric in fields.items()})


def in_percent(record: dict[str, float | None]) -> dict[str, float | None]:
    return {
        field: round(100 * value, 4) if field in _PERCENT and value is not None else value
        for field, value in record.items()
    }
