"""Loading files: every format, once, on from where it stopped; bad rows are told and never stop the rest."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from factbook.core.errors import FactbookError, Kind
from factbook.ingest.file_load import BATCH_ROWS, FileLoad, Tally
from factbook.ingest.file_mapping import ColumnMapping, moment
from factbook.ingest.files import source_file
from tests.ingest.memory_sink import MemorySink

MAPPING = ColumnMapping({"timestamp": "at", "user_id": "who"}, "sale")


def load(
    path: Path, mapping: ColumnMapping = MAPPING, sink: MemorySink | None = None, **reading: str
) -> tuple[list[dict[str, Any]], Tally]:
    file = source_file(path)
    sink = sink or MemorySink()
    tally = FileLoad(file, mapping, file.digest(), **reading).run(sink)
    return sink.all(), tally


def rows(count: int) -> list[dict[str, Any]]:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        {"at": (start + timedelta(minutes=i)).isoformat(), "who": f"u{i % 7}", "amount": i / 4, "place": "Köln"}
        for i in range(count)
    ]


def write_csv(path: Path, content: list[dict[str, Any]]) -> None:
    lines = [",".join(content[0]), *(",".join(str(value) for value in row.values()) for row in content)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_ndjson(path: Path, content: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in content), encoding="utf-8")


def write_array(path: Path, content: list[dict[str, Any]]) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")


def write_wrapped(path: Path, content: list[dict[str, Any]]) -> None:
    path.write_text(json.dumps({"events": content}), encoding="utf-8")


def write_gzip(path: Path, content: list[dict[str, Any]]) -> None:
    write_csv(path, content)
    path.write_bytes(gzip.compress(path.read_bytes()))


def write_zstd(path: Path, content: list[dict[str, Any]]) -> None:
    write_ndjson(path, content)
    data = path.read_bytes()
    frames = (data[: len(data) // 2], data[len(data) // 2 :])
    path.write_bytes(b"".join(zstd.compress(frame) for frame in frames))


def write_parquet(path: Path, content: list[dict[str, Any]]) -> None:
    pq.write_table(pa.Table.from_pylist(content), path, row_group_size=700)


FORMATS: dict[str, Callable[[Path, list[dict[str, Any]]], None]] = {
    "sales.csv": write_csv,
    "sales.csv.gz": write_gzip,
    "sales.ndjson": write_ndjson,
    "sales.ndjson.zst": write_zstd,
    "sales.json": write_array,
    "wrapped.json": write_wrapped,
    "sales.parquet": write_parquet,
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_row_becomes_one_event(tmp_path: Path, name: str) -> None:
    FORMATS[name](tmp_path / name, rows(5000))
    events, tally = load(tmp_path / name)
    assert (tally.rows, tally.accepted, tally.refused, len(events)) == (5000, 5000, 0, 5000)
    assert sum(event["properties"]["amount"] for event in events) == sum(i / 4 for i in range(5000))
    assert events[61] == {
        "event_type": "sale",
        "event_id": events[61]["event_id"],
        "timestamp": datetime(2026, 1, 1, 1, 1, tzinfo=UTC),
        "user_id": "u5",
        "properties": {"amount": 15.25, "place": "Köln"},
    }


@pytest.mark.parametrize("name", FORMATS)
def test_interrupted_load_goes_on_where_it_stopped(tmp_path: Path, name: str) -> None:
    FORMATS[name](tmp_path / name, rows(3 * BATCH_ROWS + 11))
    whole, _ = load(tmp_path / name)
    sink = MemorySink(fail_after=2)
    with pytest.raises(FactbookError):
        load(tmp_path / name, sink=sink)
    assert len(sink.events) == 2 * BATCH_ROWS
    sink.fail_after = None
    events, tally = load(tmp_path / name, sink=sink)
    assert (tally.before, tally.rows, tally.duplicates) == (2 * BATCH_ROWS, BATCH_ROWS + 11, 0)
    assert events == whole


@pytest.mark.parametrize("name", FORMATS)
def test_repeated_load_does_nothing(tmp_path: Path, name: str) -> None:
    FORMATS[name](tmp_path / name, rows(100))
    sink = MemorySink()
    load(tmp_path / name, sink=sink)
    batches = sink.batches
    _, tally = load(tmp_path / name, sink=sink)
    assert (tally.before, tally.rows, sink.batches) == (100, 0, batches)


def test_same_content_under_another_name_is_the_same_load(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", rows(10))
    write_csv(tmp_path / "b.csv", rows(10))
    sink = MemorySink()
    load(tmp_path / "a.csv", sink=sink)
    events, tally = load(tmp_path / "b.csv", sink=sink)
    assert tally.before == len(events) == 10


def test_mended_mapping_brings_in_what_was_refused_and_doubles_nothing(tmp_path: Path) -> None:
    lines = ["at,who", "2026-01-01 10:00,a", "02/01/2026 10:00,b"]
    (tmp_path / "mixed.csv").write_text("\n".join(lines))
    sink = MemorySink()
    _, first = load(tmp_path / "mixed.csv", sink=sink)
    assert (first.accepted, first.refused) == (1, 1)
    mended = ColumnMapping(MAPPING.fields, "sale", time_format="%d/%m/%Y %H:%M")
    events, second = load(tmp_path / "mixed.csv", mended, sink)
    assert (second.accepted, second.rows) == (1, 2)
    assert sorted(event["user_id"] for event in events) == ["a", "b"]


def test_one_file_loads_as_two_types(tmp_path: Path) -> None:
    write_csv(tmp_path / "orders.csv", rows(10))
    sink = MemorySink()
    load(tmp_path / "orders.csv", ColumnMapping(MAPPING.fields, "order.placed"), sink)
    events, tally = load(tmp_path / "orders.csv", ColumnMapping(MAPPING.fields, "order.filled"), sink)
    assert (tally.accepted, len(events)) == (10, 20)


def test_bad_rows_are_told_with_their_reason_and_the_rest_is_kept(tmp_path: Path) -> None:
    lines = ["at,who", "2026-01-01 10:00,a", "soon,b", ",c", "2026-01-01 11:00,d,too,many", "2026-01-01 12:00,e"]
    (tmp_path / "bad.csv").write_text("\n".join(lines))
    sink = MemorySink()
    events, tally = load(tmp_path / "bad.csv", sink=sink)
    assert [event["user_id"] for event in events] == ["a", "e"]
    assert tally.reasons == {"bad_time": 2, "unreadable": 1}
    assert [(bad.row, bad.field, bad.reason) for bad in tally.examples] == [
        (2, "timestamp", "bad_time"),
        (3, "timestamp", "bad_time"),
        (4, "", "unreadable"),
    ]
    assert tally.examples[2].message == "4 cells where the header has 2"
    assert sink.letters[2] == b'"2026-01-01 11:00,d,too,many"'


def test_broken_lines_of_ndjson_are_refused_alone(tmp_path: Path) -> None:
    lines = [b'{"at": "2026-01-01", "who": "a"}', b'{"at": ', b"[1]", b'{"at": "2026-01-02", "who": "\xff"}', b""]
    (tmp_path / "bad.ndjson").write_bytes(b"\n".join([*lines, lines[0].replace(b"a", b"z", 2)]))
    events, tally = load(tmp_path / "bad.ndjson", ColumnMapping({"timestamp": "at", "user_id": "who"}, "sale"))
    assert tally.rows == 5
    assert tally.accepted + tally.refused == 5
    assert tally.reasons["unreadable"] >= 3
    assert events[0]["user_id"] == "a"


def test_bytes_that_are_not_in_the_encoding_are_refused_alone(tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes(b"at,who\n2026-01-01,K\xf6ln\n2026-01-02,Bonn\n")
    events, tally = load(tmp_path / "latin.csv")
    assert [event["user_id"] for event in events] == ["Bonn"]
    assert "--encoding" in tally.examples[0].message
    events, tally = load(tmp_path / "latin.csv", encoding="latin-1")
    assert [event["user_id"] for event in events] == ["Köln", "Bonn"]


def test_quoted_cells_hold_commas_quotes_and_lines(tmp_path: Path) -> None:
    (tmp_path / "quoted.csv").write_text('at,who,note\n2026-01-01,a,"one, ""two""\nthree"\n2026-01-02,b,four\n')
    events, _ = load(tmp_path / "quoted.csv")
    assert [event["properties"]["note"] for event in events] == ['one, "two"\nthree', "four"]


def test_semicolons_and_tabs_are_found_in_the_header(tmp_path: Path) -> None:
    for separator, name in ((";", "a.csv"), ("\t", "a.tsv"), ("|", "b.csv")):
        (tmp_path / name).write_text(f"at{separator}who\n2026-01-01{separator}x,y\n")
        events, _ = load(tmp_path / name)
        assert events[0]["user_id"] == "x,y"


def test_cells_that_look_like_numbers_are_numbers_unless_kept_as_text(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("at,who,a,b,c,d,e,zip\n2026-01-01,1,2,-3.50,007,1e3,1.2.3,10115\n")
    mapping = ColumnMapping(MAPPING.fields, "sale", texts=frozenset({"zip"}))
    events, _ = load(tmp_path / "n.csv", mapping)
    assert events[0]["user_id"] == "1"
    assert events[0]["properties"] == {"a": 2, "b": -3.5, "c": "007", "d": 1000.0, "e": "1.2.3", "zip": "10115"}


def test_empty_cells_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("at,who,a,b\n2026-01-01,,,x\n")
    events, _ = load(tmp_path / "n.csv")
    assert events[0]["properties"] == {"b": "x"}
    assert "user_id" not in events[0]


def test_times_without_an_offset_are_read_in_the_zone(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("at,who\n2026-01-15 12:00,a\n2026-07-15 12:00,b\n2026-07-15T12:00:00Z,c\n")
    events, _ = load(tmp_path / "n.csv", ColumnMapping(MAPPING.fields, "sale", zone=ZoneInfo("Europe/Berlin")))
    assert [event["timestamp"].astimezone(UTC).hour for event in events] == [11, 10, 12]


@pytest.mark.parametrize(
    "value", [1_767_225_600, "1767225600", 1_767_225_600_000, "1767225600000", 1_767_225_600_000_000]
)
def test_epochs_are_told_apart_by_their_size(value: object) -> None:
    assert moment(value, ZoneInfo("UTC")) == datetime(2026, 1, 1, tzinfo=UTC)


def test_what_is_no_time_is_passed_on_unchanged() -> None:
    assert moment("yesterday", ZoneInfo("UTC")) == "yesterday"
    assert moment(True, ZoneInfo("UTC")) is True
    assert moment(10**30, ZoneInfo("UTC")) == 10**30


def test_parquet_types_keep_their_meaning(tmp_path: Path) -> None:
    table = pa.table(
        {
            "at": pa.array([1_767_270_600_000_000_000], pa.timestamp("ns")),
            "who": pa.array([17], pa.int64()),
            "price": pa.array([Decimal("12.50")], pa.decimal128(10, 2)),
            "day": pa.array([date(2026, 1, 2)], pa.date32()),
            "flag": pa.array([True]),
            "tags": pa.array([["a", "b"]]),
            "nested": pa.array([{"x": 1}]),
            "nothing": pa.array([None], pa.string()),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    events, tally = load(tmp_path / "t.parquet")
    assert tally.accepted == 1
    assert events[0]["timestamp"] == datetime(2026, 1, 1, 12, 30, tzinfo=timezone(timedelta(0)))
    assert events[0]["user_id"] == "17"
    assert events[0]["properties"] == {
        "price": 12.5,
        "day": "2026-01-02",
        "flag": True,
        "tags": ["a", "b"],
        "nested": {"x": 1},
    }


def test_rows_in_the_form_of_events_keep_ids_and_properties(tmp_path: Path) -> None:
    content = [
        {"id": "order-1", "event_type": "purchase", "timestamp": "2026-01-01T10:00:00Z", "properties": {"a": 1}, "b": 2}
    ]
    write_ndjson(tmp_path / "e.ndjson", content)
    events, _ = load(tmp_path / "e.ndjson", ColumnMapping())
    assert events[0]["event_id"] == "order-1"
    assert events[0]["properties"] == {"a": 1, "b": 2}


def test_id_column_of_a_table_is_no_event_id(tmp_path: Path) -> None:
    """Row 1 of customers.csv and row 1 of orders.csv are two things."""
    (tmp_path / "n.csv").write_text("id,at,who\n1,2026-01-01,a\n")
    events, _ = load(tmp_path / "n.csv")
    assert events[0]["properties"] == {"id": 1}
    events, _ = load(tmp_path / "n.csv", ColumnMapping({**MAPPING.fields, "event_id": "id"}, "sale"))
    assert events[0]["event_id"] == "1"


def test_columns_may_become_properties_of_another_name(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("at,who,usd\n2026-01-01,a,12.5\n")
    events, _ = load(tmp_path / "n.csv", ColumnMapping({**MAPPING.fields, "amount": "usd"}, "sale"))
    assert events[0]["properties"] == {"amount": 12.5}


def test_batches_too_large_for_the_sink_are_sent_in_parts(tmp_path: Path) -> None:
    write_csv(tmp_path / "n.csv", rows(5000))
    events, tally = load(tmp_path / "n.csv", sink=MemorySink(max_events=300))
    assert tally.accepted == len(events) == 5000


def test_nothing_is_loaded_without_a_time_or_a_type(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("created_at,who\n2026-01-01,a\n")
    for mapping, field in (
        (ColumnMapping({}, "sale"), "timestamp"),
        (ColumnMapping({"timestamp": "created_at"}), "event_type"),
    ):
        with pytest.raises(FactbookError) as caught:
            load(tmp_path / "n.csv", mapping)
        assert caught.value.kind is Kind.INVALID
        assert caught.value.hint is not None
        assert f"--map {field}=" in caught.value.hint


def test_mapped_column_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("at,who\n2026-01-01,a\n")
    with pytest.raises(FactbookError, match="no column 'customer'") as caught:
        load(tmp_path / "n.csv", ColumnMapping({"timestamp": "at", "user_id": "customer"}, "sale"))
    assert caught.value.hint == "Its columns: at, who."


@pytest.mark.parametrize("name", ["sales.csv.gz", "sales.ndjson.zst"])
def test_file_cut_off_keeps_what_could_be_read(tmp_path: Path, name: str) -> None:
    FORMATS[name](tmp_path / name, [{**row, "noise": hash(str(i)) % 10**9} for i, row in enumerate(rows(30_000))])
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) * 2 // 3])
    sink = MemorySink()
    with pytest.raises(FactbookError, match="damaged or cut off"):
        load(tmp_path / name, sink=sink)
    assert 0 < len(sink.events) < 30_000


def test_json_cut_off_is_told(tmp_path: Path) -> None:
    (tmp_path / "n.json").write_text(json.dumps(rows(5000))[:-100])
    sink = MemorySink()
    with pytest.raises(FactbookError, match="is not JSON"):
        load(tmp_path / "n.json", sink=sink)
    assert len(sink.events) == 2 * BATCH_ROWS


def test_unknown_file_and_format_are_told(tmp_path: Path) -> None:
    with pytest.raises(FactbookError, match="There is no file"):
        source_file(tmp_path / "none.csv")
    (tmp_path / "n.xlsx").write_bytes(b"x")
    with pytest.raises(FactbookError, match="does not tell the file's format"):
        source_file(tmp_path / "n.xlsx")
    (tmp_path / "n.parquet").write_bytes(b"not parquet")
    with pytest.raises(FactbookError, match="not a Parquet file"):
        load(tmp_path / "n.parquet")
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(FactbookError, match="no header row"):
        load(tmp_path / "empty.csv")


def test_preview_shows_events_as_they_would_be_sent(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("at,who\n2026-01-01,a\nsoon,b\n")
    file = source_file(tmp_path / "n.csv")
    shown = FileLoad(file, MAPPING, file.digest()).preview(5)
    assert json.loads(shown[0][0])["timestamp"] == "2026-01-01T00:00:00Z"
    assert [why for _, why in shown] == ["", "Not a time: use RFC 3339, as in 2026-03-01T09:30:00Z."]
