"""The ways in over HTTP: which path takes what, who may use it, and how a receipt is told."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import msgspec
import structlog

from factbook.access.audit import Audit
from factbook.access.gate import authenticate
from factbook.access.key_sets import KeysNeededError
from factbook.access.keys import Keys
from factbook.access.roles import SENDERS, require
from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import DEFAULT_TENANT, Scope
from factbook.ingest.intake import Mark, Origin, Receipt

from .problems import problem, unexpected

log = structlog.get_logger()

SINGLE = ("/api/v1/analytics/events", "/api/v1/events", "/events/track")
BATCH = ("/api/v1/analytics/events/batch", "/api/v1/events/batch", "/events/batch")
SHORTHAND: Mapping[str, str] = {
    "/api/v1/analytics/track/content-view": "content_view",
    "/api/v1/analytics/track/search": "search_query",
    "/api/v1/analytics/track/user-action": "",
}
"""Path → the event type it stands for; a user action names its own as `action`."""

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]
"""Status, headers, body."""


class Call(NamedTuple):
    """A request but for its body. headers: by lower-case name."""

    path: str
    query: bytes
    headers: Mapping[str, str]
    ip: str
    request_id: str


class Way(NamedTuple):
    """read: from the body that was sent to the one that the intake takes. tell: the answer to (call, receipt)."""

    read: Callable[[bytes], bytes]
    tell: Callable[[Call, Receipt], Answer]


_JSON = (b"content-type", b"application/json")
ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
"""Headers of every answer to what is sent in: no page, and nothing to keep."""
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENCODER = msgspec.json.Encoder()
_NULL = msgspec.Raw(b"null")
_NUMBER = re.compile(r"[0-9]{1,19}\Z")
_LETTER_HINT = "Mend the event and send it again; what was sent is kept under /api/v1/dead-letters."
_UNKEPT_HINT = "Nothing of it is kept; GET /api/v1/privacy/settings says what the tenant decided."


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


def call_of(connection: Mapping[str, Any], request_id: str) -> Call:
    """The call that an ASGI connection scope describes."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in connection["headers"]}
    client = connection.get("client")
    return Call(connection["path"], connection["query_string"], headers, client[0] if client else "", request_id)


def sender(keys: Keys, call: Call) -> Scope:
    """Who sends events. UNAUTHENTICATED or FORBIDDEN for who may not."""
    return require(authenticate(keys, call.headers, method="POST"), *SENDERS)


async def let_in_sender(keys: Keys, call: Call) -> Scope:
    """As `sender`, waiting for the keys of a token's issuer where they have to be read first."""
    try:
        return sender(keys, call)
    except KeysNeededError as needed:
        await asyncio.to_thread(needed.keys.fetch)
        return sender(keys, call)


def count_refusal(audit: Audit, call: Call, status: int) -> None:
    """Tells the audit trail of a sender who was not let in."""
    if status in (401, 403):
        audit.refused(DEFAULT_TENANT, "", f"POST {call.path}", status, call.ip)


def origin(call: Call) -> Origin:
    return Origin(
        source="http",
        ip=call.ip,
        user_agent=call.headers.get("user-agent", ""),
        history=call.headers.get("x-factbook-history", "").lower() in ("true", "1", "yes"),
        objects=call.headers.get("sec-gpc") == "1" or call.headers.get("dnt") == "1",
    )


def mark(call: Call, scope: Scope) -> Mark | None:
    """The place in a load that this request brings in, from X-Factbook-Load and X-Factbook-Position."""
    source = call.headers.get("x-factbook-load")
    if not source:
        return None
    position = call.headers.get("x-factbook-position", "")
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


def answer(call: Call, way: Way, outcome: Receipt | Exception) -> Answer:
    """What the sender hears; an exception that is none of ours is logged and told as a defect."""
    try:
        if isinstance(outcome, Exception):
            raise outcome
        told = way.tell(call, outcome)
    except FactbookError as error:
        told = problem(error, call.request_id, call.path)
    except Exception:
        log.exception("ingest request failed", path=call.path, correlation_id=call.request_id)
        told = unexpected(call.request_id, call.path)
    status, headers, content = told
    return status, [*headers, *ALWAYS], content


def _as_sent(body: bytes) -> bytes:
    return body


def _named(event_type: str, body: bytes) -> bytes:
    """The members of a shorthand as one event."""
    try:
        members = _MEMBERS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise FactbookError(
            Kind.MALFORMED, "The body is not a JSON object.", hint="Send the event's fields as one JSON object."
        ) from None
    named = msgspec.Raw(_ENCODER.encode(event_type)) if event_type else members.pop("action", _NULL)
    if bytes(named)[:1] != b'"' or bytes(named) == b'""':
        raise FactbookError(
            Kind.INVALID,
            "`action` is required, as text.",
            field="action",
            hint='Name what was done: {"action": "share"}.',
        )
    members["event_type"] = named
    return _ENCODER.encode(members)


def _single(call: Call, receipt: Receipt) -> Answer:
    if receipt.kept + len(receipt.errors) != 1:
        return _told(receipt, with_ids=True)
    if receipt.errors:
        fault = receipt.errors[0]
        raise FactbookError(
            Kind.INVALID,
            f"{fault.field}: {fault.message}" if fault.field else fault.message,
            field=fault.field or None,
            hint=_LETTER_HINT if fault.letter_id else _UNKEPT_HINT,
            details={"reason": fault.reason, "letter_id": fault.letter_id},
        )
    duplicate = receipt.duplicates == 1
    return _json(_Single(True, receipt.ids[0], duplicate, receipt.batch_id, receipt.real_time_updates))


def _batch(call: Call, receipt: Receipt) -> Answer:
    return _told(receipt, with_ids=b"return_ids=true" in call.query)


def _told(receipt: Receipt, *, with_ids: bool) -> Answer:
    if receipt.errors and not receipt.kept:
        fault = receipt.errors[0]
        raise FactbookError(
            Kind.INVALID,
            f"None of the {len(receipt.errors)} events could be kept; the first: {fault.message}",
            field=fault.field or None,
            hint=_LETTER_HINT if fault.letter_id else _UNKEPT_HINT,
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
    encoded = _ENCODER.encode(body)
    return 200, [_JSON, (b"content-length", b"%d" % len(encoded))], encoded


WAYS: Mapping[str, Way] = {
    **dict.fromkeys(SINGLE, Way(_as_sent, _single)),
    **dict.fromkeys(BATCH, Way(_as_sent, _batch)),
    **{path: Way(partial(_named, event_type), _single) for path, event_type in SHORTHAND.items()},
}
"""Path → what a POST there is."""
