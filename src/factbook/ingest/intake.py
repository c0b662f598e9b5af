"""The way in: one line takes waiting requests together, runs the steps, journals, and only then acknowledges."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
import numpy as np
import structlog
import uuid_utils

from factbook.core.clock import Clock, epoch_ms
from factbook.core.errors import FactbookError, Kind, unavailable
from factbook.core.scope import Scope
from factbook.events.event import Event

from . import blocks
from .batch import Batch, Dropped, Origin, Rules
from .blocks import uuid_text
from .decode import Decoded, decode
from .feed import Feed, Message
from .journal import Journal, Mark
from .seen import Seen, hashes
from .steps import STEPS
from .visits import Visits

__all__ = ["EventError", "Intake", "IntakeState", "Limits", "Mark", "Origin", "Receipt"]

log = structlog.get_logger()


class EventError(msgspec.Struct, frozen=True):
    """One event that was not kept: where it stood, what is wrong, and the dead letter that holds it."""

    index: int
    field: str
    reason: str
    message: str
    event_id: str
    letter_id: str


class Receipt(msgspec.Struct, frozen=True):
    """The answer to one request. raw_ids: 16 bytes for each event accepted or seen before, in the order sent."""

    batch_id: str
    accepted: int
    duplicates: int
    real_time_updates: int
    errors: tuple[EventError, ...]
    raw_ids: tuple[bytes, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(uuid_text(raw) for raw in self.raw_ids)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the way in: events a request, bytes waiting for the line, bytes waiting in the journal."""

    max_events: int = 10_000
    max_waiting_bytes: int = 64 * 1024 * 1024
    max_journal_bytes: int = 1024 * 1024 * 1024
    turn_bytes: int = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class IntakeState:
    """depth: events and dead letters in the journal; bytes, oldest_age_seconds, lag_seconds of the same."""

    depth: int
    bytes: int
    oldest_age_seconds: float
    lag_seconds: float
    accepted: int
    duplicates: int
    dropped: dict[str, int]
    status: str
    last_error: str


class Recorder(Protocol):
    """What the line reports as it works, for Prometheus."""

    def events_ingested(self, count: int, event_type: str, /) -> None: ...

    def events_failed(self, count: int, reason: str, /) -> None: ...

    def batch(self, seconds: float, count: int, /) -> None: ...


class Drain(Protocol):
    """The writer, as far as the way in needs it."""

    def wake(self) -> None: ...

    def drained(self, timeout: float, /) -> bool: ...

    @property
    def error(self) -> str: ...

    @property
    def lag_seconds(self) -> float: ...


@dataclass(slots=True)
class _Request:
    scope: Scope
    body: bytes
    origin: Origin
    mark: Mark | None
    settle: Callable[[Receipt | FactbookError], None]
    loop: asyncio.AbstractEventLoop | None = None
    decoded: Decoded | None = None


@dataclass(slots=True)
class _Totals:
    accepted: int = 0
    duplicates: int = 0
    dropped: dict[str, int] = field(default_factory=dict)


class Intake:
    """Accepts events. `submit` may be called from any thread; one thread of its own does the work, in order."""

    def __init__(
        self,
        *,
        journal: Journal,
        writer: Drain,
        feed: Feed,
        rules: Rules,
        visits: Visits,
        seen: Seen,
        clock: Clock,
        recorder: Recorder,
        limits: Limits,
    ) -> None:
        self._journal = journal
        self._writer = writer
        self._feed = feed
        self._rules = rules
        self._visits = visits
        self._seen = seen
        self._clock = clock
        self._recorder = recorder
        self._limits = limits
        self._queue: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._waiting = 0
        self._count = threading.Lock()
        self._totals = _Totals()
        self._journal_error = ""
        self._open = False
        self._thread = threading.Thread(target=self._run, name="ingest-line", daemon=True)

    def start(self) -> None:
        self._open = True
        self._thread.start()

    def stop(self) -> None:
        """Takes nothing new, finishes what was accepted into the journal."""
        if self._open:
            self._open = False
            self._queue.put(None)
            self._thread.join()

    # -- the ways in

    def submit(self, scope: Scope, body: bytes, origin: Origin, *, mark: Mark | None = None) -> Future[Receipt]:
        """Resolves when the events of `body` are journalled and synced. Raises LIMITED or UNAVAILABLE when full."""
        future: Future[Receipt] = Future()

        def settle(outcome: Receipt | FactbookError) -> None:
            if isinstance(outcome, FactbookError):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

        self._admit(_Request(scope, body, origin, mark, settle))
        return future

    async def accept(self, scope: Scope, body: bytes, origin: Origin, *, mark: Mark | None = None) -> Receipt:
        """`submit` for an event loop: many requests of one commit wake the loop once."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Receipt] = loop.create_future()

        def settle(outcome: Receipt | FactbookError) -> None:
            if future.done():  # the caller went away
                return
            if isinstance(outcome, FactbookError):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

        self._admit(_Request(scope, body, origin, mark, settle, loop))
        return await future

    def _admit(self, request: _Request) -> None:
        if not self._open:
            raise unavailable("Factbook is starting or stopping.", retry_after=2.0)
        if self._journal.depth_bytes >= self._limits.max_journal_bytes:
            raise unavailable(
                "The journal is full: the warehouse takes events more slowly than they come.",
                retry_after=5.0,
                hint="Send again after the pause; nothing of this request was kept.",
            )
        with self._count:
            if self._waiting + len(request.body) > self._limits.max_waiting_bytes and self._waiting:
                raise FactbookError(
                    Kind.LIMITED,
                    "More events come in than can be taken just now.",
                    retry_after=1.0,
                    hint="Send again after the pause; nothing of this request was kept.",
                )
            self._waiting += len(request.body)
        self._queue.put(request)

    # -- what others see

    def position(self, source: str) -> int:
        """How far a load of `source` has come; 0 for a new one."""
        return self._journal.position(source)

    def drain(self, timeout: float) -> bool:
        """Waits until all that was acknowledged is in the warehouse; False when `timeout` seconds did not suffice."""
        return self._writer.drained(timeout)

    def state(self) -> IntakeState:
        depth = self._journal.depth()
        error = self._journal_error or self._writer.error
        age = max(0.0, (epoch_ms(self._clock()) - depth.oldest) / 1000) if depth.oldest else 0.0
        return IntakeState(
            depth=depth.rows,
            bytes=depth.size,
            oldest_age_seconds=round(age, 3),
            lag_seconds=round(max(self._writer.lag_seconds if depth.rows == 0 else age, 0.0), 3),
            accepted=self._totals.accepted,
            duplicates=self._totals.duplicates,
            dropped=dict(self._totals.dropped),
            status="degraded" if error else "healthy",
            last_error=error,
        )

    # -- the line

    def _run(self) -> None:
        while True:
            requests, last = self._next_turn()
            if requests:
                try:
                    self._turn(requests)
                except Exception:
                    log.exception("ingest turn failed; its requests are tried one by one", requests=len(requests))
                    self._apart(requests)
            if last:
                return

    def _next_turn(self) -> tuple[list[_Request], bool]:
        requests: list[_Request] = []
        size = 0
        while size < self._limits.turn_bytes:
            try:
                request = self._queue.get() if not requests else self._queue.get_nowait()
            except queue.Empty:
                break
            if request is None:
                return requests, True
            requests.append(request)
            size += len(request.body)
        with self._count:
            self._waiting -= size
        return requests, False

    def _apart(self, requests: Sequence[_Request]) -> None:
        """One request that cannot be worked on must not take the others with it."""
        for request in requests:
            try:
                self._turn([request])
            except Exception:
                log.exception("ingest of one request failed", tenant=request.scope.tenant, bytes=len(request.body))
                _settle([(request, unavailable("These events could not be taken.", hint="Nothing of them was kept."))])

    def _turn(self, waiting: Sequence[_Request]) -> None:
        began = time.perf_counter()
        outcomes: list[tuple[_Request, Receipt | FactbookError]] = []
        requests = []
        for request in waiting:
            try:
                request.decoded = decode(request.body, max_events=self._limits.max_events)
                requests.append(request)
            except FactbookError as error:
                outcomes.append((request, error))
        if requests:
            try:
                outcomes += self._keep(requests)
                self._journal_error = ""
            except FactbookError as error:
                self._journal_error = error.message
                outcomes += [(request, error) for request in requests]
        _settle(outcomes)
        self._recorder.batch(time.perf_counter() - began, len(requests))

    def _keep(self, requests: Sequence[_Request]) -> list[tuple[_Request, Receipt | FactbookError]]:
        now = self._clock()
        batch = self._batch(requests, epoch_ms(now))
        for step in STEPS:
            step(batch)
        sent_ids, sent_by = batch.columns["event_id"], batch.request
        fresh = self._put_aside_duplicates(batch)
        batch_ids = [uuid_utils.uuid7().bytes for _ in requests]
        letters = self._letters(batch, requests)
        events = blocks.event_rows(batch, batch_ids) if len(batch) else None
        marks = [request.mark for request in requests if request.mark]
        if events is not None or letters or marks:
            self._journal.append(
                blocks.to_bytes(events, blocks.letter_rows(letters) if letters else None),
                len(batch) + len(letters),
                batch.now_ms,
                marks,
            )
        if len(fresh):
            self._seen.add(fresh, now.timestamp())
        self._writer.wake()
        updates = self._publish(batch)
        return self._receipts(requests, batch, batch_ids, letters, sent_ids, sent_by, updates)

    def _batch(self, requests: Sequence[_Request], now_ms: int) -> Batch:
        events: list[Event] = []
        numbers: list[int] = []
        index: list[int] = []
        dropped: list[Dropped] = []
        for number, request in enumerate(requests):
            assert request.decoded is not None
            decoded = request.decoded
            if request.mark and request.mark.position <= self._journal.position(request.mark.source):
                request.decoded = Decoded([], (), [])  # this part of the load is in already
                continue
            events += decoded.events
            numbers += [number] * len(decoded.events)
            index += decoded.index
            dropped += [Dropped(number, at, refusal, body) for at, refusal, body in decoded.refused]
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

    def _put_aside_duplicates(self, batch: Batch) -> Any:
        """Takes out events whose client's id was seen; returns the hashes to remember once they are durable."""
        given = np.array(batch.columns.pop("given"), dtype=np.bool_)
        if not given.any():
            return ()
        ids = batch.columns["event_id"]
        tenants = batch.by_request(lambda scope, _: scope.tenant)
        wanted = np.empty(len(ids), dtype=np.uint64)
        for tenant in set(tenants):
            rows = [row for row, name in enumerate(tenants) if name == tenant]
            wanted[rows] = hashes(b"".join([ids[row] for row in rows]), tenant)
        _, first = np.unique(wanted, return_index=True)
        new = np.zeros(len(ids), dtype=np.bool_)
        new[first] = True
        new &= ~self._seen.contains(wanted)
        kept = new | ~given
        if not kept.all():
            rows = np.flatnonzero(kept).tolist()
            batch.events = [batch.events[row] for row in rows]
            batch.request = [batch.request[row] for row in rows]
            batch.index = [batch.index[row] for row in rows]
            batch.columns = {name: [values[row] for row in rows] for name, values in batch.columns.items()}
        return wanted[new & given]

    def _letters(self, batch: Batch, requests: Sequence[_Request]) -> list[blocks.Letter]:
        return [
            blocks.Letter(
                tenant=requests[drop.request].scope.tenant,
                letter_id=uuid_utils.uuid7().bytes,
                received_at=batch.now_ms,
                reason=drop.refusal.reason,
                field=drop.refusal.field,
                message=drop.refusal.message,
                event_id=drop.event_id,
                source=requests[drop.request].origin.source,
                body=drop.body.decode("utf-8", "replace"),
            )
            for drop in batch.dropped
        ]

    def _receipts(
        self,
        requests: Sequence[_Request],
        batch: Batch,
        batch_ids: Sequence[bytes],
        letters: Sequence[blocks.Letter],
        sent_ids: Sequence[bytes],
        sent_by: Sequence[int],
        updates: int,
    ) -> list[tuple[_Request, Receipt | FactbookError]]:
        accepted = [0] * len(requests)
        for number in batch.request:
            accepted[number] += 1
        ids: list[list[bytes]] = [[] for _ in requests]
        for number, raw in zip(sent_by, sent_ids, strict=True):
            ids[number].append(raw)
        errors: list[list[EventError]] = [[] for _ in requests]
        for drop, letter in zip(batch.dropped, letters, strict=True):
            refusal = drop.refusal
            errors[drop.request].append(
                EventError(
                    drop.index,
                    refusal.field,
                    refusal.reason,
                    refusal.message,
                    drop.event_id,
                    uuid_text(letter.letter_id),
                )
            )
            self._totals.dropped[refusal.reason] = self._totals.dropped.get(refusal.reason, 0) + 1
            self._recorder.events_failed(1, refusal.reason)
        types: dict[str, int] = {}
        for event in batch.events:
            types[event.event_type] = types.get(event.event_type, 0) + 1
        for event_type, count in types.items():
            self._recorder.events_ingested(count, event_type)
        self._totals.accepted += len(batch)
        self._totals.duplicates += len(sent_ids) - len(batch)
        receipts: list[tuple[_Request, Receipt | FactbookError]] = []
        for number, request in enumerate(requests):
            receipts.append(
                (
                    request,
                    Receipt(
                        batch_id=uuid_text(batch_ids[number]),
                        accepted=accepted[number],
                        duplicates=len(ids[number]) - accepted[number],
                        real_time_updates=accepted[number] if updates else 0,
                        errors=tuple(sorted(errors[number], key=lambda error: error.index)),
                        raw_ids=tuple(ids[number]),
                    ),
                )
            )
        return receipts

    def _publish(self, batch: Batch) -> int:
        """Offers the newest accepted events to the live listeners; returns how many there are."""
        listeners = self._feed.listeners
        if not listeners or not len(batch):
            return 0
        tenants = batch.by_request(lambda scope, _: scope.tenant)
        shown = range(max(0, len(batch) - self._feed.room), len(batch))
        messages: list[tuple[str, Message]] = [(tenants[row], _message(batch, row)) for row in shown]
        skipped = len(batch) - len(shown)
        for listener in listeners:
            wanted = [
                message
                for tenant, message in messages
                if tenant == listener.tenant
                and (not listener.event_types or message["event_type"] in listener.event_types)
            ]
            if wanted:
                listener.missed += skipped
                listener.offer(wanted)
        return len(listeners)


def _message(batch: Batch, row: int) -> Message:
    event = batch.events[row]
    columns = batch.columns
    shown: Message = {
        "id": uuid_text(columns["event_id"][row]),
        "event_type": event.event_type,
        "event_category": columns["event_category"][row],
        "timestamp": _rfc3339(columns["timestamp"][row]),
        "properties": event.properties or {},
    }
    for name in ("user_id", "anonymous_id", "session_id", "content_id", "resource_type", "resource_id"):
        value = getattr(event, name)
        if value:
            shown[name] = value
    for name in ("country", "device", "browser", "is_bot"):
        if columns[name][row]:
            shown[name] = columns[name][row]
    return shown


def _rfc3339(ms: int) -> str:
    return f"{np.datetime64(ms, 'ms')}Z"


def _settle(outcomes: Sequence[tuple[_Request, Receipt | FactbookError]]) -> None:
    loops: dict[asyncio.AbstractEventLoop, list[tuple[_Request, Receipt | FactbookError]]] = {}
    for request, outcome in outcomes:
        if request.loop is None:
            request.settle(outcome)
        else:
            loops.setdefault(request.loop, []).append((request, outcome))
    for loop, settled in loops.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle_all, settled)


def _settle_all(settled: Sequence[tuple[_Request, Receipt | FactbookError]]) -> None:
    for request, outcome in settled:
        request.settle(outcome)
