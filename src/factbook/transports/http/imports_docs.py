"""Examples of the answers about imports, for the documentation of the API."""

from __future__ import annotations

from typing import Any

from factbook.queries.imports.advice import RULES
from factbook.queries.imports.quality import FORMULA, MEANINGS

_PERIOD: dict[str, Any] = {
    "start_time": "2026-03-01T00:00:00+01:00",
    "end_time": "2026-03-31T12:00:00+02:00",
    "timezone": "Europe/Berlin",
}
_CUT: dict[str, Any] = {"is_cut": False, "shown": 1, "of": 1, "limit": 100}
JOB: dict[str, Any] = {
    "job_id": "orders-2026-03-30",
    "state": "completed",
    "origin": "s3",
    "format": "csv",
    "file": "orders.csv.gz",
    "started_at": "2026-03-30T04:00:00+02:00",
    "ended_at": "2026-03-30T04:02:11+02:00",
    "last_seen_at": "2026-03-30T04:02:11+02:00",
    "duration_seconds": 131.0,
    "rows": 120000.0,
    "rows_rejected": 12.0,
    "rows_duplicate": 0.0,
    "rows_expected": 120012.0,
    "bytes": 8400000.0,
    "rejection_rate": 0.0001,
    "completeness": 0.9999,
    "rows_per_second": 916.0,
    "attempts": 1,
    "failures": 0,
}
JOBS: dict[str, Any] = {
    **_PERIOD,
    "stale_after_hours": 24.0,
    "jobs": [JOB],
    "states": {"running": 1, "stale": 0, "completed": 29, "failed": 1},
    "next_cursor": "1774836000000~orders-2026-03-30",
}
ONE: dict[str, Any] = {
    **JOB,
    "stale_after_hours": 24.0,
    "events": [
        {"time": "2026-03-30T04:00:00+02:00", "event_type": "import_started", "properties": {"origin": "s3"}},
        {"time": "2026-03-30T04:02:11+02:00", "event_type": "import_completed", "properties": {"rows": 120000.0}},
    ],
}
RECORD: dict[str, Any] = {
    "jobs": 31,
    "completed": 29,
    "failed": 1,
    "success_rate": 0.967,
    "rows": 3400000,
    "rows_rejected": 402,
    "rejection_rate": 0.0001,
    "rows_duplicate": 17,
    "bytes": 243000000,
    "seconds": 3930.0,
    "average_duration": 131.0,
    "duration_p95": 170.0,
    "rows_per_second": 865.0,
}
_FRESH: dict[str, Any] = {
    "last_completed_at": "2026-03-30T04:02:11+02:00",
    "seconds_since": 28800.0,
    "usual_interval_seconds": 86400.0,
    "overdue": False,
}
SOURCES: dict[str, Any] = {**_PERIOD, "sources": [{"import_origin": "s3", **RECORD, **_FRESH}], "cut": _CUT}
_QUALITY: dict[str, Any] = {
    "completeness": 0.999,
    "validity": 0.9999,
    "duplicate_rate": 0.0,
    "rows": 3400000,
    "rows_rejected": 402,
    "rows_duplicate": 17,
    "rows_expected": 3400402,
    **_FRESH,
    "score": 99.9,
    "formula": FORMULA,
    "parts": {"completeness": 0.999, "validity": 0.9999, "uniqueness": 1.0, "timeliness": 1.0},
    "meanings": MEANINGS,
}
QUALITY: dict[str, Any] = {
    **_PERIOD,
    **_QUALITY,
    "missing": {},
    "rows": [{"import_origin": "s3", **_QUALITY}],
    "cut": _CUT,
    "notes": [],
}
TRENDS: dict[str, Any] = {
    **_PERIOD,
    "granularity": "1d",
    "total": RECORD,
    "previous": RECORD,
    "change": dict.fromkeys(RECORD, 0.1),
    "points": [{"time": "2026-03-30T00:00:00+02:00", "partial": False, **RECORD}],
}
FAILURES: dict[str, Any] = {
    **_PERIOD,
    "failures": 4,
    "causes": [
        {
            "cause": "No such file *",
            "failures": 3,
            "share": 0.75,
            "jobs": 3,
            "origins": ["s3"],
            "seconds_lost": 4.5,
            "first_at": "2026-03-02T04:00:01+01:00",
            "last_at": "2026-03-19T04:00:01+01:00",
            "example": "No such file 'orders-2026-03-19.csv'",
            "job_id": "orders-2026-03-19",
        }
    ],
    "cut": _CUT,
}
OPTIMIZATION: dict[str, Any] = {
    **_PERIOD,
    "jobs": 31,
    "advice": [
        {
            "rule": "slow",
            "because": RULES[1].rule,
            "origin": "s3",
            "job_id": "orders-2026-03-12",
            "message": "It took 6.0 times as long a row as imports of this source do.",
            "saving": {"seconds": 655.0},
            "numbers": {"seconds_a_row": 0.0066, "usual_seconds_a_row": 0.0011},
        }
    ],
    "cut": _CUT,
    "rules": {rule.id: rule.rule for rule in RULES},
    "notes": [],
}
