"""Signing in, keys and tokens over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factbook.access.gate import COOKIE
from factbook.access.sign_in import SESSION_SECONDS
from factbook.core.scope import Role, Scope
from factbook.storage.engine import Engine
from tests.clocks import SetClock
from tests.transports.administration import Administration, administration

KEYS = "/api/v1/admin/api-keys"
ME = "/api/v1/auth/me"


@pytest.fixture
def served(engine: Engine, scope: Scope, tmp_path: Path) -> Iterator[Administration]:
    with administration(engine, scope, tmp_path, SetClock()) as found:
        yield found


def sign_in(served: Administration, **headers: str) -> Any:
    token = served.services.keys.sign_in.link_token(served.scope)
    return served.client.post("/api/v1/auth/sign-in", json={"token": token}, headers=headers)


# Signing in


def test_a_link_signs_in_with_a_cookie_that_scripts_cannot_read(served: Administration) -> None:
    answer = sign_in(served)
    assert (answer.status_code, answer.json()["tenant"]) == (200, served.scope.tenant)
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", "Path=/", f"Max-Age={SESSION_SECONDS}"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert served.client.get(ME).json()["role"] == "owner"


def test_the_cookie_is_secure_over_https(served: Administration) -> None:
    served.client.base_url = "https://facts.example"
    assert "Secure" in sign_in(served).headers["set-cookie"]


def test_an_api_key_that_may_read_signs_in_and_a_write_key_does_not(served: Administration) -> None:
    for role, status in ((Role.VIEWER, 200), (Role.WRITER, 403)):
        answer = served.client.post("/api/v1/auth/sign-in", json={"token": served.keys[role]})
        assert answer.status_code == status


def test_bad_tokens_and_pages_of_other_sites_do_not_sign_in(served: Administration) -> None:
    for token in ("eyJx.y.z", "nonsense", served.services.keys.sign_in.session_token(served.scope)):
        assert served.client.post("/api/v1/auth/sign-in", json={"token": token}).status_code == 401
    assert sign_in(served, origin="https://evil.example").status_code == 403
    assert COOKIE not in served.client.cookies


def test_a_cookie_alone_changes_nothing_from_elsewhere(served: Administration) -> None:
    sign_in(served)
    body = {"name": "by cookie"}
    assert served.client.post(KEYS, json=body).status_code == 403
    assert served.client.post(KEYS, json=body, headers={"origin": "https://evil.example"}).status_code == 403
    assert served.client.post(KEYS, json=body, headers={"origin": "http://127.0.0.1:8005"}).status_code == 201


def test_signing_out_ends_the_session_even_for_a_copy_of_the_cookie(served: Administration) -> None:
    sign_in(served)
    copy = served.client.cookies[COOKIE]
    assert served.client.post("/api/v1/auth/sign-out").status_code == 403
    assert served.client.post("/api/v1/auth/sign-out", headers={"sec-fetch-site": "same-origin"}).status_code == 200
    assert COOKIE not in served.client.cookies
    assert served.client.get(ME, headers={"cookie": f"{COOKIE}={copy}"}).status_code == 401


def test_nobody_signs_out_without_harm(served: Administration) -> None:
    assert served.client.post("/api/v1/auth/sign-out").json() == {"signed_out": True}


def test_me_tells_every_role_what_it_is(served: Administration) -> None:
    for role in Role:
        me = served.call("GET", ME, role=role).json()
        assert (me["role"], me["tenant"], me["timezone"]) == (role, served.scope.tenant, "Europe/Berlin")


def test_refusals_say_what_to_send(served: Administration) -> None:
    answer = served.call("GET", ME, role=None)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "X-API-Key" in answer.json()["suggested_actions"][0]


# Tokens


def test_a_key_is_exchanged_for_a_token_that_may_do_the_same(served: Administration) -> None:
    answer = served.client.post("/api/v1/auth/token", json={"api_key": served.keys[Role.ANALYST], "seconds": 60}).json()
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 60)
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    assert served.client.get(ME, headers=headers).json()["role"] == "analyst"
    assert served.client.get(KEYS, headers=headers).status_code == 403
    served.clock.forward(seconds=60)
    assert served.client.get(ME, headers=headers).status_code == 401


def test_a_token_cannot_be_exchanged_for_a_longer_one(served: Administration) -> None:
    token = served.call("POST", "/api/v1/auth/token", {}).json()["access_token"]
    answer = served.client.post("/api/v1/auth/token", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


@pytest.mark.parametrize("body", [{"seconds": 1}, {"seconds": 10**9}, {"apikey": "x"}])
def test_a_token_request_that_is_not_valid_is_refused(served: Administration, body: dict[str, Any]) -> None:
    assert served.call("POST", "/api/v1/auth/token", body).status_code == 422


def test_a_fresh_link_signs_in_as_the_admin_who_made_it(served: Administration) -> None:
    made = served.call("POST", "/api/v1/auth/link").json()
    assert made["path"] == f"/?token={made['token']}"
    assert served.client.post("/api/v1/auth/sign-in", json={"token": made["token"]}).json()["role"] == "admin"
    assert served.call("POST", "/api/v1/auth/link", role=Role.ANALYST).status_code == 403


# Keys


def test_a_key_is_shown_once_and_never_again(served: Administration) -> None:
    made = served.call("POST", KEYS, {"name": "web shop"})
    assert (made.status_code, made.json()["role"]) == (201, "writer")
    key = made.json()["key"]
    listed = served.call("GET", KEYS)
    assert key not in listed.text
    assert "digest" not in listed.text
    one = served.call("GET", f"{KEYS}/{made.json()['id']}").json()
    assert one == {name: value for name, value in made.json().items() if name != "key"}
    assert served.client.get(ME, headers={"X-API-Key": key}).status_code == 200


def test_a_key_is_renamed_rotated_and_revoked(served: Administration) -> None:
    made = served.call("POST", KEYS, {"name": "web shop", "role": "analyst"}).json()
    assert served.call("PUT", f"{KEYS}/{made['id']}", {"name": "shop"}).json()["name"] == "shop"
    fresh = served.call("POST", f"{KEYS}/{made['id']}/rotate")
    assert (fresh.status_code, fresh.json()["name"], fresh.json()["role"]) == (201, "shop", "analyst")
    assert served.client.get(ME, headers={"X-API-Key": made["key"]}).status_code == 401
    for _ in range(2):
        assert served.call("DELETE", f"{KEYS}/{fresh.json()['id']}").json()["revoked_at"]
    assert served.client.get(ME, headers={"X-API-Key": fresh.json()["key"]}).status_code == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x", "role": "king"}, "role"),
        ({"name": "x", "rôle": "admin"}, "rôle"),
        ({"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "x", "expires_at": "2030-01-01T00:00:00"}, "expires_at"),
    ],
)
def test_a_key_that_cannot_be_made_is_refused_naming_the_field(
    served: Administration, body: dict[str, Any], field: str
) -> None:
    answer = served.call("POST", KEYS, body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.ADMIN, Role.OWNER)])
def test_only_admins_see_and_make_keys(served: Administration, role: Role) -> None:
    for method, path in (("GET", KEYS), ("POST", KEYS), ("DELETE", f"{KEYS}/x"), ("POST", f"{KEYS}/x/rotate")):
        assert served.call(method, path, {"name": "x"}, role=role).status_code == 403


def test_a_key_nobody_has_is_not_found(served: Administration) -> None:
    for method, path in (("GET", f"{KEYS}/x"), ("DELETE", f"{KEYS}/x"), ("POST", f"{KEYS}/x/rotate")):
        assert served.call(method, path).status_code == 404


def test_every_route_is_documented_with_its_refusals(served: Administration) -> None:
    described = served.app.openapi()
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            place = f"{method} {path}"
            assert operation.get("summary"), place
            assert operation.get("description"), place
            told = [code for code in operation["responses"] if code in ("200", "201", "202")]
            assert all("example" in operation["responses"][code]["content"]["application/json"] for code in told), place
            assert "401" in operation["responses"] or path.endswith("sign-out"), place
            assert all(
                "application/problem+json" in answer["content"] or code in ("200", "201", "202", "422")
                for code, answer in operation["responses"].items()
            ), place
