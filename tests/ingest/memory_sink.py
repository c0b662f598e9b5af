"""A sink in memory that keeps what a real one promises: marks move with their batch, and no batch goes in twice."""

from __future__ import annotations

from typing import Any

import msgspec

from factbook.core.errors import FactbookError, Kind
from factbook.ingest.decode import decode
from factbook.ingest.file_sink import Refused, Sent


class MemorySink:
    """events: by id, as sent. `fail_after`: batches after which every send raises UNAVAILABLE, as when killed there."""

    def __init__(self, *, fail_after: int | None = None, max_events: int = 10_000) -> None:
        self.events: dict[str, dict[str, Any]] = {}
        self.positions: dict[str, int] = {}
        self.batches = 0
        self.letters: list[bytes] = []
        self.fail_after = fail_after
        self.max_events = max_events

    def position(self, source: str) -> int:
        return self.positions.get(source, 0)

    def send(self, body: bytes, source: str, position: int) -> Sent:
        if self.fail_after is not None and self.batches >= self.fail_after:
            raise FactbookError(Kind.UNAVAILABLE, "gone", retry_after=0.01)
        self.batches += 1
        if position <= self.position(source):
            return Sent(0, 0)
        decoded = decode(body, max_events=self.max_events)
        duplicates = 0
        for event in decoded.events:
            assert event.event_id is not None
            duplicates += event.event_id in self.events
            self.events.setdefault(event.event_id, {k: v for k, v in _members(event).items() if v is not None})
        self.letters += [sent for _, _, sent in decoded.refused]
        self.positions[source] = position
        refused = tuple(Refused(at, why.field, why.reason, why.message) for at, why, _ in decoded.refused)
        return Sent(len(decoded.events) - duplicates, duplicates, refused)

    def all(self) -> list[dict[str, Any]]:
        return list(self.events.values())


def _members(event: msgspec.Struct) -> dict[str, Any]:
    return msgspec.structs.asdict(event)
