"""Signing in: by the printed link or a pasted key, back to the page that was wanted, and out again."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import expect

from .conftest import OpenPage
from .server import ADMIN_KEY, WRITE_KEY, Server

pytestmark = pytest.mark.browser


def test_the_link_of_the_terminal_signs_in_by_itself_and_leaves_no_token_in_the_address(
    server: Server, open_page: OpenPage
) -> None:
    page = open_page(server, server.link().removeprefix(server.url), signed_in=False)
    expect(page.get_by_role("link", name="Overview")).to_be_visible()
    assert "token" not in page.url


def test_a_spent_link_leads_to_the_sign_in_page_with_the_reason(server: Server, open_page: OpenPage) -> None:
    page = open_page(server, "/?token=eyJ.not.good", signed_in=False)
    expect(page.get_by_role("alert").first).to_contain_text("not valid any more")


def test_a_visitor_comes_back_to_the_page_he_wanted_after_signing_in(server: Server, open_page: OpenPage) -> None:
    page = open_page(server, "/events?event_type=purchase&range=7d", signed_in=False)
    expect(page).to_have_url(re.compile(r"/sign-in\?next="))
    page.get_by_label("Key or token").fill(ADMIN_KEY)
    page.get_by_role("button", name="Use this key").click()
    expect(page).to_have_url(f"{server.url}/events?event_type=purchase&range=7d")


@pytest.mark.parametrize(("key", "said"), [("no-such-key-anywhere", "not known"), (WRITE_KEY, "write-only")])
def test_a_key_that_may_not_sign_in_is_refused_with_the_reason(
    server: Server, open_page: OpenPage, key: str, said: str
) -> None:
    page = open_page(server, "/sign-in", signed_in=False, expect_errors=True)
    page.get_by_label("Key or token").fill(key)
    page.get_by_role("button", name="Use this key").click()
    expect(page.locator("#key-error")).to_contain_text(said)
    expect(page.get_by_role("button", name="Use this key")).to_be_enabled()


def test_signing_out_ends_the_session_for_every_copy_of_the_cookie(server: Server, open_page: OpenPage) -> None:
    page = open_page(server, expect_errors=True)
    cookies = {str(cookie["name"]): str(cookie["value"]) for cookie in page.context.cookies()}
    assert httpx.get(f"{server.url}/api/v1/auth/me", cookies=cookies).is_success
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_contain_text("signed out")
    assert httpx.get(f"{server.url}/api/v1/auth/me", cookies=cookies).status_code == 401


def test_the_session_cookie_cannot_be_read_by_scripts(server: Server, open_page: OpenPage) -> None:
    page = open_page(server)
    assert page.evaluate("document.cookie") == ""
    assert [cookie["httpOnly"] for cookie in page.context.cookies()] == [True]


@pytest.mark.parametrize("next_", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_a_sign_in_link_cannot_lead_to_another_site(server: Server, next_: str) -> None:
    answer = httpx.get(f"{server.url}/sign-in", params={"next": next_})
    assert 'data-target="/"' in answer.text


def test_a_foreign_page_cannot_sign_a_visitor_out(server: Server) -> None:
    with httpx.Client(base_url=server.url) as client:
        client.post("/api/v1/auth/sign-in", json={"token": ADMIN_KEY}).raise_for_status()
        answer = client.post("/sign-out", headers={"origin": "https://evil.example"})
        assert answer.status_code == 403
        assert client.get("/api/v1/auth/me").is_success


def test_pages_are_not_kept_by_caches_and_static_files_are(server: Server) -> None:
    page = httpx.get(f"{server.url}/sign-in")
    assert page.headers["cache-control"] == "no-store"
    found = re.search(r'src="(/static/[^"]+\.js)"', page.text)
    assert found
    script = httpx.get(server.url + found[1], headers={"accept-encoding": "gzip"})
    assert "immutable" in script.headers["cache-control"]
    assert script.headers["content-encoding"] == "gzip"
    stale = re.sub(r"/static/\w+/", "/static/0000/", found[1])
    assert httpx.get(server.url + stale).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["../pages.py", "%2e%2e/pages.py", "js/none.js", ""])
def test_nothing_outside_the_static_folder_is_served(server: Server, path: str) -> None:
    assert httpx.get(f"{server.url}/static/0/{path}", follow_redirects=True).status_code == 404
