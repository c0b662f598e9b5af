"""Rows that the warehouse refuses never stop the line: they end in dead letters, all the others are in."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

import pyarrow as pa

from factbook.bench.server import Served
from factbook.ingest.blocks import EVENTS, to_bytes
from factbook.ingest.journal import SqliteJournal

from .stored import read

BAD = {7, 8, 600, 999}


def poisonous(count: int) -> tuple[pa.RecordBatch, list[str]]:
    """Rows as ingest journals them, but for those in BAD, which have no event type; and the ids of the good ones."""
    ids = [uuid.uuid4() for _ in range(count)]
    now = int(time.time() * 1000)
    given = {
        "tenant": ["default"] * count,
        "event_id": [each.bytes for each in ids],
        "event_type": ["" if number in BAD else "page_view" for number in range(count)],
        "timestamp": [now] * count,
        "processed_at": [now] * count,
        "user_id": ["someone"] * count,
        "session": [1] * count,
        "is_bot": [False] * count,
        "batch_id": [bytes(16)] * count,
        "numbers": [[("x", 1.0)]] * count,
        "texts": [[]] * count,
        "properties": ['{"x":1}'] * count,
    }
    arrays = [pa.array(given.get(field.name, [""] * count), field.type) for field in EVENTS]
    return pa.RecordBatch.from_arrays(arrays, schema=EVENTS), [str(ids[n]) for n in range(count) if n not in BAD]


def test_poisonous_block_is_split_and_only_the_bad_rows_become_letters(served: Served, tmp_path: Path) -> None:
    assert served.stop() == 0
    rows, good = poisonous(1000)
    [path] = [each for each in served.folder.rglob("*") if each.is_file() and each.name.startswith("journal")]
    journal = SqliteJournal(path)
    journal.append(to_bytes(rows, None), rows.num_rows, int(time.time() * 1000))
    journal.close()
    served.start()
    status, answer = served.request("POST", "/api/v1/events", b'{"event_type": "after", "properties": {"x": 1}}')
    assert status == 200
    served.settle()
    assert served.get("/healthz")[1]["status"] == "healthy"
    status, letters = served.get("/api/v1/dead-letters")
    assert status == 200
    assert len(letters["dead_letters"]) == len(BAD)
    assert served.stop() == 0
    found = read(served.folder)
    assert sorted(found["ids"]) == sorted([*good, answer["event_id"]])
    assert found["letters"] == {"refused_by_warehouse": len(BAD)}
    assert found["wrong"] == {"1m": [], "1h": [], "1d": []}


def test_killed_while_a_poisonous_block_is_split_each_row_counts_once(served: Served) -> None:
    assert served.stop() == 0
    rows, good = poisonous(5000)
    [path] = [each for each in served.folder.rglob("*") if each.is_file() and each.name.startswith("journal")]
    journal = SqliteJournal(path)
    journal.append(to_bytes(rows, None), rows.num_rows, int(time.time() * 1000))
    journal.close()
    for _ in range(3):
        served.launch()
        time.sleep(1.5)  # somewhere between the start and the end of the splitting
        served.kill()
    served.start()
    served.settle()
    assert served.stop() == 0
    found = read(served.folder)
    assert sorted(found["ids"]) == sorted(good)
    assert found["letters"] == {"refused_by_warehouse": len(BAD)}
    assert found["wrong"] == {"1m": [], "1h": [], "1d": []}
