"""Gives every request an id: the caller's X-Request-ID, else its trace id, else a new one; and answers what crashed."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import unexpected

_SENDABLE = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}\Z")
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})\Z")
_KEY = "correlation_id"
_RANDOM = random.Random()  # noqa: S311 (ids, no secrets; the system's own source would give up the interpreter each time)

log = structlog.get_logger()

Headers = list[tuple[bytes, bytes]]


def correlation_id(scope: Scope) -> str:
    """The id of the request that `scope` belongs to; empty outside the middleware."""
    return str(scope.get("state", {}).get(_KEY, ""))


def new_id() -> str:
    return f"{_RANDOM.getrandbits(128):032x}"


def identity(headers: Iterable[tuple[bytes, bytes]]) -> tuple[str, str, Headers]:
    """(request id, trace id or empty, the headers that say so in the answer) for a request with these headers."""
    asked, trace, flags = _sent(headers)
    request_id = asked or trace or new_id()
    added = [(b"x-request-id", request_id.encode())]
    if trace:
        added.append((b"traceparent", f"00-{trace}-{_RANDOM.getrandbits(64):016x}-{flags}".encode()))
    return request_id, trace, added


class RequestId:
    """ASGI middleware. Sets `scope["state"]["correlation_id"]` (and `trace_id`), and X-Request-ID and traceparent on
    the answer. An exception from below becomes a 500 problem with that id, logged under it. Standing twice in a row
    of middleware does nothing twice.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or correlation_id(scope):
            await self.app(scope, receive, send)
            return
        request_id, trace, added = identity(scope["headers"])
        scope["state"] = {**scope.get("state", {}), _KEY: request_id, "trace_id": trace}
        started = finished = False

        async def sending(message: Message) -> None:
            nonlocal started, finished
            if message["type"] in ("http.response.start", "websocket.accept"):
                started = True
                message["headers"] = [*message.get("headers", ()), *added]
            elif message["type"] == "http.response.body" and not message.get("more_body"):
                finished = True
            await send(message)

        bound = {_KEY: request_id, "trace_id": trace} if trace else {_KEY: request_id}
        with structlog.contextvars.bound_contextvars(**bound):
            try:
                await self.app(scope, receive, sending)
            except ClientDisconnect:
                log.debug("the caller left before the answer", path=scope["path"])
            except Exception as error:  # the last one who can answer
                log.exception("unexpected error", path=scope["path"], error=type(error).__name__)
                if finished:  # the framework answers a defect itself and raises it again
                    return
                if started or scope["type"] == "websocket":
                    raise
                status, headers, body = unexpected(request_id, instance=scope["path"])
                await sending({"type": "http.response.start", "status": status, "headers": headers})
                await sending({"type": "http.response.body", "body": body})


def _sent(headers: Iterable[tuple[bytes, bytes]]) -> tuple[str, str, str]:
    """(usable X-Request-ID, trace id, trace flags) of the request; empty where not sent or not usable."""
    asked = trace = flags = ""
    for name, value in headers:
        if name == b"x-request-id" and _SENDABLE.match(value):
            asked = value.decode()
        elif name == b"traceparent" and (match := _TRACEPARENT.match(value)) and match[1].strip(b"0"):
            trace, flags = match[1].decode(), match[3].decode()
    return asked, trace, flags
