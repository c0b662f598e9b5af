"""The empty state: a curl line that works as it stands, and a page that turns into the dashboard by itself."""

from __future__ import annotations

import subprocess

import pytest
from playwright.sync_api import expect

from .conftest import OpenPage
from .server import Server

pytestmark = pytest.mark.browser


def test_the_shown_curl_line_works_and_turns_the_page_into_the_dashboard(
    own_server: Server, open_page: OpenPage
) -> None:
    page = open_page(own_server)
    expect(page.get_by_role("heading", name="Send your first event")).to_be_visible()
    expect(page.locator("#dashboard")).to_be_hidden()
    line = page.locator("#first-curl").inner_text()
    sent = subprocess.run(line, shell=True, capture_output=True, text=True, check=True, timeout=20)
    assert '"success":true' in sent.stdout.replace(" ", "")
    expect(page.locator("#dashboard")).to_be_visible()
    expect(page.get_by_role("heading", name="Send your first event")).to_be_hidden()
    expect(page.locator("#newest").get_by_text("page_view")).to_be_visible()
    expect(page.locator("[data-measure=events] .figure")).to_have_text("1")


def test_copy_puts_the_line_on_the_clipboard(own_server: Server, open_page: OpenPage) -> None:
    page = open_page(own_server, permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#first-curl").inner_text()
