"""The systems page: what it tells, one service alone, what stands in its address, and nothing at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import OpenPage
from .server import Server
from .test_accessibility import violations

pytestmark = pytest.mark.browser

ERROR = "Order {} of '<b>ann</b>' not found"


def telemetry() -> list[dict[str, Any]]:
    """Of the last hour requests of two services, one of which fails; queries, errors, a machine."""
    now = datetime.now(UTC) - timedelta(minutes=1)
    found = []
    for minute in range(30):
        at = now - timedelta(minutes=minute)
        named = {"service": "shop", "endpoint": "/cart", "method": "GET"}
        found.append(event(at, "api_request", duration_ms=40 + minute, status_code=200, **named))
        found.append(event(at, "db_query", duration_ms=3, query=f"SELECT {minute}", table="t", service="shop"))
    for number in range(3):
        found.append(event(now, "api_request", duration_ms=900, status_code=500, service="<i>pay</i>"))
        found.append(event(now, "error_occurred", message=ERROR.format(number), error_type="LookupError"))
    found.append(event(now, "resource_usage", cpu_percent=40, host="h", service="shop"))
    return found


def event(at: datetime, type_: str, **properties: Any) -> dict[str, Any]:
    return {"event_type": type_, "timestamp": at.isoformat(), "user_id": "u", "properties": properties}


@pytest.fixture(scope="module")
def systems(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("systems"))
    running.keep(*telemetry())
    yield running
    running.stop()


def test_it_shows_what_the_service_tells(systems: Server, open_page: OpenPage) -> None:
    page = open_page(systems, "/systems")
    tiles = page.locator("#tiles li")
    expect(tiles.nth(1).locator(".figure")).to_have_text("33")
    expect(tiles.nth(2).locator(".hint")).to_have_text("3 requests")
    expect(page.locator("#requests canvas")).to_be_visible()
    expect(page.locator("#services tbody th")).to_have_text(["shop", "<i>pay</i>"])
    expect(page.locator("#errors tbody th")).to_have_text("Order * of * not found")
    expect(page.locator("#database tbody th")).to_have_text("SELECT *")
    with page.expect_download() as download:
        page.locator("#services-csv").click()
    assert download.value.path().read_text().startswith("service_name,request_count")


def test_one_service_is_told_with_its_budget(systems: Server, open_page: OpenPage) -> None:
    page = open_page(systems, "/systems")
    page.locator("#services").get_by_role("button", name="<i>pay</i>").click()
    expect(page).to_have_url(re.compile("service="))
    expect(page.locator("#tiles li").nth(1).locator(".figure")).to_have_text("3")
    expect(page.locator("#budgets tbody tr")).to_have_count(2)
    expect(page.locator("#burning")).to_contain_text("page (1h and 5m)")
    page.go_back()
    expect(page.locator("#promises")).to_be_hidden()


def test_an_admin_keeps_what_a_service_promises(systems: Server, open_page: OpenPage) -> None:
    page = open_page(systems, "/systems?service=shop")
    form = page.get_by_role("form", name="Promise")
    form.get_by_label("Answered, %").fill("99.5")
    form.get_by_label("Over days").fill("7")
    form.get_by_role("button", name="Keep").click()
    expect(page.locator("#promises-title")).to_have_text("Error budget of 7 days")
    expect(page.locator("#budgets tbody tr").first).to_contain_text("99.5")
    form.get_by_role("button", name="Promise nothing of its own").click()
    expect(page.locator("#promises-title")).to_have_text("Error budget of 30 days")


def test_where_nothing_came_in_the_page_says_what_to_do(systems: Server, open_page: OpenPage) -> None:
    page = open_page(systems, "/systems?start_time=2020-01-01&end_time=2020-02-01")
    expect(page.get_by_role("heading", name="Nothing of systems came in")).to_be_visible()
    page.get_by_role("button", name="Last 12 months").click()
    expect(page.locator("#requests canvas")).to_be_visible()


def test_a_mistake_in_the_question_is_said(systems: Server, open_page: OpenPage) -> None:
    page = open_page(systems, "/systems?apdex_ms=soon", expect_errors=True)
    expect(page.get_by_role("alert")).to_contain_text("apdex_ms")


def test_it_fits_a_telephone_and_breaks_no_rule_of_accessibility(systems: Server, open_page: OpenPage) -> None:
    page = open_page(systems, "/systems?service=shop", viewport={"width": 390, "height": 844})
    expect(page.locator("#requests canvas")).to_be_visible()
    expect(page.locator("#budgets tbody tr")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_text("As a table").click()
    assert violations(page) == []
