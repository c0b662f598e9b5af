"""What a request is answered: what was kept, what was seen before, and for each event that was not kept, why."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import uuid_utils

from .batch import Batch
from .blocks import Letter, uuid_text


class EventError(msgspec.Struct, frozen=True):
    """One event that was not kept: where it stood, what is wrong, and the dead letter that holds it."""

    index: int
    field: str
    reason: str
    message: str
    event_id: str
    letter_id: str


class Receipt(msgspec.Struct, frozen=True):
    """The answer to one request. raw_ids: 16 bytes for each event accepted or seen before, in the order sent.

    real_time_updates: how many of the accepted events went to live listeners.
    """

    batch_id: str
    accepted: int
    duplicates: int
    real_time_updates: int
    errors: tuple[EventError, ...]
    raw_ids: tuple[bytes, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(uuid_text(raw) for raw in self.raw_ids)


def letters_of_dropped(batch: Batch) -> list[Letter]:
    """A dead letter for each event that the decoder or a step dropped, in the order of `batch.dropped`."""
    return [
        Letter(
            tenant=batch.scopes[drop.request].tenant,
            letter_id=uuid_utils.uuid7().bytes,
            received_at=batch.now_ms,
            reason=drop.refusal.reason,
            field=drop.refusal.field,
            message=drop.refusal.message,
            event_id=drop.event_id,
            source=batch.origins[drop.request].source,
            body=drop.body.decode("utf-8", "replace"),
        )
        for drop in batch.dropped
    ]


def receipts(
    batch: Batch,
    batch_ids: Sequence[bytes],
    letters: Sequence[Letter],
    sent: Sequence[tuple[int, bytes]],
    updates: Sequence[int],
) -> list[Receipt]:
    """One for each request. sent: (request, event id) of every good event, duplicates too. updates: by request."""
    count = len(batch_ids)
    accepted = [0] * count
    for number in batch.request:
        accepted[number] += 1
    ids: list[list[bytes]] = [[] for _ in range(count)]
    for number, raw in sent:
        ids[number].append(raw)
    errors: list[list[EventError]] = [[] for _ in range(count)]
    for drop, letter in zip(batch.dropped, letters, strict=True):
        errors[drop.request].append(
            EventError(
                drop.index, letter.field, letter.reason, letter.message, drop.event_id, uuid_text(letter.letter_id)
            )
        )
    return [
        Receipt(
            batch_id=uuid_text(batch_ids[number]),
            accepted=accepted[number],
            duplicates=len(ids[number]) - accepted[number],
            real_time_updates=updates[number],
            errors=tuple(sorted(errors[number], key=lambda error: error.index)),
            raw_ids=tuple(ids[number]),
        )
        for number in range(count)
    ]
