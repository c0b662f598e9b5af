"""A connection: HTTP/1.1 as uvicorn speaks it, with a short way for small requests to the ways in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from factbook.access.gate import credential, granted
from factbook.access.key_sets import KeysNeededError
from factbook.access.keys import Grant
from factbook.ingest.body import Collector
from factbook.ingest.intake import Origin, Receipt, Request
from factbook.services import Services

from .patience import Patient
from .request_id import Headers, identity, new_id
from .ways_in import WAYS, Call, Way, answer, call_of, count_refusal, mark, origin, sender

_NAMED = frozenset((b"x-request-id", b"traceparent", b"x-factbook-load"))
"""What makes a request one of its own, whatever the one before it said."""

_LONG = frozenset((b"transfer-encoding", b"expect", b"origin", b"x-forwarded-for"))
"""What is read piece by piece, and what the layers around the application look at: a page elsewhere, a proxy."""


@dataclass(frozen=True, slots=True)
class _Head:
    """A head but for the length of the body, and what it was found to mean: a sender says the same with every event."""

    path: str
    query: bytes
    sent: list[tuple[bytes, bytes]]
    call: Call
    origin: Origin
    grant: Grant


class Connection(Patient):
    """A POST to one of `WAYS` with a body of up to 64 KiB is handed to the intake as soon as it is complete, and its
    answer is one write: no task, no ASGI messages, half the processor time. Every other request goes through ASGI.
    """

    def __init__(self, services: Services, *args: Any, **named: Any) -> None:
        server = services.settings.server
        super().__init__(server.head_timeout, server.body_timeout, *args, **named)
        self._services = services
        self._max_body = services.settings.analytics.ingestion.max_body_bytes
        self._awaited: RequestResponseCycle | None = None
        self._head: _Head | None = None

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """uvicorn's start of a request: when its head is read, or when the one before it on the connection is done."""
        if self.flow.write_paused or not _short(cycle.scope):
            super()._start_asgi_task(cycle, app)
        elif cycle.more_body:
            self._awaited = cycle
        else:
            self._take(cycle)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self._awaited is not None:
            cycle, self._awaited = self._awaited, None
            self._take(cycle)

    def _take(self, cycle: RequestResponseCycle) -> None:
        sent = [pair for pair in cycle.scope["headers"] if pair[0] != b"content-length"]
        head = self._head
        if head and head.sent == sent and (head.path, head.query) == (cycle.scope["path"], cycle.scope["query_string"]):
            request_id = new_id()
            call = head.call._replace(request_id=request_id)
            added: Headers = [(b"x-request-id", request_id.encode())]
        else:
            head = None
            request_id, _, added = identity(sent)
            call = call_of(cycle.scope, request_id)
        way = WAYS[call.path]
        settle = partial(self._settle, cycle, call, way, added)
        try:
            scope = self._services.keys.renewed(head.grant) if head else None
            if head is None or scope is None:
                scope = sender(self._services.keys, call)
                head = self._kept(call, sent)
            body = Collector(call.headers.get("content-encoding", ""), self._max_body)
            body.add(bytes(cycle.body))
            place = head.origin if head else origin(call)
            request = Request(scope, way.read(body.body()), place, mark(call, scope), settle, self.loop)
            self._services.intake.admit(request)
        except KeysNeededError:  # the long way can wait
            super()._start_asgi_task(cycle, self.app)
        except Exception as error:  # noqa: BLE001 (told apart, and logged, where the answer is made)
            self.loop.call_soon(settle, error)

    def _kept(self, call: Call, sent: list[tuple[bytes, bytes]]) -> _Head | None:
        """The head of a sender who was let in by a key or an issuer's token, for the next request on the connection;
        None for any other."""
        key = credential(call.headers)
        self._head = None
        if key and not any(name in _NAMED for name, _ in sent):
            grant = granted(self._services.keys, key)
            self._head = _Head(call.path, call.query, sent, call, origin(call), grant) if grant else None
        return self._head

    def _settle(
        self, cycle: RequestResponseCycle, call: Call, way: Way, added: Headers, outcome: Receipt | Exception
    ) -> None:
        status, headers, content = answer(call, way, outcome)
        if isinstance(outcome, Exception):
            count_refusal(self._services.audit, call, status)
        if cycle.disconnected:
            return
        lines = [STATUS_LINE[status]]
        for name, value in (*headers, *added):
            lines += (name, b": ", value, b"\r\n")
        lines += (b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n", content)
        cycle.response_started = cycle.response_complete = True
        self.transport.write(b"".join(lines))
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()


def _short(scope: Any) -> bool:
    if scope["method"] != "POST" or scope["path"] not in WAYS:
        return False
    for name, value in scope["headers"]:
        if name in _LONG or (name == b"content-length" and int(value) > HIGH_WATER_LIMIT):
            return False
    return True
