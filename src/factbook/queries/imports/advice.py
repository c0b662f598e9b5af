"""What would make imports better: rules over the jobs of a period, each naming the job or source and the saving."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from factbook.core.scope import Scope
from factbook.queries.inquiry import Inquiry
from factbook.storage.warehouse import Warehouse

from .jobs import all_jobs

MOST_JOBS = 10_000
DAY_MS = 86_400_000

Job = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Advice:
    """saving: seconds or rows of the period that need not have been spent. numbers: what the rule was weighed by."""

    job_id: str | None
    message: str
    saving: dict[str, float]
    numbers: dict[str, float]


@dataclass(frozen=True, slots=True)
class Rule:
    """find: over the jobs of one source, newest first."""

    id: str
    rule: str
    find: Callable[[Sequence[Job]], Iterator[Advice]]


def _fails(jobs: Sequence[Job]) -> Iterator[Advice]:
    ended = [job for job in jobs if job["state"] in ("completed", "failed")]
    failed = [job for job in ended if job["state"] == "failed"]
    if len(ended) < 5 or len(failed) < 0.2 * len(ended):
        return
    lost = sum(job["duration_seconds"] or 0 for job in failed)
    yield Advice(
        failed[0]["job_id"],
        f"{len(failed)} of {len(ended)} imports failed, the last of them for: {failed[0]['reason'] or 'no reason'}.",
        {"seconds": lost},
        {"ended": len(ended), "failed": len(failed)},
    )


def _slow(jobs: Sequence[Job]) -> Iterator[Advice]:
    timed = [job for job in jobs if job["state"] == "completed" and job["rows"] and job["duration_seconds"]]
    if len(timed) < 5:
        return
    usual = median(job["duration_seconds"] / job["rows"] for job in timed)
    for job in timed:
        times = job["duration_seconds"] / (usual * job["rows"])
        saving = job["duration_seconds"] - usual * job["rows"]
        if times > 3 and saving >= 10:
            yield Advice(
                job["job_id"],
                f"It took {times:.1f} times as long a row as imports of this source do.",
                {"seconds": saving},
                {"seconds_a_row": job["duration_seconds"] / job["rows"], "usual_seconds_a_row": usual},
            )


def _small(jobs: Sequence[Job]) -> Iterator[Advice]:
    done = [job for job in jobs if job["state"] == "completed" and job["duration_seconds"] and job["rows"] is not None]
    if len(done) < 20 or median(job["rows"] for job in done) >= 1000:
        return
    days = (max(job["began"] for job in done) - min(job["began"] for job in done)) / DAY_MS + 1
    fixed = min(job["duration_seconds"] for job in done)
    if len(done) / days >= 10:
        rows = median(job["rows"] for job in done)
        yield Advice(
            done[0]["job_id"],
            f"{len(done)} small imports of about {rows:.0f} rows: one an hour would do.",
            {"seconds": fixed * max(0.0, len(done) - 24 * days)},
            {"imports_a_day": len(done) / days, "median_rows": rows, "seconds_of_the_shortest": fixed},
        )


def _rejects(jobs: Sequence[Job]) -> Iterator[Advice]:
    worst = [job for job in jobs if (job["rejection_rate"] or 0) >= 0.05 and job["rows_rejected"] >= 10]
    if worst:
        job = max(worst, key=lambda each: each["rows_rejected"])
        rows = sum(each["rows_rejected"] for each in worst)
        yield Advice(
            job["job_id"],
            f"{len(worst)} imports lost 5 % of their rows or more, this one {job['rejection_rate']:.0%}: mend them at"
            " the source or in the mapping.",
            {"rows": rows},
            {"imports": len(worst), "rows_rejected": rows},
        )


def _doubles(jobs: Sequence[Job]) -> Iterator[Advice]:
    for job in jobs:
        double, rows = job["rows_duplicate"] or 0, job["rows"] or 0
        if double >= 100 and double / (double + rows) >= 0.5:
            share = double / (double + rows)
            yield Advice(
                job["job_id"],
                f"{share:.0%} of its rows had come in before: send what is new alone.",
                {"rows": double, "seconds": share * (job["duration_seconds"] or 0)},
                {"rows_duplicate": double, "share": share},
            )


def _stale(jobs: Sequence[Job]) -> Iterator[Advice]:
    for job in jobs:
        if job["state"] == "stale":
            yield Advice(
                job["job_id"],
                "It did not end and says nothing more: look whether it still runs, and send import_failed where it does"
                " not.",
                {},
                {"attempts": job["attempts"]},
            )


RULES = (
    Rule("fails_often", "of 5 or more ended imports of a source at least 20 % failed", _fails),
    Rule("slow", "more than 3 times the source's median of seconds a row, and 10 s or more beyond it", _slow),
    Rule("too_small", "20 or more completed imports, 10 or more a day, with a median below 1,000 rows", _small),
    Rule("rejects", "5 % or more of the rows of an import rejected, 10 rows at least", _rejects),
    Rule("duplicates", "half or more of the rows of an import had come in before, 100 rows at least", _doubles),
    Rule("stale", "began, did not end, and says nothing for longer than stale_hours", _stale),
)
COLUMNS = ("rule", "origin", "job_id", "message", "saved_seconds", "saved_rows")


def optimization(warehouse: Warehouse, scope: Scope, asked: Inquiry, stale_ms: int, limit: int) -> dict[str, Any]:
    """The advice of every rule for every source, what saves most time first, then most rows."""
    jobs = all_jobs(warehouse, scope, asked, stale_ms, MOST_JOBS)
    by_origin: dict[str | None, list[Job]] = {}
    for job in jobs:
        by_origin.setdefault(job["origin"], []).append(job)
    found = [
        {"rule": rule.id, "because": rule.rule, "origin": origin, **_told(each)}
        for origin, of in by_origin.items()
        for rule in RULES
        for each in rule.find(of)
    ]
    found.sort(key=lambda each: (-(each["saving"].get("seconds") or 0), -(each["saving"].get("rows") or 0)))
    return {
        **asked.told,
        "jobs": len(jobs),
        "advice": found[:limit],
        "cut": {"is_cut": len(found) > limit, "shown": min(limit, len(found)), "of": len(found), "limit": limit},
        "rules": {rule.id: rule.rule for rule in RULES},
        "notes": [f"Only the newest {MOST_JOBS:,} jobs were weighed."] if len(jobs) == MOST_JOBS else [],
    }


def _told(advice: Advice) -> dict[str, Any]:
    return {
        "job_id": advice.job_id,
        "message": advice.message,
        "saving": advice.saving,
        "numbers": advice.numbers,
    }
