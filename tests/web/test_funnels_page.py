"""The page for funnels: the bars and their numbers, what stands in its address, people, files, nobody at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .conftest import OpenPage
from .server import Server
from .test_accessibility import violations

pytestmark = pytest.mark.browser

STEPS = ("product_view", "add_to_cart", "checkout_start", "purchase")
REACHED = (4, 4, 3, 2, 2, 2, 1, 1, 1, 1)


def walks() -> list[dict[str, Any]]:
    """Ten people of a week ago, each with as many steps of the checkout as REACHED says."""
    start = datetime.now(UTC) - timedelta(days=9)
    return [
        {
            "event_type": kind,
            "user_id": f"walker-{person}",
            "timestamp": (start + timedelta(hours=5 * person, minutes=3 * step * (person + 1))).isoformat(),
            "country": "DE" if person % 2 else "FR",
            "properties": {},
        }
        for person, steps in enumerate(REACHED)
        for step, kind in enumerate(STEPS[:steps])
    ]


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("walked"))
    running.keep(*walks())
    yield running
    running.stop()


def cell(page: Page, row: int, column: int) -> Any:
    return page.locator("#table tbody tr").nth(row).locator("th, td").nth(column)


def test_the_first_funnel_that_fits_is_shown(walked: Server, open_page: OpenPage) -> None:
    page = open_page(walked, "/funnels")
    for row, (name, count) in enumerate([("Product seen", 10), ("In the cart", 6), ("Checkout begun", 3), ("Paid", 2)]):
        expect(cell(page, row, 0)).to_contain_text(name)
        expect(cell(page, row, 1)).to_have_text(str(count))
    expect(cell(page, 1, 4)).to_have_text("4")
    expect(page.locator("#funnel")).to_have_attribute("aria-label", re.compile("Paid 2, 20%"))
    expect(page.locator("#funnel, #trend, #histogram").locator("canvas")).to_have_count(3)


def test_the_question_is_in_the_address(walked: Server, open_page: OpenPage) -> None:
    page = open_page(walked, "/funnels?steps=product_view,purchase&breakdown=country&window=1h")
    expect(cell(page, 1, 0)).to_contain_text("purchase")
    expect(page.locator("#breakdown tbody tr")).to_have_count(2)
    page.get_by_label("Step 2", exact=True).fill("add_to_cart")
    page.get_by_label("Step 2", exact=True).press("Tab")
    expect(cell(page, 1, 0)).to_contain_text("add_to_cart")
    expect(page).to_have_url(re.compile("steps=product_view%2Cadd_to_cart"))
    page.go_back()
    expect(cell(page, 1, 0)).to_contain_text("purchase")


def test_who_turned_away_is_shown(walked: Server, open_page: OpenPage) -> None:
    page = open_page(walked, "/funnels?funnel_name=checkout")
    cell(page, 1, 4).locator("button").click()
    expect(page.locator("#people-title")).to_have_text("Turned away before In the cart")
    expect(page.locator("#people-table tbody tr")).to_have_count(4)
    expect(page.locator("#people-table")).to_contain_text("walker-9")


def test_what_goes_with_turning_away_is_asked_for_when_opened(walked: Server, open_page: OpenPage) -> None:
    page = open_page(walked, "/funnels?funnel_name=checkout")
    page.get_by_text("What goes with turning away").click()
    expect(page.locator("#driver-table")).to_contain_text("No value is had by 30 people")
    expect(page.locator("#driver-about")).to_contain_text("4 of 10 turned away")
    page.locator("#driver-step").select_option("Paid")
    expect(page.locator("#driver-about")).to_contain_text("1 of 3 turned away")


def test_a_step_takes_filters_and_a_name(walked: Server, open_page: OpenPage) -> None:
    page = open_page(walked, "/funnels?funnel_name=checkout")
    expect(cell(page, 0, 1)).to_have_text("10")
    page.get_by_label("More about step 1").click()
    page.locator("#steps li").first.get_by_role("button", name="Add a filter").click()
    filters = page.get_by_role("list", name="Filters, step 1")
    filters.get_by_label("Field").fill("country")
    filters.get_by_label("Value").fill("FR")
    filters.get_by_label("Value").press("Enter")
    expect(cell(page, 0, 1)).to_have_text("5")
    expect(page.locator("#kept-as")).to_have_text("Checkout, changed")
    page.get_by_label("Name of step 1").fill("Seen in France")
    page.get_by_label("Name of step 1").press("Tab")
    expect(cell(page, 0, 0)).to_contain_text("Seen in France")
    page.reload()
    expect(cell(page, 0, 0)).to_contain_text("Seen in France")
    expect(cell(page, 0, 1)).to_have_text("5")
    expect(page).to_have_url(re.compile("funnel_name=checkout"))


def test_an_exclusion_ends_an_attempt(walked: Server, open_page: OpenPage) -> None:
    page = open_page(walked, "/funnels?steps=product_view,checkout_start,purchase")
    expect(cell(page, 1, 1)).to_have_text("3")
    page.get_by_role("button", name="Add an exclusion").click()
    page.get_by_label("Exclusion 1", exact=True).fill("add_to_cart")
    page.get_by_label("Exclusion 1", exact=True).press("Tab")
    expect(cell(page, 1, 1)).to_have_text("0")
    page.get_by_label("Exclusion 1 after").select_option("2")
    expect(cell(page, 1, 1)).to_have_text("3")
    expect(page).to_have_url(re.compile("from_step"))
    page.get_by_label("Remove exclusion 1").click()
    expect(page).not_to_have_url(re.compile("exclusions"))


def test_a_funnel_is_kept_renamed_changed_and_removed(walked: Server, open_page: OpenPage) -> None:
    page = open_page(walked, "/funnels?steps=product_view,purchase&window=2h")
    page.get_by_role("button", name="Save as…").click()
    page.locator("#naming").get_by_label("Name").fill("Straight to paying")
    page.locator("#naming").get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile(r"\?funnel_name=straight_to_paying$"))
    expect(page.locator("#kept-as")).to_have_text("Straight to paying")
    page.get_by_label("Window").fill("30d")
    page.get_by_label("Window").press("Tab")
    expect(page.locator("#kept-as")).to_have_text("Straight to paying, changed")
    page.get_by_role("button", name="Save the changes").click()
    expect(page.locator("#kept-as")).to_have_text("Straight to paying")
    page.get_by_role("button", name="Rename…").click()
    page.locator("#naming").get_by_label("Name").fill("Straight on")
    page.locator("#naming").get_by_role("button", name="Save").click()
    expect(page.locator("#kept-as")).to_have_text("Straight on")
    expect(page.get_by_label("Window")).to_have_value("30d")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Remove", exact=True).last.click()
    expect(page.locator("#kept-as")).to_have_text("Not kept")
    expect(page.locator('[name="funnel_name"]')).to_have_value("")
    expect(cell(page, 1, 0)).to_contain_text("purchase")
    expect(page.get_by_label("Window")).to_have_value("30d")


def test_every_table_is_a_file(walked: Server, open_page: OpenPage) -> None:
    page = open_page(walked, "/funnels?funnel_name=checkout&breakdown=country&attribution=last")
    expect(cell(page, 3, 1)).to_have_text("2")
    page.get_by_text("What goes with turning away").click()
    expect(page.locator("#driver-about")).to_contain_text("were compared")
    for table in ("steps", "breakdown", "trend", "times", "drivers"):
        file = page.request.get(walked.url + str(page.locator(f"#{table}-csv").get_attribute("href")))
        assert file.headers["content-disposition"].endswith('.csv"'), table


def test_a_viewer_sees_numbers_but_nobody(walked: Server, open_page: OpenPage) -> None:
    page = open_page(walked, "/funnels?funnel_name=checkout", key=walked.make_key("viewer"))
    expect(cell(page, 1, 4)).to_have_text("4")
    expect(page.locator("#table button")).to_have_count(0)
    expect(page.get_by_role("button", name="Save as…")).to_have_count(0)


def test_the_steps_are_taken_along_as_a_file(walked: Server, open_page: OpenPage) -> None:
    page = open_page(walked, "/funnels?funnel_name=checkout")
    expect(cell(page, 3, 1)).to_have_text("2")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download CSV").first.click()
    assert waiting.value.path().read_text().splitlines()[4].startswith("4,Paid,2,")


def test_nobody_is_told_what_to_do_next(walked: Server, open_page: OpenPage) -> None:
    page = open_page(walked, "/funnels?steps=never_sent,purchase")
    expect(page.get_by_role("heading", name="Nobody entered in this period")).to_be_visible()


def test_what_is_wrong_is_said(walked: Server, open_page: OpenPage) -> None:
    page = open_page(walked, "/funnels?funnel_name=checkout&window=soon", expect_errors=True)
    expect(page.locator("#message")).to_contain_text("For example 14d, 2h or 30m.")


def test_a_phone_has_room_for_it(walked: Server, open_page: OpenPage) -> None:
    page = open_page(walked, "/funnels?funnel_name=checkout", viewport={"width": 390, "height": 800})
    expect(cell(page, 0, 1)).to_have_text("10")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_page_has_no_violation(walked: Server, open_page: OpenPage) -> None:
    page = open_page(walked, "/funnels?funnel_name=checkout&breakdown=country&exclusions=refund")
    expect(cell(page, 3, 1)).to_have_text("2")
    page.get_by_label("More about step 2").click()
    page.get_by_role("button", name="Add a filter").first.click()
    assert violations(page) == []
