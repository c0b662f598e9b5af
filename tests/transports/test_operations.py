"""Liveness, readiness, health and metrics: only what is true, and details only for who may read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry

from factbook import __version__
from factbook.access.keys import Keys
from factbook.core.clock import system_clock
from factbook.core.errors import unavailable
from factbook.core.settings import Settings, load_settings
from factbook.core.telemetry import Telemetry
from factbook.ingest.intake import IntakeState
from factbook.ingest.sessions import Lag
from factbook.services import Services
from factbook.storage.engine import Engine
from factbook.storage.metadata import Metadata
from factbook.storage.sharing import sharing
from factbook.transports.http import health, operations, problems
from factbook.transports.http.request_id import RequestId
from tests.servers.ports import free_ports

ADMIN, WRITER = "an-admin-key-of-ours", "a-write-key-of-ours"
STATE = IntakeState(
    depth=3,
    bytes=900,
    oldest_age_seconds=0.4,
    lag_seconds=0.5,
    accepted=90,
    duplicates=5,
    dropped={"too_old": 4, "bad_type": 1},
    status="healthy",
    last_error="",
)


@dataclass
class Parts:
    """What the endpoints look at; the tests replace single parts."""

    ping: Callable[[], None]
    database: Callable[[], None]
    state: IntakeState | Exception = STATE
    ready: bool = True
    asked: int = 0


@dataclass
class Intake:
    parts: Parts

    def state(self) -> IntakeState:
        if isinstance(self.parts.state, Exception):
            raise self.parts.state
        return self.parts.state


@dataclass
class Pinged:
    parts: Parts
    name: str

    def ping(self) -> None:
        self.parts.asked += 1
        getattr(self.parts, self.name)()


@pytest.fixture
def metadata(tmp_path: Path) -> Iterator[Metadata]:
    opened = Metadata.open("", tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def parts(engine: Engine, metadata: Metadata) -> Parts:
    return Parts(engine.ping, metadata.ping)


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry(CollectorRegistry())


@pytest.fixture
def services(parts: Parts, engine: Engine, metadata: Metadata, telemetry: Telemetry) -> Services:
    keys = Keys(metadata, system_clock)
    keys.prepare({"FACTBOOK_ADMIN_KEY": ADMIN, "FACTBOOK_WRITE_KEY": WRITER})
    unused = cast(Any, None)
    return Services(
        settings=load_settings(None, {}),
        clock=system_clock,
        engine=cast(Any, Pinged(parts, "ping")),
        metadata=cast(Any, Pinged(parts, "database")),
        keys=keys,
        intake=cast(Any, Intake(parts)),
        telemetry=telemetry,
        sharing=sharing(engine, "", life=60, patience=1),
        **{name: unused for name in Services.__slots__ if name not in _GIVEN},
    )


_GIVEN = {"settings", "clock", "engine", "metadata", "keys", "intake", "telemetry", "sharing"}


def application(services: Services, parts: Parts) -> FastAPI:
    app = FastAPI()
    app.add_middleware(RequestId)
    problems.install(app)
    app.include_router(operations.router(services, lambda: parts.ready))
    return app


@pytest.fixture
def client(services: Services, parts: Parts) -> Iterator[TestClient]:
    with TestClient(application(services, parts)) as made:
        yield made


def full(client: TestClient) -> dict[str, Any]:
    body: dict[str, Any] = client.get("/healthz", headers={"x-api-key": ADMIN}).json()
    return body


def down() -> None:
    raise unavailable("The warehouse at w:8123 does not answer (connection refused).")


def test_liveness_asks_no_part(client: TestClient, parts: Parts) -> None:
    parts.ready = False
    parts.state = RuntimeError("never asked")
    answer = client.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "service": "factbook", "version": __version__})
    assert parts.asked == 0


def test_not_ready_until_it_can_serve(client: TestClient, parts: Parts) -> None:
    parts.ready = False
    answer = client.get("/ready")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.headers["content-type"] == "application/problem+json"
    parts.ready = True
    assert client.get("/ready").status_code == 200


def test_everything_up_is_healthy(client: TestClient) -> None:
    body = full(client)
    assert (body["service"], body["status"], body["version"]) == ("factbook", "healthy", __version__)
    assert datetime.fromisoformat(body["timestamp"]).tzinfo is not None
    for name in ("warehouse", "database", "journal"):
        assert body["parts"][name]["state"] == "up"
        assert body["parts"][name]["milliseconds"] > 0


def test_journal_and_shares_are_those_of_the_intake(client: TestClient) -> None:
    body = full(client)
    assert body["journal"] == {
        "depth": 3,
        "bytes": 900,
        "oldest_age_seconds": 0.4,
        "lag_seconds": 0.5,
        "last_error": None,
    }
    assert body["processing_success_rate"] == 0.95
    assert body["data_completeness"] == pytest.approx(90 / 95, abs=1e-6)
    assert body["real_time_lag_seconds"] == 0.5


def test_sessions_that_are_late_are_told(services: Services, parts: Parts, engine: Engine) -> None:
    @dataclass
    class Late:
        lag = Lag(1200, 301.5)

    with TestClient(application(replace(services, sessions=cast(Any, Late())), parts)) as client:
        told = full(client)
    assert told["status"] == "healthy"
    assert (told["sessions"]["waiting_events"], told["sessions"]["lag_seconds"]) == (1200, 301.5)
    assert told["sessions"]["message"].startswith("1,200 events wait to be built into sessions, the first for 302 s")


def test_what_was_not_measured_is_null(client: TestClient, parts: Parts) -> None:
    parts.state = replace(STATE, accepted=0, duplicates=0, dropped={})
    body = full(client)
    measured_later = ("average_query_time_ms", "cache_hit_rate", "data_accuracy", "reports_24h", "broker_lag")
    for name in ("processing_success_rate", "data_completeness", "sessions", *measured_later):
        assert body[name] is None


def test_measured_figures_are_told(client: TestClient, telemetry: Telemetry) -> None:
    telemetry.query("series", 0.004)
    telemetry.cache_hit()
    body = full(client)
    assert (body["average_query_time_ms"], body["cache_hit_rate"]) == (4.0, 1.0)


def test_parts_that_are_not_configured_say_so(client: TestClient) -> None:
    found = full(client)["parts"]
    assert found["cache"] == {"state": "in process"}
    assert found["brokers"] == {"state": "not configured"}
    assert found["object_store"] == {"state": "not configured"}


def test_configured_parts_that_nothing_uses_are_not_called_up() -> None:
    states = {
        name: part.state for name, part in health.configured(load_settings(None, {"NATS_URL": "nats://n"})).items()
    }
    assert states["brokers"] == "configured, not used by this version"


def test_redis_down_is_degraded_for_answers_come_from_the_warehouse(
    services: Services, parts: Parts, engine: Engine
) -> None:
    [port] = free_ports(1)
    lost = sharing(engine, f"redis://:hush-hush@127.0.0.1:{port}", life=60, patience=1)
    with TestClient(application(replace(services, sharing=lost), parts)) as client:
        told = full(client)
    assert (told["status"], told["parts"]["cache"]["state"]) == ("degraded", "down")
    assert "hush-hush" not in str(told)
    lost.close()


def test_warehouse_down_is_degraded_for_events_are_still_journalled(client: TestClient, parts: Parts) -> None:
    parts.ping = down
    answer = client.get("/healthz", headers={"x-api-key": ADMIN})
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["parts"]["warehouse"]["state"] == "down"
    assert "does not answer" in answer.json()["parts"]["warehouse"]["message"]


def test_lag_and_a_stuck_writer_are_degraded(client: TestClient, parts: Parts) -> None:
    parts.state = replace(STATE, lag_seconds=health.LATE + 1)
    assert full(client)["status"] == "degraded"
    parts.state = replace(STATE, status="degraded", last_error="disk full")
    assert (full(client)["status"], full(client)["journal"]["last_error"]) == ("degraded", "disk full")


def test_metadata_down_is_unhealthy(client: TestClient, parts: Parts) -> None:
    parts.database = down
    answer = client.get("/healthz", headers={"x-api-key": ADMIN})
    assert (answer.status_code, answer.json()["status"], answer.headers["retry-after"]) == (503, "unhealthy", "5")


def test_journal_down_is_unhealthy_and_still_told(client: TestClient, parts: Parts) -> None:
    parts.state = unavailable("The journal cannot be written: disk I/O error.")
    answer = client.get("/healthz", headers={"x-api-key": ADMIN})
    assert (answer.status_code, answer.json()["status"]) == (503, "unhealthy")
    assert answer.json()["parts"]["journal"]["state"] == "down"
    assert answer.json()["journal"] is None


def test_starting_is_unhealthy(client: TestClient, parts: Parts) -> None:
    parts.ready = False
    assert full(client)["status"] == "unhealthy"


def test_part_that_does_not_answer_is_slow_and_asked_only_once(
    client: TestClient, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.05)
    monkeypatch.setattr(health, "FRESH", 0.0)
    released, calls = threading.Event(), []

    def hang() -> None:
        calls.append(time.monotonic())
        released.wait(10)

    parts.ping = hang
    try:
        for _ in range(3):
            body = full(client)
            assert (body["status"], body["parts"]["warehouse"]["state"]) == ("degraded", "slow")
        assert len(calls) == 1
    finally:
        released.set()


def test_parts_are_asked_at_most_once_a_second(client: TestClient, parts: Parts) -> None:
    for _ in range(20):
        assert client.get("/healthz").status_code == 200
    assert parts.asked <= 4


@pytest.mark.parametrize("headers", [{}, {"x-api-key": WRITER}])
def test_who_may_not_read_gets_words_alone(client: TestClient, parts: Parts, headers: dict[str, str]) -> None:
    parts.ping = down
    body = client.get("/healthz", headers=headers).json()
    assert set(body) == {"service", "status", "version", "timestamp", "parts"}
    assert body["parts"]["warehouse"] == {"state": "down"}


def test_wrong_key_is_refused_rather_than_taken_for_none(client: TestClient) -> None:
    assert client.get("/healthz", headers={"x-api-key": "wrong"}).status_code == 401


def test_metrics_are_prometheus_text(client: TestClient, telemetry: Telemetry) -> None:
    telemetry.events_ingested(7, "purchase")
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "analytics_events_ingested_total 7.0" in answer.text


def test_ports_of_their_own_serve_only_what_is_theirs(services: Services) -> None:
    def configured(**environ: str) -> dict[int, FastAPI]:
        settings: Settings = load_settings(None, environ)
        return operations.own_ports(replace(services, settings=settings), lambda: True)

    assert configured() == {}
    apps = configured(FACTBOOK_METRICS_PORT="9100", FACTBOOK_METRICS_PATH="/prometheus", FACTBOOK_HEALTH_PORT="9101")
    with TestClient(apps[9100]) as metrics, TestClient(apps[9101]) as healths:
        assert "analytics_events_ingested_total" in metrics.get("/prometheus").text
        assert metrics.get("/health").status_code == 404
        assert [healths.get(path).status_code for path in ("/health", "/ready", "/healthz")] == [200, 200, 200]
        assert healths.get("/metrics").status_code == 404
    assert list(configured(FACTBOOK_METRICS_PORT="9100", FACTBOOK_HEALTH_PORT="9100")) == [9100]
