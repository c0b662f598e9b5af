"""The client: sends events in the background, each counted once, and asks questions, of one Factbook server."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from . import forks
from .connection import Connection
from .delivery import Compression, Delivery
from .errors import ClientError
from .event import encoded, parts
from .outbox import Bounds, Outbox
from .questions import Questions
from .sender import OnError, Sender, Stats
from .spool import Spool
from .waiting import Memory

log = logging.getLogger("factbook.client")

_MEMORY_BYTES = 64 * 1024 * 1024
_SPOOL_BYTES = 1024 * 1024 * 1024


class Client(Questions):
    """Any thread may use it, and every child of a fork, which starts with nothing to send.

    on_error: called in the sending thread with each event that was not taken, and why. spool: a folder in which events
    wait, synced to disk before `send` returns; without it they wait in memory. batch_*: a request goes when it has so
    many events or bytes, or so many seconds after its first event. buffer_bytes: what may wait (64 MiB, in a spool
    1 GiB). when_full: `send` then waits for room, or raises. timeout: seconds for one request. exit_seconds: how long
    `close`, and the end of the program, wait until everything is sent.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        on_error: OnError | None = None,
        spool: str | os.PathLike[str] | None = None,
        batch_events: int = 1000,
        batch_bytes: int = 1024 * 1024,
        batch_seconds: float = 0.5,
        buffer_bytes: int | None = None,
        when_full: Literal["block", "raise"] = "block",
        compression: Compression = "zstd",
        timeout: float = 30.0,
        exit_seconds: float = 30.0,
    ) -> None:
        super().__init__(Connection(url, key, timeout))
        self._on_error = on_error
        self._spool = Path(spool) if spool is not None else None
        room = buffer_bytes or (_SPOOL_BYTES if self._spool else _MEMORY_BYTES)
        self._bounds = Bounds(batch_events, batch_bytes, batch_seconds, room, when_full)
        self._compression: Compression = compression
        self._exit_seconds = exit_seconds
        self._closed = False
        self._lock = threading.Lock()
        self._sender: Sender | None = None
        self._finalizer: Any = None
        forks.follow(self)
        if self._spool:
            self._sending()

    def send(
        self,
        event_type: str,
        /,
        *,
        user_id: object = None,
        timestamp: datetime | str | None = None,
        **properties: Any,
    ) -> str:
        """Takes one event to be sent; returns its id. Raises ClientError when it cannot be taken.

        timestamp: now, where absent. properties: whatever else it carries; `session_id`, `content_id`, `country` and
        the other names of `event.FIELDS` are fields of the event itself.
        """
        event_id, event = encoded(event_type, {**properties, "user_id": user_id, "timestamp": timestamp})
        self._sending().send([event])
        return event_id

    def send_many(self, events: Iterable[Mapping[str, Any]]) -> list[str]:
        """Takes many, each a mapping with its `event_type`; returns their ids.

        Raises ClientError at the first that cannot be: `details["taken"]` tells how many before it were taken.
        """
        sender = self._sending()
        ids: list[str] = []
        try:
            for part in parts(events, self._bounds.batch_events, self._bounds.batch_bytes):
                sender.send([event for _, event in part])
                ids += [event_id for event_id, _ in part]
        except ClientError as error:
            error.details = {**error.details, "taken": len(ids)}
            raise
        return ids

    def flush(self, timeout: float | None = None) -> bool:
        """Waits until all that was taken before has been answered; False when `timeout` seconds did not suffice.

        Raises ClientError where waiting does not help, such as for a key that the server refuses.
        """
        return self._sender is None or self._sender.flush(timeout)

    def stats(self) -> Stats:
        return self._sender.stats() if self._sender else Stats()

    def close(self, timeout: float | None = None) -> None:
        """Sends what is left. Raises ClientError when events are lost because the server did not answer in time.

        (Without a spool. What waits in a spool stays there, and is sent by the next Client on that folder.)
        """
        with self._lock:
            sender, self._closed = (None if self._closed else self._sender), True
        atexit.unregister(self._at_exit)
        if self._finalizer:
            self._finalizer.cancel()
        lost = sender.close(self._exit_seconds if timeout is None else timeout) if sender else 0
        self._connection.close()
        if lost:
            raise ClientError(
                f"{lost} events could not be delivered before the end.",
                hint="Give close more time, or the client a spool folder.",
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def after_fork(self) -> None:
        forks.leave(self._sender)
        self._sender = self._finalizer = None
        self._lock = threading.Lock()

    def _sending(self) -> Sender:
        with self._lock:
            if self._closed:
                raise ClientError("The client is closed.", hint="Make another Client.")
            if self._sender is None:
                outbox = Outbox(Spool(self._spool) if self._spool else Memory(), self._bounds)
                delivery = Delivery(self._connection, self._compression)
                self._sender = Sender(outbox, delivery, self._on_error, self._bounds.batch_events)
                self._close_at_exit()
            return self._sender

    def _close_at_exit(self) -> None:
        atexit.register(self._at_exit)
        multiprocessing = sys.modules.get("multiprocessing.util")
        if multiprocessing:  # its children end without atexit
            self._finalizer = multiprocessing.Finalize(None, self._at_exit, exitpriority=1)

    def _at_exit(self) -> None:
        try:
            self.close()
        except ClientError as error:
            log.error("%s", error)
