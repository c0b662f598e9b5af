"""Tokens of an issuer over HTTP: reading, sending by the short way and the long one, listening, and what they may."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI
from websockets.sync.client import connect

from factbook.app import build, http_app
from factbook.core.scope import Scope
from factbook.core.settings import Settings
from factbook.services import Services
from factbook.storage.engine import Engine
from factbook.transports.http.connection import Connection
from tests.access.issuing import NAME, Key, Published, publishing
from tests.clocks import SetClock
from tests.listening import listening

ME = "/api/v1/auth/me"
EVENTS = "/api/v1/events"
EVENT = {"event_type": "page_view"}
KEY = Key("EdDSA", "first")


@pytest.fixture(scope="module")
def published() -> Iterator[Published]:
    with publishing() as made:
        made.keys = [KEY.public()]
        yield made


@pytest.fixture(scope="module")
def clock() -> SetClock:
    return SetClock(datetime.now(UTC))


@pytest.fixture(scope="module")
def services(engine: Engine, data: Path, published: Published, clock: SetClock) -> Iterator[Services]:
    jwt = {"issuer": NAME, "jwks_url": published.url}
    security = {"jwt": jwt, "rate_limit": 0, "rate_burst": 0}
    settings = {"server": {"data": data}, "analytics": {"ingestion": {"batch_timeout": 0.05}}, "security": security}
    with build(Settings.model_validate(settings), clock) as made:
        yield made


@pytest.fixture(scope="module")
def address(services: Services) -> Iterator[str]:
    with listening(cast(FastAPI, http_app(services, lambda: True)), partial(Connection, services)) as made:
        yield made


@pytest.fixture
def client(services: Services, address: str, scope: Scope) -> Iterator[httpx.Client]:
    services.metadata.ensure_tenant_of_system(scope.tenant, now=0)
    services.keys.refresh()
    with httpx.Client(base_url=address, timeout=30) as made:
        yield made


def bearer(scope: Scope, clock: SetClock, role: str, key: Key = KEY, **more: Any) -> dict[str, str]:
    now = int(clock().timestamp())
    claims = {"iss": NAME, "aud": "factbook", "exp": now + 600, "sub": "ada", "tenant": scope.tenant, "role": role}
    return {"authorization": f"Bearer {key.sign({**claims, **more})}"}


def fresh(published: Published, clock: SetClock, name: str) -> Key:
    """A key that the issuer publishes, and that this server has not seen."""
    made = Key("EdDSA", name)
    published.keys.append(made.public())
    clock.forward(seconds=31)
    return made


def test_a_token_reads_and_sends_as_its_role_may(client: httpx.Client, scope: Scope, clock: SetClock) -> None:
    me = client.get(ME, headers=bearer(scope, clock, "viewer")).json()
    assert (me["tenant"], me["actor"], me["role"]) == (scope.tenant, "jwt:ada", "viewer")
    assert client.post(EVENTS, json=EVENT, headers=bearer(scope, clock, "viewer")).status_code == 403
    for _ in range(3):
        assert client.post(EVENTS, json=EVENT, headers=bearer(scope, clock, "writer")).status_code == 200
    assert client.get("/api/v1/events/stats", headers=bearer(scope, clock, "writer")).status_code == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [(EVENTS, json.dumps(EVENT)), ("/api/v1/events/batch", json.dumps([EVENT] * 2000)), ("/v1/logs", "{}")],
)
def test_a_sender_with_a_fresh_key_of_the_issuer_gets_in_at_once(
    client: httpx.Client, published: Published, scope: Scope, clock: SetClock, path: str, body: str
) -> None:
    headers = bearer(scope, clock, "writer", fresh(published, clock, f"for {path}"))
    for _ in range(2):
        answer = client.post(path, content=body, headers={**headers, "content-type": "application/json"})
        assert answer.status_code == 200, answer.text


def test_a_reader_with_a_fresh_key_gets_in_at_once(
    client: httpx.Client, published: Published, scope: Scope, clock: SetClock
) -> None:
    assert client.get(ME, headers=bearer(scope, clock, "viewer", fresh(published, clock, "reader"))).status_code == 200
    answer = client.get("/healthz", headers=bearer(scope, clock, "viewer", fresh(published, clock, "looker")))
    assert "journal" in answer.json()


def test_a_listener_with_a_fresh_key_gets_in_at_once(
    client: httpx.Client, address: str, published: Published, scope: Scope, clock: SetClock
) -> None:
    headers = bearer(scope, clock, "analyst", fresh(published, clock, "listener"))
    url = address.replace("http://", "ws://") + "/api/v1/events/stream"
    with connect(url, additional_headers=headers) as line:
        assert json.loads(line.recv(20))["type"] == "hello"


def test_a_stranger_is_refused_and_has_the_issuer_asked_once(
    client: httpx.Client, published: Published, scope: Scope, clock: SetClock
) -> None:
    clock.forward(seconds=31)
    before = published.asked
    headers = bearer(scope, clock, "writer", Key("EdDSA", "nobody's"))
    for _ in range(5):
        assert client.post(EVENTS, json=EVENT, headers=headers).status_code == 401
        assert client.get(ME, headers=headers).status_code == 401
    assert published.asked - before == 1


def test_a_sender_whose_token_expires_is_refused_on_the_connection_that_used_it(
    client: httpx.Client, scope: Scope, clock: SetClock
) -> None:
    headers = bearer(scope, clock, "writer")
    assert [client.post(EVENTS, json=EVENT, headers=headers).status_code for _ in range(3)] == [200] * 3
    clock.forward(seconds=631)
    assert [client.post(EVENTS, json=EVENT, headers=headers).status_code for _ in range(2)] == [401] * 2


def test_a_token_for_a_tenant_that_is_none_here_is_refused_by_name(client: httpx.Client, clock: SetClock) -> None:
    answer = client.get(ME, headers=bearer(Scope("elsewhere", "x", None), clock, "viewer"))  # type: ignore[arg-type]
    assert answer.status_code == 403
    assert "'elsewhere'" in answer.json()["detail"]


def test_a_token_sees_the_rows_of_its_role_alone(
    client: httpx.Client, services: Services, scope: Scope, clock: SetClock
) -> None:
    rules = json.dumps(
        {"viewer": {"row_filter": [{"field": "country", "operator": "eq", "value": "DE"}], "masked": True}}
    )
    services.metadata.set_settings(scope, {"role_rules": rules})
    services.keys.refresh()
    me = client.get(ME, headers=bearer(scope, clock, "viewer")).json()
    assert (me["row_filter"][0]["field"], me["masked"]) == ("country", True)
