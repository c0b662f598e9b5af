"""The way in: takes requests from any thread or event loop, and answers each once its events are durable."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

import structlog

from factbook.core.clock import Clock, epoch_ms
from factbook.core.errors import unavailable
from factbook.core.scope import Scope

from .batch import Origin, Rules
from .feed import Feed
from .journal import Journal, Mark, Note
from .line import Line, Recorder
from .receipts import EventError, Receipt
from .seen import Seen
from .visits import Visits
from .waiting import Outcome, Request, Waiting, into, into_loop, settle_all

__all__ = ["EventError", "Intake", "IntakeState", "Limits", "Mark", "Origin", "Receipt", "Request"]

log = structlog.get_logger()


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


class Drain(Protocol):
    """The writer, as far as the way in needs it."""

    def wake(self) -> None: ...

    def drained(self, timeout: float, /) -> bool: ...

    @property
    def error(self) -> str: ...

    @property
    def lag_seconds(self) -> float: ...


class Allowance(Protocol):
    """How many events a tenant may still send."""

    def check(self, scope: Scope, /) -> None:
        """Raises LIMITED when there are none left."""

    def count(self, taken: Mapping[str, int], /) -> None:
        """taken: events accepted just now, by tenant."""


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
        allowance: Allowance | None = None,
    ) -> None:
        self._allowance = allowance
        self._journal = journal
        self._writer = writer
        self._clock = clock
        self._max_journal_bytes = limits.max_journal_bytes
        self._waiting = Waiting(max_bytes=limits.max_waiting_bytes, turn_bytes=limits.turn_bytes)
        self._line = Line(
            journal=journal,
            wake_writer=writer.wake,
            feed=feed,
            rules=rules,
            visits=visits,
            seen=seen,
            clock=clock,
            recorder=recorder,
            max_events=limits.max_events,
        )
        self._thread = threading.Thread(target=self._run, name="ingest-line", daemon=True)

    def start(self) -> None:
        self._waiting.open()
        self._thread.start()

    def stop(self) -> None:
        """Takes nothing new, finishes what was accepted into the journal."""
        self._waiting.close()
        if self._thread.is_alive():
            self._thread.join()

    # -- the ways in

    def submit(self, scope: Scope, body: bytes, origin: Origin, *, mark: Mark | None = None) -> Future[Receipt]:
        """Resolves when the events of `body` are journalled and synced. Raises LIMITED or UNAVAILABLE when full."""
        future: Future[Receipt] = Future()
        self.admit(Request(scope, body, origin, mark, into(future)))
        return future

    async def accept(
        self, scope: Scope, body: bytes, origin: Origin, *, mark: Mark | None = None, notes: Sequence[Note] = ()
    ) -> Receipt:
        """`submit` for an event loop: many requests of one commit wake the loop once."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Receipt] = loop.create_future()
        self.admit(Request(scope, body, origin, mark, into_loop(future), loop, notes))
        return await future

    def admit(self, request: Request) -> None:
        if self._allowance is not None:
            self._allowance.check(request.scope)
        if self._journal.depth_bytes >= self._max_journal_bytes:
            raise unavailable(
                "The journal is full: the warehouse takes events more slowly than they come.",
                retry_after=5.0,
                hint="Send again after the pause; nothing of this request was kept.",
            )
        self._waiting.put(request)

    # -- what others see

    def position(self, source: str) -> int:
        """How far a load of `source` has come; 0 for a new one."""
        return self._journal.position(source)

    def drain(self, timeout: float) -> bool:
        """Waits until all that was acknowledged is in the warehouse; False when `timeout` seconds did not suffice."""
        return self._writer.drained(timeout)

    def state(self) -> IntakeState:
        depth = self._journal.depth()
        totals = self._line.totals
        error = self._line.error or self._writer.error
        age = max(0.0, (epoch_ms(self._clock()) - depth.oldest) / 1000) if depth.oldest else 0.0
        return IntakeState(
            depth=depth.rows,
            bytes=depth.size,
            oldest_age_seconds=round(age, 3),
            lag_seconds=round(age if depth.rows else self._writer.lag_seconds, 3),
            accepted=totals.accepted,
            duplicates=totals.duplicates,
            dropped=dict(totals.dropped),
            status="degraded" if error else "healthy",
            last_error=error,
        )

    # -- the thread

    def _run(self) -> None:
        while requests := self._waiting.turn():
            try:
                outcomes = self._line.take(requests)
            except Exception:
                log.exception("ingest turn failed; its requests are tried one by one", requests=len(requests))
                outcomes = self._one_by_one(requests)
            if self._allowance is not None:
                self._allowance.count(_taken(requests, outcomes))
            settle_all(list(zip(requests, outcomes, strict=True)))

    def _one_by_one(self, requests: Sequence[Request]) -> list[Outcome]:
        """One request that cannot be worked on must not take the others with it."""
        outcomes: list[Outcome] = []
        for request in requests:
            try:
                outcomes += self._line.take([request])
            except Exception:
                log.exception("ingest of one request failed", tenant=request.scope.tenant, bytes=len(request.body))
                outcomes.append(unavailable("These events could not be taken.", hint="Nothing of them was kept."))
        return outcomes


def _taken(requests: Sequence[Request], outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Events accepted, by tenant."""
    taken: dict[str, int] = {}
    for request, outcome in zip(requests, outcomes, strict=True):
        if isinstance(outcome, Receipt) and outcome.accepted:
            taken[request.scope.tenant] = taken.get(request.scope.tenant, 0) + outcome.accepted
    return taken
