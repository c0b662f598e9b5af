"""No page breaks a rule of WCAG 2.1 A or AA that a machine can check (axe), in light, in dark, as narrow as a phone."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from .conftest import OpenPage
from .server import Server
from .test_segments_page import keep

pytestmark = pytest.mark.browser

_AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
_COLOURS = ["color-contrast", "link-in-text-block"]
_PHONE: ViewportSize = {"width": 360, "height": 740}


def violations(page: Page) -> list[str]:
    """What axe finds in light, of colours in dark, and where the page is wider, as narrow as a phone. It is left in
    light and as wide as it was."""
    page.evaluate(_AXE)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found = _found(page, {"type": "rule", "values": _COLOURS}, "in dark")
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found += _found(page, _TAGS, "in light")
    wide = page.viewport_size
    if wide and wide["width"] > _PHONE["width"]:
        page.set_viewport_size(_PHONE)
        found += _found(page, _TAGS, "on a phone")
        page.set_viewport_size(wide)
    return found


def _found(page: Page, rules: Any, how: str) -> list[str]:
    found = page.evaluate("only => axe.run(document, {runOnly: only})", rules)["violations"]
    return [f"{how}: {one['id']}: {node['html']}" for one in found for node in one["nodes"]]


def test_the_overview_has_no_violation(server: Server, open_page: OpenPage) -> None:
    page = open_page(server)
    expect(page.locator("#status")).to_have_attribute("data-state", "live")
    page.locator("#newest-pause").click()
    page.locator("[data-table=hour-table]").click()
    expect(page.locator("#hour-table tbody tr")).to_have_count(60)
    assert violations(page) == []
    page.keyboard.press("?")
    assert violations(page) == []


def test_the_events_page_has_no_violation(server: Server, open_page: OpenPage) -> None:
    page = open_page(server, "/events")
    page.locator(".expand").first.click()
    page.get_by_role("button", name="Add a property").click()
    assert violations(page) == []
    page.get_by_role("tab", name="Dead letters").click()
    assert violations(page) == []


def test_the_explorer_has_no_violation(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore")
    expect(page.get_by_role("heading", name="Choose a metric")).to_be_visible()
    assert violations(page) == []
    everything = "metrics=revenue,orders&dimensions=category&limit=2&compare=previous_period&show=share&explain=true"
    page.goto(f"{shop.url}/explore?{everything}&property.quantity.gte=1")
    expect(page.locator("#totals tbody tr")).to_have_count(3)
    expect(page.locator("#explained pre").first).to_be_visible()
    assert violations(page) == []
    page.get_by_role("combobox", name="Metrics").fill("order")
    expect(page.get_by_role("option").first).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="By day").click()
    page.locator("#tiles .about button").first.focus()
    assert violations(page) == []
    page.get_by_role("button", name="Save as metric").click()
    assert violations(page) == []


def test_the_kpis_have_no_violation(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/kpis")
    expect(page.locator("#groups section").first).to_be_visible()
    expect(page.locator("#groups section[aria-busy]")).to_have_count(0)
    assert violations(page) == []


def test_the_retention_page_has_no_violation(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/retention?cohort_type=acquisition_day&period=30d")
    expect(page.locator("#stickiness canvas")).to_be_visible()
    page.get_by_text("As a table").first.click()
    assert violations(page) == []
    page.locator("#table td button").first.click()
    expect(page.locator("#people").get_by_role("link").first).to_be_visible()
    assert violations(page) == []


def test_the_segments_page_has_no_violation(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/segments?id=new")
    expect(page.locator("#size strong")).to_be_visible()
    assert violations(page) == []
    keep(shop, "audited", {"did": "purchase"})
    page = open_page(shop, "/segments?id=audited")
    expect(page.locator("#sizes-chart canvas")).to_be_visible()
    page.get_by_text("As a table").first.click()
    page.get_by_text("What it says").last.click()
    expect(page.locator("#people").get_by_role("link").first).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Buyers").click()
    expect(page.locator("#groups table")).to_be_visible()
    assert violations(page) == []


def test_the_sign_in_page_has_no_violation(server: Server, open_page: OpenPage) -> None:
    assert violations(open_page(server, "/sign-in?reason=link", signed_in=False)) == []


def test_the_empty_state_has_no_violation(own_server: Server, open_page: OpenPage) -> None:
    page = open_page(own_server)
    expect(page.locator("#first-event")).to_be_visible()
    assert violations(page) == []


def test_the_pages_of_paths_and_journeys_have_no_violation(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/paths")
    expect(page.locator("#sankey canvas")).to_be_visible()
    page.get_by_text("As a table").click()
    assert violations(page) == []
    page.goto(f"{shop.url}/journeys?id=buyer-0-0")
    expect(page.locator("#sessions > li").first).to_be_visible()
    assert violations(page) == []
