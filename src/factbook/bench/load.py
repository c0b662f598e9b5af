"""The sender, a process of its own: request bytes made before the clock starts, raw HTTP/1.1, open or closed loop.

`python -m factbook.bench.load SPEC` builds its requests, says `ready`, starts on a line from stdin, and writes one line
of JSON, a `Sent`. Open loop (rate > 0): request n is due at n/rate seconds whatever became of those before it, and its
time counts from when it was due, so that a stalled server cannot hide the wait (coordinated omission).
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections import Counter, deque
from typing import Any

import msgspec
import numpy as np
import uvloop

from .events import Events

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_AGAIN = re.compile(rb"(?i)\r\nretry-after: *([\d.]+)")


class Spec(msgspec.Struct, frozen=True):
    """requests of `size` events each (0: one event a request); rate: requests a second, 0 for as fast as answered."""

    port: int
    key: str
    requests: int
    size: int
    connections: int
    rate: float
    run: int


class Sent(msgspec.Struct, frozen=True):
    """seconds: first send to last answer. Times of answers in milliseconds. statuses: how often each came."""

    seconds: float
    p50: float
    p95: float
    p99: float
    longest: float
    statuses: dict[str, int]
    reconnects: int
    bytes: int
    sample: str


class Sender:
    def __init__(self, spec: Spec, requests: list[bytes], loop: asyncio.AbstractEventLoop) -> None:
        self.spec = spec
        self.loop = loop
        self.done: asyncio.Future[None] = loop.create_future()
        self.statuses: Counter[int] = Counter()
        self.reconnects = 0
        self.sample = ""
        self._requests = requests
        self._again: deque[int] = deque()
        self._next = 0
        self._left = len(requests)
        self._times = np.zeros(len(requests))
        self._due = np.zeros(len(requests))
        self._idle: deque[Connection] = deque()
        self._started = 0.0

    def begin(self) -> None:
        self._started = time.perf_counter()
        if self.spec.rate:
            self._due[:] = self._started + np.arange(len(self._requests)) / self.spec.rate
        self._tick()

    def _tick(self) -> None:
        self.feed()
        if not self.done.done():
            self.loop.call_later(0.001, self._tick)

    def feed(self) -> None:
        """Gives idle connections what is due."""
        while self._idle:
            if self._again:
                number = self._again.popleft()
            elif self._next < len(self._requests):
                now = time.perf_counter()
                if self.spec.rate and self._due[self._next] > now:
                    return
                number = self._next
                self._next += 1
                if not self.spec.rate:
                    self._due[number] = now
            else:
                return
            self._idle.popleft().send(number, self._requests[number])

    def idle(self, connection: Connection) -> None:
        self._idle.append(connection)
        if self._started:
            self.feed()

    def lost(self, connection: Connection, number: int | None) -> None:
        """Opens another connection; a request without an answer is sent again (its ids keep it from counting twice)."""
        if connection in self._idle:
            self._idle.remove(connection)
        if number is not None:
            self._again.append(number)
        if not self.done.done():
            self.reconnects += 1
            self.loop.create_task(self.connect())

    async def connect(self) -> None:
        while not self.done.done():
            try:
                await self.loop.create_connection(lambda: Connection(self), "127.0.0.1", self.spec.port)
                return
            except OSError:
                await asyncio.sleep(0.05)  # the pause before the next try

    def answered(self, number: int, status: int, head: bytes, body: bytes) -> None:
        self.statuses[status] += 1
        if status in (429, 503):
            found = _AGAIN.search(head)
            self.loop.call_later(float(found.group(1)) if found else 1.0, self._again.append, number)
            return
        if status >= 300 and not self.sample:
            self.sample = body[:500].decode(errors="replace")
        self._times[number] = time.perf_counter() - self._due[number]
        self._left -= 1
        if not self._left:
            self.done.set_result(None)

    def outcome(self) -> Sent:
        elapsed = time.perf_counter() - self._started
        p50, p95, p99, longest = (float(v) * 1000 for v in np.percentile(self._times, (50, 95, 99, 100)))
        statuses = {str(status): count for status, count in sorted(self.statuses.items())}
        size = sum(map(len, self._requests))
        return Sent(elapsed, p50, p95, p99, longest, statuses, self.reconnects, size, self.sample)


class Connection(asyncio.Protocol):
    """One keep-alive connection with one request under way."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._buffer = b""
        self._number: int | None = None
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._sender.idle(self)

    def send(self, number: int, request: bytes) -> None:
        self._number = number
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or self._number is None:
            return
        head = self._buffer[: end + 2]
        length = _LENGTH.search(head)
        if length:
            if len(self._buffer) < end + 4 + int(length.group(1)):
                return
        elif not self._buffer.endswith(b"0\r\n\r\n"):  # chunked
            return
        body, self._buffer, number = self._buffer[end + 4 :], b"", self._number
        self._number = None
        self._sender.answered(number, int(head[9:12]), head, body)
        self._sender.idle(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._sender.lost(self, self._number)


def requests(spec: Spec) -> list[bytes]:
    """Whole HTTP requests, head and body."""
    events = Events(spec.run, spec.requests * max(spec.size, 1), seed=spec.run)
    path = "/api/v1/events/batch" if spec.size else "/api/v1/events"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{spec.port}\r\nAuthorization: Bearer {spec.key}\r\n"
        "Content-Type: application/json\r\nContent-Length: "
    ).encode()
    made = []
    for _ in range(spec.requests):
        body = events.batch(spec.size) if spec.size else events.one()
        made.append(b"%s%d\r\n\r\n%s" % (head, len(body), body))
    return made


async def _send(spec: Spec, made: list[bytes]) -> Sent:
    sender = Sender(spec, made, asyncio.get_running_loop())
    for _ in range(spec.connections):
        await sender.connect()
    sender.begin()
    await sender.done
    return sender.outcome()


def main() -> None:
    spec = msgspec.json.decode(sys.argv[1], type=Spec)
    made = requests(spec)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    sent = uvloop.run(_send(spec, made))
    sys.stdout.write(msgspec.json.encode(sent).decode() + "\n")


if __name__ == "__main__":
    main()
