"""Accepted events, live, to whoever listens in this process; a slow listener misses some and is told how many."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import Any

from factbook.core.scope import Scope

Message = dict[str, Any]


class Subscription:
    """An async iterator of event dicts for one listener. Use from the event loop that it was made in."""

    def __init__(self, feed: Feed, scope: Scope, event_types: frozenset[str], room: int) -> None:
        self.tenant = scope.tenant
        self.event_types = event_types
        self.missed = 0
        self._feed = feed
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Message] = deque()
        self._room = room
        self._ready = asyncio.Event()
        self._closed = False

    def offer(self, messages: list[Message]) -> None:
        """Called from any thread; keeps the newest when there is more than the listener takes."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._take, messages)

    def _take(self, messages: list[Message]) -> None:
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

    @property
    def room(self) -> int:
        """How many events one listener may lag behind before it misses some."""
        return self._room
