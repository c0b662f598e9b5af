"""Import jobs put together from their events: one line a job, with its state and what became of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from factbook.core.clock import epoch_ms
from factbook.core.errors import invalid, not_found
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.queries.behaviour.reading import one_of
from factbook.queries.inquiry import Inquiry
from factbook.queries.where import between, where
from factbook.storage.warehouse import Warehouse

STARTED, COMPLETED, FAILED = "import_started", "import_completed", "import_failed"
STATES = ("running", "stale", "completed", "failed")
STALE_HOURS = 24
"""A job that has not ended and said nothing for longer is told as stale."""
LONGEST_DAYS = 7
"""How long before and after a period events are looked for that belong to a job of it."""
MAX_EVENTS = 1000

_DAY_MS = 86_400_000
COLUMNS = (
    "job_id",
    "state",
    "origin",
    "format",
    "file",
    "started_at",
    "ended_at",
    "last_seen_at",
    "duration_seconds",
    "rows",
    "rows_rejected",
    "rows_duplicate",
    "rows_expected",
    "bytes",
    "rejection_rate",
    "completeness",
    "rows_per_second",
    "attempts",
    "failures",
    "reason",
)
"""Of a line, in the order in which they are told."""


@dataclass(frozen=True, slots=True)
class Listed:
    """state: only jobs in it. after: the cursor of the page before."""

    stale_ms: int
    limit: int
    state: str | None = None
    after: str | None = None


def listing(stale_hours: int, limit: int, state: str | None, after: str | None) -> Listed:
    """INVALID naming the field."""
    if state:
        one_of(state, STATES, "state")
    if after:
        _after(after)
    return Listed(stale_hours * 3_600_000, limit, state, after)


def jobs_sql(asked: Inquiry, parameters: Parameters, stale_ms: int, job_id: str | None = None) -> str:
    """SQL of a row a job that began in the period (`began`, moments in milliseconds) and has an event that meets the
    filters; with `job_id` that job alone, whenever it was."""
    begin, end = asked.begin, asked.end
    around = between(begin - LONGEST_DAYS * _DAY_MS, end + LONGEST_DAYS * _DAY_MS, parameters)
    kept = f"began >= {begin} AND began < {end} AND countIf(meets) > 0"
    if job_id is not None:
        around, kept = f"\n        AND texts['job_id'] = {parameters.add(job_id, 'String')}", "1"
    bots = "" if asked.about.include_bots else " AND NOT is_bot"
    meets = f"1{where(asked.about.conditions, parameters, include_bots=True)}"
    types = parameters.add([STARTED, COMPLETED, FAILED], "Array(String)")
    now = epoch_ms(asked.now)

    def added(name: str) -> str:
        there = f"mapContains(numbers, '{name}')"
        return f"if(countIf({there}) = 0, NULL, sumIf(numbers['{name}'], {there}))"

    def most(name: str) -> str:
        return f"maxOrNullIf(numbers['{name}'], mapContains(numbers, '{name}'))"

    def newest(name: str) -> str:
        return f"argMaxIf(texts['{name}'], (at, rank), texts['{name}'] != '')"

    return f"""SELECT
    job AS job_id,
    multiIf(
        last_type = '{COMPLETED}', 'completed', last_type = '{FAILED}', 'failed', {now} - last_at > {stale_ms}, 'stale',
        'running'
    ) AS state,
    origin, format, file, began, if(starts > 0, began, NULL) AS started_ms,
    if(last_type = '{STARTED}', NULL, last_at) AS ended_ms, last_at,
    coalesce(seconds, if(ended_ms IS NULL OR starts = 0, NULL, (ended_ms - began) / 1000)) AS duration_seconds,
    taken AS rows, rejected AS rows_rejected, doubles AS rows_duplicate, wanted AS rows_expected, size AS bytes,
    starts AS attempts, failures, reason
FROM (
    SELECT job, argMax(type, (at, rank)) AS last_type, max(at) AS last_at, countIf(rank = 0) AS starts,
        countIf(rank = 1) AS failures,
        if(starts > 0, minIf(at, rank = 0), min(at - toInt64(numbers['duration_seconds'] * 1000))) AS began,
        {newest("origin")} AS origin, {newest("format")} AS format, {newest("file")} AS file,
        {newest("reason")} AS reason,
        {added("duration_seconds")} AS seconds, {added("rows")} AS taken, {added("rows_rejected")} AS rejected,
        {added("rows_duplicate")} AS doubles, {most("rows_expected")} AS wanted,
        if(countIf(rank > 0 AND mapContains(numbers, 'bytes')) > 0, sumIf(numbers['bytes'], rank > 0), {most("bytes")})
            AS size
    FROM (
        SELECT if(texts['job_id'] != '', texts['job_id'], toString(event_id)) AS job, event_type AS type,
            toUnixTimestamp64Milli(timestamp) AS at, transform(event_type, {types}, [0, 2, 1], 0) AS rank, numbers,
            texts, {meets} AS meets
        FROM events
        PREWHERE event_type IN {types}
        WHERE tenant = {{tenant:String}}{bots}
            AND (texts['job_id'] != '' OR event_type != '{STARTED}'){around}
    )
    GROUP BY job
    HAVING {kept}
)"""


def listed_jobs(warehouse: Warehouse, scope: Scope, asked: Inquiry, how: Listed) -> dict[str, Any]:
    """A page of jobs, those that began last first; how many are in each state; how many starts name no job."""
    parameters = Parameters()
    inner = jobs_sql(asked, parameters, how.stale_ms)
    kept = ""
    if how.state:
        kept += f" AND state = {parameters.add(how.state, 'String')}"
    if how.after:
        began, job = _after(how.after)
        kept += f" AND (began, job_id) < ({parameters.add(began, 'Int64')}, {parameters.add(job, 'String')})"
    states = "sumMap(map(state, toUInt64(1))) OVER () AS states"
    sql = f"""SELECT * FROM (SELECT *, {states} FROM ({inner}))
WHERE {{tenant:String}} != ''{kept}
ORDER BY began DESC, job_id DESC LIMIT {how.limit + 1}"""
    rows = warehouse.records(scope, sql, parameters.values)
    page = rows[: how.limit]
    counts = dict(rows[0]["states"]) if rows else _states(warehouse, scope, asked, how.stale_ms)
    return {
        "rows": [told(asked, row) for row in page],
        "states": {state: int(counts.get(state, 0)) for state in STATES},
        "next_cursor": f"{page[-1]['began']}~{page[-1]['job_id']}" if len(rows) > how.limit else None,
    }


def _states(warehouse: Warehouse, scope: Scope, asked: Inquiry, stale_ms: int) -> dict[str, int]:
    parameters = Parameters()
    inner = jobs_sql(asked, parameters, stale_ms)
    sql = f"SELECT state, count() FROM ({inner}) WHERE {{tenant:String}} != '' GROUP BY state"
    return {str(state): int(count) for state, count in warehouse.rows(scope, sql, parameters.values)}


def all_jobs(warehouse: Warehouse, scope: Scope, asked: Inquiry, stale_ms: int, most: int) -> list[dict[str, Any]]:
    """The newest `most` jobs of the period, as they are told, with `began` in milliseconds."""
    parameters = Parameters()
    inner = jobs_sql(asked, parameters, stale_ms)
    sql = f"SELECT * FROM ({inner}) WHERE {{tenant:String}} != '' ORDER BY began DESC, job_id DESC LIMIT {most}"
    rows = warehouse.records(scope, sql, parameters.values)
    return [{**told(asked, row), "began": int(row["began"])} for row in rows]


def one_job(warehouse: Warehouse, scope: Scope, asked: Inquiry, job_id: str, stale_ms: int) -> dict[str, Any]:
    """The job called so, whenever it was, with its events in order. NOT_FOUND."""
    parameters = Parameters()
    sql = f"SELECT * FROM ({jobs_sql(asked, parameters, stale_ms, job_id)}) WHERE {{tenant:String}} != ''"
    found = warehouse.records(scope, sql, parameters.values)
    if not found:
        raise not_found(
            f"There is no import job {job_id[:200]!r}.", hint="GET /api/v1/analytics/imports/jobs lists them."
        )
    sql = f"""SELECT toUnixTimestamp64Milli(timestamp) AS at, event_type, numbers, texts FROM events
WHERE tenant = {{tenant:String}} AND event_type IN {{types:Array(String)}} AND texts['job_id'] = {{job:String}}
ORDER BY timestamp, event_id LIMIT {MAX_EVENTS}"""
    events = warehouse.records(scope, sql, {"types": [STARTED, COMPLETED, FAILED], "job": job_id})
    return {
        **told(asked, found[0]),
        "stale_after_hours": stale_ms / 3_600_000,
        "events": [
            {
                "time": asked.at(int(each["at"])),
                "event_type": each["event_type"],
                "properties": {**dict(each["numbers"]), **dict(each["texts"])},
            }
            for each in events
        ],
    }


def told(asked: Inquiry, row: dict[str, Any]) -> dict[str, Any]:
    rows, rejected, expected = (_number(row[name]) for name in ("rows", "rows_rejected", "rows_expected"))
    seconds = _number(row["duration_seconds"])
    whole = (rows or 0) + (rejected or 0)
    found = {
        **{name: row[name] or None for name in ("job_id", "state", "origin", "format", "file", "reason")},
        "started_at": asked.at(_moment(row["started_ms"])),
        "ended_at": asked.at(_moment(row["ended_ms"])),
        "last_seen_at": asked.at(int(row["last_at"])),
        "duration_seconds": seconds,
        "rows": rows,
        "rows_rejected": rejected,
        "rows_duplicate": _number(row["rows_duplicate"]),
        "rows_expected": expected,
        "bytes": _number(row["bytes"]),
        "rejection_rate": rejected / whole if rejected is not None and whole else None,
        "completeness": rows / expected if rows is not None and expected else None,
        "rows_per_second": rows / seconds if rows is not None and seconds else None,
        "attempts": int(row["attempts"]),
        "failures": int(row["failures"]),
    }
    return {name: found[name] for name in COLUMNS}


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _moment(value: Any) -> int | None:
    return None if value is None else int(value)


def _after(cursor: str) -> tuple[int, str]:
    began, mark, job = cursor.partition("~")
    if not mark or not began.removeprefix("-").isdecimal() or len(began) > 16:
        raise invalid("cursor is none of ours.", field="cursor", hint="Give the next_cursor of the page before.")
    return int(began), job
