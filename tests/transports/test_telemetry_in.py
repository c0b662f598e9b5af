"""Telemetry over HTTP, as real exporters send it: what becomes an event, what is counted once, what is refused."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import cramjam
import httpx
import msgspec
import pytest
from fastapi import FastAPI
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, StatusCode

from factbook.app import build, http_app
from factbook.core.clock import epoch_ms, system_clock
from factbook.core.scope import Role, Scope
from factbook.core.settings import Settings
from factbook.ingest.journal import SqliteJournal
from factbook.ingest.telemetry.counters import PREFIX
from factbook.ingest.telemetry.wire import STATUS, WRITE_REQUEST, message
from factbook.services import Services
from factbook.storage.engine import Engine
from factbook.transports.http.connection import Connection
from tests.listening import listening

MAX_BODY, MAX_EVENTS = 100_000, 50
RESOURCE = Resource.create({"service.name": "shop", "host.name": "web-1", "service.version": "1.2"})
PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Sender:
    services: Services
    client: httpx.Client
    address: str
    keys: dict[Role, str]
    scope: Scope

    @property
    def headers(self) -> dict[str, str]:
        return {"x-api-key": self.keys[Role.WRITER]}

    def post(self, path: str, body: bytes, headers: dict[str, str], role: Role | None = Role.WRITER) -> httpx.Response:
        key = {"Authorization": f"Bearer {self.keys[role]}"} if role else {}
        return self.client.post(path, content=body, headers={**key, **headers})

    def stored(self) -> list[dict[str, Any]]:
        """The tenant's events, oldest first."""
        assert self.services.intake.drain(30)
        answer = self.client.get(
            "/api/v1/analytics/events", params={"limit": 1000}, headers={"x-api-key": self.keys[Role.ADMIN]}
        )
        return list(reversed(answer.json()["events"]))


@pytest.fixture(scope="module")
def served(engine: Engine, data: Path) -> Iterator[tuple[Services, str]]:
    settings = Settings.model_validate(
        {
            "server": {"data": data},
            "analytics": {"ingestion": {"batch_timeout": 0.05, "max_body_bytes": MAX_BODY, "max_events": MAX_EVENTS}},
        }
    )
    with build(settings) as services:
        app = cast(FastAPI, http_app(services, lambda: True))
        with listening(app, partial(Connection, services)) as address:
            yield services, address


@pytest.fixture
def sender(served: tuple[Services, str], scope: Scope) -> Iterator[Sender]:
    services, address = served
    services.metadata.ensure_tenant_of_system(scope.tenant, now=0)
    keys = {role: services.keys.create(scope, role.value, role).key for role in Role}
    with httpx.Client(base_url=address, timeout=60) as client:
        yield Sender(services, client, address, keys, scope)


class _Twice(SpanExporter):
    """Sends every span two times, as an exporter does that never heard the first answer."""

    def __init__(self, exporter: OTLPSpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Any) -> SpanExportResult:
        assert self._exporter.export(spans) is SpanExportResult.SUCCESS
        return self._exporter.export(spans)

    def shutdown(self) -> None:
        self._exporter.shutdown()  # type: ignore[no-untyped-call]


def some_spans(exporter: SpanExporter) -> None:
    """A request that asks a database and another service, and fails."""
    provider = TracerProvider(resource=RESOURCE)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("tests")
    route: dict[str, str | int] = {
        "http.request.method": "GET",
        "http.route": "/orders/{id}",
        "http.response.status_code": 500,
    }
    with tracer.start_as_current_span("GET /orders/{id}", kind=SpanKind.SERVER, attributes=route) as request:
        statement = "SELECT * FROM orders WHERE id = 4711"
        asked = {"db.system.name": "postgresql", "db.query.text": statement, "db.collection.name": "orders"}
        with tracer.start_as_current_span("SELECT orders", kind=SpanKind.CLIENT, attributes=asked):
            pass
        with tracer.start_as_current_span("work within"):
            pass
        call = {"server.address": "pay.example.com", "url.full": "https://pay.example.com/charge?card=4111"}
        with tracer.start_as_current_span("POST", kind=SpanKind.CLIENT, attributes=call):
            pass
        request.record_exception(ValueError("order 4711 is broken"))
        request.set_status(StatusCode.ERROR)
    provider.shutdown()


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
@pytest.mark.parametrize("prefix", ["", "/otlp"])
def test_spans_of_a_real_exporter_become_events_and_count_once(
    sender: Sender, prefix: str, compression: Compression
) -> None:
    exporter = OTLPSpanExporter(f"{sender.address}{prefix}/v1/traces", headers=sender.headers, compression=compression)
    some_spans(_Twice(exporter))
    events = {event["event_type"]: event for event in sender.stored()}
    assert len(sender.stored()) == 4
    request, query = events["api_request"]["properties"], events["db_query"]["properties"]
    call, thrown = events["external_call"]["properties"], events["error_occurred"]["properties"]
    everywhere = {"service": "shop", "host": "web-1", "version": "1.2"}
    for told in (request, query, call, thrown):
        assert told.items() >= everywhere.items()
    assert request["duration_ms"] > 0
    assert (request["endpoint"], request["method"], request["status_code"]) == ("/orders/{id}", "GET", 500)
    assert (query["operation"], query["table"], query["system"]) == ("SELECT", "orders", "postgresql")
    assert query["query"] == "SELECT * FROM orders WHERE id = *"
    assert (call["target"], call["endpoint"], call["success"]) == ("pay.example.com", "/charge", True)
    assert (thrown["error_type"], thrown["message"]) == ("ValueError", "order 4711 is broken")
    assert thrown["endpoint"] == "/orders/{id}"
    assert "Traceback" in thrown["stack"] or "ValueError" in thrown["stack"]
    assert len({event["correlation_id"] for event in events.values()}) == 1
    assert {event["source"] for event in events.values()} == {"otlp"}
    assert not any(event["is_bot"] for event in events.values())


def test_severe_logs_of_a_real_exporter_become_errors(sender: Sender) -> None:
    provider = LoggerProvider(resource=RESOURCE)
    exporter = OTLPLogExporter(f"{sender.address}/v1/logs", headers=sender.headers)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    log = provider.get_logger("tests")
    log.emit(severity_number=SeverityNumber.WARN, body="nothing to keep")
    log.emit(severity_number=SeverityNumber.ERROR, body="payment 17 failed")
    thrown = {"exception.type": "KeyError", "exception.message": "basket"}
    log.emit(severity_number=SeverityNumber.FATAL, body="no basket", attributes=thrown)
    provider.shutdown()
    told = [event["properties"] for event in sender.stored()]
    assert [(one["message"], one["severity"], one.get("error_type")) for one in told] == [
        ("payment 17 failed", "error", None),
        ("basket", "fatal", "KeyError"),
    ]
    assert (told[0]["service"], told[1]["log"]) == ("shop", "no basket")


def test_metrics_of_a_real_exporter_become_usage_and_metrics(sender: Sender) -> None:
    exporter = OTLPMetricExporter(f"{sender.address}/v1/metrics", headers=sender.headers)
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    provider = MeterProvider([reader], resource=RESOURCE)
    meter = provider.get_meter("tests")
    cpu, memory = meter.create_gauge("system.cpu.utilization"), meter.create_gauge("system.memory.utilization")
    for processor, idle in ((0, 0.9), (1, 0.5)):
        for mode, share in (("idle", idle), ("user", 1 - idle)):
            cpu.set(share, {"cpu.mode": mode, "cpu.logical_number": processor})
    memory.set(0.25, {"system.memory.state": "used"})
    memory.set(0.75, {"system.memory.state": "free"})
    meter.create_counter("jobs.done", unit="{job}").add(7, {"queue": "mail"})
    seconds = meter.create_histogram("http.server.request.duration", unit="s")
    for one in (0.1, 0.3):
        seconds.record(one)
    provider.force_flush()
    provider.shutdown()
    events = [event["properties"] for event in sender.stored() if event["event_type"] == "resource_usage"]
    assert {(one["service"], one["host"]) for one in events} == {("shop", "web-1")}
    assert {one["cpu_percent"] for one in events if "cpu_percent" in one} == {30.0}
    assert {one["memory_percent"] for one in events if "memory_percent" in one} == {25.0}
    named = {one["properties"]["name"]: one["properties"] for one in sender.stored() if one["event_type"] == "metric"}
    jobs, duration = named["jobs.done"], named["http.server.request.duration"]
    assert (jobs["value"], jobs["attributes"], jobs["temporality"]) == (7, {"queue": "mail"}, "delta")
    assert (duration["count"], duration["sum"]) == (2, pytest.approx(0.4))
    assert duration["value"] == pytest.approx(0.2)


def spans_in_json(*at: int, **span: Any) -> dict[str, Any]:
    """Server spans that ended at these milliseconds, as OTLP's JSON has them."""
    named = {"key": "service.name", "value": {"stringValue": "web"}}
    spans = [
        {
            "traceId": "5b8efff798038103d269b633813fc60c",
            "spanId": f"{number:016x}",
            "kind": 2,
            "name": "GET /",
            "startTimeUnixNano": str((ms - 5) * 1_000_000),
            "endTimeUnixNano": str(ms * 1_000_000),
            **span,
        }
        for number, ms in enumerate(at, 1)
    ]
    return {"resourceSpans": [{"resource": {"attributes": [named]}, "scopeSpans": [{"spans": spans}]}]}


def now_ms() -> int:
    return epoch_ms(system_clock())


def test_json_is_read_with_ids_in_hexadecimal(sender: Sender) -> None:
    body = json.dumps({**spans_in_json(now_ms()), "unknown": 1}).encode()
    answer = sender.post("/v1/traces", gzip.compress(body), {**JSON, "content-encoding": "gzip"})
    assert (answer.status_code, answer.headers["content-type"], answer.json()) == (200, "application/json", {})
    [event] = sender.stored()
    assert event["correlation_id"] == "5b8efff798038103d269b633813fc60c"
    assert event["properties"] == {"service": "web", "endpoint": "GET /", "duration_ms": 5.0}


def test_a_request_that_failed_without_a_status_of_http_has_status_500(sender: Sender) -> None:
    rpc = [
        {"key": "rpc.service", "value": {"stringValue": "Shop"}},
        {"key": "rpc.method", "value": {"stringValue": "Buy"}},
    ]
    body = json.dumps(spans_in_json(now_ms(), status={"code": 2}, attributes=rpc)).encode()
    assert sender.post("/v1/traces", body, JSON).json() == {}
    [event] = sender.stored()
    assert (event["properties"]["endpoint"], event["properties"]["status_code"]) == ("Shop/Buy", 500)


def test_spans_that_are_not_kept_are_a_partial_success(sender: Sender) -> None:
    body = json.dumps(spans_in_json(now_ms(), 1_000_000, 2_000_000)).encode()
    answer = sender.post("/v1/traces", body, JSON)
    assert answer.status_code == 200
    told = answer.json()["partialSuccess"]
    assert told["rejectedSpans"] == "2"
    assert "90 days" in told["errorMessage"]
    assert len(sender.stored()) == 1


def test_more_spans_than_a_batch_may_hold_are_all_kept(sender: Sender) -> None:
    sent = spans_in_json(*range(now_ms() - 120, now_ms()))
    answer = sender.post("/v1/traces", json.dumps(sent).encode(), JSON)
    assert answer.json() == {}
    assert len(sender.stored()) >= 120


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"\xff\xff\xff", PROTOBUF, 400),
        (b"[]", JSON, 400),
        (b"{", JSON, 400),
        (b'{"resourceSpans": 7}', JSON, 400),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "xyz"}]}]}]}', JSON, 400),
        (b"[" * 50_000, JSON, 400),
        (b"x", {"content-type": "text/plain"}, 415),
        (b"x", {**PROTOBUF, "content-encoding": "br"}, 415),
        (b"x", {**PROTOBUF, "content-encoding": "gzip"}, 400),
        (b"x" * (MAX_BODY + 1), PROTOBUF, 413),
        (gzip.compress(b"x" * 10_000_000), {**PROTOBUF, "content-encoding": "gzip"}, 413),
    ],
)
def test_what_cannot_be_read_is_refused_in_the_words_of_otlp(
    sender: Sender, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = sender.post("/v1/traces", body, headers)
    assert answer.status_code == status, answer.content
    if headers["content-type"] == "application/json":
        assert answer.json()["message"]
    else:
        told = message(STATUS)
        told.ParseFromString(answer.content)
        assert told.message


@pytest.mark.parametrize("path", ["/v1/traces", "/v1/logs", "/v1/metrics", "/api/v1/write"])
@pytest.mark.parametrize(("role", "status"), [(None, 401), (Role.VIEWER, 403)])
def test_only_who_may_send_events_may_send_telemetry(sender: Sender, path: str, role: Role | None, status: int) -> None:
    assert sender.post(path, b"", PROTOBUF, role).status_code == status


@pytest.mark.parametrize("path", ["/v1/traces", "/v1/logs", "/v1/metrics"])
def test_nothing_at_all_is_taken(sender: Sender, path: str) -> None:
    answer = sender.post(path, b"", PROTOBUF)
    assert (answer.status_code, answer.content) == (200, b"")
    told = ExportTraceServiceResponse()
    told.ParseFromString(answer.content)
    assert not told.HasField("partial_success")


def written(*series: tuple[dict[str, str], list[tuple[float, int]]]) -> bytes:
    request = message(WRITE_REQUEST)
    for labels, samples in series:
        one = request.timeseries.add()
        for name, value in labels.items():
            one.labels.add(name=name, value=value)
        for number, at in samples:
            one.samples.add(value=number, timestamp=at)
    return bytes(cramjam.snappy.compress_raw(request.SerializeToString()))


WRITING = {**PROTOBUF, "content-encoding": "snappy"}
UP = {"__name__": "up", "job": "node", "instance": "db-1:9100", "zone": "a"}


def test_samples_of_prometheus_become_events_and_count_once(sender: Sender) -> None:
    used = {"__name__": "system_memory_utilization_ratio", "job": "node", "instance": "db-1:9100", "state": "used"}
    now = now_ms()
    body = written((UP, [(1, now - 1000), (0, now), (float("nan"), now)]), (used, [(0.4, now)]))
    for _ in ("sent", "sent again"):
        answer = sender.post("/api/v1/write", body, WRITING)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["x-prometheus-remote-write-samples-written"] == "4"
    events = sender.stored()
    ups = [event["properties"] for event in events if event["event_type"] == "metric"]
    assert [one["value"] for one in ups] == [1, 0]
    assert ups[0] == {
        "service": "node", "host": "db-1:9100", "name": "up", "value": 1, "attributes": {"zone": "a"}
    }  # fmt: skip
    [usage] = [event["properties"] for event in events if event["event_type"] == "resource_usage"]
    assert usage["memory_percent"] == 40
    assert {event["source"] for event in events} == {"prometheus"}


def test_requests_that_a_counter_grew_by_are_stored_once_with_what_is_known_of_it(sender: Sender, data: Path) -> None:
    named = {"__name__": "http_requests_total", "job": "shop", "instance": "web-1", "code": "503", "handler": "/pay"}
    jobs = {"__name__": "jobs_total", "job": "shop"}
    now = now_ms()
    bodies = [
        written((named, [(10, now - 2000)]), (jobs, [(5, now - 2000)])),
        written((named, [(130, now - 1000)]), (jobs, [(7, now - 1000)])),
        written((named, [(131, now)]), (jobs, [(7, now)])),
    ]
    for body in (bodies[0], *bodies[:2], *bodies):
        assert sender.post("/api/v1/write", body, WRITING).status_code == 204
    stored = sender.stored()
    requests = [event["properties"] for event in stored if event["event_type"] == "api_request"]
    assert len(requests) == 121  # more than a batch may hold
    assert requests[0] == {"service": "shop", "host": "web-1", "endpoint": "/pay", "status_code": 503}
    assert [event["properties"]["value"] for event in stored if event["event_type"] == "metric"] == [2]
    journal = SqliteJournal(data / "journal.db")
    kept = journal.notes(f"{PREFIX}{sender.scope.tenant}/")
    journal.close()
    remembered = [msgspec.msgpack.decode(note) for name, note in kept.items() if "/claim/" not in name]
    assert sorted(state[3]["value"] for state in remembered) == [7, 131]


def test_samples_that_are_too_old_are_named_and_the_rest_is_kept(sender: Sender) -> None:
    answer = sender.post("/api/v1/write", written((UP, [(1, 1000), (1, now_ms()), (1, 2**62)])), WRITING)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("2 of 3 samples")
    assert len(sender.stored()) == 1


_BOMB: Callable[[], bytes] = lambda: bytes(cramjam.snappy.compress_raw(b"x" * (MAX_BODY + 1)))  # noqa: E731


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", WRITING, 400),
        (b"no snappy", WRITING, 400),
        (bytes(cramjam.snappy.compress_raw(b"\xff\xff")), WRITING, 400),
        (_BOMB(), WRITING, 413),
        (b"\xff\xff\xff\xff\x0f", WRITING, 413),
        (b"x", {**WRITING, "content-encoding": "gzip"}, 415),
        (b"x", {**WRITING, "content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}, 415),
        (b"x", {**WRITING, "content-type": "application/json"}, 415),
    ],
)
def test_what_is_no_remote_write_is_refused(sender: Sender, body: bytes, headers: dict[str, str], status: int) -> None:
    answer = sender.post("/api/v1/write", body, headers)
    assert answer.status_code == status, answer.content
    assert answer.headers["content-type"] == "application/problem+json"


def test_reading_the_paths_is_not_possible(sender: Sender) -> None:
    assert sender.client.get("/v1/traces").status_code == 405
