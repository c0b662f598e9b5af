"""What the explorer says where there is nothing to draw, or where the service refuses: each time with a way on."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from .conftest import OpenPage
from .server import Server

pytestmark = pytest.mark.browser


def heading(page: Page, text: str) -> None:
    expect(page.locator("#message").get_by_role("heading", name=text)).to_be_visible()


def test_a_page_without_a_question_offers_some_that_are_answered(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore")
    heading(page, "Choose a metric")
    expect(page.get_by_role("button", name="Download CSV")).to_be_disabled()
    links = page.locator(".beginnings a")
    for at in range(links.count()):
        links.nth(at).click()
        expect(page.locator("#tiles .figure").first).to_be_visible()
        page.go_back()
        heading(page, "Choose a metric")


def test_a_service_without_events_leads_to_the_first_one(own_server: Server, open_page: OpenPage) -> None:
    page = open_page(own_server, "/explore?metrics=orders")
    heading(page, "Nothing has come in yet")
    page.get_by_role("link", name="Send your first event").click()
    expect(page.get_by_role("heading", name="Send your first event")).to_be_visible()


def test_an_empty_period_names_what_is_looked_for_and_leads_to_the_newest(
    own_server: Server, open_page: OpenPage
) -> None:
    old = (datetime.now(UTC) - timedelta(days=60)).isoformat()
    own_server.keep({"event_type": "refund", "user_id": "x", "timestamp": old, "properties": {"amount": 3}})
    page = open_page(own_server, "/explore?metrics=refunds")
    heading(page, "Nothing of the kind happened")
    expect(page.locator("#message")).to_contain_text("(refund) in this period (the last 30 days)")
    expect(page.locator("#tiles .figure")).to_have_text("0")
    expect(page.locator("#chart-panel")).to_be_hidden()
    page.get_by_role("button", name="The 30 days up to the newest").click()
    expect(page.locator("#tiles .figure")).to_have_text("1")
    expect(page.locator("#chart-panel")).to_be_visible()
    expect(page.locator("#message")).to_be_empty()


def test_filters_that_nothing_passes_can_be_left_out(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore?metrics=orders&country=XX")
    heading(page, "Nothing of the kind happened")
    page.get_by_role("button", name="Without the filters").click()
    expect(page.locator("#filters li")).to_have_count(0)
    expect(page.locator("#chart-panel")).to_be_visible()


def test_a_mistyped_name_is_told_with_the_one_that_was_meant(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore?metrics=revnue,orders&dimensions=categry", expect_errors=True)
    told = page.locator("#message").get_by_role("alert")
    expect(told).to_contain_text("There is no metric 'revnue'.")
    expect(page.get_by_role("combobox", name="Metrics")).to_have_attribute("aria-invalid", "true")
    told.get_by_role("button", name="Use Revenue").click()
    expect(told).to_contain_text("There is no dimension 'categry'.")
    told.get_by_role("button", name="Use Category").click()
    expect(page.locator("#totals tbody tr")).to_have_count(6)
    expect(page.locator("[aria-invalid]")).to_have_count(0)


@pytest.mark.parametrize(
    ("address", "said", "hint"),
    [
        ("metrics=orders&limit=2000&dimensions=category", "limit lies between 1 and 1,000", ""),
        ("metrics=orders&period=last_year&granularity=1m", "at most 10,000", "coarser"),
        ("metrics=orders&no_column=1", "There is no event column 'no_column'", "Use COLUMN"),
        ("metrics=orders&period=neverday", "'neverday' is not a period", "yesterday"),
        ("metrics=churn_rate", "part of the pro tier", "Leave churn_rate out"),
    ],
)
def test_a_refusal_is_told_in_the_service_s_words_with_its_hint(
    shop: Server, open_page: OpenPage, address: str, said: str, hint: str
) -> None:
    page = open_page(shop, f"/explore?{address}", expect_errors=True)
    told = page.locator("#message").get_by_role("alert")
    expect(told).to_contain_text(said)
    expect(told).to_contain_text(hint)
    expect(page.locator("#tiles")).to_be_hidden()


def test_a_service_that_is_busy_can_be_asked_again(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore", expect_errors=True)
    heading(page, "Choose a metric")
    busy = {"status": 503, "title": "Not available just now", "detail": "The warehouse is busy."}
    page.route("**/dashboard/metrics", lambda route: route.fulfill(status=503, json=busy))
    page.get_by_role("link", name="What is done most?").click()
    told = page.locator("#message").get_by_role("alert")
    expect(told).to_contain_text("The warehouse is busy.")
    page.unroute("**/dashboard/metrics")
    told.get_by_role("button", name="Try again").click()
    expect(page.locator("#totals tbody tr")).to_have_count(1)


def test_amounts_without_a_rate_can_be_given_one_on_the_spot(own_server: Server, open_page: OpenPage) -> None:
    own_server.choose(currency="EUR")
    for amount, currency in ((10, "EUR"), (100, "USD")):
        properties = {"amount": amount, "currency": currency}
        own_server.keep({"event_type": "purchase", "user_id": uuid.uuid4().hex, "properties": properties})
    page = open_page(own_server, "/explore?metrics=revenue", expect_errors=True)
    told = page.locator("#message").get_by_role("alert").first
    expect(told).to_contain_text("Amounts came in USD")
    page.get_by_label("1 USD is").fill("0.5")
    page.get_by_role("button", name="Set the rates").click()
    expect(page.locator("#tiles .figure")).to_have_text("€60.00")


def test_what_is_loading_is_said_and_what_is_old_is_dimmed(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore?metrics=orders")
    expect(page.locator("#tiles .figure")).to_be_visible()
    with page.expect_event("request", lambda request: request.url.endswith("/dashboard/metrics")):
        page.route("**/dashboard/metrics", lambda _: None)
        page.get_by_role("button", name="7 days").click()
    expect(page.locator("#progress")).to_have_text("Loading…")
    expect(page.locator("#tiles")).to_have_css("opacity", re.compile(r"^0\.\d+$"))
    page.unroute_all(behavior="ignoreErrors")
