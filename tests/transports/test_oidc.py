"""Signing in at an OpenID provider: a real one, in a process's thread, and the whole application before it."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import oidc_provider_mock  # type: ignore[import-untyped]
import pytest
import werkzeug.serving
from fastapi.testclient import TestClient

from factbook.access.gate import COOKIE
from factbook.access.oidc import AWAY_SECONDS
from factbook.app import build, http_app
from factbook.core.scope import Scope
from factbook.core.settings import Settings
from factbook.services import Services
from factbook.storage.engine import Engine
from factbook.transports.http.oidc import COOKIE as AWAY
from tests.clocks import SetClock

HERE = "http://127.0.0.1:8005"


class Given:
    """The provider, and what it was sent at its token endpoint."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.forms: list[dict[str, str]] = []
        self.authorizations: list[str] = []
        self.forged: dict[str, str] = {}
        self.url = ""
        self._client = httpx.Client()

    def __call__(self, environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/oauth2/token":
            import io

            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            self.forms.append(dict(parse_qsl(body.decode())))
            self.authorizations.append(environ.get("HTTP_AUTHORIZATION", ""))
            environ["wsgi.input"] = io.BytesIO(body)
        return self._app(environ, start_response)

    def knows(self, who: str, **claims: Any) -> None:
        assert self._client.put(f"{self.url}/users/{who}", json=claims).status_code == 204

    def consents(self, address: str, who: str) -> str:
        """Where the provider sends the browser back to, once `who` has said who he is."""
        answer = self._client.post(address, data={"sub": who})
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])


@contextmanager
def providing() -> Iterator[Given]:
    given = Given(oidc_provider_mock.app(require_nonce=True))
    server = werkzeug.serving.make_server("127.0.0.1", 0, given, threaded=True)
    given.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield given
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def given() -> Iterator[Given]:
    with providing() as made:
        yield made


@pytest.fixture(scope="module")
def clock() -> SetClock:
    from datetime import UTC, datetime

    return SetClock(datetime.now(UTC))


@pytest.fixture(scope="module")
def services(engine: Engine, data: Path, given: Given, clock: SetClock) -> Iterator[Services]:
    oidc = {
        "issuer": given.url,
        "client_id": "factbook here",
        "client_secret": "a secret: with/signs",
        "role_claim": "groups",
        "roles": ["bosses=admin", "readers=viewer", "machines=writer"],
        "label": "Example login",
        "rows_claim": "rows",
    }
    settings = Settings.model_validate(
        {"server": {"data": data}, "security": {"oidc": oidc, "rate_limit": 0, "rate_burst": 0}}
    )
    with build(settings, clock) as made:
        yield made


@pytest.fixture(scope="module")
def application(services: Services) -> Any:
    return http_app(services, lambda: True)


@pytest.fixture
def browser(services: Services, application: Any, scope: Scope) -> TestClient:
    services.metadata.ensure_tenant_of_system(scope.tenant, now=0)
    services.keys.refresh()
    return TestClient(application, HERE, follow_redirects=False)


def begun(browser: TestClient, next_: str = "/explore?x=1") -> str:
    """Where the browser is sent to sign in."""
    answer = browser.get("/auth/oidc/start", params={"next": next_})
    assert answer.status_code == 303
    return str(answer.headers["location"])


def back(browser: TestClient, location: str) -> Any:
    assert location.startswith(f"{HERE}/auth/oidc/callback?")
    return browser.get(location.removeprefix(HERE))


def test_whoever_the_provider_knows_is_signed_in_and_goes_where_he_wanted_to(
    browser: TestClient, given: Given, scope: Scope
) -> None:
    given.knows("ada", tenant=scope.tenant, groups=["others", "bosses"])
    answer = back(browser, given.consents(begun(browser), "ada"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/explore?x=1")
    me = browser.get("/api/v1/auth/me").json()
    assert (me["tenant"], me["actor"], me["role"]) == (scope.tenant, "oidc:ada", "admin")
    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith(COOKIE))
    assert {"HttpOnly", "SameSite=lax", "Max-Age=43200"} <= set(cookie.split("; "))
    assert AWAY not in browser.cookies


def test_the_way_there_has_state_nonce_and_a_challenge_that_the_token_request_answers(
    browser: TestClient, given: Given, scope: Scope
) -> None:
    given.knows("bob", tenant=scope.tenant, groups=["readers"])
    address = begun(browser)
    asked = parse_qs(urlsplit(address).query)
    assert (asked["response_type"], asked["code_challenge_method"]) == (["code"], ["S256"])
    assert "openid" in asked["scope"][0].split()
    assert min(len(asked[name][0]) for name in ("state", "nonce", "code_challenge")) >= 32
    back(browser, given.consents(address, "bob"))
    digest = hashlib.sha256(given.forms[-1]["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"][0]
    assert given.forms[-1]["redirect_uri"] == asked["redirect_uri"][0] == f"{HERE}/auth/oidc/callback"
    pair = base64.b64decode(given.authorizations[-1].removeprefix("Basic ")).decode()
    assert pair == "factbook%20here:a%20secret%3A%20with%2Fsigns"
    assert "client_secret" not in given.forms[-1]


def test_an_answer_with_another_state_signs_nobody_in(browser: TestClient, given: Given, scope: Scope) -> None:
    given.knows("ada", tenant=scope.tenant, groups=["bosses"])
    location = given.consents(begun(browser), "ada")
    for query in ({"state": "x"}, {}):
        code = parse_qs(urlsplit(location).query)["code"][0]
        answer = browser.get("/auth/oidc/callback?" + urlencode({"code": code, **query}))
        assert answer.headers["location"] == "/sign-in?reason=oidc"
    assert COOKIE not in browser.cookies


def test_the_answer_to_one_browser_signs_no_other_in(
    browser: TestClient, application: Any, given: Given, scope: Scope
) -> None:
    """Login CSRF: a victim who is sent the attacker's answer."""
    given.knows("eve", tenant=scope.tenant, groups=["bosses"])
    location = given.consents(begun(browser), "eve")
    victim = TestClient(application, HERE, follow_redirects=False)
    assert back(victim, location).headers["location"] == "/sign-in?reason=oidc"
    begun(victim)
    assert back(victim, location).headers["location"] == "/sign-in?reason=oidc"
    assert COOKIE not in victim.cookies


def test_a_token_made_for_another_sign_in_is_refused(browser: TestClient, given: Given, scope: Scope) -> None:
    """The nonce: a code of another sign-in, put into this one's answer."""
    given.knows("ada", tenant=scope.tenant, groups=["bosses"])
    first = parse_qs(urlsplit(given.consents(begun(browser), "ada")).query)
    second = parse_qs(urlsplit(given.consents(begun(browser), "ada")).query)
    answer = browser.get("/auth/oidc/callback?" + urlencode({"code": first["code"][0], "state": second["state"][0]}))
    assert answer.headers["location"] == "/sign-in?reason=oidc"


def test_an_answer_is_good_once(browser: TestClient, given: Given, scope: Scope) -> None:
    given.knows("ada", tenant=scope.tenant, groups=["bosses"])
    location = given.consents(begun(browser), "ada")
    assert back(browser, location).headers["location"] == "/explore?x=1"
    assert back(browser, location).headers["location"] == "/sign-in?reason=oidc"


def test_who_is_away_too_long_begins_again(browser: TestClient, given: Given, scope: Scope, clock: SetClock) -> None:
    given.knows("ada", tenant=scope.tenant, groups=["bosses"])
    location = given.consents(begun(browser), "ada")
    clock.forward(seconds=AWAY_SECONDS)
    try:
        assert back(browser, location).headers["location"] == "/sign-in?reason=oidc"
    finally:
        clock.forward(seconds=-AWAY_SECONDS)


@pytest.mark.parametrize(
    "claims", [{}, {"groups": ["bosses"]}, {"groups": ["others"]}, {"groups": ["bosses"], "tenant": "nowhere"}]
)
def test_who_has_no_place_here_is_told_so(
    browser: TestClient, given: Given, scope: Scope, claims: dict[str, Any]
) -> None:
    given.knows("mallory", **({"tenant": scope.tenant} if claims == {"groups": ["others"]} else {}), **claims)
    answer = back(browser, given.consents(begun(browser), "mallory"))
    assert answer.headers["location"] == "/sign-in?reason=oidc-nobody"
    assert "no place here yet" in browser.get("/sign-in?reason=oidc-nobody").text


def test_a_role_that_reads_nothing_does_not_sign_in(browser: TestClient, given: Given, scope: Scope) -> None:
    given.knows("robot", tenant=scope.tenant, groups=["machines"])
    answer = back(browser, given.consents(begun(browser), "robot"))
    assert answer.headers["location"] == "/sign-in?reason=oidc-nobody"


def test_what_the_provider_lets_him_see_goes_with_the_session(
    browser: TestClient, services: Services, given: Given, scope: Scope
) -> None:
    rows = [{"field": "country", "operator": "eq", "value": "DE"}]
    given.knows("ada", tenant=scope.tenant, groups=["readers"], rows=rows)
    back(browser, given.consents(begun(browser), "ada"))
    ticket = services.keys.sign_in.session(browser.cookies[COOKIE])
    assert ticket.rows == (("country.eq", ("DE",)),)


def test_who_refuses_at_the_provider_comes_back_without_a_session(browser: TestClient, given: Given) -> None:
    address = begun(browser)
    state = parse_qs(urlsplit(address).query)["state"][0]
    denied = browser.get("/auth/oidc/callback?" + urlencode({"error": "access_denied", "state": state}))
    assert denied.headers["location"] == "/sign-in?reason=oidc"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "/x\r\nset-cookie: a=b"]
)
def test_nobody_is_led_away_from_this_site(browser: TestClient, given: Given, scope: Scope, target: str) -> None:
    given.knows("ada", tenant=scope.tenant, groups=["readers"])
    answer = back(browser, given.consents(begun(browser, target), "ada"))
    assert answer.headers["location"] == "/"


def test_the_sign_in_page_offers_the_provider_and_signing_out_there(browser: TestClient, given: Given) -> None:
    page = browser.get("/sign-in?next=%2Fkpis").text
    assert "Example login" in page
    assert "/auth/oidc/start?next=%2Fkpis" in page
    assert "/auth/oidc/sign-out" in browser.get("/sign-in?reason=signed-out").text
    leaving = browser.get("/auth/oidc/sign-out").headers["location"]
    assert leaving.startswith(f"{given.url}/oauth2/end_session?")
    assert parse_qs(urlsplit(leaving).query)["post_logout_redirect_uri"] == [f"{HERE}/sign-in?reason=signed-out"]


def test_signing_out_ends_such_a_session_too(browser: TestClient, given: Given, scope: Scope) -> None:
    given.knows("ada", tenant=scope.tenant, groups=["readers"])
    back(browser, given.consents(begun(browser), "ada"))
    copy = browser.cookies[COOKIE]
    assert browser.post("/sign-out", headers={"sec-fetch-site": "same-origin"}).status_code == 303
    again = browser.get("/api/v1/auth/me", headers={"cookie": f"{COOKIE}={copy}"})
    assert again.status_code == 401


def test_a_provider_that_is_away_is_told_at_the_sign_in_page(engine: Engine, data: Path) -> None:
    with providing() as gone:
        address = gone.url
    oidc = {"issuer": address, "client_id": "x"}
    settings = Settings.model_validate({"server": {"data": data}, "security": {"oidc": oidc}})
    from factbook.access.oidc import provider_of
    from factbook.core.clock import system_clock
    from factbook.core.errors import FactbookError, Kind
    from factbook.core.outgoing import Outgoing

    provider = provider_of(settings.security.oidc, system_clock, Outgoing())
    assert provider
    with pytest.raises(FactbookError) as error:
        provider.begin(HERE, "/")
    assert error.value.kind is Kind.UNAVAILABLE
