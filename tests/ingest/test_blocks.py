"""Rows as the journal keeps them: what went in comes out, and what cannot be read is told plainly."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factbook.core.errors import FactbookError, Kind
from factbook.ingest.blocks import (
    EVENTS,
    LETTERS,
    Letter,
    event_rows,
    from_bytes,
    letter_rows,
    letters_of,
    size_of,
    to_bytes,
    uuid_text,
)
from factbook.ingest.visits import Visits

from .batches import NOW, stepped

LETTER = Letter("shop", b"l" * 16, 1, "too_old", "timestamp", "Too old.", "mine", "http", '{"x":1}')
values = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False)
events = st.lists(
    st.fixed_dictionaries(
        {"event_type": st.text(min_size=1, max_size=5)},
        optional={
            "user_id": st.text(max_size=5),
            "country": st.none() | st.text(max_size=5),
            "properties": st.dictionaries(st.text(max_size=5), values | st.text(max_size=5), max_size=4),
        },
    ),
    min_size=1,
    max_size=6,
)


def rows(*sent: dict[str, Any]) -> pa.RecordBatch:
    return event_rows(stepped(*sent), [b"b" * 16])


@given(st.lists(events, min_size=1, max_size=4))
def test_entries_read_back_are_one_block_in_order(batches: list[list[dict[str, Any]]]) -> None:
    written = [rows(*batch) for batch in batches]
    block = from_bytes(to_bytes(batch, None) for batch in written)
    assert block.events.to_pylist() == [row for batch in written for row in batch.to_pylist()]
    assert block.letters.num_rows == 0
    sent = [event for batch in batches for event in batch]
    for row, event in zip(block.events.to_pylist(), sent, strict=True):
        assert (row["event_type"], row["user_id"]) == (event["event_type"], event.get("user_id", ""))
        assert json.loads(row["properties"]) == event.get("properties", {})
        assert row["timestamp"] == row["processed_at"] == NOW


@given(events, st.sampled_from(["2026-03-01T10:00:00.1239Z", "2026-03-01T10:00:00", "2026-03-01T10:00:00+05:30", None]))
def test_many_events_become_the_rows_that_each_would_become_alone(sent: list[dict[str, Any]], time: str | None) -> None:
    many = [
        {**event, "event_id": str(UUID(int=number)) if number % 3 else f"mine {number}", "timestamp": time}
        for number, event in enumerate(sent * 20)
    ]
    uuids = [{**event, "event_id": str(UUID(int=number + 7))} for number, event in enumerate(many)]
    visits = Visits(1_800_000)
    for batch in (many, uuids):
        alone = [event_rows(stepped(event, visits=visits), [b"b" * 16]).to_pylist()[0] for event in batch]
        assert event_rows(stepped(*batch, visits=visits), [b"b" * 16]).to_pylist() == alone


def test_events_and_letters_of_one_entry_stay_together() -> None:
    block = from_bytes([to_bytes(rows({"event_type": "a"}), letter_rows([LETTER, LETTER])), to_bytes(None, None)])
    assert (block.events.num_rows, block.letters.num_rows) == (1, 2)
    assert (block.events.schema, block.letters.schema) == (EVENTS, LETTERS)
    assert block.letters.to_pylist()[0]["body"] == '{"x":1}'


def test_an_entry_tells_its_size_in_memory() -> None:
    body = to_bytes(rows({"event_type": "a", "properties": {"x": "y" * 50_000}}), letter_rows([LETTER]))
    assert len(body) < 10_000 < 100_000 < size_of(body) < 110_000


def test_no_entries_are_an_empty_block() -> None:
    assert from_bytes([]).events.num_rows == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no entry at all",
        msgspec.msgpack.encode([3, None, None]),
        msgspec.msgpack.encode([1, b"of an earlier version", None]),
        msgspec.msgpack.encode([2, [100, b"no rows"], None]),
        to_bytes(rows({"event_type": "a"}), None)[:-100],
    ],
)
def test_an_entry_that_cannot_be_read_is_told_with_a_way_out(body: bytes) -> None:
    with pytest.raises(FactbookError) as refused:
        from_bytes([to_bytes(None, None), body])
    assert refused.value.kind is Kind.UNAVAILABLE
    assert "journal" in refused.value.message
    assert "version" in (refused.value.hint or "")


def test_a_refused_row_becomes_a_letter_that_can_be_sent_again() -> None:
    sent = {
        "event_type": "sale",
        "event_id": str(UUID(int=7)),
        "timestamp": "2026-03-01T11:00:00Z",
        "user_id": "u",
        "country": "DE",
        "data_class": "personal",
        "properties": {"amount": 1.5, "list": [1]},
    }
    [letter] = letters_of(pa.Table.from_batches([rows(sent)]), "No.", 5).to_pylist()
    assert (letter["tenant"], letter["reason"], letter["message"]) == ("shop", "refused_by_warehouse", "No.")
    again = json.loads(letter["body"])
    assert datetime.fromisoformat(again.pop("timestamp")) == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert again == {k: v for k, v in sent.items() if k != "timestamp"} | {"event_category": "custom", "source": "http"}


@given(st.uuids())
def test_ids_are_written_as_uuids_are(value: UUID) -> None:
    assert uuid_text(value.bytes) == str(value)
