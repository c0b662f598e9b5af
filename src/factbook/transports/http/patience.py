"""A connection that is not waited for without end: a request's head and body arrive in time, or it is closed."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024

_LATE = (408, "Request Timeout", "The request took too long to arrive.")
_LARGE = (431, "Request Header Fields Too Large", "The head of the request is too long.")


class Patient(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it. head_seconds, body_seconds: how long a head, and a whole request, may take to
    arrive; each connection has one timer, whatever the number of its requests."""

    def __init__(self, head_seconds: float, body_seconds: float, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._head_seconds = head_seconds
        self._body_seconds = body_seconds
        self._began = 0.0  # of the message that is arriving, 0 between two
        self._has_head = self._has_any = False
        self._head_bytes = 0
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._began = self.loop.time()
        self._watch = self.loop.call_later(self._head_seconds, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        within_head = self._began and not self._has_head
        super().data_received(data)
        if within_head and not self._has_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._close(*_LARGE)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._began = self.loop.time()
        self._has_any, self._has_head, self._head_bytes = True, False, 0

    def on_headers_complete(self) -> None:
        self._has_head = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._began = 0.0
        super().on_message_complete()

    def _look(self) -> None:
        if self.transport.is_closing() or self not in self.connections:  # a WebSocket has taken over
            return
        left = self._head_seconds
        if self._began:
            bound = self._body_seconds if self._has_head else self._head_seconds
            left = self._began + bound - self.loop.time()
        if left <= 0:
            self._close(*_LATE)
        else:
            self._watch = self.loop.call_later(left, self._look)

    def _close(self, status: int, title: str, detail: str) -> None:
        """With an answer where none has begun and something was asked."""
        answering = self._has_head and self.cycle is not None and self.cycle.response_started
        if self._has_any and not answering:
            body = f'{{"type":"urn:factbook:problem:{status}","title":"{title}","status":{status},"detail":"{detail}"}}'
            head = f"HTTP/1.1 {status} {title}\r\ncontent-type: application/problem+json\r\n"
            self.transport.write(f"{head}content-length: {len(body)}\r\nconnection: close\r\n\r\n{body}".encode())
        self.transport.close()
