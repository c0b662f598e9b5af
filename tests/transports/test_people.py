"""People over HTTP: invited by an admin, signed in with a password, and nothing to see for anybody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from factbook.access.gate import COOKIE
from factbook.access.passwords import Passwords
from factbook.core.scope import Role, Scope
from factbook.storage.engine import Engine
from tests.clocks import SetClock
from tests.transports.administration import Administration, administration

USERS = "/api/v1/admin/users"
ME = "/api/v1/auth/me"
SIGN_IN = "/api/v1/auth/sign-in"
GOOD = "four unrelated words here"
HERE = {"origin": "http://127.0.0.1:8005"}
ELSEWHERE = {"origin": "https://evil.example"}


@pytest.fixture
def served(engine: Engine, scope: Scope, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Administration]:
    with administration(engine, scope, tmp_path, SetClock()) as found:
        weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
        monkeypatch.setattr(found.services.keys.people, "_passwords", Passwords(weak))
        yield found


def invited(served: Administration, email: str = "ada@example.com", **more: Any) -> dict[str, Any]:
    answer = served.call("POST", USERS, {"email": email, "name": "Ada", **more}, role=Role.OWNER)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def joined(served: Administration, email: str = "ada@example.com", **more: Any) -> dict[str, Any]:
    """Somebody with the password GOOD; the client is not signed in."""
    person = invited(served, email, **more)
    token = person["set_password"]["path"].partition("#")[2]
    answer = served.client.post("/api/v1/auth/set-password", json={"token": token, "password": GOOD})
    assert answer.status_code == 200, answer.text
    served.client.cookies.clear()
    return person


def sign_in(served: Administration, password: str = GOOD, email: str = "ada@example.com", **headers: str) -> Any:
    return served.client.post(SIGN_IN, json={"email": email, "password": password}, headers=headers)


# Signing in


def test_the_link_of_an_invitation_sets_a_password_and_signs_in(served: Administration) -> None:
    person = invited(served, role="analyst")
    assert (person["state"], person["last_sign_in_at"]) == ("invited", None)
    path, _, token = person["set_password"]["path"].partition("#")
    assert path == "/set-password"
    body = {"token": token, "password": GOOD}
    me = served.client.post("/api/v1/auth/set-password", json=body)
    assert (me.json()["actor"], me.json()["email"], me.json()["role"]) == (person["id"], "ada@example.com", "analyst")
    assert served.client.get(ME).json()["name"] == "Ada"
    assert served.client.post("/api/v1/auth/set-password", json=body).status_code == 401
    assert served.call("GET", f"{USERS}/{person['id']}").json()["state"] == "active"


def test_email_and_password_set_the_cookie_and_tell_who_it_is(served: Administration) -> None:
    person = joined(served)
    answer = sign_in(served)
    assert (answer.status_code, answer.json()["actor"]) == (200, person["id"])
    assert {"HttpOnly", "SameSite=lax"} <= set(answer.headers["set-cookie"].split("; "))
    assert served.client.get(ME).json()["actor"] == person["id"]


def test_a_password_is_exchanged_for_a_token_that_ends_with_the_sessions(served: Administration) -> None:
    person = joined(served, role="admin")
    joined(served, "bob@example.com", role="admin")
    body = {"email": "ADA@example.com", "password": GOOD, "seconds": 600}
    answer = served.client.post("/api/v1/auth/token", json=body).json()
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    assert served.client.get(USERS, headers=headers).status_code == 200
    assert served.call("PUT", f"{USERS}/{person['id']}", {"role": "viewer"}).status_code == 200
    assert served.client.get(USERS, headers=headers).status_code == 403
    assert served.call("PUT", f"{USERS}/{person['id']}", {"disabled": True}).status_code == 200
    assert served.client.get(ME, headers=headers).status_code == 401


def test_unknown_and_wrong_are_told_alike_and_locked_with_retry_after(served: Administration) -> None:
    joined(served)
    details = set()
    for email in ("ada@example.com", "nobody@example.com"):
        for _ in range(5):
            answer = sign_in(served, "wrong wrong wrong", email)
            assert answer.status_code == 401
            details.add(answer.json()["detail"])
        answer = sign_in(served, GOOD, email)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "900")
        details.add(answer.json()["detail"])
    assert len(details) == 1
    assert COOKIE not in served.client.cookies


@pytest.mark.parametrize("path", [SIGN_IN, "/api/v1/auth/set-password"])
def test_a_page_elsewhere_signs_nobody_in(served: Administration, path: str) -> None:
    token = invited(served)["set_password"]["path"].partition("#")[2]
    body = {"token": token, "password": GOOD} if path != SIGN_IN else {"email": "ada@example.com", "password": GOOD}
    for headers in (ELSEWHERE, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}):
        answer = served.client.post(path, json=body, headers=headers)
        assert (answer.status_code, COOKIE in served.client.cookies) == (403, False)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "ada@example.com"},
        {"password": GOOD},
        {"email": "ada@example.com", "password": ""},
        {"email": "ada@example.com", "password": GOOD, "token": "x"},
        {"email": ["ada@example.com"], "password": GOOD},
        {"email": "ada@example.com", "password": "x" * 5000},
        {"email": "ada@example.com", "password": GOOD, "remember": True},
    ],
)
def test_half_a_sign_in_is_refused_by_name(served: Administration, body: dict[str, Any]) -> None:
    assert served.client.post(SIGN_IN, json=body).status_code == 422


@pytest.mark.parametrize("email", ["\x00@b.c", "a@b\ud83d.c", "' OR 1=1 --", "a" * 320, "%", "ada@example.com\n"])
def test_addresses_of_any_kind_are_unknown_and_nothing_worse(served: Administration, email: str) -> None:
    joined(served)
    body = json.dumps({"email": email, "password": "wrong wrong wrong"})
    answer = served.client.post(SIGN_IN, content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (401, 422)


# One's own password


def test_a_password_is_changed_with_the_old_one_and_other_sessions_end(served: Administration) -> None:
    joined(served)
    sign_in(served)
    other = served.client.cookies[COOKIE]
    served.client.cookies.clear()
    sign_in(served)
    body = {"old_password": GOOD, "new_password": "another good password"}
    wrong = {**body, "old_password": "wrong wrong wrong"}
    assert served.client.put("/api/v1/auth/password", json=wrong, headers=HERE).status_code == 401
    assert served.client.put("/api/v1/auth/password", json=body, headers=ELSEWHERE).status_code == 403
    assert served.client.put("/api/v1/auth/password", json=body).status_code == 403
    assert served.client.put("/api/v1/auth/password", json=body, headers=HERE).status_code == 200
    assert served.client.get(ME).status_code == 200
    assert served.client.get(ME, headers={"cookie": f"{COOKIE}={other}"}).status_code == 401


def test_a_key_has_no_password(served: Administration) -> None:
    body = {"old_password": GOOD, "new_password": "another good password"}
    assert served.call("PUT", "/api/v1/auth/password", body).status_code == 403


def test_a_line_made_by_a_person_ends_with_his_sessions(served: Administration) -> None:
    person = joined(served, role="admin")
    joined(served, "bob@example.com", role="admin")
    sign_in(served)
    made = served.client.post("/api/v1/auth/link", headers=HERE).json()["token"]
    served.client.cookies.clear()
    assert served.client.post(SIGN_IN, json={"token": made}).json()["actor"] == person["id"]
    served.client.cookies.clear()
    served.call("PUT", f"{USERS}/{person['id']}", {"disabled": True})
    assert served.client.post(SIGN_IN, json={"token": made}).status_code == 401


# Administering


def test_nothing_secret_is_ever_told(served: Administration) -> None:
    person = joined(served)
    listed = served.call("GET", USERS)
    for text in (listed.text, served.call("GET", f"{USERS}/{person['id']}").text):
        assert "argon2" not in text
        assert "digest" not in text
        assert person["set_password"]["path"].partition("#")[2] not in text


def test_every_change_is_of_what_is_named_alone(served: Administration) -> None:
    europe = [{"field": "region", "operator": "eq", "value": "EU"}]
    person = joined(served, role="viewer", row_filter=europe, masked=True)
    changed = served.call("PUT", f"{USERS}/{person['id']}", {"name": "Countess"}).json()
    assert (changed["name"], changed["row_filter"], changed["masked"], changed["role"]) == (
        "Countess",
        europe,
        True,
        "viewer",
    )
    sign_in(served)
    me = served.client.get(ME).json()
    assert (me["row_filter"], me["masked"]) == (europe, True)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"role": "writer"}, "role"),
        ({"role": "king"}, "role"),
        ({"email": "nonsense"}, "email"),
        ({"row_filter": [{"field": "nothing", "value": 1}]}, "row_filter.0"),
        ({"row_filter": {"country": "DE"}}, "row_filter"),
        ({"masked": True, "role": "admin"}, "masked"),
        ({"password": "x"}, "password"),
        ({"tenant": "other"}, "tenant"),
    ],
)
def test_what_is_not_valid_is_refused_by_its_field(served: Administration, body: dict[str, Any], field: str) -> None:
    person = invited(served)
    for answer in (
        served.call("PUT", f"{USERS}/{person['id']}", body),
        served.call("POST", USERS, {"email": "new@example.com", **body}),
    ):
        assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_an_admin_raises_nobody_above_himself(served: Administration) -> None:
    person = invited(served, role="viewer")
    owner = invited(served, "boss@example.com", role="owner")
    assert served.call("PUT", f"{USERS}/{person['id']}", {"role": "owner"}).status_code == 403
    assert served.call("POST", USERS, {"email": "x@example.com", "role": "owner"}).status_code == 403
    assert served.call("POST", f"{USERS}/{owner['id']}/reset").status_code == 403
    assert served.call("POST", "/api/v1/admin/api-keys", {"name": "mine", "role": "owner"}).status_code == 403
    keys = served.call("GET", "/api/v1/admin/api-keys").json()["api_keys"]
    [key] = [key["id"] for key in keys if key["role"] == "owner"]
    assert served.call("POST", f"/api/v1/admin/api-keys/{key}/rotate").status_code == 403
    assert served.call("DELETE", f"/api/v1/admin/api-keys/{key}").status_code == 403


CALLS = [
    ("GET", USERS, None),
    ("POST", USERS, {"email": "new@example.com"}),
    ("GET", USERS + "/{id}", None),
    ("PUT", USERS + "/{id}", {"name": "x"}),
    ("DELETE", USERS + "/{id}", None),
    ("POST", USERS + "/{id}/reset", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_only_admins_see_and_change_people(served: Administration, method: str, path: str, body: Any) -> None:
    person = invited(served)
    for role in (Role.WRITER, Role.VIEWER, Role.ANALYST, Role.CONTENT_MANAGER):
        assert served.call(method, path.format(id=person["id"]), body, role=role).status_code == 403
    assert served.call(method, path.format(id=person["id"]), body, role=None).status_code == 401


@pytest.mark.parametrize(("method", "path", "body"), [call for call in CALLS if "{id}" in call[1]])
def test_people_of_another_tenant_are_not_found(served: Administration, method: str, path: str, body: Any) -> None:
    person = joined(served)
    before = served.call("GET", USERS).json()
    served.services.metadata.ensure_tenant_of_system("other", now=0)
    key = served.services.keys.create(Scope("other", "test", Role.OWNER), "x", Role.OWNER).key
    answer: httpx.Response = served.client.request(
        method, path.format(id=person["id"]), json=body, headers={"X-API-Key": key}
    )
    assert answer.status_code == 404
    assert served.client.get(USERS, headers={"X-API-Key": key}).json() == {"users": []}
    assert served.call("GET", USERS).json() == before


def test_a_key_may_be_shown_a_part_too_and_keeps_it_when_rotated(served: Administration) -> None:
    view = {"row_filter": [{"field": "country", "operator": "in", "value": ["DE", "FR"]}], "masked": True}
    made = served.call("POST", "/api/v1/admin/api-keys", {"name": "partner", "role": "viewer", **view}).json()
    assert {name: made[name] for name in view} == view
    fresh = served.call("POST", f"/api/v1/admin/api-keys/{made['id']}/rotate").json()
    me = served.client.get(ME, headers={"X-API-Key": fresh["key"]}).json()
    assert {name: me[name] for name in view} == view
    for role in ("writer", "admin"):
        answer = served.call("POST", "/api/v1/admin/api-keys", {"name": "x", "role": role, **view})
        assert (answer.status_code, answer.json()["field"]) == (422, "row_filter")
