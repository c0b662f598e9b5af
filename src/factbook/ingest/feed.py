"""Accepted events, live, to whoever listens in this process; a slow listener misses some and is told how many."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from factbook.core.scope import Scope
from factbook.events.matching import meets
from factbook.events.personal import CLASS, PERSONAL
from factbook.events.row_filters import conditions_of

from .batch import Batch
from .blocks import uuid_text

Message = dict[str, Any]


class Subscription:
    """An async iterator of event dicts for one listener. Use from the event loop that it was made in."""

    def __init__(self, feed: Feed, scope: Scope, event_types: frozenset[str], room: int) -> None:
        self.tenant = scope.tenant
        self.event_types = event_types
        self.seen = conditions_of(scope.rows)
        self.masked = scope.masked
        self.missed = 0
        self._feed = feed
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Message] = deque()
        self._room = room
        self._ready = asyncio.Event()
        self._closed = False

    def offer(self, messages: list[Message], missed: int = 0) -> None:
        """Called from any thread; keeps the newest when there is more than the listener takes."""
        with suppress(RuntimeError):  # the listener's loop was closed
            self._loop.call_soon_threadsafe(self._take, messages, missed)

    def _take(self, messages: list[Message], missed: int) -> None:
        self.missed += missed
        self._waiting.extend(messages)
        while len(self._waiting) > self._room:
            self._waiting.popleft()
            self.missed += 1
        self._ready.set()

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Message:
        while not self._waiting:
            if self._closed:
                raise StopAsyncIteration
            self._ready.clear()
            await self._ready.wait()
        return self._waiting.popleft()

    def close(self) -> None:
        self._closed = True
        self._feed.forget(self)
        self._ready.set()


@dataclass(frozen=True, slots=True)
class Offer:
    """What one listener gets of a batch: the events at `rows` that it wants, the newest of them as messages."""

    listener: Subscription
    rows: Sequence[int]
    messages: list[Message]


class Feed:
    """Fans accepted events out; costs nothing while nobody listens."""

    def __init__(self, room: int = 500) -> None:
        self._room = room
        self._lock = threading.Lock()
        self._subscriptions: tuple[Subscription, ...] = ()

    def subscribe(self, scope: Scope, event_types: frozenset[str] = frozenset()) -> Subscription:
        """Live events of the scope's tenant, of these types or of all."""
        subscription = Subscription(self, scope, event_types, self._room)
        with self._lock:
            self._subscriptions = (*self._subscriptions, subscription)
        return subscription

    def forget(self, subscription: Subscription) -> None:
        with self._lock:
            self._subscriptions = tuple(s for s in self._subscriptions if s is not subscription)

    @property
    def listeners(self) -> tuple[Subscription, ...]:
        return self._subscriptions

    def offers(self, batch: Batch, kept: pa.RecordBatch) -> list[Offer]:
        """What each listener wants of `batch` and may see of it, ready to `deliver` once the batch is durable.

        kept: its events as the warehouse takes them.
        """
        listeners = self._subscriptions
        if not listeners or not len(batch):
            return []
        tenants = batch.by_request(lambda scope, _: scope.tenant)
        messages: dict[int, Message] = {}
        offers = []
        for listener in listeners:
            types = listener.event_types
            rows = [
                row
                for row, (tenant, event) in enumerate(zip(tenants, batch.events, strict=True))
                if tenant == listener.tenant and (not types or event.event_type in types)
            ]
            if listener.seen:
                rows = [row for row in rows if meets(kept.slice(row, 1).to_pylist()[0], listener.seen)]
            for row in rows[-self._room :]:
                if row not in messages:
                    messages[row] = _message(batch, row)
            if rows:
                newest = rows[-self._room :]
                shown = [_masked(batch, row, messages[row]) if listener.masked else messages[row] for row in newest]
                offers.append(Offer(listener, rows, shown))
        return offers

    def deliver(self, offers: Sequence[Offer]) -> None:
        for offer in offers:
            offer.listener.offer(offer.messages, len(offer.rows) - len(offer.messages))


def _masked(batch: Batch, row: int, message: Message) -> Message:
    shown = {name: value for name, value in message.items() if name not in PERSONAL}
    return {**shown, "properties": {}} if batch.events[row].data_class == CLASS else shown


def _message(batch: Batch, row: int) -> Message:
    event = batch.events[row]
    columns = batch.columns
    shown: Message = {
        "id": uuid_text(columns["event_id"][row].as_py()),
        "event_type": event.event_type,
        "event_category": columns["event_category"][row].as_py(),
        "timestamp": f"{np.datetime64(columns['timestamp'][row].value, 'ms')}Z",
        "properties": event.properties or {},
    }
    for name in ("user_id", "anonymous_id", "session_id", "content_id", "resource_type", "resource_id"):
        value = getattr(event, name)
        if value:
            shown[name] = value
    for name in ("country", "device", "browser", "is_bot"):
        if value := columns[name][row].as_py():
            shown[name] = value
    return shown
