"""The pages for paths and for one person's journey: the picture, its tables, the address, nobody at all."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import OpenPage
from .server import Server

pytestmark = pytest.mark.browser


def test_paths_are_drawn_told_and_taken_along(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/paths")
    expect(page.locator("#sankey canvas")).to_be_visible()
    told = shop.get("/api/v1/analytics/paths", period="30d")
    expect(page.locator("#about")).to_contain_text(f"{told['paths']} sessions")
    with page.expect_download() as download:
        page.locator("#paths-csv").click()
    assert download.value.path().read_text().startswith("layer,source,target,count")


def test_attribution_stands_beside_the_paths(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/paths?told=revenue")
    told = shop.get("/api/v1/analytics/attribution", period="30d")
    row = page.locator("#shares tbody tr").first
    expect(row.locator("th")).to_have_text("direct")
    expect(row.locator("td").first).to_have_text(
        f"€{told['revenue']:,.2f}" if told["revenue"] < 1e4 else re.compile("€")
    )
    page.get_by_label("Told is").select_option("conversions")
    expect(row.locator("td").first).to_have_text(str(told["conversions"]))
    expect(page).not_to_have_url(re.compile("told="))


def test_the_question_stands_in_the_address(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/paths")
    page.get_by_label("Paths go").select_option("backward")
    page.get_by_label("Point", exact=True).fill("purchase")
    page.get_by_label("Point", exact=True).press("Enter")
    expect(page).to_have_url(re.compile("direction=backward&point=purchase"))
    expect(page.locator("#about")).to_contain_text("with purchase")
    page.go_back()
    expect(page.get_by_label("Point", exact=True)).to_have_value("")


def test_where_nobody_went_the_page_says_what_to_do(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/paths?nodes=page&point=no.such.event")
    expect(page.get_by_role("heading", name="No path in this period")).to_be_visible()
    page.goto(f"{shop.url}/paths")
    expect(page.locator("#sankey canvas")).to_be_visible()


def test_a_mistake_in_the_question_is_said(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/paths?groups=/x", expect_errors=True)
    expect(page.get_by_role("alert")).to_contain_text("pattern")


def test_a_journey_shows_sessions_with_what_happened(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/journeys")
    page.get_by_label("Whose journey?").fill("buyer-0-0")
    page.get_by_role("button", name="Show", exact=True).click()
    told = shop.get("/api/v1/analytics/users/buyer-0-0/journey")
    expect(page.locator("#sessions > li")).to_have_count(len(told["sessions"]))
    expect(page.locator("#sessions > li.converted").first).to_contain_text("1 conversion")
    expect(page.locator("#sessions ol li").first).to_contain_text("purchase")
    expect(page).to_have_url(re.compile("id=buyer-0-0"))


def test_somebody_unknown_leads_to_those_who_are_known(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/journeys?id=nobody-at-all", expect_errors=True)
    expect(page.get_by_role("heading", name=re.compile("nobody-at-all"))).to_be_visible()
    page.locator(".ways a").first.click()
    expect(page.locator("#sessions > li").first).to_be_visible()


def test_single_people_are_no_page_for_viewers(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/journeys?id=buyer-0-0", key=shop.make_key("viewer"))
    expect(page).to_have_url(f"{shop.url}/")
    expect(page.get_by_role("link", name="Journeys")).to_have_count(0)


@pytest.mark.parametrize("path", ["/paths", "/journeys?id=buyer-0-0"])
@pytest.mark.parametrize("how", [{"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 844}}], ids=str)
def test_both_fit_a_phone_and_the_dark(shop: Server, open_page: OpenPage, path: str, how: dict[str, Any]) -> None:
    page = open_page(shop, path, **how)
    expect(page.locator("#answer")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
