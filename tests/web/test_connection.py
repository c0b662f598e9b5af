"""What the page says and does when the service goes away and comes back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .conftest import OpenPage
from .server import Server

pytestmark = pytest.mark.browser


def test_a_lost_service_is_told_and_found_again_without_a_reload(own_server: Server, open_page: OpenPage) -> None:
    own_server.keep({"event_type": "page_view", "user_id": "before"})
    page = open_page(own_server, expect_errors=True)
    expect(page.locator("#status")).to_have_text("Live")
    own_server.kill()
    expect(page.locator("#status")).to_have_text(re.compile("Reconnecting in"))
    expect(page.locator("#stale")).to_contain_text("The live connection was lost at")
    own_server.start()
    page.get_by_role("button", name="Connect now").click()
    expect(page.locator("#status")).to_have_text("Live")
    expect(page.locator("#stale")).to_be_hidden()
    own_server.send({"event_type": "page_view", "user_id": "after"})
    expect(page.locator("#newest").get_by_text("after")).to_be_visible()


def test_a_session_that_has_ended_leads_to_the_sign_in_page_and_back(server: Server, open_page: OpenPage) -> None:
    page = open_page(server, "/?preset=30d", expect_errors=True)
    expect(page.locator("#dashboard")).to_be_visible()
    page.context.clear_cookies()
    page.get_by_role("button", name="90 days").click()
    expect(page).to_have_url(re.compile(r"/sign-in\?reason=expired&next="))
    expect(page.get_by_role("status")).to_contain_text("session has ended")


def test_an_answer_that_fails_is_told_in_its_panel_with_a_way_on(server: Server, open_page: OpenPage) -> None:
    page = open_page(server, expect_errors=True)
    expect(page.locator("#dashboard")).to_be_visible()
    busy = {"status": 503, "title": "Not available just now", "detail": "The warehouse is busy."}
    page.route("**/api/v1/metrics?*", lambda route: route.fulfill(status=503, json=busy))
    page.get_by_role("button", name="30 days").click()
    told = page.locator("#series-message")
    expect(told.get_by_role("alert")).to_contain_text("The warehouse is busy.")
    page.unroute("**/api/v1/metrics?*")
    told.get_by_role("button", name="Try again").click()
    expect(told).to_be_empty()
