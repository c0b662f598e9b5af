"""From headers to a Scope: keys, tokens, cookies, and pages of other sites."""

from __future__ import annotations

import pytest

from factbook.access.gate import COOKIE, authenticate, credential, session_cookie
from factbook.access.keys import Keys
from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role, Scope
from tests.clocks import SetClock


@pytest.fixture
def cookie(keys: Keys, scope: Scope) -> dict[str, str]:
    return {"host": "127.0.0.1:8005", "cookie": f"theme=dark; {COOKIE}={keys.sign_in.session_token(scope)}"}


def _kind(keys: Keys, headers: dict[str, str], *, method: str = "GET", websocket: bool = False) -> Kind:
    with pytest.raises(FactbookError) as refusal:
        authenticate(keys, headers, method=method, websocket=websocket)
    assert refusal.value.hint
    return refusal.value.kind


def test_a_key_is_read_from_either_header(keys: Keys, scope: Scope) -> None:
    key = keys.create(scope, "k", Role.WRITER).key
    for headers in ({"authorization": f"Bearer {key}"}, {"X-API-Key": key}, {"Authorization": f"bearer  {key} "}):
        assert authenticate(keys, headers, method="POST").role is Role.WRITER


def test_a_key_beyond_ascii_is_found_as_it_travels_in_a_header(keys: Keys) -> None:
    key = "schlüssel-für-alle-tage"
    keys.prepare({"FACTBOOK_WRITE_KEY": key})
    assert authenticate(keys, {"x-api-key": key.encode().decode("latin-1")}).role is Role.WRITER


def test_nothing_sent_is_unauthenticated_and_says_what_to_send(keys: Keys) -> None:
    assert _kind(keys, {}) is Kind.UNAUTHENTICATED
    assert _kind(keys, {"authorization": "Basic dXNlcjpwYXNz"}) is Kind.UNAUTHENTICATED
    assert _kind(keys, {"authorization": "Bearer "}) is Kind.UNAUTHENTICATED


def test_a_bad_key_is_refused_even_beside_a_good_cookie(keys: Keys, cookie: dict[str, str]) -> None:
    assert _kind(keys, {**cookie, "x-api-key": "fb_admin_unknown"}) is Kind.UNAUTHENTICATED


def test_a_token_ends_with_its_key(keys: Keys, scope: Scope) -> None:
    new = keys.create(scope, "k", Role.ANALYST)
    token = keys.sign_in.api_token(keys.scope(new.key), key_id=new.row.id)
    assert authenticate(keys, {"authorization": f"Bearer {token}"}, method="POST").role is Role.ANALYST
    keys.revoke(scope, new.row.id)
    assert _kind(keys, {"authorization": f"Bearer {token}"}) is Kind.UNAUTHENTICATED


def test_a_session_made_with_a_key_ends_with_it(keys: Keys, scope: Scope, clock: SetClock) -> None:
    new = keys.create(scope, "k", Role.ANALYST)
    session = keys.sign_in.session_token(keys.scope(new.key), key_id=new.row.id)
    headers = {"cookie": f"{COOKIE}={session}"}
    assert authenticate(keys, headers).actor == new.row.id
    keys.revoke(scope, new.row.id)
    assert _kind(keys, headers) is Kind.UNAUTHENTICATED


def test_a_cookie_reads_with_the_zone_of_its_tenant(keys: Keys, cookie: dict[str, str]) -> None:
    found = authenticate(keys, cookie)
    assert (found.tenant, found.role, found.zone) == ("shop", Role.ADMIN, "Europe/Berlin")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8006"},
        {"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8005"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
    ],
)
def test_a_page_of_another_site_changes_nothing_by_cookie(
    keys: Keys, cookie: dict[str, str], headers: dict[str, str]
) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "post"):
        assert _kind(keys, {**cookie, **headers}, method=method) is Kind.FORBIDDEN
    assert _kind(keys, {**cookie, **headers}, websocket=True) is Kind.FORBIDDEN


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-origin"},
        {"origin": "http://127.0.0.1:8005"},
        {"host": "facts.example", "origin": "https://facts.example"},
        {"host": "facts.example:443", "origin": "https://facts.example"},
        {"sec-fetch-site": "same-origin", "origin": "https://facts.example", "host": "inner:8005"},
    ],
)
def test_the_page_itself_may_change_things_by_cookie(
    keys: Keys, cookie: dict[str, str], headers: dict[str, str]
) -> None:
    assert authenticate(keys, {**cookie, **headers}, method="POST").role is Role.ADMIN
    assert authenticate(keys, {**cookie, **headers}, websocket=True).role is Role.ADMIN


def test_a_key_needs_no_origin(keys: Keys, scope: Scope) -> None:
    key = keys.create(scope, "k", Role.WRITER).key
    headers = {"x-api-key": key, "origin": "https://shop.example", "sec-fetch-site": "cross-site"}
    assert authenticate(keys, headers, method="POST").role is Role.WRITER


def test_hostile_cookies_are_no_session(keys: Keys) -> None:
    for text in (f"{COOKIE}=", f"{COOKIE}=x", f'{COOKIE}="; a=b', "\x00=\x01", COOKIE, "=" * 9000):
        assert _kind(keys, {"cookie": text}) is Kind.UNAUTHENTICATED
    assert session_cookie({"cookie": "other=1"}) is None
    assert credential({"authorization": "Bearer"}) is None
