"""The edge of the service: headers of every answer, other sites' pages, hostile headers, and secrets in no log."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import jwt
import pytest
import structlog
from fastapi.testclient import TestClient

from factbook.app import build, http_app
from factbook.core import logs
from factbook.core.scope import Role, Scope
from factbook.core.settings import Settings
from factbook.services import Services
from factbook.storage.engine import Engine

SHOP = "https://shop.example"
SECRETS = {
    "admin": "an admin key, set by hand 7f3a",
    "write": "a write key, set by hand 9c1e",
    "jwt": "a shared secret with a gateway, 41d8",
    "client": "the secret at the provider, 8b2f",
}
PATHS = ("/health", "/openapi.json", "/sign-in", "/nothing-here", "/api/v1/auth/me", "/api/v1/events/stats", "/docs")


@pytest.fixture(scope="module")
def written() -> Iterator[io.StringIO]:
    """Every log line of this file's server, from the least severe on."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure("DEBUG", "json", stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(scope="module")
def services(engine: Engine, data: Path, written: io.StringIO) -> Iterator[Services]:
    security = {
        "cors_origins": [SHOP],
        "cors_methods": ["GET", "POST"],
        "rate_limit": 0,
        "rate_burst": 0,
        "admin_key": SECRETS["admin"],
        "write_key": SECRETS["write"],
        "jwt": {"issuer": "https://issuer.example", "secret": SECRETS["jwt"]},
        "oidc": {"issuer": "http://127.0.0.1:9", "client_id": "x", "client_secret": SECRETS["client"]},
    }
    with build(Settings.model_validate({"server": {"data": data}, "security": security})) as made:
        yield made


@pytest.fixture(scope="module")
def client(services: Services) -> TestClient:
    application = http_app(services, lambda: True)
    return TestClient(application, "http://127.0.0.1:8005", follow_redirects=False, raise_server_exceptions=False)


# Headers


def test_every_answer_forbids_what_browsers_would_allow(client: TestClient) -> None:
    answers = [client.get(path) for path in PATHS]
    answers += [client.post("/api/v1/events", json={}), client.post("/v1/traces"), client.post("/api/v1/auth/sign-in")]
    answers.append(client.options("/api/v1/events", headers=preflight("POST")))
    for answer in answers:
        place = f"{answer.request.method} {answer.request.url.path}"
        assert answer.headers["x-content-type-options"] == "nosniff", place
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy, place
        assert "frame-ancestors 'none'" in policy, place
        assert "server" not in answer.headers, place


def test_over_https_browsers_are_told_to_stay_there(client: TestClient) -> None:
    assert "strict-transport-security" not in client.get("/health").headers
    assert "max-age" in client.get("https://127.0.0.1:8005/health").headers["strict-transport-security"]


def test_the_way_to_a_provider_leads_nowhere_without_one(client: TestClient, services: Services) -> None:
    without = TestClient(http_app(replace(services, provider=None), lambda: True), follow_redirects=False)
    for path in ("start", "callback", "sign-out"):
        assert without.get(f"/auth/oidc/{path}").status_code == 404
    assert "/auth/oidc" not in without.get("/sign-in").text


# Pages of other sites


def preflight(method: str, origin: str = SHOP) -> dict[str, str]:
    return {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": "x-api-key",
    }


def test_a_page_of_a_named_site_may_call_with_a_key_and_read_the_limits(client: TestClient) -> None:
    allowed = client.options("/api/v1/events/stats", headers=preflight("GET"))
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, SHOP)
    answer = client.get("/api/v1/auth/me", headers={"origin": SHOP, "x-api-key": SECRETS["admin"]})
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert {"RateLimit", "Retry-After", "X-Request-ID"} <= {
        name.strip() for name in answer.headers["access-control-expose-headers"].split(",")
    }


def test_cookies_never_go_along_from_elsewhere(client: TestClient) -> None:
    answer = client.get("/api/v1/auth/me", headers={"origin": SHOP})
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    ("method", "origin"),
    [("DELETE", SHOP), ("GET", "https://evil.example"), ("GET", "https://shop.example.evil"), ("GET", "null")],
)
def test_other_sites_and_methods_are_not_allowed(client: TestClient, method: str, origin: str) -> None:
    answer = client.options("/api/v1/events/stats", headers=preflight(method, origin))
    assert answer.status_code == 400
    assert answer.headers.get("access-control-allow-origin") in (None, SHOP if origin == SHOP else None)


@pytest.mark.parametrize(
    "origin", ["shop.example", "https://shop.example/", "https://shop.example/x", "ftp://x", "null"]
)
def test_an_origin_that_no_browser_sends_is_refused_at_the_start(origin: str) -> None:
    with pytest.raises(ValueError, match="cors_origins"):
        Settings.model_validate({"security": {"cors_origins": [origin]}})


# Hostile headers


def test_nothing_that_is_sent_becomes_a_header_of_the_answer(client: TestClient) -> None:
    hostile = "x%0d%0aset-cookie:%20a=b"
    for path in (f"/sign-in?next=/{hostile}", f"/{hostile}", f"/auth/oidc/start?next=/{hostile}", f"/?token={hostile}"):
        answer = client.get(path)
        assert "a=b" not in answer.headers.get("set-cookie", ""), path
        assert not any("\n" in value or "\r" in value for value in answer.headers.values()), path
    answer = client.get("/health", headers={"x-request-id": "a b\tc"})
    assert answer.headers["x-request-id"] != "a b\tc"


# Logs


def test_no_secret_is_in_any_log(client: TestClient, services: Services, written: io.StringIO, scope: Scope) -> None:
    services.metadata.ensure_tenant_of_system(scope.tenant, now=0)
    services.keys.refresh()
    made = services.keys.create(scope, "mine", Role.ADMIN).key
    theirs = jwt.encode(
        {"iss": "https://issuer.example", "aud": "factbook", "exp": 2**40, "sub": "a", "tenant": scope.tenant},
        SECRETS["jwt"],
        "HS256",
    )
    link = services.keys.sign_in.link_token(scope)
    sent = [made, theirs, link, *SECRETS.values()]
    for secret in sent:
        for headers in (
            {"x-api-key": secret},
            {"authorization": f"Bearer {secret}"},
            {"cookie": f"factbook_session={secret}"},
        ):
            client.get("/api/v1/auth/me", headers=headers)
            client.post("/api/v1/events", content=b"{", headers=headers)
            client.post("/v1/traces", content=b"{", headers={**headers, "content-type": "application/json"})
        client.get("/", params={"token": secret})
        client.get("/nothing", params={"token": secret, "api_key": secret})
        client.get("/auth/oidc/callback", params={"code": secret, "state": secret})
        client.post("/api/v1/auth/sign-in", json={"token": secret})
        client.post("/api/v1/auth/sign-in", json={"email": "ada@example.com", "password": secret})
        client.post("/api/v1/auth/token", json={"api_key": secret})
    client.get("/auth/oidc/start")
    text = written.getvalue()
    assert "a sign-in at the provider failed" in text
    for secret in sent:
        assert secret not in text
        assert secret[-12:] not in text


def test_a_defect_is_logged_without_what_was_sent(
    client: TestClient, services: Services, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken inside")

    monkeypatch.setattr(services.keys.sign_in, "session", broken)
    answer = client.get("/api/v1/auth/me", headers={"cookie": "factbook_session=a-cookie-that-is-secret"})
    assert answer.status_code == 500
    assert "broken inside" not in answer.text
    assert "broken inside" in written.getvalue()
    assert "a-cookie-that-is-secret" not in written.getvalue()


def test_libraries_log_no_addresses_with_secrets(written: io.StringIO) -> None:
    logging.getLogger("httpx").info("GET https://issuer.example/cb?code=abc")
    logging.getLogger("httpx").warning("GET https://issuer.example/cb?code=abcdef")
    assert "abc" not in written.getvalue()
