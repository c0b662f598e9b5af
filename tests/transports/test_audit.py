"""What is entered into the audit trail, over HTTP: everything that changes something, without its secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from factbook.core.scope import Role, Scope
from factbook.storage.audit_rows import Sought
from factbook.storage.engine import Engine
from factbook.transports.http.audit_acts import ACTS, ASKING, READING, SENDING
from factbook.web.pages import router as pages_of

from .whole import Caller, Whole, caller, whole


@pytest.fixture(scope="module")
def served(engine: Engine, data: Path) -> Iterator[Whole]:
    with whole(data) as served:
        yield served


@pytest.fixture
def admin(served: Whole, scope: Scope) -> Caller:
    return caller(served, scope)


def entries(admin: Caller, **query: str) -> list[dict[str, object]]:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    found: list[dict[str, object]] = admin.call("GET", f"/api/v1/admin/audit?{asked}")["entries"]
    return found


def test_every_route_that_changes_something_has_an_action_and_every_action_a_route(served: Whole) -> None:
    documented = {
        (method.upper(), path)
        for path, methods in served.client.get("/openapi.json").json()["paths"].items()
        for method in methods
    }
    pages = {
        (method, getattr(route, "path", ""))
        for route in pages_of(served.services).routes
        for method in getattr(route, "methods", ())
    }
    there = documented | pages
    changing = {(method, path) for method, path in there if method not in READING and path not in ASKING | SENDING}
    assert changing - ACTS.keys() == set()
    assert ACTS.keys() - there == {("GET", "/auth/oidc/callback")}, "there where a provider is configured"
    assert (ASKING | SENDING) - {path for _, path in there} == set()


def test_a_change_is_entered_with_what_was_before_and_after(admin: Caller) -> None:
    admin.call("PUT", "/api/v1/settings", {"currency": "EUR"})
    admin.call("PUT", "/api/v1/settings", {"currency": "USD"})
    [newest, first] = entries(admin, action="settings.change")
    assert newest["detail"]["before"]["currency"] == "EUR"  # type: ignore[index]
    assert newest["detail"]["after"]["currency"] == "USD"  # type: ignore[index]
    assert first["detail"]["before"]["currency"] is None  # type: ignore[index]
    assert str(newest["actor"]).startswith("key_")
    assert (newest["result"], newest["previous"]) == ("done", first["hash"])


def test_what_a_definition_was_is_kept_when_it_is_removed(admin: Caller) -> None:
    rule = {"did": "page_view", "within": "30d"}
    admin.call("POST", "/api/v1/analytics/segments", {"id": "seen", "label": "Seen", "rule": rule}, status=201)
    admin.call("DELETE", "/api/v1/analytics/segments/seen", status=204)
    removed, created = entries(admin, thing="seen")
    assert (created["action"], removed["action"]) == ("segment.create", "segment.remove")
    assert removed["detail"]["before"] == created["detail"]["after"]  # type: ignore[index]
    assert removed["detail"]["after"] is None  # type: ignore[index]


def test_keys_are_entered_without_the_key(admin: Caller) -> None:
    made = admin.call("POST", "/api/v1/admin/api-keys", {"name": "till", "role": "writer"}, status=201)
    admin.call("DELETE", f"/api/v1/admin/api-keys/{made['id']}")
    revoked, created = entries(admin, thing=made["id"])
    assert created["detail"]["after"]["name"] == "till"  # type: ignore[index]
    assert created["detail"]["after"]["revoked_at"] is None  # type: ignore[index]
    assert revoked["detail"]["after"]["revoked_at"] is not None  # type: ignore[index]
    assert made["key"] not in json.dumps(entries(admin))
    assert made["key"][-20:] not in json.dumps(entries(admin))


def test_a_thing_whose_id_holds_a_slash_is_entered_as_any_other(admin: Caller) -> None:
    admin.call("PUT", "/api/v1/analytics/objectives/web/api", {"slo": 0.999})
    [entry] = entries(admin, action="objective.change")
    assert entry["thing"] == "web/api"
    assert entry["detail"]["before"] is None  # type: ignore[index]
    assert entry["detail"]["after"]["definition"]["slo"] == 0.999  # type: ignore[index]


def test_a_change_that_is_refused_as_wrong_is_entered_as_failed(admin: Caller) -> None:
    admin.call("PUT", "/api/v1/settings", {"currency": "nothing"}, status=422)
    [entry] = entries(admin, action="settings.change")
    assert entry["result"] == "failed"


def test_signing_in_and_out_is_entered_by_whoever_it_was(admin: Caller) -> None:
    session = admin.call("POST", "/api/v1/auth/sign-in", {"token": admin.keys[Role.ANALYST]}, role=None)
    cookie = admin.client.cookies.get("factbook_session")
    admin.client.cookies.clear()
    admin.call(
        "POST", "/api/v1/auth/sign-out", role=None, Cookie=f"factbook_session={cookie}", Sec_Fetch_Site="same-origin"
    )
    admin.call("POST", "/api/v1/auth/token", {"api_key": admin.keys[Role.VIEWER]}, role=None)
    token, out, signed_in = entries(admin)
    assert [entry["action"] for entry in (signed_in, out, token)] == ["sign_in", "sign_out", "sign_in.token"]
    assert signed_in["actor"] == out["actor"] == session["actor"]


def test_refused_calls_of_a_known_caller_are_counted_in_one_entry(admin: Caller) -> None:
    for _ in range(5):
        admin.call("GET", "/api/v1/admin/audit", role=Role.VIEWER, status=403)
    admin.call("PUT", "/api/v1/settings", {"currency": "EUR"}, role=Role.VIEWER, status=403)
    found = entries(admin, result="refused")
    assert sorted((entry["thing"], entry["detail"]["count"]) for entry in found) == [  # type: ignore[index]
        ("GET /api/v1/admin/audit", 5),
        ("PUT /api/v1/settings", 1),
    ]


def test_a_wrong_key_is_entered_in_the_trail_of_who_operates_the_server(served: Whole, admin: Caller) -> None:
    answer = served.client.get("/api/v1/settings", headers={"X-API-Key": "fb_admin_" + "x" * 43})
    assert answer.status_code == 401
    found = served.services.audit.found(Scope.system(), Sought(result="refused", thing="GET /api/v1/settings"), 5)
    assert found
    assert found[0].actor == ""


def refusals(served: Whole, thing: str) -> list[tuple[str, int, int]]:
    """(actor, status, count) of each entry of those whom nobody knows; other tests may have been refused there too."""
    found = served.services.audit.found(Scope.system(), Sought(thing=thing, result="refused"), 1000)
    return [(entry.actor, *(json.loads(entry.detail)[name] for name in ("status", "count"))) for entry in found]


def counted(served: Whole, thing: str) -> int:
    return sum(count for _, _, count in refusals(served, thing))


def test_a_sender_who_is_not_let_in_is_counted(served: Whole, admin: Caller) -> None:
    before = counted(served, "POST /events/batch")
    for _ in range(3):
        answer = served.client.post("/events/batch", json={}, headers={"X-API-Key": "fb_writer_" + "y" * 43})
        assert answer.status_code == 401
    assert counted(served, "POST /events/batch") == before + 3


@pytest.mark.parametrize("path", ["/v1/traces", "/api/v1/write"])
def test_an_exporter_that_is_not_let_in_is_counted(served: Whole, path: str) -> None:
    before = counted(served, f"POST {path}")
    for _ in range(2):
        answer = served.client.post(path, content=b"", headers={"X-API-Key": "fb_writer_" + "z" * 43})
        assert answer.status_code == 401
    assert counted(served, f"POST {path}") == before + 2


def test_a_reader_of_the_live_feed_who_is_not_let_in_is_counted(served: Whole, admin: Caller) -> None:
    place = "WebSocket /api/v1/events/stream"
    before = counted(served, place)
    for key in ("fb_admin_" + "x" * 43, admin.keys[Role.VIEWER]):
        with served.client.websocket_connect("/api/v1/events/stream", headers={"X-API-Key": key}) as session:
            assert session.receive()["type"] == "websocket.close"
    assert counted(served, place) == before + 1
    assert refusals(served, place)[0][:2] == ("", 401)
    [viewer] = entries(admin, result="refused")
    assert (viewer["thing"], viewer["detail"]["status"]) == (place, 403)  # type: ignore[index]
    assert viewer["actor"]


def test_reading_and_sending_events_is_not_entered(admin: Caller) -> None:
    admin.send({"event_type": "page_view", "user_id": "ann"})
    admin.events()
    assert entries(admin) == []


def test_an_export_is_entered(admin: Caller) -> None:
    admin.call("GET", "/api/v1/events/export?format=ndjson")
    assert [entry["action"] for entry in entries(admin)] == ["events.export"]


def test_the_trail_is_paged_and_comes_as_a_file(admin: Caller) -> None:
    for currency in ("EUR", "USD", "GBP"):
        admin.call("PUT", "/api/v1/settings", {"currency": currency})
    first = admin.call("GET", "/api/v1/admin/audit?limit=2")
    second = admin.call("GET", f"/api/v1/admin/audit?limit=2&cursor={first['next_cursor']}")
    assert [entry["number"] for entry in first["entries"] + second["entries"]] == [3, 2, 1]
    assert second["next_cursor"] is None
    text = admin.call("GET", "/api/v1/admin/audit.csv").text
    assert text.splitlines()[0] == "number,at,actor,action,thing,result,detail,previous,hash"
    assert len(text.splitlines()) == 4
    head = admin.call("GET", "/api/v1/admin/audit/head")
    assert (head["number"], head["sound"]) == (4, True)


def test_another_tenant_sees_nothing_of_it_and_only_admins_see_it(served: Whole, admin: Caller) -> None:
    admin.call("PUT", "/api/v1/settings", {"currency": "EUR"})
    other = caller(served, Scope(f"{admin.scope.tenant}-b", "test", Role.OWNER))
    assert entries(other) == []
    for role in (Role.VIEWER, Role.ANALYST, Role.WRITER):
        admin.call("GET", "/api/v1/admin/audit.csv", role=role, status=403)
