"""The metric explorer: what is picked is what is asked, and what is shown is what the service answers."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, Route, expect

from .conftest import OpenPage
from .server import Server
from .shop import FORMULA, MARKUP, SCRIPT

pytestmark = pytest.mark.browser

_DRAWN = """() => echarts.getInstanceByDom(document.getElementById("chart")).getOption().series
  .map(({id, name, type, stack, data, lineStyle}) => ({id, name, type, stack, dashed: Array.isArray(lineStyle?.type),
    data: data.map((one) => one !== null && typeof one === "object" ? one.value : one)}))"""


def drawn(page: Page) -> dict[str, Any]:
    """The series of the chart by their ids."""
    return {one["id"]: one for one in page.evaluate(_DRAWN)}


def pick(page: Page, label: str, words: str, name: str) -> None:
    """Chooses `name` from the list called `label` by typing `words`."""
    page.get_by_role("combobox", name=label).fill(words)
    page.get_by_role("option", name=re.compile(f"^{re.escape(name)}")).first.click()


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlparse(page.url).query)


def euros(amount: float) -> str:
    return f"€{amount:,.2f}" if amount < 10_000 else f"€{amount:,.0f}"


def test_what_is_picked_is_drawn_and_listed_with_the_numbers_of_the_service(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore")
    expect(page.get_by_role("heading", name="Choose a metric")).to_be_visible()
    pick(page, "Metrics", "revenue", "Revenue")
    pick(page, "Metrics", "count of purchase", "Orders")
    expect(page.locator("#metrics li")).to_have_text([re.compile("Revenue"), re.compile("Orders")])
    expect(page.locator("#tiles .tile")).to_have_count(2)
    answer = shop.ask(metrics=["revenue", "orders"], period="30d", granularity="auto")
    values = answer["total"]["values"]
    figures = page.locator("#tiles .figure")
    expect(figures).to_have_text([euros(values["revenue"]), f"{values['orders']:,}"])
    series = drawn(page)
    last = len(answer["times"]) - 1
    for name in ("revenue", "orders"):
        whole = [None if at == last else value for at, value in enumerate(answer["total"]["series"][name])]
        assert series[name]["data"] == whole
        assert series[f"{name}-cut"]["data"][-2:] == answer["total"]["series"][name][-2:]
        assert series[f"{name}-cut"]["dashed"]
    page.get_by_role("button", name="By day").click()
    cells = page.locator("#by-time tbody tr").last.locator("td")
    expect(cells).to_have_text(
        [euros(answer["total"]["series"]["revenue"][last]), str(answer["total"]["series"]["orders"][last])]
    )


def test_a_bucket_without_a_value_is_a_gap_and_not_a_zero(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore?metrics=average_order_value")
    expect(page.locator("#chart")).to_have_attribute("aria-label", re.compile("Average order value between"))
    data = drawn(page)["average_order_value"]["data"]
    answer = shop.ask(metrics=["average_order_value"], period="30d", granularity="1d")
    told = answer["total"]["series"]["average_order_value"]
    assert data[:-1] == told[:-1]
    assert None in told[10:-1]
    page.get_by_role("button", name="By day").click()
    expect(page.locator("#by-time tbody tr").nth(told.index(None)).locator("td")).to_have_text("\u2013")


def test_a_cut_shows_every_row_its_share_the_rest_and_that_it_is_cut(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore?metrics=revenue,orders&dimensions=category&limit=2&show=share")
    answer = shop.ask(
        metrics=["revenue", "orders"], dimensions=["category"], period="30d", granularity="1d", limit=2, show=["share"]
    )
    rows = page.locator("#totals tbody tr")
    expect(rows).to_have_count(3)
    for at, row in enumerate(answer["rows"]):
        name = "Other" if row["other"] else row["dimensions"]["category"]
        expect(rows.nth(at).locator("th")).to_have_text(name)
        expect(rows.nth(at).locator("td").nth(0)).to_have_text(euros(row["values"]["revenue"]))
        expect(rows.nth(at).locator("td").nth(1)).to_have_text(
            re.compile(rf"^{100 * row['share']['revenue']:.1f}".removesuffix(".0"))
        )
    expect(page.locator("#totals tfoot td").first).to_have_text(euros(answer["total"]["values"]["revenue"]))
    expect(page.locator("#cut-note")).to_contain_text("2 of 6 rows are shown")
    series = drawn(page)
    assert [one["data"] for one in series.values()] == [row["series"]["revenue"] for row in answer["rows"]]
    assert {one["stack"] for one in series.values()} == {"all"}
    page.get_by_role("button", name="Raise the limit to 10").click()
    expect(rows).to_have_count(6)
    expect(page.locator("#cut-note")).to_be_hidden()


def test_a_stack_of_many_rows_reaches_to_the_total(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore?metrics=orders&dimensions=user_id&limit=100")
    answer = shop.ask(metrics=["orders"], dimensions=["user_id"], period="30d", granularity="1d", limit=100)
    expect(page.locator("#undrawn")).to_have_text(f"The table has {len(answer['rows']) - 8} more rows.")
    series = [one["data"] for one in drawn(page).values()]
    assert len(series) == 9
    assert [sum(values) for values in zip(*series, strict=True)] == answer["total"]["series"]["orders"]


def test_the_tile_of_a_cut_chooses_the_metric_that_is_drawn(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore?metrics=revenue,orders&dimensions=category")
    page.locator("#tiles").get_by_role("button", name="Orders", exact=True).click()
    expect(page.locator("#chart-title")).to_have_text("Orders by Category, by day")
    expect(page).to_have_url(re.compile("drawn=orders"))
    rows = shop.ask(metrics=["orders"], dimensions=["category"], period="30d", granularity="1d")["rows"]
    assert sorted(sum(one["data"]) for one in drawn(page).values()) == sorted(row["values"]["orders"] for row in rows)


def test_names_that_would_be_markup_stay_text(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore?metrics=revenue&dimensions=category&compare=previous_period")
    names = page.locator("#totals tbody th")
    for name in (SCRIPT, MARKUP, FORMULA):
        expect(names.filter(has_text=name)).to_have_count(1)
        expect(page.locator("#legend").get_by_text(name, exact=True)).to_be_visible()
    expect(page.locator("main img, main script")).to_have_count(0)
    chart = page.locator("#chart")
    chart.scroll_into_view_if_needed()
    chart.hover()
    names.filter(has_text=SCRIPT).get_by_role("button").click()
    expect(page.get_by_label("Value", exact=True)).to_have_value(SCRIPT)
    expect(page.locator("#tiles .figure")).to_have_text(re.compile("€"))


def test_the_period_before_is_drawn_dashed_and_the_change_says_whether_it_is_good(
    shop: Server, open_page: OpenPage
) -> None:
    page = open_page(shop, "/explore?metrics=revenue&period=7d&granularity=1d")
    page.get_by_label("Compare with").select_option("previous period")
    expect(page.locator("#legend")).to_contain_text("period before")
    answer = shop.ask(metrics=["revenue"], period="7d", granularity="1d", compare="previous_period")
    past = drawn(page)["revenue-past"]
    assert past["dashed"]
    assert past["data"] == answer["total"]["previous_series"]["revenue"]
    better = answer["total"]["change"]["revenue"] > 0
    change = page.locator("#tiles .change")
    expect(change).to_have_class(re.compile("good" if better else "bad"))
    expect(change).to_contain_text("better" if better else "worse")
    expect(change).to_contain_text("▲" if better else "▼")
    expect(page.locator("#tiles .beside")).to_contain_text(f"from {euros(answer['total']['previous']['revenue'])}")


def test_filters_are_asked_once_they_say_something(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore?metrics=orders")
    expect(page.locator("#tiles .figure")).to_be_visible()
    page.get_by_role("button", name="Add a filter").click()
    page.get_by_label("Field").fill("property.quantity")
    page.get_by_label("Operator").select_option("is at least")
    assert "property.quantity" not in page.url
    page.get_by_label("Value", exact=True).fill("3")
    page.get_by_label("Value", exact=True).press("Enter")
    expect(page).to_have_url(re.compile(r"property\.quantity\.gte=3"))
    found = shop.ask(metrics=["orders"], filters={"property.quantity.gte": "3"})["total"]["values"]["orders"]
    assert found > 0
    expect(page.locator("#tiles .figure")).to_have_text(str(found))
    page.get_by_role("button", name="Remove this filter").click()
    everything = shop.ask(metrics=["orders"])["total"]["values"]["orders"]
    expect(page.locator("#tiles .figure")).to_have_text(str(everything))


@pytest.mark.parametrize(
    "address",
    [
        "/explore?metrics=revenue,orders&dimensions=category&period=7d&granularity=1d&compare=previous_year"
        "&order=-orders&limit=3&fill=zero&show=share,running_total&country=DE&property.price.gte=10",
        "/explore?metrics=orders&dimensions=category,property.quantity&top_per=category&start_time=2026-03-01&end_time=2026-03-31",
        "/explore?metrics=events.count.purchase&granularity=none&timezone=Asia/Tokyo&include_bots=true&property.in.eq=a%26b",
    ],
)
def test_the_address_holds_the_whole_question(shop: Server, open_page: OpenPage, address: str) -> None:
    page = open_page(shop, address)
    expect(page.locator("#metrics li").first).to_be_visible()
    before = asked(page)
    page.get_by_role("button", name="90 days").click()
    expect(page).to_have_url(re.compile("period=90d"))
    gone = ("start_time", "end_time", "period")
    kept = {name: value for name, value in before.items() if name not in gone}
    assert {name: value for name, value in asked(page).items() if name != "period"} == kept
    page.go_back()
    expect(page.get_by_role("button", name="90 days")).to_have_attribute("aria-pressed", "false")
    assert asked(page) == before


def test_the_way_back_asks_the_question_before(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore?metrics=orders")
    pick(page, "Cut by", "category", "Category")
    expect(page.locator("#totals tbody tr")).to_have_count(6)
    page.keyboard.press("Escape")
    page.go_back()
    expect(page.locator("#cuts li")).to_have_count(0)
    expect(page.locator("#totals tbody tr")).to_have_count(1)


def test_a_question_that_was_changed_is_not_waited_for(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore?metrics=orders")
    expect(page.locator("#tiles .figure")).to_be_visible()
    held: list[Route] = []
    page.route("**/dashboard/metrics", lambda route: held.append(route) if not held else route.continue_())
    with page.expect_event("requestfailed") as ended:
        page.get_by_role("button", name="7 days").click()
        expect(page.locator("#answer")).to_have_attribute("aria-busy", "true")
        page.get_by_role("button", name="90 days").click()
    assert '"period":"7d"' in str(ended.value.post_data)
    expect(page.locator("#answer")).to_have_attribute("aria-busy", "false")
    expect(page.locator("#tiles .figure")).to_have_text(
        str(shop.ask(metrics=["orders"], period="90d")["total"]["values"]["orders"])
    )


def test_the_legend_switches_series_off_and_on(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore?metrics=revenue&dimensions=category&chart=line")
    books = page.locator("#legend").get_by_role("button", name="Books")
    books.click()
    expect(books).to_have_attribute("aria-pressed", "false")
    expect(books).to_be_focused()
    assert "Books" not in {one["name"] for one in drawn(page).values()}
    books.click()
    assert "Books" in {one["name"] for one in drawn(page).values()}


def test_no_more_than_two_units_share_a_chart(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore?metrics=revenue,orders,conversion_rate")
    rate = page.locator("#legend").get_by_role("button", name="Conversion rate")
    expect(rate).to_have_attribute("aria-pressed", "false")
    rate.click()
    expect(rate).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#legend").get_by_role("button", name="Orders")).to_have_attribute("aria-pressed", "false")
    assert page.evaluate("echarts.getInstanceByDom(document.getElementById('chart')).getOption().yAxis.length") == 2


def test_running_totals_and_means_are_drawn_as_asked(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore?metrics=orders&show=running_total,moving_average_7&lines=running_total")
    answer = shop.ask(metrics=["orders"], period="30d", granularity="1d", show=["running_total", "moving_average_7"])
    expect(page.locator("#lines")).to_have_value("running_total")
    assert drawn(page)["orders"]["data"][:-1] == answer["total"]["running_total"]["orders"][:-1]
    page.locator("#lines").select_option("Mean of 7")
    expect(page).to_have_url(re.compile("lines=moving_average_7"))
    assert drawn(page)["orders"]["data"][:-1] == answer["total"]["moving_average_7"]["orders"][:-1]


def test_a_column_s_head_orders_the_rows(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore?metrics=revenue,orders&dimensions=category&limit=2")
    page.locator("#totals").get_by_role("button", name="Orders", exact=True).click()
    expect(page).to_have_url(re.compile("order=-orders"))
    head = page.locator("#totals thead th").filter(has_text="Orders").first
    expect(head).to_have_attribute("aria-sort", "descending")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    fewest = shop.ask(metrics=["revenue", "orders"], dimensions=["category"], order="orders", limit=2)["rows"][0]
    expect(page.locator("#totals tbody th").first).to_have_text(fewest["dimensions"]["category"])


def test_parts_of_the_calendar_are_called_as_the_reader_calls_them(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore?metrics=orders&dimensions=day_of_week&granularity=none", locale="de-DE")
    expect(page.locator("#totals tbody th").first).to_have_text("Montag")
    expect(page.locator("#chart")).to_have_attribute("aria-label", re.compile("Sonntag"))


def test_a_total_tells_how_it_is_computed_and_how_exact_it_is(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore?metrics=average_order_value,active_users")
    page.get_by_role("button", name="How Average order value is computed").focus()
    tip = page.get_by_role("tooltip")
    expect(tip).to_contain_text("revenue / orders")
    expect(tip).to_contain_text("What one purchase brings.")
    page.keyboard.press("Escape")
    expect(tip).to_have_count(0)
    page.get_by_role("button", name="How Active users is computed").hover()
    expect(tip).to_contain_text("exact to 4,000")


def test_the_explanation_shows_tables_rows_and_the_statement(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore?metrics=orders&country=DE")
    page.locator("#explain summary").click()
    told = page.locator("#explained")
    expect(told).to_contain_text("a filter on country is answered from single events")
    expect(told.locator("pre")).to_contain_text("FROM events")
    expect(told.locator(".facts")).to_contain_text("Rows read")
    expect(page).to_have_url(re.compile("explain=true"))


def test_names_that_nobody_declared_may_be_typed(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore")
    pick(page, "Metrics", "purchase.quantity", "purchase.quantity")
    total = shop.ask(metrics=["purchase.quantity"])["total"]["values"]["purchase.quantity"]
    expect(page.locator("#tiles .figure")).to_have_text(f"{total:g}")
    pick(page, "Cut by", "quantity", "property.quantity")
    expect(page.locator("#totals tbody tr")).to_have_count(4)


def test_a_phone_shows_wide_tables_without_scrolling_the_page_sideways(shop: Server, open_page: OpenPage) -> None:
    how: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
    wide = "/explore?metrics=revenue,orders,conversion_rate&period=7d&compare=previous_period&show=share"
    page = open_page(shop, wide, **how)
    for cut in ("", "&dimensions=category"):
        page.goto(shop.url + wide + cut)
        expect(page.locator("#totals .change").first).to_be_visible()
        page.locator("#tiles .about button").first.tap()
        expect(page.get_by_role("tooltip")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_keyboard_alone_asks_a_whole_question(shop: Server, open_page: OpenPage) -> None:
    page = open_page(shop, "/explore")
    expect(page.get_by_role("heading", name="Choose a metric")).to_be_visible()
    page.keyboard.press("/")
    field = page.get_by_role("combobox", name="Metrics")
    expect(field).to_be_focused()
    page.keyboard.type("orders")
    page.keyboard.press("Enter")
    expect(page.locator("#metrics li")).to_have_text([re.compile("Orders")])
    page.keyboard.press("ArrowDown")
    marked = field.get_attribute("aria-activedescendant")
    expect(page.locator(f"#{marked}")).to_have_class("marked")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_have_count(0)
    page.keyboard.press("Tab")
    page.keyboard.type("category")
    expect(page.get_by_role("option", name=re.compile("^Category")).first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#totals tbody tr")).to_have_count(6)
    page.keyboard.press("Escape")
    page.locator("#cuts button").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Cut by")).to_be_focused()
    page.get_by_role("button", name="30 days").focus()
    page.keyboard.press("3")
    expect(page.get_by_role("button", name="7 days")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("c")
    expect(page).to_have_url(re.compile("compare=previous_period"))
