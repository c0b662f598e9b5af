"""The ways in as raw ASGI, ahead of the framework: bytes in, one verb, a receipt out."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Connection

from factbook.ingest.body import Collector, too_large
from factbook.ingest.intake import Receipt
from factbook.services import Services

from .request_id import identity
from .ways_in import WAYS, answer, call_of, count_refusal, let_in_sender, mark, origin

_NUMBER = re.compile(r"[0-9]{1,19}\Z")


class Body:
    """The body of one request, read once."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._seen = 0
        self._complete = False

    async def read(self, headers: Mapping[str, str]) -> bytes:
        """The body, decompressed. Raises TOO_LARGE, UNSUPPORTED or MALFORMED, and ClientDisconnect."""
        length = headers.get("content-length", "")
        if _NUMBER.match(length) and int(length) > self._limit:
            self._seen = int(length)
            raise too_large(self._limit)
        collector = Collector(headers.get("content-encoding", ""), self._limit)
        while not self._complete:
            collector.add(await self._piece())
        return collector.body()

    async def drained(self) -> bool:
        """Reads what is left of a body that was refused, so that its sender hears why; False when that is too much."""
        try:
            while not self._complete and self._seen <= self._limit:
                await self._piece()
        except ClientDisconnect:
            return False
        return self._complete

    async def _piece(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        piece: bytes = message.get("body", b"")
        self._seen += len(piece)
        self._complete = not message.get("more_body", False)
        return piece


class IngestRoutes:
    """ASGI: answers a POST to one of `WAYS`, hands everything else to `app`. Stands outermost: these are the hot paths.

    Small requests do not even come here: see `connection`.
    """

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services
        self._max_body = services.settings.analytics.ingestion.max_body_bytes

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        way = WAYS.get(connection.get("path", "")) if connection["type"] == "http" else None
        if way is None or connection["method"] != "POST":
            await self._app(connection, receive, send)
            return
        request_id, _, added = identity(connection["headers"])
        call = call_of(connection, request_id)
        body = Body(receive, self._max_body)
        outcome: Receipt | Exception
        try:
            scope = await let_in_sender(self._services.keys, call)
            sent = way.read(await body.read(call.headers))
            outcome = await self._services.intake.accept(scope, sent, origin(call), mark=mark(call, scope))
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 (told apart, and logged, where the answer is made)
            outcome = error
        status, headers, content = answer(call, way, outcome)
        if isinstance(outcome, Exception):
            count_refusal(self._services.audit, call, status)
        if not await body.drained():  # the connection cannot be used again
            added.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": status, "headers": [*headers, *added]})
        await send({"type": "http.response.body", "body": content})
