"""The page for segments: one is made, changed and asked about; buyers, patterns, and nobody at all."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from .conftest import OpenPage
from .server import ADMIN_KEY, Server

pytestmark = pytest.mark.browser

SEGMENTS = "/api/v1/analytics/segments"


def keep(server: Server, id_: str, rule: dict[str, Any]) -> None:
    body = {"id": id_, "label": id_, "rule": rule}
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    answer = httpx.post(server.url + SEGMENTS, json=body, headers=headers)
    assert answer.status_code in (201, 409), answer.text


def forget(server: Server, id_: str) -> None:
    """What a first try may have left behind."""
    answer = httpx.delete(f"{server.url}{SEGMENTS}/{id_}", headers={"Authorization": f"Bearer {ADMIN_KEY}"})
    assert answer.status_code in (204, 404), answer.text


def entry(page: Page, name: str) -> Any:
    return page.locator("#list a").filter(has_text=name)


def test_a_segment_is_made_changed_and_removed(shop: Server, open_page: OpenPage) -> None:
    keep(shop, "everybody", {"did": {}})
    forget(shop, "many_games")
    page = open_page(shop, "/segments")
    expect(entry(page, "everybody")).to_be_visible()
    page.get_by_role("button", name="New segment").click()
    form = page.locator("#editor")
    form.get_by_label("Name").fill("Many games")
    expect(form.get_by_label("Id")).to_have_value("many_games")
    form.get_by_label("any event").fill("purchase")
    form.get_by_label("any event").press("Tab")
    form.get_by_label("where amount").fill("category = 'Games'")
    form.get_by_label("where amount").press("Tab")
    people = shop.get("/cohort/analysis", period="90d", cohort_type="acquisition_month")["people"]
    expect(page.locator("#size")).to_contain_text(f"of {people} people")
    form.get_by_role("button", name="Save").click()
    expect(entry(page, "Many games")).to_have_attribute("aria-current", "true")
    expect(page).to_have_url(re.compile("id=many_games"))
    expect(page.locator("#people tbody th a").first).to_have_text(re.compile("^buyer-"))
    form.get_by_role("button", name="Add a condition").click()
    form.get_by_label("Condition").nth(1).select_option("is in")
    form.get_by_label("Segment", exact=True).select_option("everybody")
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("#delete").click()
    expect(entry(page, "Many games")).to_have_count(0)


def test_its_size_over_time_is_a_line_that_the_address_keeps(shop: Server, open_page: OpenPage) -> None:
    keep(shop, "ever", {"did": "purchase"})
    page = open_page(shop, "/segments?id=ever", key=shop.make_key("viewer"))
    line, people = page.locator("#sizes-chart"), shop.get(f"{SEGMENTS}/ever/sizes")["sizes"][-1]["people"]
    expect(line).to_have_attribute("aria-label", re.compile(rf", {people} at "))
    expect(line.locator("canvas").first).to_be_visible()
    page.locator("#over").select_option("12 weeks")
    expect(page).to_have_url(re.compile("over=12w"))
    page.get_by_text("As a table").first.click()
    expect(page.locator("#sizes-table tbody tr")).to_have_count(12)
    expect(page.locator("#sizes-csv")).to_have_attribute("href", re.compile("granularity=1w.*format=csv"))
    page.reload()
    expect(page.locator("#over")).to_have_value("12w")


def test_what_changed_is_told_and_taken_up_again(shop: Server, open_page: OpenPage) -> None:
    keep(shop, "changing", {"did": "purchase", "count": {"gte": 2}})
    page = open_page(shop, "/segments?id=changing")
    form, changes = page.locator("#editor"), page.locator("#changes-list li")
    expect(changes).to_have_count(1)
    form.get_by_label("number").fill("7")
    form.get_by_label("number").press("Tab")
    form.get_by_label("Frozen").check()
    form.get_by_role("button", name="Save").click()
    expect(changes).to_have_count(2)
    expect(changes.first).to_contain_text("Rule, Frozen changed")
    changes.first.get_by_text("What it says").click()
    expect(changes.first.locator("pre").nth(0)).to_contain_text('"gte": 2')
    expect(changes.first.locator("pre").nth(1)).to_contain_text('"gte": 7')
    expect(entry(page, "changing")).to_contain_text("frozen")
    changes.last.get_by_role("button", name="Take this up again").click()
    expect(form.get_by_label("number")).to_have_value("2")
    expect(form.get_by_label("Frozen")).not_to_be_checked()


def test_a_deep_rule_is_shown_as_it_is(shop: Server, open_page: OpenPage) -> None:
    keep(shop, "deep", {"any": [{"all": [{"did": "purchase"}, {"did": "never"}]}, {"did_not": "purchase"}]})
    page = open_page(shop, "/segments?id=deep", expect_errors=True)
    area = page.get_by_label("Rule as JSON")
    expect(area).to_have_value(re.compile('"any"'))
    area.fill('{"did": "purchase", "often": 2}')
    area.press("Tab")
    expect(page.locator("#wrong")).to_contain_text("often")


def test_every_question_can_be_asked_of_a_segment(shop: Server, open_page: OpenPage) -> None:
    keep(shop, "readers", {"did": {"event": "purchase", "where": "category = 'Books'"}})
    page = open_page(shop, "/segments?id=readers")
    page.get_by_role("link", name="Ask about them").click()
    expect(page).to_have_url(re.compile("/explore.*segment=readers"))
    told = shop.get("/dashboard/users", period="30d", segment="readers")["total"]["values"]
    expect(page.locator("main")).to_contain_text(f"{told['events.count']} events")
    page = open_page(shop, "/segments?id=readers")
    page.get_by_role("link", name="Their retention").click()
    expect(page).to_have_url(re.compile("/retention.*segment=readers"))
    people = shop.get(f"{SEGMENTS}/readers/sizes")["sizes"][-1]["people"]
    expect(page.locator("#found")).to_contain_text(f"{people} members")
    page = open_page(shop, "/segments?id=readers")
    page.get_by_role("link", name="Their funnel").click()
    expect(page).to_have_url(re.compile("/funnels.*segment=readers"))
    expect(page.locator("#filters li")).to_have_count(1)


def test_buyers_and_patterns_have_their_pictures(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/segments?view=buyers")
    expect(page.locator("#heat canvas").first).to_be_visible()
    expect(page.locator("#heat")).to_have_attribute("aria-label", re.compile("recency 5"))
    expect(page.locator("#groups tbody tr")).to_have_count(10)
    expect(page.locator("#groups-csv")).to_have_attribute("href", re.compile("format=csv"))
    page.get_by_role("button", name="Patterns").click()
    expect(page).to_have_url(re.compile("view=patterns"))
    expect(page.locator("#message")).to_contain_text("No patterns in this period")
    page.go_back()
    expect(page.locator("#groups")).to_be_visible()


def test_an_empty_warehouse_says_what_to_do_next(own_server: Server, open_page: OpenPage) -> None:
    page = open_page(own_server, "/segments")
    expect(page.locator("#message")).to_contain_text("Nobody is here yet")
    expect(page.get_by_role("link", name="Send your first event")).to_be_visible()


def test_a_viewer_sees_sizes_but_may_change_nothing(shop: Server, open_page: OpenPage) -> None:
    keep(shop, "everybody", {"did": {}})
    page = open_page(shop, "/segments", key=shop.make_key("viewer"))
    expect(entry(page, "everybody")).to_be_visible()
    expect(page.get_by_role("button", name="New segment")).to_have_count(0)


def test_nothing_is_cut_off_on_a_phone(shop: Server, open_page: OpenPage) -> None:
    keep(shop, "everybody", {"did": {}})
    for path in ("/segments?id=everybody", "/segments?view=buyers"):
        page = open_page(shop, path, viewport={"width": 390, "height": 800})
        expect(page.locator("#progress")).to_have_text("")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
