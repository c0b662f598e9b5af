"""An HTTP server that answers as it was told, request by request, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TAKEN = "taken"
"""Answers as Factbook does when it took every event of the request."""


@dataclass(frozen=True)
class Answer:
    """body: JSON, or bytes as they are. hangs_up: the connection ends in the midst of it."""

    status: int = 200
    body: Any = TAKEN
    headers: dict[str, str] = field(default_factory=dict)
    hangs_up: bool = False


class Scripted(ThreadingHTTPServer):
    """Gives `answers` in turn, and the last one for ever. asked: (path, headers, decoded body) of each request."""

    daemon_threads = True

    def __init__(self, answers: list[Answer]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.asked: list[tuple[str, dict[str, str], Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # an answer leaves in one piece
    server: Scripted

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, body: Any) -> None:
        self.server.asked.append((self.path, dict(self.headers.items()), body))
        answers = self.server.answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        told = {"processed_count": len(body), "duplicates": 0, "errors": []} if answer.body == TAKEN else answer.body
        content = told if isinstance(told, bytes) else json.dumps(told).encode()
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(content) + answer.hangs_up))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = answer.hangs_up

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@contextmanager
def scripted(*answers: Answer) -> Iterator[Scripted]:
    server = Scripted(list(answers))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
