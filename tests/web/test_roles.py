"""What a visitor sees follows his role."""

from __future__ import annotations

import uuid

import httpx
import pytest
from playwright.sync_api import expect

from .conftest import OpenPage
from .server import WRITE_KEY, Server

pytestmark = pytest.mark.browser


def test_a_viewer_sees_moving_numbers_and_no_single_events(server: Server, open_page: OpenPage) -> None:
    page = open_page(server, key=server.make_key("viewer"))
    expect(page.locator("#status")).to_have_text("Every 5 s")
    expect(page.locator("#newest-panel")).to_be_hidden()
    expect(page.get_by_role("link", name="Events", exact=True)).to_have_count(0)
    today = page.locator('[data-tile="events_per_second"] .beside')
    expect(today).not_to_have_text("\u00a0")
    before = today.inner_text()
    server.keep({"event_type": "page_view", "user_id": f"user-{uuid.uuid4().hex[:12]}"})
    expect(today).not_to_have_text(before, timeout=12_000)


def test_the_write_key_is_in_the_page_of_those_who_may_make_keys_alone(server: Server) -> None:
    def page(key: str) -> str:
        with httpx.Client(base_url=server.url) as client:
            client.post("/api/v1/auth/sign-in", json={"token": key}).raise_for_status()
            return client.get("/").raise_for_status().text

    assert WRITE_KEY not in page(server.make_key("analyst"))
    assert WRITE_KEY in page(server.make_key("admin"))


def test_an_admin_makes_a_write_key_for_the_first_line_where_none_is_known(
    own_server: Server, open_page: OpenPage
) -> None:
    own_server.stop()
    own_server.start(write_key=False)
    page = open_page(own_server)
    expect(page.locator("#first-curl")).to_contain_text("YOUR_WRITE_KEY")
    page.get_by_role("button", name="a new one").click()
    expect(page.locator("#first-curl")).to_contain_text("Bearer fb_writer_")
    expect(page.locator("#first-key-note")).to_contain_text("not shown again")
