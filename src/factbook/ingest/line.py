"""The line: decode, steps, duplicates, journal, receipts, for all requests of one turn together and in order."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

import numpy as np
import structlog
import uuid_utils

from factbook.core.clock import Clock, epoch_ms
from factbook.core.errors import FactbookError
from factbook.events.event import Event
from factbook.events.types import KNOWN_TYPES

from . import blocks
from .batch import Batch, Dropped, Rules
from .columns import raw_ids
from .decode import Decoded, decode
from .feed import Feed, Offer
from .journal import Journal, Kept, Mark
from .receipts import UNKEPT, Receipt, letters_of_dropped, receipts
from .seen import NO_HASHES, Seen, hashes
from .slots import Hashes
from .steps import STEPS
from .visits import Visits
from .waiting import Outcome, Request

log = structlog.get_logger()


class Recorder(Protocol):
    """What the line reports as it works, for Prometheus."""

    def events_ingested(self, count: int, event_type: str, /) -> None: ...

    def events_failed(self, count: int, reason: str, /) -> None: ...

    def batch(self, seconds: float, count: int, /) -> None: ...


@dataclass(slots=True)
class Totals:
    """Events since the start; dropped: by reason."""

    accepted: int = 0
    duplicates: int = 0
    dropped: dict[str, int] = field(default_factory=dict)


class Line:
    """Not thread-safe: one thread calls `take`. Others may read `totals` and `error`."""

    def __init__(
        self,
        *,
        journal: Journal,
        wake_writer: Callable[[], None],
        feed: Feed,
        rules: Rules,
        visits: Visits,
        seen: Seen,
        clock: Clock,
        recorder: Recorder,
        max_events: int,
    ) -> None:
        self._journal = journal
        self._wake_writer = wake_writer
        self._feed = feed
        self._rules = rules
        self._visits = visits
        self._seen = seen
        self._clock = clock
        self._recorder = recorder
        self._max_events = max_events
        self.totals = Totals()
        self.error = ""

    def take(self, requests: Sequence[Request]) -> list[Outcome]:
        """What becomes of each request, in order: its events are durable, or nothing of it is kept.

        Raises only on a defect, and then nothing of any of them is kept.
        """
        began = time.perf_counter()
        decoded = [self._decoded(request.body) for request in requests]
        readable = [(r, d) for r, d in zip(requests, decoded, strict=True) if isinstance(d, Decoded)]
        kept = iter(self._kept(readable) if readable else ())
        outcomes = [next(kept) if isinstance(d, Decoded) else d for d in decoded]
        seconds = time.perf_counter() - began
        accepted = [outcome.accepted for outcome in outcomes if isinstance(outcome, Receipt)]
        if accepted:
            self._recorder.batch(seconds, sum(accepted))
        return outcomes

    def _decoded(self, body: bytes) -> Decoded | FactbookError:
        try:
            return decode(body, max_events=self._max_events)
        except FactbookError as error:
            return error

    def _kept(self, readable: Sequence[tuple[Request, Decoded]]) -> Sequence[Outcome]:
        try:
            kept = self._keep([request for request, _ in readable], [decoded for _, decoded in readable])
        except FactbookError as error:
            self.error = error.message
            return [error] * len(readable)
        self.error = ""
        return kept

    def _keep(self, requests: Sequence[Request], decoded: Sequence[Decoded]) -> list[Receipt]:
        now = self._clock()
        batch = self._batch(requests, decoded, epoch_ms(now))
        for step in STEPS:
            step(batch)
        sent = _ids_by_request(batch)
        fresh = self._put_aside_duplicates(batch)
        batch_ids = [uuid_utils.uuid7().bytes for _ in requests]
        letters = letters_of_dropped(batch)
        events = blocks.event_rows(batch, batch_ids) if len(batch) else None
        offers = self._feed.offers(batch, events) if events is not None else []
        answers = receipts(batch, batch_ids, letters, sent, _by_request(batch, offers))
        letters = [letter for letter in letters if letter.reason not in UNKEPT]
        marks: list[Kept] = [request.mark for request in requests if request.mark]
        marks += [note for request in requests for note in request.notes]
        if events is not None or letters or marks:
            body = blocks.to_bytes(events, blocks.letter_rows(letters) if letters else None)
            self._journal.append(body, len(batch) + len(letters), batch.now_ms, marks)
        try:
            self._after(batch, fresh, now.timestamp(), offers, sum(map(len, sent)) // 16)
        except Exception:  # what is durable is acknowledged, whatever fails behind it
            log.exception("accepted events could not be counted or shown")
        return answers

    def _after(self, batch: Batch, fresh: Hashes, now: float, offers: Sequence[Offer], sent: int) -> None:
        """What follows once the events are durable."""
        self._seen.add(fresh, now)
        self._wake_writer()
        self._feed.deliver(offers)
        self.totals.accepted += len(batch)
        self.totals.duplicates += sent - len(batch)
        for event_type, count in Counter(map(_told, batch.field("event_type"))).items():
            self._recorder.events_ingested(count, event_type)
        for reason, count in Counter(drop.refusal.reason for drop in batch.dropped).items():
            self.totals.dropped[reason] = self.totals.dropped.get(reason, 0) + count
            self._recorder.events_failed(count, reason)

    def _batch(self, requests: Sequence[Request], decoded: Sequence[Decoded], now_ms: int) -> Batch:
        events: list[Event] = []
        numbers: list[int] = []
        index: list[int] = []
        dropped: list[Dropped] = []
        reached: dict[str, int] = {}
        for number, (request, sent) in enumerate(zip(requests, decoded, strict=True)):
            if request.mark and self._is_in(request.mark, reached):
                continue
            events += sent.events
            numbers += [number] * len(sent.events)
            index += sent.index
            dropped += [Dropped(number, at, refusal, body) for at, refusal, body in sent.refused]
        return Batch(
            rules=self._rules,
            visits=self._visits,
            now_ms=now_ms,
            scopes=[request.scope for request in requests],
            origins=[request.origin for request in requests],
            events=events,
            request=numbers,
            index=index,
            dropped=dropped,
        )

    def _is_in(self, mark: Mark, reached: dict[str, int]) -> bool:
        """Whether this part of a load is in the journal, or came earlier in this turn (`reached`, kept up here)."""
        last = max(reached.get(mark.source, 0), self._journal.position(mark.source))
        reached[mark.source] = max(mark.position, last)
        return mark.position <= last

    def _put_aside_duplicates(self, batch: Batch) -> Hashes:
        """Takes out events whose client's id was seen; returns the hashes to remember once they are durable."""
        given = batch.columns.pop("given").to_numpy(zero_copy_only=False)
        if not given.any():
            return NO_HASHES
        wanted = _hashes(batch)
        _, first = np.unique(wanted, return_index=True)
        new = np.zeros(len(batch), dtype=np.bool_)
        new[first] = True
        new &= ~self._seen.contains(wanted)
        kept = new | ~given
        if not kept.all():
            batch.keep(np.flatnonzero(kept).tolist())
        fresh: Hashes = wanted[new & given]
        return fresh


def _told(event_type: str) -> str:
    """A tenant's own names are nobody else's to read."""
    return event_type if event_type in KNOWN_TYPES else "other"


def _hashes(batch: Batch) -> Hashes:
    raw = raw_ids(batch.columns["event_id"])
    names = {scope.tenant for scope in batch.scopes}
    if len(names) == 1:
        return hashes(raw, names.pop())
    ids = np.frombuffer(raw, dtype=np.uint8).reshape(-1, 16)
    tenants = np.array(batch.by_request(lambda scope, _: scope.tenant))
    wanted = np.empty(len(ids), dtype=np.uint64)
    for name in names:
        own = tenants == name
        wanted[own] = hashes(ids[own].tobytes(), name)
    return wanted


def _ids_by_request(batch: Batch) -> list[bytes]:
    """The ids of each request's events, joined; a request's events stand together."""
    raw = raw_ids(batch.columns["event_id"])
    ends = np.cumsum(np.bincount(batch.request, minlength=len(batch.scopes))) * 16
    return [raw[start:end] for start, end in pairwise((0, *ends.tolist()))]


def _by_request(batch: Batch, offers: Sequence[Offer]) -> list[int]:
    """For each request, how many of its events go to at least one live listener."""
    updates = [0] * len(batch.scopes)
    for row in set().union(*(offer.rows for offer in offers)) if offers else ():
        updates[batch.request[row]] += 1
    return updates
