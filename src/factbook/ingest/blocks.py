"""Rows as Arrow: from a finished batch to the journal's bytes, and from many of those to one block of the warehouse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
import pyarrow as pa

from factbook.core.errors import unavailable

from .batch import Batch
from .columns import ID, TEXT, TIME, ids, same, texts
from .properties import maps

EVENTS = pa.schema(
    [
        ("tenant", TEXT),
        ("event_id", ID),
        ("event_type", TEXT),
        ("event_category", TEXT),
        ("timestamp", TIME),
        ("processed_at", TIME),
        ("user_id", TEXT),
        ("anonymous_id", TEXT),
        ("session_id", TEXT),
        ("session", pa.uint64()),
        ("content_id", TEXT),
        ("resource_type", TEXT),
        ("resource_id", TEXT),
        ("ip_address", TEXT),
        ("user_agent", TEXT),
        ("device", TEXT),
        ("browser", TEXT),
        ("os", TEXT),
        ("is_bot", pa.bool_()),
        ("referrer", TEXT),
        ("referrer_source", TEXT),
        ("utm_source", TEXT),
        ("utm_medium", TEXT),
        ("utm_campaign", TEXT),
        ("utm_term", TEXT),
        ("utm_content", TEXT),
        ("country", TEXT),
        ("region", TEXT),
        ("city", TEXT),
        ("source", TEXT),
        ("batch_id", ID),
        ("correlation_id", TEXT),
        ("data_class", TEXT),
        ("numbers", pa.map_(TEXT, pa.float64())),
        ("texts", pa.map_(TEXT, TEXT)),
        ("properties", TEXT),
    ]
)
"""The columns of `events` that ingest writes; `block` is added by the writer."""

LETTERS = pa.schema(
    [
        ("tenant", TEXT),
        ("letter_id", ID),
        ("received_at", TIME),
        ("reason", TEXT),
        ("field", TEXT),
        ("message", TEXT),
        ("event_id", TEXT),
        ("source", TEXT),
        ("body", TEXT),
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
"""Columns taken as the event has them."""


def event_rows(batch: Batch, batch_ids: Sequence[bytes]) -> pa.RecordBatch:
    """The batch as rows of `events`; batch_ids: one for each request."""
    columns = dict(batch.columns)
    for name in _OF_EVENT:
        columns[name] = texts(batch.field(name))
    columns["processed_at"] = same(batch.now_ms, len(batch), TIME)
    columns["tenant"] = texts(batch.by_request(lambda scope, _: scope.tenant))
    sources = batch.by_request(lambda _, origin: origin.source)
    columns["source"] = texts([own or source for own, source in zip(batch.field("source"), sources, strict=True)])
    columns["batch_id"] = ids(b"".join([batch_ids[number] for number in batch.request]))
    columns["numbers"], columns["texts"] = maps([properties or {} for properties in batch.field("properties")])
    return pa.RecordBatch.from_arrays([columns[name] for name in EVENTS.names], schema=EVENTS)


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
    texts(["a", "b"])


class _Packed(msgspec.Struct, array_like=True):
    """Rows in Arrow, compressed: what the journal writes twice and syncs costs more than LZ4."""

    size: int
    content: bytes


class _Entry(msgspec.Struct, array_like=True):
    version: int
    events: _Packed | None
    letters: _Packed | None


_VERSION = 2
_CODEC = pa.Codec("lz4_raw")
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Entry)


def to_bytes(events: pa.RecordBatch | None, letters: pa.RecordBatch | None) -> bytes:
    """What the journal keeps of one commit."""
    return _ENCODER.encode(_Entry(_VERSION, _packed(events), _packed(letters)))


def _packed(rows: pa.RecordBatch | None) -> _Packed | None:
    if rows is None:
        return None
    plain = rows.serialize()
    return _Packed(plain.size, _CODEC.compress(plain, asbytes=True))


def _unpacked(packed: _Packed, schema: pa.Schema) -> pa.RecordBatch:
    return pa.ipc.read_record_batch(_CODEC.decompress(packed.content, decompressed_size=packed.size), schema)


def size_of(body: bytes) -> int:
    """Bytes of an entry's rows in memory; 0 for one that cannot be read."""
    try:
        entry = _DECODER.decode(body)
    except msgspec.DecodeError:
        return 0
    return sum(packed.size for packed in (entry.events, entry.letters) if packed)


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
                events.append(_unpacked(entry.events, EVENTS))
            if entry.letters is not None:
                letters.append(_unpacked(entry.letters, LETTERS))
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
