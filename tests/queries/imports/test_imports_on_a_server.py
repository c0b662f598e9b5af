"""Imports on a real ClickHouse server: the same answers as from the embedded engine."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from factbook.core.scope import Scope
from factbook.queries.imports.advice import optimization
from factbook.queries.imports.failures import failures
from factbook.queries.imports.jobs import listed_jobs, listing, one_job
from factbook.queries.imports.quality import quality, sources
from factbook.queries.imports.trends import trends
from factbook.queries.inquiry import Inquiry
from factbook.storage.engine import Engine
from tests.queries.both_engines import both
from tests.queries.trading.desk import Desk

STALE_MS = 24 * 3_600_000


def happened() -> list[dict[str, Any]]:
    found = []
    for number in range(40):
        day, origin = 3 + number % 9, ("s3", "ftp", "")[number % 3]
        about = {"job_id": f"job-{number}", "origin": origin}
        found.append({"at": f"2026-03-{day:02}T08:{number:02}:00Z", "type": "import_started", "properties": about})
        rows = {"rows": 100 * number, "rows_rejected": number, "rows_duplicate": 60 * number, "rows_expected": 5000}
        end: dict[str, dict[str, Any]] = {"failed": {"reason": f"line {number} of 'x' is broken"}, "completed": rows}
        if number % 7:
            kind = "completed" if number % 4 else "failed"
            took = {"duration_seconds": 400 if number == 9 else 2 + number}
            at = f"2026-03-{day:02}T09:{number:02}:00Z"
            found.append({"at": at, "type": f"import_{kind}", "properties": {**about, **end[kind], **took}})
    return found


def told(desk: Desk) -> list[Any]:
    async def read(asked: Inquiry) -> Any:
        first = await asked.read(listed_jobs, asked, listing(24, 10, None, None))
        return [
            first,
            await asked.read(listed_jobs, asked, listing(24, 10, "failed", None)),
            await asked.read(listed_jobs, asked, listing(24, 10, None, first["next_cursor"])),
            await asked.read(failures, asked, 10),
            await asked.read(optimization, asked, STALE_MS, 100),
            await asked.read(one_job, asked, "job-9", STALE_MS),
        ]

    verbs = (read, partial(quality, limit=10), partial(sources, order="-import_jobs", limit=10))
    return [desk.ask(verb, zone="Asia/Tokyo") for verb in (*verbs, partial(trends, granularity="1d"))]


def test_every_read_has_the_same_answer(clickhouse_url: str, engine: Engine, scope: Scope, tmp_path: Path) -> None:
    here, there = both(engine, clickhouse_url, scope, tmp_path, happened(), told)
    jobs, failed, *_ = here[0]
    assert (len(jobs["rows"]), len(failed["rows"])) == (10, 8)
    assert there == here
