"""Imports that broke off, by cause: reasons that differ in values alone are one."""

from __future__ import annotations

from typing import Any

from factbook.core.fingerprint import fingerprint_sql
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.queries.behaviour.history import inside
from factbook.queries.inquiry import Inquiry
from factbook.storage.warehouse import Warehouse

from .jobs import FAILED

COLUMNS = ("cause", "failures", "share", "jobs", "origins", "seconds_lost", "first_at", "last_at", "example", "job_id")
ORIGINS = 20


def failures(warehouse: Warehouse, scope: Scope, asked: Inquiry, limit: int) -> dict[str, Any]:
    """The causes of the period, most frequent first. cause: null where no reason was told. seconds_lost: null where no
    failure says how long it took. example, job_id: of the newest."""
    parameters = Parameters()
    sql = f"""SELECT {fingerprint_sql("texts['reason']")} AS cause, count() AS failures,
    uniqExactIf(texts['job_id'], texts['job_id'] != '') AS jobs,
    arraySort(groupUniqArrayIf({ORIGINS})(texts['origin'], texts['origin'] != '')) AS origins,
    if(countIf(mapContains(numbers, 'duration_seconds')) = 0, NULL, sum(numbers['duration_seconds'])) AS seconds_lost,
    toUnixTimestamp64Milli(min(timestamp)) AS first_at, toUnixTimestamp64Milli(max(timestamp)) AS last_at,
    argMax(texts['reason'], (timestamp, event_id)) AS example, argMax(texts['job_id'], (timestamp, event_id)) AS job_id,
    sum(count()) OVER () AS of, count() OVER () AS causes
FROM events
{inside(asked.about, parameters)} AND event_type = '{FAILED}'
GROUP BY cause
ORDER BY failures DESC, cause LIMIT {limit}"""
    rows = warehouse.records(scope, sql, parameters.values)
    known = int(rows[0]["causes"]) if rows else 0
    return {
        **asked.told,
        "failures": int(rows[0]["of"]) if rows else 0,
        "causes": [
            {
                "cause": row["cause"] or None,
                "failures": int(row["failures"]),
                "share": int(row["failures"]) / int(row["of"]),
                "jobs": int(row["jobs"]),
                "origins": list(row["origins"]),
                "seconds_lost": None if row["seconds_lost"] is None else float(row["seconds_lost"]),
                "first_at": asked.at(int(row["first_at"])),
                "last_at": asked.at(int(row["last_at"])),
                "example": row["example"] or None,
                "job_id": row["job_id"] or None,
            }
            for row in rows
        ],
        "cut": {"is_cut": known > len(rows), "shown": len(rows), "of": known, "limit": limit},
    }
