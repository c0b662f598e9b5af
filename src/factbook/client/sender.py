"""The thread that delivers: batch after batch, in order, each until the server has said what became of it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from msgspec import json

from .delivery import Delivered, Delivery, Refusal, is_about_events
from .errors import ClientError
from .outbox import Outbox
from .patience import delay
from .waiting import Batch

log = logging.getLogger("factbook.client")

OnError = Callable[[Refusal], None]

_REMEMBERED_SECONDS = 1800.0
"""A server remembers ids for an hour at least. Of what waits for longer it is asked first what it has of the spool."""


@dataclass(frozen=True, slots=True)
class Stats:
    """Events of this process: counted by the server, counted before, refused, and waiting to be sent.

    failures: tries in a row that came to nothing. last_error: why.
    """

    sent: int = 0
    duplicates: int = 0
    refused: int = 0
    waiting: int = 0
    failures: int = 0
    last_error: str = ""


class Sender:
    """Its thread starts with the first event, or at once where events wait."""

    def __init__(self, outbox: Outbox, delivery: Delivery, on_error: OnError | None, batch_events: int) -> None:
        self._outbox = outbox
        self._delivery = delivery
        self._on_error = on_error
        self._batch_events = self._most = batch_events
        self._stats = Stats()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        if outbox.count:
            self._start()

    def send(self, events: Sequence[bytes]) -> None:
        self._start()
        self._outbox.put(events, may_wait=threading.current_thread() is not self._thread)

    def flush(self, timeout: float | None) -> bool:
        return threading.current_thread() is not self._thread and self._outbox.flush(timeout)

    def stats(self) -> Stats:
        with self._lock:
            return replace(self._stats, waiting=self._outbox.count)

    def close(self, timeout: float) -> int:
        """Delivers what is there for up to `timeout` seconds; returns how many events are lost, each told as such."""
        self._outbox.close()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(timeout)
        lost = self._outbox.end()
        why = "The client was closed before it was delivered."
        self._tell([Refusal(n, "", "undelivered", why, json.decode(event)) for n, event in enumerate(lost)])
        return len(lost)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="factbook-client", daemon=True)
                self._thread.start()

    # -- the thread

    def _run(self) -> None:
        failures = 0
        while True:
            try:
                batch = self._outbox.take(self._most)
                if batch is None:
                    return
                self._deliver(batch)
                failures = 0
            except ClientError as error:
                failures += 1
                if not self._goes_on(error, failures):
                    return
            except Exception as error:
                log.exception("a batch could not be delivered; it is tried again")
                failures += 1
                if not self._goes_on(ClientError(f"{type(error).__name__}: {error}"), failures):
                    return

    def _deliver(self, batch: Batch) -> None:
        if batch.source and time.time() - batch.at > _REMEMBERED_SECONDS:
            had = self._outbox.reached(batch.source, self._delivery.position(batch.source))
            if had:
                self._count(Delivered(had, 0))
                return
        try:
            delivered = self._delivery.deliver(batch)
        except ClientError as error:
            if not is_about_events(error):
                raise
            self._most = max(1, len(batch.events) // 2)
            return
        self._most = min(self._most * 2, self._batch_events)
        self._tell(delivered.refused)
        self._count(delivered)
        self._outbox.remove(batch)

    def _goes_on(self, error: ClientError, failures: int) -> bool:
        """Waits after a failure; whether to try again."""
        if failures == 1 or not error.passing:
            log.warning("%d events wait to be sent: %s", self._outbox.count, error)
        with self._lock:
            self._stats = replace(self._stats, failures=failures, last_error=str(error))
        return self._outbox.pause(delay(failures, error.retry_after), error)

    def _count(self, delivered: Delivered) -> None:
        with self._lock:
            self._stats = replace(
                self._stats,
                sent=self._stats.sent + delivered.sent,
                duplicates=self._stats.duplicates + delivered.duplicates,
                refused=self._stats.refused + len(delivered.refused),
                failures=0,
                last_error="",
            )

    def _tell(self, refused: Sequence[Refusal]) -> None:
        if self._on_error is None:
            if refused:
                first = refused[0]
                log.warning("%d events were not taken; the first: %s %s", len(refused), first.field, first.message)
            return
        for refusal in refused:
            try:
                self._on_error(refusal)
            except Exception:
                log.exception("on_error failed")
