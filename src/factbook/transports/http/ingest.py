"""The ways in over HTTP, as raw ASGI ahead of the framework: bytes in, one verb, a receipt out."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import msgspec
import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Connection

from factbook.access.gate import authenticate
from factbook.access.roles import SENDERS, require
from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Scope
from factbook.ingest.body import Collector, too_large
from factbook.ingest.intake import Mark, Origin, Receipt
from factbook.services import Services

from .problems import problem, unexpected
from .request_id import identity

log = structlog.get_logger()

SINGLE = ("/api/v1/analytics/events", "/api/v1/events", "/events/track")
BATCH = ("/api/v1/analytics/events/batch", "/api/v1/events/batch", "/events/batch")
SHORTHAND: Mapping[str, str] = {
    "/api/v1/analytics/track/content-view": "content_view",
    "/api/v1/analytics/track/search": "search_query",
    "/api/v1/analytics/track/user-action": "",
}
"""Path → the event type it stands for; a user action names its own as `action`."""

_JSON = (b"content-type", b"application/json")
_ALWAYS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_NULL = msgspec.Raw(b"null")
_NUMBER = re.compile(r"[0-9]{1,19}\Z")


class _Single(msgspec.Struct):
    success: bool
    event_id: str
    duplicate: bool
    batch_id: str
    real_time_updates: int


class _Batch(msgspec.Struct, omit_defaults=True):
    success: bool
    batch_id: str
    processed_count: int
    duplicates: int = -1
    real_time_updates: int = -1
    errors: Any = msgspec.UNSET
    event_ids: Any = msgspec.UNSET


class _Call(NamedTuple):
    path: str
    query: bytes
    headers: dict[str, str]
    ip: str


Answer = tuple[int, list[tuple[bytes, bytes]], bytes]


class _Body:
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
    """ASGI: answers the POST paths above, hands everything else to `app`. Stands outermost: these are the hot paths."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services
        self._max_body = services.settings.analytics.ingestion.max_body_bytes
        self._verbs: dict[str, Callable[[_Call, bytes, Scope], Awaitable[Answer]]] = {
            **dict.fromkeys(SINGLE, self._single),
            **dict.fromkeys(BATCH, self._batch),
            **dict.fromkeys(SHORTHAND, self._shorthand),
        }

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        verb = self._verbs.get(connection.get("path", "")) if connection["type"] == "http" else None
        if verb is None or connection["method"] != "POST":
            await self._app(connection, receive, send)
            return
        request_id, _, added = identity(connection["headers"])
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in connection["headers"]}
        client = connection.get("client")
        call = _Call(connection["path"], connection["query_string"], headers, client[0] if client else "")
        body = _Body(receive, self._max_body)
        try:
            scope = require(authenticate(self._services.keys, headers, method="POST"), *SENDERS)
            answer = await verb(call, await body.read(headers), scope)
        except ClientDisconnect:
            return
        except FactbookError as error:
            answer = problem(error, request_id, call.path)
        except Exception:
            log.exception("ingest request failed", path=call.path, correlation_id=request_id)
            answer = unexpected(request_id, call.path)
        status, answer_headers, content = answer
        if not await body.drained():  # the connection cannot be used again
            added.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": status, "headers": [*answer_headers, *_ALWAYS, *added]})
        await send({"type": "http.response.body", "body": content})

    async def _accept(self, call: _Call, body: bytes, scope: Scope) -> Receipt:
        origin = Origin(
            source="http",
            ip=call.ip,
            user_agent=call.headers.get("user-agent", ""),
            history=call.headers.get("x-factbook-history", "").lower() in ("true", "1", "yes"),
        )
        return await self._services.intake.accept(scope, body, origin, mark=_mark(call.headers, scope))

    async def _single(self, call: _Call, body: bytes, scope: Scope) -> Answer:
        receipt = await self._accept(call, body, scope)
        if len(receipt.raw_ids) + len(receipt.errors) != 1:
            return _batch_answer(receipt, with_ids=True)
        if receipt.errors:
            fault = receipt.errors[0]
            raise FactbookError(
                Kind.INVALID,
                f"{fault.field}: {fault.message}" if fault.field else fault.message,
                field=fault.field or None,
                hint=_LETTER_HINT,
                details={"reason": fault.reason, "letter_id": fault.letter_id},
            )
        duplicate = receipt.duplicates == 1
        return _json(_Single(True, receipt.ids[0], duplicate, receipt.batch_id, receipt.real_time_updates))

    async def _batch(self, call: _Call, body: bytes, scope: Scope) -> Answer:
        return _batch_answer(await self._accept(call, body, scope), with_ids=b"return_ids=true" in call.query)

    async def _shorthand(self, call: _Call, body: bytes, scope: Scope) -> Answer:
        try:
            members = _MEMBERS.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise FactbookError(
                Kind.MALFORMED, "The body is not a JSON object.", hint="Send the event's fields as one JSON object."
            ) from None
        event_type = SHORTHAND[call.path]
        named = msgspec.Raw(msgspec.json.encode(event_type)) if event_type else members.pop("action", _NULL)
        if bytes(named)[:1] != b'"' or bytes(named) == b'""':
            raise FactbookError(
                Kind.INVALID,
                "`action` is required, as text.",
                field="action",
                hint='Name what was done: {"action": "share"}.',
            )
        members["event_type"] = named
        return await self._single(call, msgspec.json.encode(members), scope)


_LETTER_HINT = "Mend the event and send it again; what was sent is kept under /api/v1/dead-letters."


def _batch_answer(receipt: Receipt, *, with_ids: bool) -> Answer:
    kept = len(receipt.raw_ids)
    if receipt.errors and not kept:
        fault = receipt.errors[0]
        raise FactbookError(
            Kind.INVALID,
            f"None of the {len(receipt.errors)} events could be kept; the first: {fault.message}",
            field=fault.field or None,
            hint=_LETTER_HINT,
            details={
                "processed_count": 0,
                "duplicates": 0,
                "batch_id": receipt.batch_id,
                "errors": msgspec.to_builtins(receipt.errors),
            },
        )
    return _json(
        _Batch(
            success=True,
            batch_id=receipt.batch_id,
            processed_count=receipt.accepted,
            duplicates=receipt.duplicates,
            real_time_updates=receipt.real_time_updates,
            errors=receipt.errors,
            event_ids=receipt.ids if with_ids else msgspec.UNSET,
        )
    )


def _json(body: msgspec.Struct) -> Answer:
    encoded = msgspec.json.encode(body)
    return 200, [_JSON, (b"content-length", b"%d" % len(encoded))], encoded


def _mark(headers: Mapping[str, str], scope: Scope) -> Mark | None:
    """The place in a load that this request brings in, from X-Factbook-Load and X-Factbook-Position."""
    source = headers.get("x-factbook-load")
    if not source:
        return None
    position = headers.get("x-factbook-position", "")
    if not _NUMBER.match(position) or not 0 < int(position) < 2**63:
        raise FactbookError(
            Kind.INVALID,
            "X-Factbook-Position is not a whole number from 1.",
            field="X-Factbook-Position",
            hint="Send how far the load has come, with this request counted in.",
        )
    return Mark(load_source(scope, source), int(position))


def load_source(scope: Scope, source: str) -> str:
    """A load's name, apart from other tenants' loads of that name."""
    return f"{scope.tenant}/{source}"
