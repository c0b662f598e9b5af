"""Made-up imports: one every hour, one whose rows get worse, one half of which came before, one that broke off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .days import DAY, HOUR, MINUTE, SECOND, Chance, Fortnight, Happening

_REFUSED = "connection to prices.example refused after {} attempts"
_BROKEN = "line {}: 9 columns in place of 8"


@dataclass(frozen=True, slots=True)
class Source:
    """every: hours between two jobs. rows: of one job. rejected, duplicate: shares of them, on the first day. worse: by
    how much of its rows it gets worse a day. fails: the share of jobs that break off; silent_days: the last days, on
    which all of them do.
    """

    origin: str
    format: str
    every: int
    rows: int
    per_second: float
    rejected: float = 0.001
    duplicate: float = 0.0
    worse: float = 0.0
    fails: float = 0.01
    silent_days: float = 0


SOURCES = (
    Source("orders (s3)", "parquet", 1, 2400, 900),
    Source("prices (sftp)", "csv", 6, 18_000, 2200, silent_days=2.5),
    Source("contacts (api)", "json", 12, 3200, 150, rejected=0.01, worse=0.009, fails=0.04),
    Source("statements (mail)", "csv", 84, 700, 300, duplicate=0.55),
)


def imports(chance: Chance, fortnight: Fortnight) -> Iterator[Happening]:
    for source in SOURCES:
        for number, at in enumerate(range(fortnight.start + 7 * MINUTE, fortnight.end, source.every * HOUR)):
            yield from _job(chance, source, fortnight, number, at + int(chance.integers(0, 90)) * SECOND)
    left = _about(SOURCES[2], 999)
    yield Happening(fortnight.clock(2, 3), "import_started", {**left, "rows_expected": SOURCES[2].rows})
    yield Happening(fortnight.end, "import_started", {**_about(SOURCES[0], 999), "rows_expected": SOURCES[0].rows})


def _about(source: Source, number: int) -> dict[str, Any]:
    job = f"{source.origin.split()[0]}-{number:03}"
    return {"job_id": job, "origin": source.origin, "format": source.format, "file": f"{job}.{source.format}"}


def _job(chance: Chance, source: Source, fortnight: Fortnight, number: int, at: int) -> Iterator[Happening]:
    about = _about(source, number)
    expected = int(source.rows * float(chance.normal(1, 0.08)))
    size = expected * 64
    yield Happening(at, "import_started", {**about, "rows_expected": expected, "bytes": size})
    is_silent = at > fortnight.end - source.silent_days * DAY
    if is_silent or chance.random() < source.fails:
        rows = 0 if is_silent else expected // int(chance.integers(2, 9))
        seconds = 95.0 if is_silent else rows / source.per_second + 2
        reason = _REFUSED.format(int(chance.integers(3, 6))) if is_silent else _BROKEN.format(rows + 1)
        told = {**about, "rows": rows, "rows_expected": expected, "duration_seconds": round(seconds, 1)}
        yield Happening(at + int(seconds * SECOND), "import_failed", {**told, "reason": reason})
        return
    days = (at - fortnight.start) / DAY
    rejected = int(expected * (source.rejected + source.worse * days))
    duplicate = int(expected * source.duplicate)
    seconds = expected / source.per_second * float(chance.lognormal(0, 0.2)) + 1.5
    told = {
        **about,
        "rows": expected - rejected - duplicate,
        "rows_rejected": rejected,
        "rows_duplicate": duplicate,
        "rows_expected": expected,
        "bytes": size,
        "duration_seconds": round(seconds, 1),
    }
    yield Happening(at + int(seconds * SECOND), "import_completed", told)
