"""Rows as Arrow: from a finished batch to the journal's bytes, and from many of those to one block of the warehouse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from factbook.core.errors import unavailable

from .batch import Batch
from .properties import Leaves

_TEXT = pa.string()
_TIME = pa.timestamp("ms", tz="UTC")
_ID = pa.binary(16)

EVENTS = pa.schema(
    [
        ("tenant", _TEXT),
        ("event_id", _ID),
        ("event_type", _TEXT),
        ("event_category", _TEXT),
        ("timestamp", _TIME),
        ("processed_at", _TIME),
        ("user_id", _TEXT),
        ("anonymous_id", _TEXT),
        ("session_id", _TEXT),
        ("session", pa.uint64()),
        ("content_id", _TEXT),
        ("resource_type", _TEXT),
        ("resource_id", _TEXT),
        ("ip_address", _TEXT),
        ("user_agent", _TEXT),
        ("device", _TEXT),
        ("browser", _TEXT),
        ("os", _TEXT),
        ("is_bot", pa.bool_()),
        ("referrer", _TEXT),
        ("referrer_source", _TEXT),
        ("utm_source", _TEXT),
        ("utm_medium", _TEXT),
        ("utm_campaign", _TEXT),
        ("utm_term", _TEXT),
        ("utm_content", _TEXT),
        ("country", _TEXT),
        ("region", _TEXT),
        ("city", _TEXT),
        ("source", _TEXT),
        ("batch_id", _ID),
        ("correlation_id", _TEXT),
        ("data_class", _TEXT),
        ("numbers", pa.map_(_TEXT, pa.float64())),
        ("texts", pa.map_(_TEXT, _TEXT)),
        ("properties", _TEXT),
    ]
)
"""The columns of `events` that ingest writes; `block` is added by the writer."""

LETTERS = pa.schema(
    [
        ("tenant", _TEXT),
        ("letter_id", _ID),
        ("received_at", _TIME),
        ("reason", _TEXT),
        ("field", _TEXT),
        ("message", _TEXT),
        ("event_id", _TEXT),
        ("source", _TEXT),
        ("body", _TEXT),
    ]
)
"""The columns of `dead_letters` that ingest writes."""

_OF_EVENT = (
    "event_type",
    "user_id",
    "anonymous_id",
    "session_id",
    "content_id",
    "resource_type",
    "resource_id",
    "referrer",
    "correlation_id",
    "data_class",
)
_ELSEWHERE = ("tenant", "session", "timestamp", "processed_at", "source", "batch_id", "numbers", "texts")
_OF_STEPS = tuple(
    (field.name, _TEXT if field.type == _TEXT else field.type)
    for field in EVENTS
    if field.name not in _OF_EVENT + _ELSEWHERE
)
"""Columns taken as the event has them, columns made below, and columns that the steps made."""


def event_rows(batch: Batch, batch_ids: Sequence[bytes]) -> pa.RecordBatch:
    """The batch as rows of `events`; batch_ids: one for each request."""
    size = len(batch)
    columns: dict[str, pa.Array] = {}
    for name in _OF_EVENT:
        columns[name] = _texts(list(map(attrgetter(name), batch.events)))
    for name, type_ in _OF_STEPS:
        values = batch.columns[name]
        columns[name] = _texts(values) if type_ is _TEXT else pa.array(values, type_)
    columns["session"] = pa.array(np.array(batch.columns["session"], dtype=np.uint64))
    columns["timestamp"] = pa.array(np.array(batch.columns["timestamp"], dtype="datetime64[ms]"), _TIME)
    columns["processed_at"] = pa.repeat(pa.scalar(batch.now_ms, _TIME), size)
    columns["tenant"] = _texts(batch.by_request(lambda scope, _: scope.tenant))
    sources = batch.by_request(lambda _, origin: origin.source)
    columns["source"] = _texts([e.source or source for e, source in zip(batch.events, sources, strict=True)])
    columns["batch_id"] = pa.array([batch_ids[number] for number in batch.request], _ID)
    leaves = Leaves()
    for event in batch.events:
        leaves.add(event.properties or {})
    columns["numbers"] = _map(
        leaves.number_offsets, leaves.number_keys, pa.array(np.array(leaves.numbers, dtype=np.float64))
    )
    columns["texts"] = _map(leaves.text_offsets, leaves.text_keys, pa.array(leaves.texts, _TEXT))
    return pa.RecordBatch.from_arrays([columns[name] for name in EVENTS.names], schema=EVENTS)


def _texts(values: list[Any]) -> pa.Array:
    first = values[0] if values else None
    if values.count(first) == len(values):  # one value throughout, often none at all
        return pa.repeat(pa.scalar(first, _TEXT), len(values)) if first else _blank(len(values))
    return pa.array([value or "" for value in values], _TEXT)


@lru_cache(maxsize=256)
def _blank(size: int) -> pa.Array:
    return pa.repeat(pa.scalar("", _TEXT), size)


def _map(offsets: list[int], keys: list[str], items: pa.Array) -> pa.Array:
    return pa.MapArray.from_arrays(pa.array(np.array(offsets, dtype=np.int32)), pa.array(keys, _TEXT), items)


@dataclass(frozen=True, slots=True)
class Letter:
    """A dropped event on its way to `dead_letters`."""

    tenant: str
    letter_id: bytes
    received_at: int
    reason: str
    field: str
    message: str
    event_id: str
    source: str
    body: str


def letter_rows(letters: Iterable[Letter]) -> pa.RecordBatch:
    kept = list(letters)
    arrays = [pa.array([getattr(letter, field.name) for letter in kept], field.type) for field in LETTERS]
    return pa.RecordBatch.from_arrays(arrays, schema=LETTERS)


def uuid_text(raw: bytes) -> str:
    """16 bytes as a UUID is written."""
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def warm_up() -> None:
    """Arrow's first conversion imports pandas (0.3 s): done at the start, not with the first event."""
    _texts(["a", "b"])


class _Entry(msgspec.Struct, array_like=True):
    version: int
    events: bytes | None
    letters: bytes | None


_VERSION = 1
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Entry)


def to_bytes(events: pa.RecordBatch | None, letters: pa.RecordBatch | None) -> bytes:
    """What the journal keeps of one commit."""
    return _ENCODER.encode(
        _Entry(
            _VERSION,
            events.serialize().to_pybytes() if events is not None else None,
            letters.serialize().to_pybytes() if letters is not None else None,
        )
    )


@dataclass(frozen=True, slots=True)
class Rows:
    """One block: rows of `events` and of `dead_letters`, either may be empty."""

    events: pa.Table
    letters: pa.Table


def from_bytes(bodies: Iterable[bytes]) -> Rows:
    """Many journal entries as one block, in order. UNAVAILABLE for one that this version cannot read."""
    events, letters = [], []
    for body in bodies:
        try:
            entry = _DECODER.decode(body)
            if entry.version != _VERSION:
                raise ValueError(f"it has the version {entry.version}, not {_VERSION}")
            if entry.events is not None:
                events.append(pa.ipc.read_record_batch(pa.py_buffer(entry.events), EVENTS))
            if entry.letters is not None:
                letters.append(pa.ipc.read_record_batch(pa.py_buffer(entry.letters), LETTERS))
        except (msgspec.DecodeError, ValueError, OSError) as error:  # Arrow's errors are ValueErrors or OSErrors
            raise unavailable(
                f"The journal holds an entry that cannot be read: {error}.",
                hint="Start the version that wrote it, until the journal is empty; else move journal.db away.",
            ) from error
    return Rows(
        pa.Table.from_batches(events, EVENTS).combine_chunks(), pa.Table.from_batches(letters, LETTERS).combine_chunks()
    )


_SENT = (*_OF_EVENT, "event_category", "ip_address", "user_agent", "country", "region", "city", "source")


def letters_of(events: pa.Table, message: str, now_ms: int) -> pa.Table:
    """Rows that the warehouse refused, as dead letters: what was sent, as far as the rows tell."""
    letters = []
    for row in events.to_pylist():
        event_id = uuid_text(row["event_id"])
        sent = {name: row[name] for name in _SENT if row[name]} | {
            "event_id": event_id,
            "timestamp": row["timestamp"].isoformat(),
            "properties": msgspec.json.decode(row["properties"]),
        }
        letters.append(
            Letter(
                tenant=row["tenant"],
                letter_id=row["event_id"],
                received_at=now_ms,
                reason="refused_by_warehouse",
                field="",
                message=message,
                event_id=event_id,
                source=row["source"],
                body=msgspec.json.encode(sent).decode(),
            )
        )
    return pa.Table.from_batches([letter_rows(letters)])
