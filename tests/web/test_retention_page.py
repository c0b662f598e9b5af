"""The page for cohorts and retention: the heat map, what stands in its address, people, files, and nobody at all."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .conftest import OpenPage
from .server import Server

pytestmark = pytest.mark.browser


def row(page: Page, place: int) -> Any:
    return page.locator("#table tbody tr").nth(place)


def test_the_heat_map_shows_what_the_service_tells(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/retention")
    expect(page.locator("#table-title")).to_have_text("Who came back, by week")
    told = shop.get("/cohort/analysis", cohort_type="acquisition_week", period="90d")
    last = len(told["cohorts"])
    expect(row(page, last).locator("td").first).to_have_text(str(told["cohorts"][-1]["size"]))
    expect(row(page, last).locator("td").nth(1)).to_have_class("incomplete")
    expect(page.locator("#curve, #lifecycle, #stickiness").locator("canvas")).to_have_count(3)
    expect(page.locator("#curve")).to_have_attribute("aria-label", re.compile("average by period"))
    page.locator("#shown").select_option("People")
    first = next(at for at, line in enumerate(told["cohorts"]) if line["size"])
    expect(row(page, first + 1).locator("td").nth(1)).to_have_text(str(told["cohorts"][first]["counts"][0]))
    expect(page).to_have_url(re.compile("show=counts"))


def test_the_question_is_in_the_address(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/retention?cohort_type=acquisition_day&metric=revenue&period=30d")
    expect(page.locator("#table-title")).to_have_text("Revenue, by day")
    expect(page.get_by_label("Came back with")).to_be_hidden()
    expect(page.locator("#table")).to_contain_text("€")
    page.get_by_label("Cohorts by").select_option("channel")
    expect(page.locator("#table-title")).to_have_text("Revenue, by channel")
    expect(row(page, 1).locator("th")).to_have_text("direct")
    expect(page).to_have_url(re.compile("cohort_type=acquisition_channel"))
    page.go_back()
    expect(page.locator("#table-title")).to_have_text("Revenue, by day")


def test_a_filter_holds_for_everything_that_is_shown(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/retention?property.category=Books&show=counts")
    told = shop.get("/cohort/analysis", **{"property.category": "Books", "period": "90d"})
    expect(row(page, 0).locator("td").first).to_have_text(str(told["people"]))
    page.get_by_role("button", name="Add a filter").click()
    added = page.locator("#filters li").last
    added.locator("[data-part=field]").fill("user_id")
    added.locator("[data-part=value]").fill("buyer-1-0")
    added.locator("[data-part=value]").press("Enter")
    expect(row(page, 0).locator("td").first).to_have_text("1")
    expect(page).to_have_url(re.compile("property.category=Books&user_id=buyer-1-0"))
    page.reload()
    expect(row(page, 0).locator("td").first).to_have_text("1")


def test_a_cell_opens_its_people(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/retention")
    row(page, 1).locator("button").or_(page.locator("#table td button")).first.click()
    dialog = page.locator("#people")
    expect(dialog.get_by_role("link", name=re.compile("^buyer-")).first).to_be_visible()
    dialog.get_by_role("button", name="Stayed away").click()
    expect(dialog.locator("#people-table")).to_have_text("Nobody.")


def test_a_viewer_sees_the_table_but_nobody_in_it(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/retention", key=shop.make_key("viewer"))
    expect(page.locator("#table td").first).to_be_visible()
    expect(page.locator("#table td button")).to_have_count(0)


def test_the_table_is_taken_along(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/retention?period=30d")
    with page.expect_download() as download:
        page.locator("#csv").click()
    assert download.value.path().read_text().startswith("cohort,size,period,counts,rates,incomplete\n")


def test_a_mistake_is_said_and_can_be_mended(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/retention?brackets=x", expect_errors=True)
    expect(page.get_by_role("alert")).to_contain_text("no bracket")
    page.get_by_label("Periods together").fill("0,1-3")
    page.get_by_label("Periods together").press("Enter")
    expect(page.locator("#table thead th").last).to_have_text("Week 1-3")


def test_where_nobody_began_the_way_to_the_events_is_shown(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/retention?start_time=2020-01-01&end_time=2020-02-01")
    page.get_by_role("button", name=re.compile("up to the newest event")).click()
    newest = (datetime.now(UTC) - timedelta(days=1)).year
    expect(page).to_have_url(re.compile(f"end_time={newest}|end_time={newest + 1}"))
    expect(page.locator("#table td").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(shop: Server, open_page: OpenPage, scheme: str) -> None:
    page = open_page(shop, "/retention", viewport={"width": 390, "height": 844}, color_scheme=scheme)
    expect(page.locator("#table td").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
