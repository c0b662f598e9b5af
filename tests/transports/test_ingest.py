"""The ways in over HTTP, through the whole application on a real socket: every path, every refusal, every answer."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from factbook.app import build, http_app
from factbook.core.scope import Role, Scope
from factbook.core.settings import Settings
from factbook.ingest.journal import SqliteJournal
from factbook.services import Services
from factbook.storage.engine import Engine
from factbook.transports.http.connection import Connection
from factbook.transports.http.ways_in import BATCH, SHORTHAND, SINGLE
from tests.listening import listening

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_BODY, MAX_EVENTS = 200_000, 200
EVENT = {"event_type": "page_view", "user_id": "u", "properties": {"x": 1}}


@dataclass(frozen=True)
class Served:
    services: Services
    address: str

    def sender(self, scope: Scope) -> Sender:
        self.services.metadata.ensure_tenant_of_system(scope.tenant, now=0, zone="Europe/Berlin")
        keys = {role: self.services.keys.create(scope, role.value, role).key for role in Role}
        return Sender(self.services, httpx.Client(base_url=self.address, timeout=60), keys, scope)


@dataclass(frozen=True)
class Sender:
    """One tenant's caller."""

    services: Services
    client: httpx.Client
    keys: dict[Role, str]
    scope: Scope

    def post(self, path: str, body: Any = None, *, role: Role | None = Role.WRITER, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        key = {"Authorization": f"Bearer {self.keys[role]}"} if role else {}
        return self.client.post(path, content=content, headers={**key, **named})

    def get(self, path: str, role: Role = Role.ADMIN, **parameters: Any) -> Any:
        answer = self.client.get(path, params=parameters, headers={"X-API-Key": self.keys[role]})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def stored(self, wanted: int) -> list[dict[str, Any]]:
        """The tenant's events, once there are `wanted`."""
        assert self.services.intake.drain(30)
        found = list(self.get("/api/v1/analytics/events", limit=1000)["events"])
        assert len(found) == wanted
        return found


@pytest.fixture(scope="module")
def served(engine: Engine, data: Path) -> Iterator[Served]:
    """The application, on the folder of the session's engine: a process has one."""
    settings = Settings.model_validate(
        {
            "server": {"data": data},
            "analytics": {
                "ingestion": {"batch_timeout": 0.05, "max_body_bytes": MAX_BODY, "max_events": MAX_EVENTS},
            },
        }
    )
    with build(settings) as services:
        app = cast(FastAPI, http_app(services, lambda: True))
        with listening(app, partial(Connection, services)) as address:
            yield Served(services, address)


@pytest.fixture
def sender(served: Served, scope: Scope) -> Iterator[Sender]:
    made = served.sender(scope)
    yield made
    made.client.close()


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The body of a refusal, which says all that a problem says."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found["status"] == status
    assert found["detail"]
    assert found["correlation_id"] == answer.headers["x-request-id"]
    assert found["suggested_actions"]
    return found


# What a 200 says


@pytest.mark.parametrize("path", SINGLE)
def test_one_event_is_taken_and_named(sender: Sender, path: str) -> None:
    answer = sender.post(path, EVENT)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    found = answer.json()
    assert found.keys() == {"success", "event_id", "duplicate", "batch_id", "real_time_updates"}
    assert (found["success"], found["duplicate"]) == (True, False)
    assert UUID(found["event_id"]).version == UUID(found["batch_id"]).version == 7
    [event] = sender.stored(1)
    assert (event["id"], event["event_type"], event["properties"]) == (found["event_id"], "page_view", {"x": 1})


@pytest.mark.parametrize("path", BATCH)
def test_a_batch_says_what_became_of_it_and_keeps_the_good_events(sender: Sender, path: str) -> None:
    sender.post(path, [{**EVENT, "id": "seen"}])
    bad = {**EVENT, "timestamp": "2001-01-01T00:00:00Z", "event_id": "mine"}
    answer = sender.post(path, [EVENT, {**EVENT, "id": "seen"}, {"x": 1}, bad])
    assert answer.status_code == 200
    found = answer.json()
    assert found.keys() == {"success", "batch_id", "processed_count", "duplicates", "real_time_updates", "errors"}
    assert (found["success"], found["processed_count"], found["duplicates"]) == (True, 1, 1)
    missing, old = found["errors"]
    assert (missing["index"], missing["field"], missing["reason"]) == (2, "event_type", "missing_field")
    assert (old["index"], old["field"], old["reason"], old["event_id"]) == (3, "timestamp", "too_old", "mine")
    sender.stored(2)
    for error in found["errors"]:
        letter = sender.get(f"/api/v1/dead-letters/{error['letter_id']}")
        assert letter["reason"] == error["reason"]


@pytest.mark.parametrize(("path", "event_type"), [(p, t) for p, t in SHORTHAND.items() if t])
def test_shorthand_events_have_the_type_of_their_path(sender: Sender, path: str, event_type: str) -> None:
    answer = sender.post(path, {"content_id": "c1", "event_type": "another", "query": "shoes"})
    assert answer.status_code == 200, answer.text
    [event] = sender.stored(1)
    assert (event["id"], event["event_type"]) == (answer.json()["event_id"], event_type)
    assert event["properties"] == {"query": "shoes"}


def test_a_user_action_is_named_by_its_action(sender: Sender) -> None:
    assert sender.post("/api/v1/analytics/track/user-action", {"action": "share", "user_id": "u"}).status_code == 200
    [event] = sender.stored(1)
    assert (event["event_type"], event["user_id"], event["properties"]) == ("share", "u", {})


@pytest.mark.parametrize("action", [{}, {"action": ""}, {"action": 7}, {"action": None}, {"action": {}}])
def test_a_user_action_without_a_name_is_refused_naming_the_field(sender: Sender, action: dict[str, Any]) -> None:
    found = problem(sender.post("/api/v1/analytics/track/user-action", action), 422)
    assert found["field"] == "action"


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{", b"\xff", b'{"x":' * 2000])
@pytest.mark.parametrize("path", SHORTHAND)
def test_a_shorthand_body_that_is_no_object_is_malformed(sender: Sender, path: str, body: bytes) -> None:
    problem(sender.post(path, body), 400)


@pytest.mark.parametrize("path", [SINGLE[0], BATCH[0]])
@pytest.mark.parametrize(
    ("body", "events"),
    [
        (b'{"event_type":"a"}', 1),
        (b'[{"event_type":"a"},{"event_type":"b"}]', 2),
        (b'{"events":[{"event_type":"a"},{"event_type":"b"}]}', 2),
        (b'{"event_type":"a"}\n{"event_type":"b"}\n', 2),
        (b"[]", 0),
    ],
)
def test_every_path_takes_every_shape(sender: Sender, path: str, body: bytes, events: int) -> None:
    found = sender.post(path, body).json()
    assert found["success"] is True
    assert found.get("processed_count", 1) == events
    sender.stored(events)


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("zstd", zstd.compress), ("identity", bytes)])
def test_every_encoding_is_read(sender: Sender, encoding: str, pack: Callable[[bytes], bytes]) -> None:
    body = pack(json.dumps([EVENT] * 100).encode())
    assert sender.post(BATCH[0], body, content_encoding=encoding).json()["processed_count"] == 100
    sender.stored(100)


def test_a_chunked_body_is_taken(sender: Sender) -> None:
    pieces = (b'[{"event_', b'type":"a"}', b',{"event_type":"b"}]')
    headers = {"X-API-Key": sender.keys[Role.WRITER]}
    assert sender.client.post(BATCH[0], content=iter(pieces), headers=headers).json()["processed_count"] == 2


def test_ids_of_a_batch_are_told_where_asked(sender: Sender) -> None:
    answer = sender.post(f"{BATCH[0]}?return_ids=true", [{**EVENT, "id": "x"}, EVENT, {**EVENT, "id": "x"}]).json()
    assert len(answer["event_ids"]) == 3
    assert answer["event_ids"][0] == answer["event_ids"][2]
    assert {event["id"] for event in sender.stored(2)} == set(answer["event_ids"])


def test_an_event_sent_again_is_answered_as_a_duplicate_with_the_same_id(sender: Sender) -> None:
    first, second = (sender.post(SINGLE[0], {**EVENT, "event_id": "mine"}).json() for _ in range(2))
    assert (first["duplicate"], second["duplicate"]) == (False, True)
    assert first["event_id"] == second["event_id"]
    sender.stored(1)


def test_the_same_event_over_many_connections_at_once_counts_once(sender: Sender) -> None:
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda _: sender.post(SINGLE[1], {**EVENT, "id": "mine"}).json(), range(20)))
    assert [answer["duplicate"] for answer in answers].count(False) == 1
    sender.stored(1)


def test_an_event_is_visible_within_a_second_or_so(sender: Sender) -> None:
    def visible() -> bool:
        """In the rows, and in the roll-ups that follow them."""
        rows = sender.get("/api/v1/analytics/events")["events"]
        return bool(rows) and sender.get("/api/v1/events/stats")["total_events"] == 1

    sender.post(SINGLE[0], EVENT)
    began = time.monotonic()
    while not visible():
        assert time.monotonic() - began < 20  # a second, on a machine that is not busy with other tests


def test_a_time_without_an_offset_is_in_the_tenants_zone(sender: Sender) -> None:
    answer = sender.post(SINGLE[0], {**EVENT, "timestamp": "2009-07-01T12:00:00"}, x_factbook_history="true")
    assert answer.status_code == 200
    found = (
        sender.get(f"/api/v1/analytics/events/{answer.json()['event_id']}") if sender.services.intake.drain(30) else {}
    )
    assert found["timestamp"].startswith(("2009-07-01T10:00:00", "2009-07-01T12:00:00+02:00"))


# Who may


@pytest.mark.parametrize("path", [*SINGLE, *BATCH, *SHORTHAND])
def test_senders_and_admins_may_and_readers_and_strangers_may_not(sender: Sender, path: str) -> None:
    body = {"event_type": "a", "action": "a"}
    for role in (Role.WRITER, Role.ADMIN, Role.OWNER):
        assert sender.post(path, body, role=role).status_code == 200
    for role in (Role.VIEWER, Role.ANALYST, Role.CONTENT_MANAGER):
        problem(sender.post(path, body, role=role), 403)
    refused = sender.post(path, body, role=None)
    problem(refused, 401)
    assert refused.headers["www-authenticate"].startswith("Bearer")
    problem(sender.post(path, body, role=None, x_api_key="no such key of ours"), 401)
    sender.stored(3)


def test_a_key_sends_for_its_own_tenant_alone(served: Served, sender: Sender, scope: Scope) -> None:
    other = served.sender(Scope(f"other-{uuid4().hex}", "test", Role.OWNER))
    event = {**EVENT, "event_id": "same", "tenant": scope.tenant}
    assert not sender.post(SINGLE[0], event).json()["duplicate"]
    assert not other.post(SINGLE[0], event).json()["duplicate"]
    sender.stored(1)
    other.stored(1)
    other.client.close()


@pytest.mark.parametrize("path", ["/events/track", "/events/batch", *SHORTHAND, "/api/v1/events/batch"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_another_method_is_refused_saying_which_are_possible(sender: Sender, path: str, method: str) -> None:
    headers = {"X-API-Key": sender.keys[Role.ADMIN]}
    answer = sender.client.request(method, path, headers=headers)
    problem(answer, 405)
    assert "POST" in answer.headers["allow"]


# Refusals


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({"x": 1}, "event_type", "missing_field"),
        ({**EVENT, "timestamp": "soon"}, "timestamp", "bad_time"),
        ({**EVENT, "timestamp": "2001-01-01T00:00:00Z"}, "timestamp", "too_old"),
        ({**EVENT, "timestamp": "2101-01-01T00:00:00Z"}, "timestamp", "in_the_future"),
        ({**EVENT, "user_id": 7}, "user_id", "wrong_type"),
        ({**EVENT, "properties": []}, "properties", "wrong_type"),
    ],
)
@pytest.mark.parametrize("path", SINGLE)
def test_an_event_that_breaks_a_rule_is_a_422_naming_field_reason_and_letter(
    sender: Sender, path: str, body: Any, field: str, reason: str
) -> None:
    found = problem(sender.post(path, body), 422)
    assert (found["field"], found["reason"]) == (field, reason)
    assert field in found["detail"]
    assert sender.services.intake.drain(30)
    assert sender.get(f"/api/v1/dead-letters/{found['letter_id']}")["field"] == field


def test_a_batch_without_one_good_event_is_a_422_with_every_error(sender: Sender) -> None:
    found = problem(sender.post(BATCH[0], [{"x": 1}, {"event_type": ""}]), 422)
    assert [(error["index"], error["reason"]) for error in found["errors"]] == [(0, "missing_field"), (1, "bad_length")]
    assert (found["processed_count"], found["field"]) == (0, "event_type")


@pytest.mark.parametrize("path", [*SINGLE, *BATCH])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"hello", 400),
        (b'[{"event_type":"a"}', 400),
        (b'{"event_type":"caf\xe9"}', 400),
        (b"[" * 50_000, 400),
        (json.dumps([EVENT] * (MAX_EVENTS + 1)).encode(), 413),
        (b" " * (MAX_BODY + 1), 413),
    ],
)
def test_bodies_that_cannot_be_taken_whole(sender: Sender, path: str, body: bytes, status: int) -> None:
    problem(sender.post(path, body), status)
    assert sender.post(path, EVENT).status_code == 200


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("zstd", zstd.compress)])
def test_packed_bodies_that_cannot_be_taken(sender: Sender, encoding: str, pack: Callable[[bytes], bytes]) -> None:
    whole = pack(json.dumps(EVENT).encode())
    assert problem(sender.post(SINGLE[0], pack(bytes(10 * MAX_BODY)), content_encoding=encoding), 413)
    assert problem(sender.post(SINGLE[0], whole[:-5], content_encoding=encoding), 400)
    assert problem(sender.post(SINGLE[0], json.dumps(EVENT).encode(), content_encoding=encoding), 400)
    assert problem(sender.post(SINGLE[0], whole + b"junk", content_encoding=encoding), 400)
    assert sender.post(SINGLE[0], whole, content_encoding=encoding).status_code == 200


def test_an_encoding_nobody_reads_is_a_415(sender: Sender) -> None:
    found = problem(sender.post(SINGLE[0], EVENT, content_encoding="br"), 415)
    assert found["field"] == "Content-Encoding"


def test_a_body_too_large_is_refused_before_it_is_read(sender: Sender, served: Served) -> None:
    host, port = served.address.removeprefix("http://").split(":")
    head = (
        f"POST {SINGLE[0]} HTTP/1.1\r\nhost: x\r\nx-api-key: {sender.keys[Role.WRITER]}\r\n"
        f"content-length: {10**12}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head.encode() + b"[")
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in answer.lower()


def test_a_stream_without_end_is_refused_once_it_is_too_large(sender: Sender) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b" " * 10_000

    headers = {"X-API-Key": sender.keys[Role.WRITER]}
    try:
        answer = sender.client.post(SINGLE[0], content=endless(), headers=headers)
    except httpx.HTTPError:  # refused and closed while we were still sending
        return
    problem(answer, 413)


def test_a_caller_who_leaves_in_the_middle_leaves_nothing_behind(sender: Sender, served: Served) -> None:
    host, port = served.address.removeprefix("http://").split(":")
    head = (
        f"POST {SINGLE[0]} HTTP/1.1\r\nhost: x\r\nx-api-key: {sender.keys[Role.WRITER]}\r\ncontent-length: 18\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head.encode() + b'{"event_type":')
    assert sender.post(SINGLE[0], EVENT).status_code == 200
    sender.stored(1)


# Busy


def test_a_full_journal_is_a_503_that_says_when_to_come_again(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as full:
        full.setattr(sender.services.intake, "_max_journal_bytes", 0)
        for path in (SINGLE[0], BATCH[0], *SHORTHAND):
            answer = sender.post(path, {**EVENT, "action": "a"})
            assert "journal is full" in problem(answer, 503)["detail"]
            assert int(answer.headers["retry-after"]) >= 1
    assert sender.post(SINGLE[0], EVENT).status_code == 200
    sender.stored(1)


def test_more_than_can_wait_is_a_429_that_says_when_to_come_again_and_loses_nothing(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = sender.services.intake
    gate, appending = threading.Event(), threading.Event()

    def gated(*arguments: Any) -> None:
        appending.set()
        assert gate.wait(60)
        SqliteJournal.append(cast(SqliteJournal, intake._journal), *arguments)

    with monkeypatch.context() as patched, ThreadPoolExecutor(4) as threads:
        patched.setattr(intake._journal, "append", gated)
        patched.setattr(intake._waiting, "_max_bytes", 10)
        answers = [threads.submit(sender.post, SINGLE[0], EVENT)]
        assert appending.wait(30)
        answers += [threads.submit(sender.post, SINGLE[0], EVENT) for _ in range(3)]
        refused = [answer for answer in (each.result(60) for each in answers[1:] if _soon(each)) if answer]
        gate.set()
        statuses = sorted(each.result(60).status_code for each in answers)
    assert statuses == [200, 200, 429, 429]
    for answer in refused:
        problem(answer, 429)
        assert int(answer.headers["retry-after"]) >= 1
    sender.stored(2)


def _soon(future: Any) -> bool:
    """Whether it is answered while the gate is closed."""
    try:
        future.result(5)
    except TimeoutError:
        return False
    return True


# Headers


def test_every_answer_carries_the_callers_request_id_or_one_of_ours(sender: Sender) -> None:
    for body, status in ((EVENT, 200), ({"x": 1}, 422)):
        answer = sender.post(SINGLE[0], body, x_request_id="mine-7")
        assert (answer.status_code, answer.headers["x-request-id"]) == (status, "mine-7")
        assert sender.post(SINGLE[0], body).headers["x-request-id"]


def test_the_history_header_lifts_the_limit_of_age(sender: Sender) -> None:
    old = {**EVENT, "timestamp": "1997-01-01T00:00:00Z"}
    problem(sender.post(SINGLE[0], old, x_factbook_history="no"), 422)
    assert sender.post(SINGLE[0], old, x_factbook_history="true").status_code == 200
    sender.services.intake.drain(30)


def test_a_load_goes_on_where_it_was_and_a_part_sent_again_counts_once(sender: Sender) -> None:
    path = "/api/v1/loads/some/file.csv"
    assert sender.get(path, Role.WRITER) == {"source": "some/file.csv", "position": 0}
    for position in ("2", "2", "4", "2"):
        answer = sender.post(BATCH[0], [EVENT] * 2, x_factbook_load="some/file.csv", x_factbook_position=position)
        assert answer.status_code == 200
    assert sender.get(path, Role.WRITER)["position"] == 4
    sender.stored(4)


def test_two_tenants_load_a_file_of_one_name_apart(served: Served, sender: Sender) -> None:
    other = served.sender(Scope(f"other-{uuid4().hex}", "test", Role.OWNER))
    sender.post(BATCH[0], [EVENT], x_factbook_load="file", x_factbook_position="9")
    assert other.get("/api/v1/loads/file")["position"] == 0
    other.client.close()


@pytest.mark.parametrize("position", ["", "0", "-1", "1.5", "x", "9" * 19, "9" * 30, "1_0", "+1"])
def test_a_position_that_is_no_number_is_refused_by_the_name_of_its_header(sender: Sender, position: str) -> None:
    answer = sender.post(BATCH[0], [EVENT], x_factbook_load="file", x_factbook_position=position)
    assert problem(answer, 422)["field"] == "X-Factbook-Position"
    sender.stored(0)


def test_a_position_in_foreign_digits_is_refused_too(sender: Sender) -> None:
    headers = [
        (b"x-api-key", sender.keys[Role.WRITER].encode()),
        (b"x-factbook-load", b"file"),
        (b"x-factbook-position", "²".encode("latin-1")),
    ]
    answer = sender.client.post(BATCH[0], content=b"[]", headers=headers)
    assert problem(answer, 422)["field"] == "X-Factbook-Position"


def test_the_framework_shows_what_the_raw_handlers_answer(sender: Sender) -> None:
    paths = sender.client.get("/openapi.json").json()["paths"]
    for path in (*SINGLE, *BATCH, *SHORTHAND):
        shown = paths[path]["post"]
        assert {"200", "400", "401", "403", "413", "415", "422", "429", "503"} <= shown["responses"].keys()


def test_accepted_events_reach_the_live_feed(sender: Sender) -> None:
    async def listen() -> str:
        subscription = sender.services.feed.subscribe(sender.scope)
        await asyncio.to_thread(sender.post, SINGLE[0], EVENT)
        message = await asyncio.wait_for(anext(subscription), 30)
        subscription.close()
        return str(message["event_type"])

    assert asyncio.run(listen()) == "page_view"
