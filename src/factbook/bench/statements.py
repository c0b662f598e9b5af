"""Statements on the bare engine, one after the other, again and again: the reference of questions over metrics.

`python -m factbook.bench.statements FOLDER SECONDS` reads {name: sql} as JSON and writes the milliseconds of each.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import msgspec

from factbook.core.errors import unavailable
from factbook.storage.engine import Engine


def apart(folder: Path, seconds: float, statements: dict[str, str]) -> dict[str, list[float]]:
    """`run` in a process of its own: only one may have the engine's folder."""
    command = [sys.executable, "-m", "factbook.bench.statements", str(folder), str(seconds)]
    given = msgspec.json.encode(statements)
    done = subprocess.run(command, input=given, capture_output=True, check=False)  # noqa: S603 (our own command line)
    if done.returncode:
        raise unavailable(f"The reference failed: {done.stderr.decode(errors='replace')[-1000:]}")
    return msgspec.json.decode(done.stdout, type=dict[str, list[float]])


def run(folder: Path, seconds: float, statements: dict[str, str]) -> dict[str, list[float]]:
    """Milliseconds of each statement, by its name; at least one of each."""
    engine = Engine("chdb", folder, connections=1)
    times: dict[str, list[float]] = {name: [] for name in statements}
    try:
        for sql in statements.values():
            engine.rows(sql)
        end = time.perf_counter() + seconds
        while not all(times.values()) or time.perf_counter() < end:
            for name, sql in statements.items():
                started = time.perf_counter()
                engine.rows(sql)
                times[name].append((time.perf_counter() - started) * 1000)
    finally:
        engine.close()
    return times


if __name__ == "__main__":
    given = msgspec.json.decode(sys.stdin.buffer.read(), type=dict[str, str])
    sys.stdout.buffer.write(msgspec.json.encode(run(Path(sys.argv[1]), float(sys.argv[2]), given)))
