"""The short way of small requests beside the way through ASGI: one promise, whatever way a request takes."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI

from factbook.app import build, http_app
from factbook.core.clock import epoch_ms
from factbook.core.scope import Role, Scope
from factbook.core.settings import Settings
from factbook.services import Services
from factbook.storage.engine import Engine
from factbook.transports.http.connection import Connection
from factbook.transports.http.ways_in import BATCH, SHORTHAND, SINGLE
from tests.listening import listening

EVENT = b'{"event_type":"page_view","user_id":"u"}'
OWN = {"event_id", "batch_id", "correlation_id", "errors", "event_ids", "letter_id"}
"""What differs from one answer to the next."""

AROUND = {"content-length", "date", "server", "vary"}
"""What the layers around the application add; nobody keeps an answer that says `no-store`."""


@pytest.fixture(scope="module")
def served(engine: Engine, data: Path) -> Iterator[tuple[Services, str]]:
    settings = Settings.model_validate(
        {
            "server": {"data": data},
            "analytics": {"ingestion": {"batch_timeout": 0.05}},
            "security": {"cors_origins": ["https://shop.example"]},
        }
    )
    with build(settings) as services:
        app = cast(FastAPI, http_app(services, lambda: True))
        with listening(app, partial(Connection, services)) as address:
            yield services, address


@pytest.fixture
def key(served: tuple[Services, str], scope: Scope) -> str:
    services, _ = served
    services.metadata.ensure_tenant_of_system(scope.tenant, now=0, zone="UTC")
    return services.keys.create(scope, "sender", Role.WRITER).key


class Wire:
    """A bare connection: what is sent, byte by byte, and the answers one after another."""

    def __init__(self, address: str, key: str) -> None:
        host, port = address.removeprefix("http://").split(":")
        self._key = key
        self._socket = socket.create_connection((host, int(port)), timeout=30)
        self._answers = self._socket.makefile("rb")

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self._answers.close()
        self._socket.close()

    def post(self, body: bytes, path: str = SINGLE[0], *, key: str | None = None, **headers: str) -> bytes:
        lines = {"host": "x", "x-api-key": key or self._key, "content-length": str(len(body)), **headers}
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
        return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def answer(self) -> tuple[int, dict[str, str], Any]:
        status = int(self._answers.readline().split()[1])
        headers = {}
        while line := self._answers.readline().strip():
            name, _, value = line.decode().partition(": ")
            headers[name] = value
        return status, headers, json.loads(self._answers.read(int(headers["content-length"])))

    def ended(self) -> bool:
        return self._answers.read(1) == b""


@pytest.fixture
def wire(served: tuple[Services, str], key: str) -> Iterator[Wire]:
    with Wire(served[1], key) as made:
        yield made


def count(services: Services, scope: Scope) -> int:
    assert services.intake.drain(30)
    found = services.warehouse.records(scope, "SELECT count() AS n FROM events WHERE tenant = {tenant:String}")
    return int(found[0]["n"])


@pytest.mark.parametrize("path", [SINGLE[0], BATCH[0], "/api/v1/analytics/track/user-action"])
@pytest.mark.parametrize(
    "body",
    [EVENT, b'[{"event_type":"a"},{"event_type":"b"}]', b'{"action":"share"}', b"{}", b"[]", b"", b"no json", b"\xff"],
)
@pytest.mark.parametrize("key", [None, "wrong-key-of-nobody"])
def test_both_ways_say_the_same(
    served: tuple[Services, str], scope: Scope, path: str, body: bytes, key: str | None
) -> None:
    services, address = served
    services.metadata.ensure_tenant_of_system(scope.tenant, now=0, zone="UTC")
    good = services.keys.create(scope, "sender", Role.WRITER).key
    with Wire(address, good) as wire:
        wire.send(wire.post(body, path, key=key, x_request_id="mine"))
        short = wire.answer()
        wire.send(wire.post(body, path, key=key, x_request_id="mine", x_forwarded_for="127.0.0.1"))
        long = wire.answer()
    assert short[0] == long[0]
    assert without(short[1], AROUND) == without(long[1], AROUND)
    assert without(short[2], OWN) == without(long[2], OWN)


def without(members: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if name not in names}


def test_a_request_in_pieces_is_one_request(wire: Wire, served: tuple[Services, str], scope: Scope) -> None:
    for byte in wire.post(EVENT):
        wire.send(bytes([byte]))
    assert wire.answer()[0] == 200
    assert count(served[0], scope) == 1


def test_requests_sent_without_waiting_are_answered_in_order(
    wire: Wire, served: tuple[Services, str], scope: Scope
) -> None:
    asked = [
        wire.post(EVENT, x_request_id="1"),
        wire.post(EVENT, x_request_id="2", origin="https://shop.example"),
        wire.post(EVENT, x_request_id="3", key="wrong-key-of-nobody"),
        b"GET /health HTTP/1.1\r\nhost: x\r\nx-request-id: 4\r\n\r\n",
        wire.post(EVENT, x_request_id="5"),
    ]
    wire.send(b"".join(asked)[:-5])
    answers = [wire.answer() for _ in range(4)]
    wire.send(asked[-1][-5:])
    answers.append(wire.answer())
    assert [headers["x-request-id"] for _, headers, _ in answers] == ["1", "2", "3", "4", "5"]
    assert [status for status, _, _ in answers] == [200, 200, 401, 200, 200]
    assert count(served[0], scope) == 3


def test_a_page_of_another_site_hears_whether_it_may_read_the_answer(wire: Wire) -> None:
    wire.send(wire.post(EVENT, origin="https://shop.example"))
    assert wire.answer()[1]["access-control-allow-origin"] == "https://shop.example"


def test_a_connection_that_is_to_be_closed_is_closed_after_the_answer(wire: Wire) -> None:
    wire.send(wire.post(EVENT, connection="close"))
    status, headers, _ = wire.answer()
    assert (status, headers["connection"]) == (200, "close")
    assert wire.ended()


def test_who_waits_for_leave_to_send_the_body_gets_it(wire: Wire) -> None:
    whole = wire.post(EVENT, expect="100-continue")
    wire.send(whole[: -len(EVENT)])
    assert wire._answers.readline() == b"HTTP/1.1 100 Continue\r\n"
    assert wire._answers.readline() == b"\r\n"
    wire.send(EVENT)
    assert wire.answer()[0] == 200


def test_who_left_before_the_answer_has_sent_all_the_same(
    served: tuple[Services, str], key: str, scope: Scope, wire: Wire
) -> None:
    services, address = served
    with Wire(address, key) as leaving:
        leaving.send(leaving.post(EVENT))
    wire.send(wire.post(EVENT))
    assert wire.answer()[0] == 200
    assert count(services, scope) == 2


def test_the_address_of_the_sender_is_what_a_proxy_says(served: tuple[Services, str], scope: Scope, wire: Wire) -> None:
    wire.send(wire.post(EVENT, user_agent="Mozilla/5.0", x_forwarded_for="203.0.113.77"))
    assert wire.answer()[0] == 200
    assert served[0].intake.drain(30)
    found = served[0].warehouse.records(scope, "SELECT ip_address FROM events WHERE tenant = {tenant:String}")
    assert found[0]["ip_address"].startswith("203.0.113.")


def test_a_body_of_any_size_takes_some_way(served: tuple[Services, str], key: str, scope: Scope) -> None:
    with httpx.Client(base_url=served[1], headers={"X-API-Key": key}, timeout=30) as client:
        for events in (1, 100, 2_000):
            body = b"[" + b",".join([EVENT] * events) + b"]"
            assert client.post(BATCH[0], content=body).json()["processed_count"] == events
            assert client.post(BATCH[0], content=iter([body])).json()["processed_count"] == events
    assert count(served[0], scope) == 2 * (1 + 100 + 2_000)


@pytest.mark.parametrize("path", [*SINGLE, *BATCH, *SHORTHAND])
def test_another_method_is_no_way_in(wire: Wire, path: str) -> None:
    wire.send(wire.post(EVENT, path).replace(b"POST", b"PUT", 1))
    assert wire.answer()[0] == 405


# What a sender says with every event is read once, and holds no longer than it is true


def told(wire: Wire, *requests: bytes) -> list[int]:
    statuses = []
    for request in requests:
        wire.send(request)
        statuses.append(wire.answer()[0])
    return statuses


def test_requests_of_one_head_have_ids_of_their_own(wire: Wire) -> None:
    ids = set()
    for _ in range(3):
        wire.send(wire.post(EVENT))
        status, headers, _ = wire.answer()
        assert status == 200
        ids.add(headers["x-request-id"])
    assert len(ids) == 3


def test_a_key_that_is_revoked_is_refused_on_the_connection_that_used_it(
    wire: Wire, served: tuple[Services, str], scope: Scope
) -> None:
    assert told(wire, wire.post(EVENT), wire.post(EVENT)) == [200, 200]
    keys = served[0].keys
    keys.revoke(scope, keys.all(scope)[0].id)
    assert told(wire, wire.post(EVENT)) == [401]
    assert count(served[0], scope) == 2


def test_a_key_that_expires_is_refused_on_the_connection_that_used_it(
    served: tuple[Services, str], scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, address = served
    services.metadata.ensure_tenant_of_system(scope.tenant, now=0, zone="UTC")
    ends = epoch_ms(services.clock()) + 3_600_000
    key = services.keys.create(scope, "sender", Role.WRITER, expires_at=ends).key
    with Wire(address, key) as wire:
        assert told(wire, wire.post(EVENT), wire.post(EVENT)) == [200, 200]
        monkeypatch.setattr(services.keys, "_clock", lambda: datetime.fromtimestamp(ends / 1000, UTC))
        assert told(wire, wire.post(EVENT)) == [401]


def test_a_connection_may_be_used_by_several_tenants(
    wire: Wire, served: tuple[Services, str], scope: Scope, key: str
) -> None:
    services = served[0]
    other = Scope(f"{scope.tenant}-other", "test", Role.OWNER)
    services.metadata.ensure_tenant_of_system(other.tenant, now=0, zone="UTC")
    theirs = services.keys.create(other, "sender", Role.WRITER).key
    asked = [wire.post(EVENT, key=each) for each in (key, key, theirs, theirs, theirs, "wrong-key-of-nobody", key)]
    assert told(wire, *asked) == [200, 200, 200, 200, 200, 401, 200]
    assert (count(services, scope), count(services, other)) == (3, 3)


def test_what_the_head_says_of_one_request_does_not_hold_for_the_next(
    wire: Wire, served: tuple[Services, str], scope: Scope
) -> None:
    agents = ["Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Safari/604.1", "curl/8"]
    bodies = [b'{"event_type":"page_view","user_id":"%d"}' % n for n in range(2)]
    assert told(wire, *(wire.post(body, user_agent=agent) for body, agent in zip(bodies, agents, strict=True))) == [
        200,
        200,
    ]
    assert count(served[0], scope) == 2
    rows = served[0].warehouse.rows(scope, "SELECT user_id, user_agent FROM events WHERE tenant = {tenant:String}")
    assert dict(rows) == {"0": agents[0], "1": ""}


def test_a_place_in_a_load_is_its_own_request(wire: Wire, served: tuple[Services, str], scope: Scope) -> None:
    places = [wire.post(EVENT, x_factbook_load="file", x_factbook_position=str(n)) for n in (1, 2, 3)]
    assert told(wire, wire.post(EVENT), *places) == [200, 200, 200, 200]
    assert served[0].intake.position(f"{scope.tenant}/file") == 3
