"""What stands in the warehouse, read by a process of its own: `python -m tests.faults.stored FOLDER [ADDRESS]`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from factbook.storage.engine import Engine

_ROUNDED = {"1m": "toStartOfMinute", "1h": "toStartOfHour", "1d": "toStartOfDay"}

_COUNTS = (
    """
SELECT type, toUnixTimestamp({rounded}(timestamp)) AS at, count(), uniqExactIf(user_id, user_id != ''),
    uniqExactIf(session, session != 0)
FROM events ARRAY JOIN [toString(event_type), ''] AS type GROUP BY type, at
""",
    """
SELECT event_type, toUnixTimestamp(bucket) AS at, sum(count), uniqCombined64Merge(17)(users),
    uniqCombined64Merge(17)(sessions)
FROM rollups WHERE level = '{level}' AND property = '' GROUP BY event_type, at
""",
)
_PROPERTY = (
    """
SELECT event_type, toUnixTimestamp({rounded}(timestamp)) AS at, count(), sum(numbers['x']), min(numbers['x']),
    max(numbers['x'])
FROM events GROUP BY event_type, at
""",
    """
SELECT event_type, toUnixTimestamp(bucket) AS at, sum(count), sum(sum), min(min), max(max)
FROM rollups WHERE level = '{level}' AND property = 'x' GROUP BY event_type, at
""",
)


def read(folder: Path, address: str = "chdb") -> dict[str, Any]:
    """ids: of every raw row. wrong: by level, the buckets in which raw rows and roll-up differ.

    folder: of a server that was stopped, where the warehouse is embedded.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.stored", str(folder), address],
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _main(folder: Path, address: str) -> None:
    engine = Engine(address, folder, connections=1)
    try:
        ids = [str(row[0]) for row in engine.rows("SELECT event_id FROM events")]
        wrong: dict[str, list[Any]] = {}
        for level, rounded in _ROUNDED.items():
            wrong[level] = []
            for from_events, from_rollups in (_COUNTS, _PROPERTY):
                raw = set(engine.rows(from_events.format(rounded=rounded)))
                rolled = set(engine.rows(from_rollups.format(level=level)))
                wrong[level] += [["only in events", *row] for row in sorted(raw - rolled)]
                wrong[level] += [["only in rollups", *row] for row in sorted(rolled - raw)]
        letters = engine.rows("SELECT reason, count() FROM dead_letters GROUP BY reason")
        json.dump({"ids": ids, "wrong": wrong, "letters": dict(letters)}, sys.stdout)
    finally:
        engine.close()


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2])
