"""What one body of telemetry comes to: events, and which of the sender's own items each of them stands for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec

from factbook.ingest.journal import Note

_ENCODER = msgspec.json.Encoder()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 253_370_764_800_000_000
"""Microseconds: the year 9999."""
_LONGEST_ID = 512


@dataclass(slots=True)
class Taken:
    """events[i] stands for the item numbered item[i] (a span, a log record, a data point); items: how many came.
    notes: (after how many events, what is remembered once these are kept), in order."""

    events: list[dict[str, Any]] = field(default_factory=list)
    item: list[int] = field(default_factory=list)
    items: int = 0
    notes: list[tuple[int, Note]] = field(default_factory=list)

    def add(self, event: dict[str, Any]) -> None:
        """An event of the item that came last."""
        self.events.append(event)
        self.item.append(self.items - 1)

    def put(self, event: dict[str, Any], item: int) -> None:
        self.events.append(event)
        self.item.append(item)

    def note(self, note: Note) -> None:
        """Is kept no sooner than the events so far."""
        self.notes.append((len(self.events), note))

    def bodies(self, most: int) -> Iterator[tuple[bytes, Sequence[int], list[Note]]]:
        """Batches of at most `most` events as the intake takes them, the items of each, and the notes kept with it."""
        noted = 0
        for at in range(0, len(self.events) or bool(self.notes), most):
            end, first = at + most, noted
            while noted < len(self.notes) and self.notes[noted][0] <= end:
                noted += 1
            newest = {note.name: note for _, note in self.notes[first:noted]}
            yield _ENCODER.encode(self.events[at:end]), self.item[at:end], list(newest.values())


def event(kind: str, id_: str, at: str | None, properties: dict[str, Any], **columns: str | None) -> dict[str, Any]:
    """An event as senders write it, without what is not known."""
    sent = {name: value[:_LONGEST_ID] for name, value in columns.items() if value}
    if at is not None:
        sent["timestamp"] = at
    told = {name: value for name, value in properties.items() if value is not None and value != ""}
    return {"event_type": kind, "event_id": id_, "event_category": "system", **sent, "properties": told}


def moment(nanoseconds: int) -> str | None:
    """The time so long after 1970, at most the last that a date can hold; None for 0: not known."""
    if not nanoseconds:
        return None
    return (_EPOCH + timedelta(microseconds=min(nanoseconds // 1000, _LATEST))).isoformat()


def digest(*parts: object) -> str:
    """The same text for the same parts: of what carries no id, the id."""
    return sha256(_ENCODER.encode(parts)).hexdigest()[:32]
