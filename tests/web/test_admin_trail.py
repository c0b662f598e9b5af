"""The pages of privacy, the audit trail and lineage."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import expect

from .conftest import OpenPage
from .server import ADMIN_KEY, Server
from .test_accessibility import violations

pytestmark = pytest.mark.browser

PAGES = ("/admin/privacy", "/admin/audit", "/admin/lineage?thing=average_order_value")


def change(server: Server, method: str, path: str, body: object = None) -> None:
    answer = httpx.request(method, f"{server.url}{path}", json=body, headers={"x-api-key": ADMIN_KEY})
    assert answer.is_success, answer.text


def test_a_person_withdraws_consent_and_is_erased(own_server: Server, open_page: OpenPage) -> None:
    server = own_server
    events = [{"event_type": "page_view", "user_id": user} for user in ("ann", "bob")]
    change(server, "POST", "/api/v1/events/batch", {"events": events})
    page = open_page(server, "/admin/privacy")
    expect(page.get_by_text("Nobody has been erased or told of in a file yet.")).to_be_visible()
    page.get_by_label("Id of a user or visitor").fill("ann")
    page.get_by_role("button", name="Withdraws consent").click()
    expect(page.locator("#consent")).to_contain_text("analytics: withdrawn")
    page.get_by_role("button", name="Erase").click()
    page.get_by_role("button", name="Really erase for good?").click()
    row = page.locator("#requests tbody tr")
    expect(row).to_contain_text("1 rows went")
    row.get_by_role("button", name="erasure").click()
    expect(page.locator("#receipt-body")).to_contain_text('"events": 1')
    told = server.get("/api/v1/privacy/users/ann")
    assert told["events"] == []


def test_what_is_decided_is_kept(own_server: Server, open_page: OpenPage) -> None:
    page = open_page(own_server, "/admin/privacy")
    page.locator("#settings [name=consent]").select_option("opt_in")
    page.get_by_label("Personal", exact=True).fill("30")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toast")).to_have_text("Saved")
    page.reload()
    expect(page.locator("#settings [name=consent]")).to_have_value("opt_in")
    expect(page.get_by_label("Personal", exact=True)).to_have_value("30")


def test_the_trail_is_searched_read_and_its_chain_checked(own_server: Server, open_page: OpenPage) -> None:
    change(own_server, "PUT", "/api/v1/settings", {"currency": "EUR"})
    change(own_server, "PUT", "/api/v1/settings", {"currency": "USD"})
    page = open_page(own_server, "/admin/audit")
    page.get_by_label("Action").fill("settings.change")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#entries tbody tr")).to_have_count(2)
    page.locator("#entries tbody button").first.click()
    expect(page.locator("#entry-body")).to_contain_text('"currency": "USD"')
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Check the chain").click()
    expect(page.locator("#head")).to_contain_text("each follows the one before")


def test_a_number_leads_back_to_its_events(server: Server, open_page: OpenPage) -> None:
    page = open_page(server, "/admin/lineage?thing=average_order_value")
    expect(page.locator("#picture > li").first).to_contain_text("purchase")
    page.locator("#picture").get_by_role("link", name="revenue").click()
    expect(page.get_by_role("heading", name="Revenue")).to_be_visible()
    expect(page.locator("#read")).to_contain_text("rollups: 1m, 1h, 1d")


@pytest.mark.parametrize("path", PAGES)
def test_they_can_be_read_by_everybody(server: Server, open_page: OpenPage, path: str) -> None:
    page = open_page(server, path)
    page.wait_for_load_state("networkidle")
    assert violations(page) == []
