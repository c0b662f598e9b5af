"""A load tells of itself as an import: once, also when it is cut off anywhere and begun again."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from factbook.core.clock import system_clock
from factbook.core.errors import FactbookError
from factbook.ingest.file_load import BATCH_ROWS, FileLoad, Step
from factbook.ingest.file_mapping import ColumnMapping
from factbook.ingest.file_report import STOPPED, ReportedLoad
from factbook.ingest.files import source_file
from tests.ingest.memory_sink import MemorySink

MAPPING = ColumnMapping({"timestamp": "at", "user_id": "who"}, "sale")
ROWS = 3 * BATCH_ROWS


def lines(count: int = ROWS) -> str:
    return "at,who\n" + "".join(f"{'soon' if n == 7 else '2026-01-01T00:00:00Z'},u{n}\n" for n in range(count))


def run(path: Path, sink: MemorySink, watch: Any = lambda step: None) -> None:
    file = source_file(path)
    ReportedLoad(FileLoad(file, MAPPING, file.digest()), file, sink, system_clock).run(watch)


def told(sink: MemorySink, name: str = "") -> list[dict[str, Any]]:
    found = [event for event in sink.all() if event["event_type"].startswith(f"import_{name}")]
    return [{"type": event["event_type"].removeprefix("import_"), **event["properties"]} for event in found]


def added(sink: MemorySink, name: str) -> float:
    return float(sum(each.get(name, 0) for each in told(sink)))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sales.csv"
    path.write_text(lines())
    return path


def test_a_load_begins_and_is_completed_with_its_rows(file: Path) -> None:
    sink = MemorySink()
    run(file, sink)
    began, done = told(sink)
    assert (began["type"], done["type"], began["job_id"]) == ("started", "completed", done["job_id"])
    assert (done["rows"], done["rows_rejected"], done["rows_duplicate"]) == (ROWS - 1, 1, 0)
    assert (done["file"], done["format"], done["origin"], done["bytes"]) == (
        "sales.csv",
        "csv",
        "load",
        file.stat().st_size,
    )


def test_a_load_repeated_tells_nothing(file: Path) -> None:
    sink = MemorySink()
    run(file, sink)
    before = sink.all()
    run(file, sink)
    assert sink.all() == before


@pytest.mark.parametrize("batches", range(7))
def test_a_load_killed_anywhere_and_begun_again_is_counted_once(file: Path, batches: int) -> None:
    sink = MemorySink(fail_after=batches)
    if batches < 5:  # three batches, that it began, that it was completed
        with pytest.raises(FactbookError):
            run(file, sink)
    sink.fail_after = None
    run(file, sink)
    assert [each["type"] for each in sorted(told(sink), key=lambda one: one["type"] == "completed")] == [
        "started",
        "completed",
    ]
    assert added(sink, "rows") + added(sink, "rows_rejected") == ROWS


def test_a_damaged_file_is_a_failure_with_its_reason_and_the_mended_run_tells_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv.gz"
    packed = gzip.compress(lines(40_000).encode())
    path.write_bytes(packed[: len(packed) // 2])
    sink = MemorySink()
    for _ in range(2):
        with pytest.raises(FactbookError):
            run(path, sink)
    [failed] = told(sink, "failed")
    assert "damaged or cut off" in failed["reason"]
    assert failed["rows"] + failed["rows_rejected"] == sink.position(failed["job_id"])


def test_a_load_stopped_by_hand_says_so_and_goes_on_later(file: Path) -> None:
    def stop(step: Step) -> None:
        raise KeyboardInterrupt

    sink = MemorySink()
    with pytest.raises(KeyboardInterrupt):
        run(file, sink, stop)
    [failed] = told(sink, "failed")
    assert (failed["reason"], failed["rows"] + failed["rows_rejected"]) == (STOPPED, BATCH_ROWS)
    run(file, sink)
    assert [each["type"] for each in told(sink)] == ["started", "failed", "completed"]
    assert added(sink, "rows") + added(sink, "rows_rejected") == ROWS
