"""The dashboards: tiles with the numbers of the service, one that fails beside the others, and what to send first."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import OpenPage
from .server import Server
from .shop import SCRIPT
from .test_accessibility import violations

pytestmark = pytest.mark.browser

DATA = "/api/v1/analytics/dashboards"


def tile(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


def loaded(page: Page) -> None:
    expect(page.locator("#board[aria-busy]")).to_have_count(0)
    expect(page.locator("#board > section").first).to_be_visible()


def test_it_shows_every_tile_of_the_dashboard_with_the_numbers_of_the_service(
    shop: Server, open_page: OpenPage
) -> None:
    page = open_page(shop, "/dashboards/commerce")
    loaded(page)
    told = shop.get(f"{DATA}/commerce/data")
    expect(page.locator("#board h2")).to_have_text([one["title"] for one in told["tiles"]])
    [headlines] = [one["answer"] for one in told["tiles"] if one["title"] == "Headlines"]
    orders = tile(page, "Headlines").locator('[data-metric="orders"]')
    expect(orders.locator(".figure")).to_have_text(str(headlines["total"]["values"]["orders"]))
    expect(orders.locator("svg.sparkline")).to_be_visible()
    expect(tile(page, "Revenue").locator("canvas")).to_be_visible()
    ranked = tile(page, "Revenue by category").locator(".chart")
    expect(ranked).to_have_attribute("aria-label", re.compile(r"Books €"))
    expect(ranked).to_have_attribute("aria-label", re.compile(re.escape(SCRIPT)))


def test_what_has_no_events_says_what_it_is_drawn_from_and_the_others_stay(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/dashboards/executive")
    loaded(page)
    expect(tile(page, "Where people come from")).to_contain_text("Nothing of the kind in the last 30 days.")
    expect(tile(page, "Where people come from").locator("code").first).to_have_text("page_view")
    expect(tile(page, "Revenue").locator("canvas")).to_be_visible()


def test_where_nothing_came_in_it_says_what_to_send_first(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/dashboards/imports")
    expect(page.get_by_role("heading", name="Nothing of Imports came in")).to_be_visible()
    expect(page.locator("pre").first).to_contain_text('"event_type": "import_started"')
    expect(page.locator("#board > section")).to_have_count(0)
    page.get_by_role("button", name="Last 12 months").click()
    expect(page).to_have_url(re.compile(r"/dashboards/imports\?period=12mo$"))


def test_a_tile_that_cannot_be_answered_says_why_and_the_others_stay(own_server: Server, open_page: OpenPage) -> None:
    own_server.choose(currency="EUR")
    about = {"user_id": "x", "properties": {"amount": 100, "currency": "USD", "mrr": 5}}
    own_server.keep({"event_type": "purchase", **about}, {"event_type": "subscription_started", **about})
    page = open_page(own_server, "/dashboards/commerce")
    loaded(page)
    expect(tile(page, "Revenue").get_by_role("alert")).to_contain_text("Amounts came in USD")
    expect(tile(page, "Orders").locator("canvas")).to_be_visible()
    page.get_by_label("1 USD is").fill("0.5")
    tile(page, "Headlines").get_by_role("button").click()
    expect(tile(page, "Headlines").locator('[data-metric="revenue"] .figure')).to_have_text("€50.00")
    page.get_by_role("link", name="Subscriptions").click()
    expect(tile(page, "Churn").get_by_role("alert")).to_contain_text("churn_rate is part of the pro tier")
    expect(tile(page, "Headlines").locator('[data-metric="subscriptions"] .figure')).to_have_text("1")


def test_another_dashboard_and_period_are_a_key_away_and_stand_in_the_address(
    shop: Server, open_page: OpenPage
) -> None:
    page = open_page(shop, "/dashboards")
    expect(page).to_have_url(re.compile("/dashboards/executive$"))
    listed = shop.get(DATA)["dashboards"]
    links = page.get_by_role("navigation", name="Dashboards").get_by_role("link")
    expect(links).to_have_text([one["label"] for one in listed])
    loaded(page)
    page.keyboard.press("3")
    expect(page).to_have_url(re.compile(r"/dashboards/executive\?period=7d$"))
    links.filter(has_text="Commerce").click()
    expect(page).to_have_url(re.compile(r"/dashboards/commerce\?period=7d$"))
    expect(page).to_have_title("Commerce · Factbook")
    loaded(page)
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile(r"/dashboards/trading\?period=7d$"))
    page.go_back()
    page.go_back()
    expect(page).to_have_url(re.compile(r"/dashboards/executive\?period=7d$"))
    expect(links.filter(has_text="Executive")).to_have_attribute("aria-current", "page")
    page.reload()
    loaded(page)
    expect(page.get_by_role("button", name="7 days")).to_have_attribute("aria-pressed", "true")


def test_a_tile_leads_to_the_explorer_with_its_question(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/dashboards/commerce?period=90d")
    loaded(page)
    page.get_by_role("link", name="Explore Revenue by category").click()
    expect(page).to_have_url(re.compile(r"/explore\?metrics=revenue&dimensions=category&.*period=90d"))
    expect(page.locator("#totals tbody tr").first).to_be_visible()


def test_a_dashboard_that_is_not_there_is_named_with_what_was_meant(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/dashboards/comerce", expect_errors=True)
    expect(page.get_by_role("alert")).to_contain_text("There is no dashboard 'comerce'. Did you mean 'commerce'?")


def test_it_fits_a_telephone_and_breaks_no_rule_of_accessibility(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/dashboards/commerce", viewport={"width": 390, "height": 844})
    loaded(page)
    expect(tile(page, "Revenue").locator("canvas")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []
