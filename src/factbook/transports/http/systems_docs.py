"""Examples of what the reads about systems answer, as OpenAPI shows them."""

from typing import Any

from factbook.queries.systems.apdex import FORMULA, meanings
from factbook.queries.systems.health import FORMULA as HEALTH_FORMULA
from factbook.queries.systems.health import MEANINGS, STATUSES
from factbook.queries.systems.objectives import SOURCE

from .changes import history_example

_PERIOD: dict[str, Any] = {
    "start_time": "2026-03-01T09:00:00+01:00",
    "end_time": "2026-03-02T09:00:00+01:00",
    "timezone": "Europe/Berlin",
}
_ABOUT: dict[str, Any] = {**_PERIOD, "events": 90210, "complete_since": "2026-03-01T09:00:00+01:00"}
_CUT = {"is_cut": False, "shown": 1, "of": 1, "limit": 100}
_REQUESTS: dict[str, Any] = {
    "request_count": 48210,
    "success_count": 48188,
    "error_count": 22,
    "average_response_time": 84.2,
    "p50": 61.0,
    "p95": 240.0,
    "p99": 610.0,
}
_RECORD: dict[str, Any] = {
    **_REQUESTS,
    "cpu_usage_avg": 41.5,
    "memory_usage_avg": 63.0,
    "disk_usage_avg": 52.25,
    "db_query_count": 96020,
    "db_avg_query_time": 3.1,
    "db_slow_queries": 4,
    "cache_hits": 38000,
    "cache_misses": 2000,
    "cache_hit_rate": 0.95,
    "external_api_calls": 812,
    "external_api_errors": 3,
    "external_avg_response_time": 140.0,
}
_RATES = {"failure_rate": 0.000456, "availability": 0.999544}
_APDEX: dict[str, Any] = {
    "score": 0.97,
    "threshold_ms": 500,
    "formula": FORMULA,
    "parts": {"satisfied": 46000, "tolerated": 1527, "requests": 48210},
    "meanings": meanings(500),
}
_MAPS: dict[str, Any] = {
    "endpoint_stats": {"/cart": {"request_count": 9120, "error_count": 2, "average_response_time": 70.5, "p95": 210.0}},
    "status_code_distribution": {"200": 48100, "404": 88, "500": 22},
}
_JUDGED: dict[str, Any] = {
    "status": "healthy",
    "score": 97.3,
    "parts": {"availability": 0.99, "speed": 0.97, "headroom": 1.0},
    "request_count": 48210,
    "error_count": 22,
    "failure_rate": 0.000456,
    "p95": 240.0,
    "errors_reported": 31,
    "cpu_usage_avg": 41.5,
    "memory_usage_avg": 63.0,
    "disk_usage_avg": 52.25,
    "apdex": 0.97,
}
HEALTH: dict[str, Any] = {
    **_ABOUT,
    **_JUDGED,
    "apdex_threshold_ms": 500,
    "formula": HEALTH_FORMULA,
    "meanings": MEANINGS,
    "statuses": STATUSES,
    "services": [{"service_name": "shop", **_JUDGED, "apdex_threshold_ms": 500}],
    "cut": _CUT,
}
PERFORMANCE: dict[str, Any] = {
    **_ABOUT,
    "total": {"requests_per_second": 0.56, **_REQUESTS, **_RATES},
    "previous": {"requests_per_second": 0.5, **_REQUESTS, **_RATES},
    "change": {"requests_per_second": 0.12},
    "apdex": _APDEX,
    "granularity": "1h",
    "times": ["2026-03-01T09:00:00+01:00"],
    "series": {"request_count": [2010], "p95": [231.0]},
    "notes": [],
}
ERROR: dict[str, Any] = {
    "fingerprint": "Order * of * not found",
    "error_type": "LookupError",
    "count": 31,
    "share": 0.62,
    "previous": 4,
    "is_new": False,
    "users": 12,
    "sessions": 14,
    "first_seen": "2026-03-01T10:12:04+01:00",
    "last_seen": "2026-03-02T08:59:11+01:00",
    "message": "Order 4711 of 'ann' not found",
    "services": ["shop"],
    "versions": ["1.2"],
    "endpoints": ["/orders/{id}"],
    "severities": ["error"],
}
ERRORS: dict[str, Any] = {**_PERIOD, "errors": 50, "groups": [ERROR], "cut": _CUT}
USAGE_ROW: dict[str, Any] = {
    "cpu_usage_avg": 41.5,
    "memory_usage_avg": 63.0,
    "disk_usage_avg": 52.25,
    "cpu_usage_max": 97.0,
    "memory_usage_max": 71.0,
    "disk_usage_max": 52.5,
}
USAGE: dict[str, Any] = {
    **_ABOUT,
    "total": USAGE_ROW,
    "granularity": "1h",
    "times": ["2026-03-01T09:00:00+01:00"],
    "series": {"cpu_usage_avg": [40.1]},
    "by": "host",
    "rows": [{"host": "web-1", **USAGE_ROW}],
    "cut": _CUT,
    "notes": [],
}
SERVICE: dict[str, Any] = {
    "service_name": "shop",
    **_RECORD,
    **_RATES,
    "apdex": 0.97,
    "apdex_threshold_ms": 500,
    "slo_objective": 0.999,
    "error_budget_left": 0.544,
}
SERVICES: dict[str, Any] = {**_ABOUT, "apdex_threshold_ms": 500, "services": [SERVICE], "cut": _CUT}
HOURS: dict[str, Any] = {
    "service_name": "shop",
    **_ABOUT,
    "total": {**_RECORD, **_MAPS},
    "hours": [
        {
            "service_name": "shop",
            "date": "2026-03-01",
            "hour": 9,
            "start_time": "2026-03-01T09:00:00+01:00",
            **_RECORD,
            **_MAPS,
            "calculated_at": "2026-03-02T08:59:30+00:00",
        }
    ],
    "notes": [],
    "apdex": _APDEX,
}
_BUDGET: dict[str, Any] = {
    "objective": 0.999,
    "requests": 1_400_000,
    "bad": 420,
    "reached": 0.9997,
    "budget": 1400.0,
    "budget_left": 0.7,
    "burn_rates": {"5m": 0.2, "30m": 0.4, "1h": 0.5, "6h": 0.3, "3d": 0.3},
    "rules": [
        {
            "severity": "page",
            "long_window": "1h",
            "short_window": "5m",
            "budget_share": 0.02,
            "threshold": 14.4,
            "is_firing": False,
        }
    ],
}
SLO: dict[str, Any] = {
    "service_name": "shop",
    **_ABOUT,
    "days": 30,
    "availability": _BUDGET,
    "latency": {"threshold_ms": 500, **_BUDGET, "objective": 0.99},
    "formulas": {"budget": "requests * (1 - objective)", "budget_left": "1 - bad / budget"},
    "source": SOURCE,
    "notes": [],
}
ENDPOINT: dict[str, Any] = {
    "endpoint": "/cart",
    "method": "GET",
    **_REQUESTS,
    **_RATES,
    "response_bytes": 10_485_760,
    "apdex": 0.98,
}
ENDPOINTS: dict[str, Any] = {**_ABOUT, "apdex_threshold_ms": 500, "endpoints": [ENDPOINT], "cut": _CUT}
STATEMENT: dict[str, Any] = {
    "fingerprint": "SELECT * FROM orders WHERE id = *",
    "count": 61200,
    "failures": 2,
    "total_time": 190_000.0,
    "average_time": 3.1,
    "p50": 2.0,
    "p95": 9.0,
    "p99": 40.0,
    "max": 2100.0,
    "slow": 4,
    "tables": ["orders"],
    "services": ["shop"],
}
STATEMENTS: dict[str, Any] = {
    "by": "query",
    **_PERIOD,
    "slow_ms": 1000,
    "groups": [STATEMENT],
    "cut": _CUT,
    "slowest": [
        {
            "event_id": "0198a0a5-58a4-7cc3-b6d5-0d7c7f0f9b11",
            "timestamp": "2026-03-01T17:04:05+01:00",
            "duration_ms": 2100.0,
            "fingerprint": "SELECT * FROM orders WHERE id = *",
            "table": "orders",
            "service": "shop",
        }
    ],
}
PROMISED: dict[str, Any] = {"slo": 0.999, "latency_slo": 0.99, "latency_ms": 500, "apdex_ms": 500, "days": 30}
GIVEN: dict[str, Any] = {"slo": 99.95, "latency_ms": 300}
OBJECTIVE: dict[str, Any] = {
    "service_name": "shop",
    **PROMISED,
    "slo": 0.9995,
    "latency_ms": 300.0,
    "own": ["slo", "latency_ms"],
    "version": 1,
}
OBJECTIVES: dict[str, Any] = {"default": PROMISED, "objectives": [OBJECTIVE]}
HISTORY: dict[str, Any] = history_example("shop", {"slo": 0.9995, "latency_ms": 300.0}, {"slo": 0.999})
