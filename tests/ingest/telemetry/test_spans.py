"""Spans as events: which become what, by today's names of attributes and by older ones."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from factbook.ingest.telemetry.spans import taken

SERVER, CLIENT, PRODUCER = Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CLIENT, Span.SPAN_KIND_PRODUCER
SECOND = 1_000_000_000


def sent(kind: Span.SpanKind.ValueType, failed: bool = False, **given: Any) -> dict[str, Any] | None:
    """The event of one span with these attributes, `__` for a dot; None for no event."""
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id, span.span_id, span.kind, span.name = b"t" * 16, b"s" * 8, kind, "named"
    span.start_time_unix_nano, span.end_time_unix_nano = SECOND, SECOND + 2_500_000
    if failed:
        span.status.code = Status.STATUS_CODE_ERROR
    for name, value in given.items():
        pair = span.attributes.add(key=name.replace("__", "."))
        if isinstance(value, int):
            pair.value.int_value = value
        else:
            pair.value.string_value = value
    found = taken(request)
    assert found.items == 1
    return found.events[0] if found.events else None


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        (SERVER, {"http__route": "/a/{id}", "url__path": "/a/1"}, {"endpoint": "/a/{id}"}),
        (SERVER, {"http__target": "/a?token=secret", "http__status_code": 404}, {"endpoint": "/a", "status_code": 404}),
        (SERVER, {"http__url": "http://h:1/b?x=1#f"}, {"endpoint": "/b"}),
        (SERVER, {"rpc__service": "S", "rpc__method": "M"}, {"endpoint": "S/M"}),
        (SERVER, {}, {"endpoint": "named"}),
        (SERVER, {"http__method": "GET", "http__response__body__size": 7}, {"method": "GET", "response_bytes": 7}),
        (CLIENT, {"db__system": "mysql", "db__statement": "select 'a' from b"}, {"query": "select * from b"}),
        (CLIENT, {"db__system": "mysql", "db__statement": "select 1"}, {"operation": "SELECT", "system": "mysql"}),
        (CLIENT, {"db__system__name": "redis", "db__operation__name": "GET"}, {"operation": "GET", "query": "named"}),
        (CLIENT, {"url__full": "https://h.example/p?q=1"}, {"target": "h.example", "endpoint": "/p", "success": True}),
        (CLIENT, {"server__address": "s", "http__response__status_code": 404}, {"target": "s", "success": False}),
        (CLIENT, {"url__full": "http://[::bad"}, {"target": "named", "endpoint": "named"}),
        (
            PRODUCER,
            {"messaging__system": "kafka", "messaging__destination__name": "q"},
            {"target": "kafka", "endpoint": "q"},
        ),
    ],
)
def test_a_span_tells_what_its_attributes_say(
    kind: Span.SpanKind.ValueType, given: dict[str, Any], expected: dict[str, Any]
) -> None:
    event = sent(kind, **given)
    assert event is not None
    assert event["properties"].items() >= {**expected, "duration_ms": 2.5}.items()
    assert "secret" not in str(event)


@pytest.mark.parametrize(
    ("kind", "given", "type_"),
    [
        (SERVER, {}, "api_request"),
        (SERVER, {"db__system": "mysql"}, "api_request"),
        (CLIENT, {"db__system": "mysql"}, "db_query"),
        (CLIENT, {}, "external_call"),
        (PRODUCER, {}, "external_call"),
        (Span.SPAN_KIND_CONSUMER, {}, None),
        (Span.SPAN_KIND_INTERNAL, {}, None),
        (Span.SPAN_KIND_UNSPECIFIED, {}, None),
    ],
)
def test_what_a_span_is_follows_from_its_kind(
    kind: Span.SpanKind.ValueType, given: dict[str, Any], type_: str | None
) -> None:
    event = sent(kind, **given)
    assert (event and event["event_type"]) == type_


def test_a_failed_request_without_a_status_has_one_and_a_failed_query_says_so() -> None:
    request, query = sent(SERVER, failed=True), sent(CLIENT, failed=True, db__system="mysql")
    assert request is not None
    assert query is not None
    assert request["properties"]["status_code"] == 500
    assert query["properties"]["success"] is False


def test_ids_are_those_of_the_span_and_the_person() -> None:
    event = sent(SERVER, user__id="u", session__id="s")
    assert event is not None
    trace, span = (b"t" * 16).hex(), (b"s" * 8).hex()
    assert (event["event_id"], event["correlation_id"]) == (f"otel:{trace}:{span}", trace)
    assert (event["user_id"], event["session_id"]) == ("u", "s")
    assert event["timestamp"] == "1970-01-01T00:00:01.002500+00:00"


def test_an_end_before_the_start_is_no_duration() -> None:
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.kind, span.start_time_unix_nano, span.end_time_unix_nano = SERVER, 2 * SECOND, SECOND
    [event] = taken(request).events
    assert "duration_ms" not in event["properties"]


def test_a_time_past_all_calendars_is_a_time() -> None:
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.kind, span.end_time_unix_nano = SERVER, 2**64 - 1
    [event] = taken(request).events
    assert event["timestamp"].startswith("2554-")
