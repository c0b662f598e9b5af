"""The reads of `query` as one would write them by hand, on the bare engine.

`python -m factbook.bench.by_hand FOLDER SECONDS` writes the milliseconds of each as JSON.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import msgspec

from factbook.storage.engine import Engine

from .query import READS, periods


def run(folder: Path, seconds: float) -> dict[str, list[float]]:
    """Milliseconds of each read, by what it reads."""
    engine = Engine("chdb", folder, connections=1)
    times: dict[str, list[float]] = {read.what: [] for read in READS}
    try:
        asked = {read: periods(read, 7) for read in READS}
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            for read, each in asked.items():
                first, last = (f"{moment:%Y-%m-%d %H:%M:%S}" for moment in next(each))
                started = time.perf_counter()
                engine.rows(read.sql.format(start=first, end=last))
                times[read.what].append((time.perf_counter() - started) * 1000)
    finally:
        engine.close()
    return times


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(run(Path(sys.argv[1]), float(sys.argv[2]))))
