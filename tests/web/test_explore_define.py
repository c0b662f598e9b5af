"""Saving a filtered metric or a formula: tried before it is kept, refused at the field, for admins alone."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from .conftest import OpenPage
from .server import Server

pytestmark = pytest.mark.browser


def opened(open_page: OpenPage, shop: Server, address: str, *, expect_errors: bool = False) -> Page:
    page = open_page(shop, address, expect_errors=expect_errors)
    expect(page.locator("#tiles .figure").first).to_be_visible()
    page.get_by_role("button", name="Save as metric").click()
    expect(page.get_by_role("dialog", name="Save as metric")).to_be_visible()
    return page


def fresh() -> str:
    return f"m_{uuid.uuid4().hex[:12]}"


@pytest.mark.parametrize(
    "filters",
    [
        {"property.category": "Books"},
        {"property.quantity.gte": "2", "property.category.ne": "Games"},
        {"property.category.in": "Books, Music"},
        {"property.category.contains": "o"},
        {"property.quantity": "2"},
        {"property.coupon.exists": "false"},
        {"user_id": "buyer-1-0"},
        {"property.category.ne": 'it\'s "quoted"'},
    ],
    ids=lambda filters: " ".join(filters),
)
def test_a_metric_made_from_filters_answers_what_the_filtered_one_did(
    shop: Server, open_page: OpenPage, filters: dict[str, str]
) -> None:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    page = opened(open_page, shop, f"/explore?metrics=revenue&{query}")
    name = fresh()
    page.get_by_label("Id", exact=True).fill(name)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#metrics li")).to_have_count(1)
    expect(page).to_have_url(re.compile(f"metrics={name}$"))
    before = shop.ask(metrics=["revenue"], filters=filters)["total"]["values"]["revenue"]
    assert before
    assert shop.ask(metrics=[name])["total"]["values"][name] == before


def test_a_formula_is_tried_before_it_is_kept_and_then_is_in_the_list(shop: Server, open_page: OpenPage) -> None:
    page = opened(open_page, shop, "/explore?metrics=revenue,buyers")
    expect(page.get_by_label("A formula over metrics")).to_be_checked()
    expect(page.get_by_label("Formula", exact=True)).to_have_value("revenue / buyers")
    name = fresh()
    page.get_by_label("Label", exact=True).fill(f"Revenue of one {name}")
    page.get_by_label("Id", exact=True).fill(name)
    page.get_by_label("Unit").select_option("currency")
    page.get_by_role("button", name="Preview").click()
    totals = shop.ask(metrics=["revenue", "buyers"])["total"]["values"]
    expect(page.locator("#define-answer strong")).to_have_text(f"€{totals['revenue'] / totals['buyers']:.2f}")
    assert name not in {metric["id"] for metric in shop.get("/api/v1/metrics/catalog")["metrics"]}
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("combobox", name="Metrics").fill(name)
    expect(page.get_by_role("option", name=re.compile(f"Revenue of one {name}"))).to_be_visible()
    expect(page.get_by_role("group", name="Your own")).to_be_visible()


def test_each_thing_that_is_wrong_is_told_at_its_field(shop: Server, open_page: OpenPage) -> None:
    page = opened(open_page, shop, "/explore?metrics=revenue", expect_errors=True)
    page.get_by_label("Id", exact=True).fill("Not an id")
    page.get_by_label("Where", exact=True).fill("category ==! 'x'")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#define-id-error")).to_contain_text("is not an id")
    expect(page.locator("#define-where-error")).to_contain_text("is not an expression")
    expect(page.get_by_label("Id", exact=True)).to_be_focused()
    expect(page.get_by_label("Where", exact=True)).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Id", exact=True).fill("revenue")
    page.get_by_label("Where", exact=True).fill("")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#define-id-error")).to_contain_text("declared twice")
    expect(page.locator("#define-where-error")).to_be_empty()
    page.get_by_label("A formula over metrics").check()
    page.get_by_label("Formula", exact=True).fill("revenue / ordrs")
    page.get_by_label("Id", exact=True).fill(fresh())
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#define-formula-error")).to_contain_text("Did you mean 'orders'?")


def test_a_label_that_would_be_markup_stays_text(shop: Server, open_page: OpenPage) -> None:
    page = opened(open_page, shop, "/explore?metrics=orders&user_id=buyer-1-0")
    label = "<img src=x onerror=alert(1)>"
    page.get_by_label("Label", exact=True).fill(label)
    page.get_by_label("Description").fill(label)
    page.get_by_label("Id", exact=True).fill(fresh())
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#metrics li")).to_have_text([re.compile(re.escape(label))])
    expect(page.locator("#tiles .pick")).to_have_text(label)
    page.locator("#tiles .about button").focus()
    expect(page.get_by_role("tooltip")).to_contain_text(label)
    page.get_by_role("combobox", name="Metrics").fill("onerror")
    expect(page.get_by_role("option").filter(has_text=label).first).to_be_visible()
    expect(page.locator("main img")).to_have_count(0)


def test_others_than_admins_are_not_offered_to_save(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore?metrics=orders", key=shop.make_key("analyst"))
    expect(page.locator("#tiles .figure")).to_be_visible()
    expect(page.get_by_role("button", name="Save as metric")).to_have_count(0)
