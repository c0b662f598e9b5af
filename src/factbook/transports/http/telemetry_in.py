"""Telemetry over HTTP as raw ASGI: OpenTelemetry's exporters and Prometheus post here, the intake takes events."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import structlog
from fastapi import APIRouter, Depends
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Connection

from factbook.access.roles import SENDERS
from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Scope
from factbook.ingest.intake import Intake, Origin
from factbook.ingest.journal import Note
from factbook.ingest.telemetry import metrics, otlp, remote_write
from factbook.ingest.telemetry.counters import Turn
from factbook.ingest.telemetry.otlp import JSON, PROTOBUF, SIGNALS, Signal
from factbook.ingest.telemetry.points import Points
from factbook.ingest.telemetry.taken import Taken
from factbook.services import Services

from .access import refusals, scope_for
from .ingest import Body
from .problems import problem, unexpected
from .request_id import identity
from .ways_in import ALWAYS, Answer, Call, call_of, count_refusal, let_in_sender

log = structlog.get_logger()

OTLP: Mapping[str, Signal] = {
    f"{prefix}/v1/{name}": signal for prefix in ("", "/otlp") for name, signal in SIGNALS.items()
}
REMOTE_WRITE = "/api/v1/write"

_CODES = {
    Kind.UNAUTHENTICATED: 16,
    Kind.FORBIDDEN: 7,
    Kind.LIMITED: 8,
    Kind.UNAVAILABLE: 14,
}
"""google.rpc.Code by kind of error; 3, an invalid argument, for every other."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of the items of one body. reason: why the first of the `lost` was not kept."""

    items: int
    lost: int
    reason: str


class Way(NamedTuple):
    """A path: how its body is decoded, and how the sender hears of what was kept and what went wrong."""

    source: str
    decode: Callable[[Call, bytes], Taken | Points]
    tell: Callable[[Call, Kept], Answer]
    refuse: Callable[[Call, FactbookError], Answer]
    is_packed: bool = False
    """Whether `decode` itself unpacks the body."""
    counted: Callable[[Points, Turn], Taken] = metrics.taken
    """What points come to, by what is remembered of their series."""


class TelemetryRoutes:
    """ASGI: answers a POST to a path of telemetry, hands everything else to `app`."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services
        ingestion = services.settings.analytics.ingestion
        self._max_body, self._max_events = ingestion.max_body_bytes, ingestion.max_events
        self._ways = _ways(self._max_body)

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        way = self._ways.get(connection.get("path", "")) if connection["type"] == "http" else None
        if way is None or connection["method"] != "POST":
            await self._app(connection, receive, send)
            return
        request_id, _, added = identity(connection["headers"])
        call, body = call_of(connection, request_id), Body(receive, self._max_body)
        try:
            scope = await let_in_sender(self._services.keys, call)
            sent = await body.read({} if way.is_packed else call.headers)
            read = await asyncio.to_thread(way.decode, call, sent)
            kept = await self._accepted(scope, read, way)
            status, headers, content = way.tell(call, kept)
        except ClientDisconnect:
            return
        except FactbookError as error:
            status, headers, content = way.refuse(call, error)
            count_refusal(self._services.audit, call, status)
        except Exception:
            log.exception("telemetry request failed", path=call.path, correlation_id=call.request_id)
            status, headers, content = unexpected(call.request_id, call.path)
        if not await body.drained():  # the connection cannot be used again
            added.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": status, "headers": [*headers, *ALWAYS, *added]})
        await send({"type": "http.response.body", "body": content})

    async def _accepted(self, scope: Scope, read: Taken | Points, way: Way) -> Kept:
        """One body of points after the other: each goes by what the one before it left."""
        intake, counters = self._services.intake, self._services.counters
        if isinstance(read, Taken):
            return await accepted(intake, scope, read, way.source, self._max_events)
        async with counters.lock:
            turn = counters.turn(scope.tenant, time.time_ns())
            taken = await asyncio.to_thread(way.counted, read, turn)
            kept = await accepted(intake, scope, taken, way.source, self._max_events, counters.keep)
            counters.end(turn, time.time_ns())
            return kept


async def accepted(
    intake: Intake,
    scope: Scope,
    taken: Taken,
    source: str,
    most: int,
    keep: Callable[[Sequence[Note]], None] = lambda notes: None,
) -> Kept:
    """Sends the events through the intake, `most` at a time; durable once this returns. keep: told of notes that are.

    The agent and address of the sender are those of a collector, not of anybody who did something.
    """
    lost: set[int] = set()
    reason = ""
    for body, items, notes in taken.bodies(most):
        receipt = await intake.accept(scope, body, Origin(source=source), notes=notes)
        keep(notes)
        lost.update(items[error.index] for error in receipt.errors)
        reason = reason or next((error.message for error in receipt.errors), "")
    return Kept(taken.items, len(lost), reason)


def _ways(max_body: int) -> Mapping[str, Way]:
    return {
        **{
            path: Way("otlp", partial(_decode_otlp, signal), partial(_tell_otlp, signal), _refuse_otlp)
            for path, signal in OTLP.items()
        },
        REMOTE_WRITE: Way(
            "prometheus",
            lambda call, body: remote_write.decoded(body, call.headers, max_body),
            _tell_written,
            lambda call, error: problem(error, call.request_id, call.path),
            is_packed=True,
            counted=remote_write.taken,
        ),
    }


def _media_type(call: Call) -> str:
    """That of the request, in which the answer is written too."""
    return call.headers.get("content-type", "") or PROTOBUF


def _decode_otlp(signal: Signal, call: Call, body: bytes) -> Taken | Points:
    return otlp.decoded(signal, body, _media_type(call))


def _tell_otlp(signal: Signal, call: Call, kept: Kept) -> Answer:
    return _otlp(call, 200, otlp.answer(signal, kept.lost, kept.reason, _media_type(call)), [])


def _refuse_otlp(call: Call, error: FactbookError) -> Answer:
    status, headers, _ = problem(error, call.request_id)
    words = f"{error.message} {error.hint or ''}".strip()
    body = otlp.refusal(_CODES.get(error.kind, 3), words, _media_type(call))
    return _otlp(call, status, body, [one for one in headers if one[0] in (b"retry-after", b"www-authenticate")])


def _otlp(call: Call, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> Answer:
    is_json = _media_type(call).partition(";")[0].strip().lower() == JSON
    kind = (JSON if is_json else PROTOBUF).encode()
    return status, [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *headers], body


def _tell_written(call: Call, kept: Kept) -> Answer:
    """204, or 400 where a sample was refused: Prometheus does not send it again then, and what was good is kept."""
    if kept.lost:
        raise FactbookError(
            Kind.MALFORMED,
            f"{kept.lost} of {kept.items} samples were not kept; the first: {kept.reason}",
            hint="The others are kept; those refused are under /api/v1/dead-letters.",
        )
    return 204, [(b"x-prometheus-remote-write-samples-written", b"%d" % kept.items)], b""


_ABOUT_OTLP = (
    "The path that an OTLP/HTTP exporter posts to when its endpoint is this server: protobuf or JSON, plain, gzip or"
    " zstd, with the write key as `Authorization: Bearer` or `x-api-key`. "
)
_ABOUT = {
    "traces": "Server spans become `api_request`, client spans of databases `db_query`, other client and producer"
    " spans `external_call`, exceptions `error_occurred`. A span sent again counts once.",
    "logs": "Records of severity ERROR and above, and those with an exception, become `error_occurred`.",
    "metrics": "Utilization of processors, memory and file systems becomes `resource_usage`, every other data point"
    " `metric` with its name and value; of a running total, what it grew by.",
}


def router(services: Services) -> APIRouter:
    """Documents the paths that `TelemetryRoutes` answers."""
    routes = APIRouter(tags=["Telemetry"])
    writer = Depends(scope_for(services, *SENDERS))
    refused: tuple[Kind, ...] = (Kind.MALFORMED, Kind.TOO_LARGE, Kind.UNSUPPORTED, Kind.LIMITED, Kind.UNAVAILABLE)
    binary = {"schema": {"type": "string", "format": "binary"}}

    def document(path: str, summary: str, text: str, status: int, bodies: dict[str, Any]) -> None:
        def handled_ahead_of_the_framework(scope: Scope = writer) -> None:
            raise AssertionError(f"{path} is answered by TelemetryRoutes")

        routes.add_api_route(
            path,
            handled_ahead_of_the_framework,
            methods=["POST"],
            name=f"{summary} {path}",
            status_code=status,
            summary=summary,
            description=text,
            responses=refusals(*refused),
            openapi_extra={"requestBody": {"required": True, "content": bodies}},
        )

    for path in OTLP:
        signal = path.rsplit("/", 1)[1]
        bodies = {PROTOBUF: binary, JSON: {"schema": {"type": "object"}}}
        document(path, f"Take OpenTelemetry's {signal}", _ABOUT_OTLP + _ABOUT[signal], 200, bodies)
    about = (
        "Remote write 1.0 (snappy-compressed prometheus.WriteRequest). Samples become events as data points of"
        " OpenTelemetry do; `job` is the service, `instance` the host. Counters are told by what they grew, those of"
        " requests of HTTP that name the status as `api_request`."
    )
    document(REMOTE_WRITE, "Take Prometheus' remote write", about, 204, {PROTOBUF: binary})
    return routes
