"""What a request is answered: what was kept, what was seen before, and for each event that was not kept, why."""

from __future__ import annotations

from collections import Counter
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
    """The answer to one request. raw_ids: 16 bytes for each event accepted or seen before, in the order sent, joined.

    real_time_updates: how many of the accepted events went to live listeners.
    """

    batch_id: str
    accepted: int
    duplicates: int
    real_time_updates: int
    errors: tuple[EventError, ...]
    raw_ids: bytes

    @property
    def kept(self) -> int:
        """Events accepted or seen before."""
        return self.accepted + self.duplicates

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(uuid_text(self.raw_ids[at : at + 16]) for at in range(0, len(self.raw_ids), 16))


UNKEPT = frozenset({"no_consent", "objected", "erased"})
"""Reasons to refuse an event of which nothing may be kept."""


def letters_of_dropped(batch: Batch) -> list[Letter]:
    """A dead letter for each event that the decoder or a step dropped, in the order of `batch.dropped`; those of UNKEPT
    reasons are not to be kept."""
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
    batch: Batch, batch_ids: Sequence[bytes], letters: Sequence[Letter], sent: Sequence[bytes], updates: Sequence[int]
) -> list[Receipt]:
    """One for each request. sent: the ids of its good events, duplicates too, joined. updates: by request."""
    accepted = Counter(batch.request)
    errors: list[list[EventError]] = [[] for _ in batch_ids]
    for drop, letter in zip(batch.dropped, letters, strict=True):
        letter_id = "" if letter.reason in UNKEPT else uuid_text(letter.letter_id)
        errors[drop.request].append(
            EventError(drop.index, letter.field, letter.reason, letter.message, drop.event_id, letter_id)
        )
    return [
        Receipt(
            batch_id=uuid_text(batch_ids[number]),
            accepted=accepted[number],
            duplicates=len(sent[number]) // 16 - accepted[number],
            real_time_updates=updates[number],
            errors=tuple(sorted(errors[number], key=lambda error: error.index)),
            raw_ids=sent[number],
        )
        for number in range(len(batch_ids))
    ]
