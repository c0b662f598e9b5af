"""The KPI page: the numbers of the service, what a change means, and what to send where there is nothing yet."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import OpenPage
from .server import Server

pytestmark = pytest.mark.browser


def card(page: Page, name: str) -> Locator:
    return page.locator(f'[data-kpi="{name}"]')


def loaded(page: Page) -> None:
    """Every group has its figures."""
    expect(page.locator("#groups section").first).to_be_visible()
    expect(page.locator("#groups section[aria-busy]")).to_have_count(0)


def test_every_kpi_of_the_service_has_a_card_in_its_group(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/kpis")
    loaded(page)
    told = shop.get("/api/v1/analytics/kpis", breakdowns="false")
    expect(page.locator("#groups h2")).to_have_text([re.compile(group["label"]) for group in told["groups"]])
    expect(page.locator(".card")).to_have_count(told["count"] + len(told["locked"]))
    for kpi in told["groups"][0]["kpis"][:4]:
        expect(card(page, kpi["id"]).locator(".formula")).to_have_text(kpi["formula"])
        expect(card(page, kpi["id"]).locator(".about")).to_have_text(kpi["description"])


def test_a_card_shows_the_value_how_it_changed_and_whether_that_is_good(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/kpis?period=7d")
    loaded(page)
    [group] = shop.get("/api/v1/analytics/kpis", breakdowns="false", group="revenue", period="7d")["groups"]
    told = {kpi["id"]: kpi for kpi in group["kpis"]}
    orders = card(page, "orders")
    expect(orders.locator(".figure")).to_have_text(str(told["orders"]["value"]))
    change = orders.locator(".change")
    expect(change).to_have_class(re.compile("good" if told["orders"]["better"] else "bad"))
    expect(change).to_contain_text("▲" if told["orders"]["change"] > 0 else "▼")
    expect(change).to_contain_text("better" if told["orders"]["better"] else "worse")
    expect(card(page, "revenue").locator(".figure")).to_have_text(f"€{told['revenue']['value']:,.2f}")
    expect(orders.locator("svg.sparkline")).to_have_count(1)


def test_a_kpi_without_data_says_what_to_send(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/kpis")
    loaded(page)
    expect(card(page, "nps").locator(".figure")).to_have_text("\u2013")
    expect(card(page, "nps")).to_contain_text("No data yet: send feedback_submitted.")
    expect(card(page, "trades")).to_contain_text("No data yet: send position.closed.")
    expect(card(page, "page_views")).to_contain_text("No data yet: send page_view or page.view.")
    expect(card(page, "error_rate")).to_contain_text("send api_request and error_occurred.")
    page.get_by_label("Only those with data").check()
    expect(card(page, "nps")).to_be_hidden()
    expect(page.get_by_role("heading", name="Trading")).to_be_hidden()
    expect(card(page, "orders")).to_be_visible()
    page.reload()
    loaded(page)
    expect(card(page, "nps")).to_be_hidden()


def test_a_kpi_of_a_higher_tier_says_so(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/kpis")
    loaded(page)
    expect(card(page, "churn_rate")).to_contain_text("Part of the pro tier.")
    expect(card(page, "churn_rate").get_by_role("link")).to_have_count(0)


def test_a_card_leads_to_the_explorer_with_the_same_period(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/kpis?period=7d&compare=previous_year")
    loaded(page)
    card(page, "orders").get_by_role("link").click()
    expect(page).to_have_url(f"{shop.url}/explore?metrics=orders&period=7d&compare=previous_year")
    expect(page.locator("#tiles .figure")).to_be_visible()


def test_the_choice_is_in_the_address_and_the_way_back_restores_it(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/kpis")
    loaded(page)
    page.keyboard.press("3")
    expect(page).to_have_url(re.compile(r"/kpis\?period=7d$"))
    page.get_by_label("Compared with").select_option("previous year")
    expect(page).to_have_url(re.compile("compare=previous_year"))
    loaded(page)
    page.go_back()
    expect(page.get_by_label("Compared with")).to_have_value("previous_period")
    expect(page.get_by_role("button", name="7 days")).to_have_attribute("aria-pressed", "true")


def test_a_group_that_cannot_be_answered_leaves_the_others_standing(own_server: Server, open_page: OpenPage) -> None:
    own_server.choose(currency="EUR")
    properties = {"amount": 100, "currency": "USD"}
    own_server.keep({"event_type": "purchase", "user_id": "x", "properties": properties})
    page = open_page(own_server, "/kpis", expect_errors=True)
    loaded(page)
    expect(page.locator("#group-revenue").get_by_role("alert").first).to_contain_text("Amounts came in USD")
    expect(card(page, "active_users").locator(".figure")).to_have_text("1")
    page.locator("#group-revenue").get_by_label("1 USD is").fill("0.25")
    page.locator("#group-revenue").get_by_role("button", name="Set the rates").click()
    expect(card(page, "revenue").locator(".figure")).to_have_text("€25.00")


def test_a_service_without_events_says_where_to_begin(own_server: Server, open_page: OpenPage) -> None:
    page = open_page(own_server, "/kpis")
    loaded(page)
    expect(page.locator("#nothing-yet").get_by_role("link", name="Send your first event")).to_be_visible()
    expect(card(page, "active_users").locator(".figure")).to_have_text("0")
