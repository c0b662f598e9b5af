"""Spans as events: what a service answered, what it asked of databases and of others, and what went wrong."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from factbook.core.fingerprint import fingerprint

from .attributes import Attributes, Source, attributes, number, source, text
from .errors import error
from .taken import Taken, event, moment

FAILED = 500
"""The status of a request that failed and has none of HTTP, as gateways translate gRPC's INTERNAL."""
_ASKING = (Span.SPAN_KIND_CLIENT, Span.SPAN_KIND_PRODUCER)
_DATABASE = ("db.system.name", "db.system")
_STATEMENT = ("db.query.text", "db.statement")
_FIRST_WORD = re.compile(r"\s*([A-Za-z]{1,20})\b")


def taken(request: ExportTraceServiceRequest) -> Taken:
    """Server spans as `api_request`, client spans of databases as `db_query`, other client and producer spans as
    `external_call`, exceptions of any span as `error_occurred`; spans within a service are no events.

    An id is that of the span, so that one sent again counts once.
    """
    found = Taken()
    for resource in request.resource_spans:
        of = source(attributes(resource.resource.attributes))
        for scope in resource.scope_spans:
            for span in scope.spans:
                found.items += 1
                _add(found, span, of)
    return found


def _add(found: Taken, span: Span, of: Source) -> None:
    given = attributes(span.attributes)
    trace, own = span.trace_id.hex(), span.span_id.hex()
    told = _told(span, given)
    id_ = f"otel:{trace}:{own}"
    endpoint = None
    if told is not None:
        kind, properties = told
        endpoint = properties.get("endpoint") if kind == "api_request" else None
        duration = span.end_time_unix_nano - span.start_time_unix_nano
        properties["duration_ms"] = duration / 1e6 if span.end_time_unix_nano and duration >= 0 else None
        who, session = text(given, "user.id", "enduser.id"), text(given, "session.id")
        at = moment(span.end_time_unix_nano or span.start_time_unix_nano)
        given_ids = {"user_id": who, "session_id": session, "correlation_id": trace}
        found.add(event(kind, id_, at, {**of.properties, **properties}, **given_ids))
    for place, happened in enumerate(span.events):
        if happened.name == "exception":
            thrown = {**given, **attributes(happened.attributes)}
            at = moment(happened.time_unix_nano or span.end_time_unix_nano)
            found.add(error(f"{id_}:{place}", at, of, thrown, trace=trace, endpoint=endpoint))


def _told(span: Span, given: Attributes) -> tuple[str, dict[str, Any]] | None:
    """Event type and properties; None for a span that is no event."""
    failed = span.status.code == Status.STATUS_CODE_ERROR
    if span.kind == Span.SPAN_KIND_SERVER:
        return "api_request", _request(span, given, failed)
    if span.kind not in _ASKING:
        return None
    if text(given, *_DATABASE):
        return "db_query", _query(span, given, failed)
    return "external_call", _call(span, given, failed)


def _request(span: Span, given: Attributes, failed: bool) -> dict[str, Any]:
    return {
        "endpoint": text(given, "http.route") or _path(given) or _procedure(given) or span.name,
        "method": text(given, "http.request.method", "http.method"),
        "status_code": _status(given) or (FAILED if failed else None),
        "request_bytes": number(given, "http.request.body.size", "http.request_content_length"),
        "response_bytes": number(given, "http.response.body.size", "http.response_content_length"),
    }


def _query(span: Span, given: Attributes, failed: bool) -> dict[str, Any]:
    statement = text(given, *_STATEMENT) or ""
    word = _FIRST_WORD.match(statement)
    return {
        "operation": text(given, "db.operation.name", "db.operation") or (word[1].upper() if word else None),
        "table": text(given, "db.collection.name", "db.sql.table", "db.mongodb.collection"),
        "database": text(given, "db.namespace", "db.name"),
        "system": text(given, *_DATABASE),
        "query": fingerprint(statement) or span.name,
        "rows": number(given, "db.response.returned_rows"),
        "success": not failed,
    }


def _call(span: Span, given: Attributes, failed: bool) -> dict[str, Any]:
    status = _status(given)
    return {
        "target": text(given, "peer.service", "server.address", "net.peer.name", "messaging.system", "rpc.service")
        or _host(given)
        or span.name,
        "endpoint": text(given, "url.template", "messaging.destination.name")
        or _path(given)
        or _procedure(given)
        or span.name,
        "method": text(given, "http.request.method", "http.method"),
        "status_code": status,
        "success": not failed and (status is None or status < 400),
    }


def _status(given: Attributes) -> float | int | None:
    return number(given, "http.response.status_code", "http.status_code")


def _procedure(given: Attributes) -> str | None:
    service, method = text(given, "rpc.service"), text(given, "rpc.method")
    return f"{service}/{method}" if service and method else method or service


def _path(given: Attributes) -> str | None:
    """Without the query, which may hold what nobody should read."""
    found = text(given, "url.path", "http.target")
    if found is None:
        found = _split(given)[1]
    return found.split("?", 1)[0].split("#", 1)[0] or None


def _host(given: Attributes) -> str | None:
    return _split(given)[0] or None


def _split(given: Attributes) -> tuple[str, str]:
    try:
        parts = urlsplit(text(given, "url.full", "http.url") or "")
        return parts.hostname or "", parts.path
    except ValueError:
        return "", ""
