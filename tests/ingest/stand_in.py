"""A server on a free port that answers as Factbook's load paths do, from memory, and can be told to be busy."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import msgspec


class StandIn(ThreadingHTTPServer):
    """requests: (headers, body size) of every POST taken. answers: statuses given before anything is taken."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.positions: dict[str, int] = {}
        self.events = 0
        self.requests: list[dict[str, str]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.bad = 0
        self.export = b""
        self.cut_export = False
        self.queries: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # an answer leaves in one piece
    server: StandIn

    def do_GET(self) -> None:
        self.server.queries.append(self.path)
        if self.path.startswith("/api/v1/loads/"):
            source = unquote(self.path.removeprefix("/api/v1/loads/"))
            self._answer(200, {"source": source, "position": self.server.positions.get(source, 0)})
            return
        if self.path.startswith("/api/v1/events/export"):
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(self.server.export), self.server.export))
            if not self.server.cut_export:
                self.wfile.write(b"0\r\n\r\n")
            else:
                self.close_connection = True
            return
        self._answer(404, {"title": "Not found"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.answers:
            status, headers = self.server.answers.pop(0)
            self._answer(status, {"title": "refused", "detail": f"refused with {status}"}, headers)
            return
        events = len(msgspec.json.decode(body, type=list[msgspec.Raw]))
        self.server.requests.append(dict(self.headers.items()))
        self.server.events += events
        self.server.positions[self.headers["X-Factbook-Load"]] = int(self.headers["X-Factbook-Position"])
        errors = [
            {"index": i, "field": "timestamp", "reason": "bad_time", "message": "Not a time."}
            for i in range(self.server.bad)
        ]
        answer = {"processed_count": events - len(errors), "duplicates": 0, "errors": errors}
        self._answer(422 if len(errors) == events else 200, answer)

    def _answer(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@contextmanager
def stand_in() -> Iterator[StandIn]:
    server = StandIn()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
