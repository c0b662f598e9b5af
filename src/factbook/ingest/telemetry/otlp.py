"""OTLP over HTTP: the bodies of its three signals, in protobuf and JSON, and the answers to them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from factbook.core.errors import FactbookError, Kind

from . import logs, metrics, spans
from .points import Points
from .taken import Taken
from .wire import STATUS, message

PROTOBUF, JSON = "application/x-protobuf", "application/json"
_UNREADABLE = (DecodeError, json_format.ParseError, ValueError, TypeError, AttributeError, RecursionError)
"""What the parsers raise at bodies of another shape."""
_IDS = frozenset(("traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id"))


@dataclass(frozen=True, slots=True)
class Signal:
    """One kind of telemetry. rejected: the field of the answer that counts what was not kept."""

    request: type[Message]
    answer: type[Message]
    read: Callable[[Any], Taken | Points]
    rejected: str


SIGNALS = {
    "traces": Signal(ExportTraceServiceRequest, ExportTraceServiceResponse, spans.taken, "rejected_spans"),
    "logs": Signal(ExportLogsServiceRequest, ExportLogsServiceResponse, logs.taken, "rejected_log_records"),
    "metrics": Signal(
        ExportMetricsServiceRequest, ExportMetricsServiceResponse, metrics.points, "rejected_data_points"
    ),
}


def decoded(signal: Signal, body: bytes, media_type: str) -> Taken | Points:
    """UNSUPPORTED for another media type, MALFORMED where the body cannot be read."""
    sent = media_type.partition(";")[0].strip().lower()
    if sent not in (PROTOBUF, JSON):
        raise FactbookError(
            Kind.UNSUPPORTED,
            f"The media type {sent[:60]!r} is not read here.",
            field="Content-Type",
            hint=f"Send {PROTOBUF} or {JSON}.",
        )
    request = signal.request()
    try:
        if sent == PROTOBUF:
            request.ParseFromString(body)
        else:
            read = msgspec.json.decode(body or b"{}", type=dict[str, Any])
            json_format.ParseDict(_with_ids(read), request, ignore_unknown_fields=True)
    except _UNREADABLE as error:
        raise FactbookError(
            Kind.MALFORMED,
            f"The body is no {request.DESCRIPTOR.name} in {sent}: {str(error)[:200]}",
            hint="Point an OTLP/HTTP exporter here; gRPC is another protocol.",
        ) from None
    return signal.read(request)


def _with_ids(sent: Any) -> Any:
    """Ids of traces and spans, which OTLP writes in hexadecimal and protobuf's own JSON in base64."""
    if isinstance(sent, list):
        return [_with_ids(item) for item in sent]
    if not isinstance(sent, dict):
        return sent
    return {
        name: base64.b64encode(bytes.fromhex(item)).decode()
        if name in _IDS and isinstance(item, str)
        else _with_ids(item)
        for name, item in sent.items()
    }


def answer(signal: Signal, rejected: int, reason: str, media_type: str) -> bytes:
    """The signal's response: empty where all was kept, else how many items were not, and why."""
    told = signal.answer()
    if rejected:
        partial = told.partial_success  # type: ignore[attr-defined]
        setattr(partial, signal.rejected, rejected)
        partial.error_message = reason
    return _encoded(told, media_type)


def refusal(code: int, reason: str, media_type: str) -> bytes:
    """The body of an error, as OTLP wants it. code: of google.rpc.Code."""
    return _encoded(message(STATUS, code=code, message=reason), media_type)


def _encoded(told: Message, media_type: str) -> bytes:
    if media_type.partition(";")[0].strip().lower() == JSON:
        return msgspec.json.encode(json_format.MessageToDict(told))
    return told.SerializeToString()
