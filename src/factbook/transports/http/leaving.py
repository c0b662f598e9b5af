"""Tells reads when the caller who waits for them has hung up, so that nothing runs for nobody."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from factbook.queries.callers import CALLER


class Leaving:
    """ASGI middleware. Looks at the connection only once a read has to wait, and only after the request's body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        connection = _Connection(receive, bodiless=_is_bodiless(scope))
        before = CALLER.set(connection)
        try:
            await self._app(scope, connection.receive, send)
        finally:
            CALLER.reset(before)
            connection.close()


class _Connection:
    """The messages of one request; what comes while a read waits is handed on when it is asked for."""

    def __init__(self, receive: Receive, *, bodiless: bool) -> None:
        self._receive = receive
        self._is_whole = bodiless
        self._held: asyncio.Queue[Message] = asyncio.Queue()
        self._watch: asyncio.Task[None] | None = None
        self._gone: asyncio.Future[None] | None = None

    async def receive(self) -> Message:
        message = await (self._held.get() if self._watch else self._receive())
        self._is_whole |= not message.get("more_body", False)
        return message

    def gone(self) -> asyncio.Future[None]:
        if self._gone is None:
            self._gone = asyncio.get_running_loop().create_future()
        if self._watch is None and self._is_whole:
            self._watch = asyncio.create_task(self._look())
        return self._gone

    def close(self) -> None:
        if self._watch:
            self._watch.cancel()

    async def _look(self) -> None:
        assert self._gone
        while True:
            message = await self._receive()
            self._held.put_nowait(message)
            if message["type"] == "http.disconnect":
                self._gone.set_result(None)
                return


def _is_bodiless(scope: Scope) -> bool:
    sent = {name for name, value in scope["headers"] if (name, value) != (b"content-length", b"0")}
    return not sent & {b"content-length", b"transfer-encoding"}
