"""The overview: live numbers, the reader's way of writing them, periods with comparison, keyboard, phone."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from .conftest import OpenPage
from .server import Event, Server

pytestmark = pytest.mark.browser


def ago(**span: float) -> str:
    return (datetime.now(UTC) - timedelta(**span)).isoformat()


def someone() -> str:
    return f"user-{uuid.uuid4().hex[:12]}"


def purchase(user: str, amount: float, **more: object) -> Event:
    return {"event_type": "purchase", "user_id": user, "properties": {"amount": amount, "currency": "USD"}, **more}


def dollars(amount: float) -> str:
    return f"US${amount:,.2f}" if amount < 10_000 else f"US${amount:,.0f}"


def test_an_event_shows_at_once_without_a_reload(server: Server, open_page: OpenPage) -> None:
    page = open_page(server)
    expect(page.locator("#status")).to_have_text("Live")
    user = someone()
    server.send({"event_type": "page_view", "user_id": user})
    expect(page.locator("#newest").get_by_text(user)).to_be_visible()


def test_the_tiles_move_with_what_comes_in(own_server: Server, open_page: OpenPage) -> None:
    own_server.keep(purchase(someone(), 10))
    orders = open_page(own_server).locator('[data-tile="orders_today"] .figure')
    expect(orders).to_have_text("1")
    own_server.keep(purchase(someone(), 15), purchase(someone(), 25))
    expect(orders).to_have_text("3")


def test_the_tiles_say_what_the_service_says(server: Server, open_page: OpenPage) -> None:
    server.keep(purchase(someone(), 1234.5))
    page = open_page(server)
    expect(page.locator("#status")).to_have_text("Live")
    now = server.get("/realtime/overview")
    expect(page.locator('[data-tile="revenue_today"] .figure')).to_have_text(dollars(now["revenue_today"]))
    expect(page.locator('[data-tile="active_users"] .figure')).to_have_text(f"{now['active_users']:,}")


def test_numbers_are_written_the_reader_s_way(server: Server, open_page: OpenPage) -> None:
    server.keep(purchase(someone(), 1234.5))
    page = open_page(server, locale="de-DE")
    expect(page.locator('[data-tile="revenue_today"] .figure')).to_have_text(
        re.compile(r"^\d{1,3}(\.\d{3})+(,\d\d)?\s\$$")
    )


def test_amounts_in_several_currencies_are_not_added_up_before_they_have_rates(
    own_server: Server, open_page: OpenPage
) -> None:
    own_server.keep(purchase(someone(), 10), purchase(someone(), 5, properties={"amount": 5, "currency": "EUR"}))
    page = open_page(own_server)
    revenue = page.locator('[data-tile="revenue_today"]')
    expect(revenue.locator(".figure")).to_have_text("\u2013")
    expect(revenue.locator(".beside")).to_have_text("a currency has no rate")
    expect(page.locator('[data-tile="orders_today"] .figure')).to_have_text("2")
    expect(page.locator("[data-measure=revenue] .figure")).to_have_text("15.00")
    own_server.choose(currency="EUR", rates={"USD": 0.5})
    page.reload()
    expect(revenue.locator(".figure")).to_have_text("\u20ac10.00")


def test_what_is_no_longer_kept_is_said(own_server: Server, open_page: OpenPage) -> None:
    own_server.keep(purchase(someone(), 10))
    page = open_page(own_server, "/?preset=custom&from=2010-01-01&to=2011-12-31&compare=false")
    expect(page.locator("#series-kept")).to_contain_text("what is older was kept no longer")
    page.get_by_role("button", name="7 days").click()
    expect(page.locator("#series-kept")).to_be_hidden()


def test_what_is_unknown_is_a_dash_and_not_a_zero(own_server: Server, open_page: OpenPage) -> None:
    own_server.keep({"event_type": "page_view", "user_id": someone()})
    page = open_page(own_server)
    expect(page.locator('[data-tile="orders_today"] .figure')).to_have_text("0")
    expect(page.locator('[data-tile="cart_value_avg"] .figure')).to_have_text("\u2013")


def test_times_are_those_of_the_tenant_wherever_the_browser_is(server: Server, open_page: OpenPage) -> None:
    user = someone()
    moment = (datetime.now(UTC) - timedelta(days=3)).replace(hour=23, minute=30, second=0, microsecond=0)
    there = moment.astimezone(ZoneInfo(server.zone))
    server.keep({"event_type": "page_view", "user_id": user, "timestamp": moment.isoformat()})
    page = open_page(server, f"/events?range=all&user_id={user}", timezone_id="America/Los_Angeles")
    expect(page.locator("#rows time")).to_have_text(re.compile(rf"^{there.day} \w+ {there.year}, {there:%H}:30:00$"))


def test_a_period_is_compared_with_the_one_before_it(own_server: Server, open_page: OpenPage) -> None:
    now_, before = [someone() for _ in range(6)], [someone() for _ in range(4)]
    own_server.keep(
        *(purchase(user, 10, timestamp=ago(hours=1)) for user in now_),
        *(purchase(user, 10, timestamp=ago(days=8)) for user in before),
    )
    page = open_page(own_server, "/?preset=7d&compare=true")
    events = page.locator("[data-measure=events]")
    expect(events.locator(".figure")).to_have_text("6")
    expect(events.locator(".beside")).to_have_text("+50% from 4")
    page.get_by_label("Compare with the previous period").uncheck()
    expect(events.locator(".beside")).to_have_text("\u00a0")
    expect(page.locator("#series-legend")).to_be_empty()


def test_the_chosen_period_is_in_the_address_and_is_remembered(server: Server, open_page: OpenPage) -> None:
    page = open_page(server)
    page.get_by_role("button", name="30 days").click()
    expect(page).to_have_url(re.compile("preset=30d"))
    page.goto(f"{server.url}/")
    expect(page.get_by_role("button", name="30 days")).to_have_attribute("aria-pressed", "true")


def test_a_custom_period_takes_both_days_whole(own_server: Server, open_page: OpenPage) -> None:
    zone = ZoneInfo(own_server.zone)
    first = datetime.now(zone).date() - timedelta(days=20)
    last = first + timedelta(days=2)
    midnight = datetime.combine(last + timedelta(days=1), time.min, zone)
    moments = [datetime.combine(first, time.min, zone), midnight - timedelta(milliseconds=1), midnight]
    own_server.keep(
        *({"event_type": "page_view", "user_id": someone(), "timestamp": moment.isoformat()} for moment in moments)
    )
    page = open_page(own_server)
    page.get_by_role("button", name="Custom").click()
    page.get_by_label("From").fill(first.isoformat())
    page.get_by_label("to", exact=True).fill(last.isoformat())
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("[data-measure=events] .figure")).to_have_text("2")


def test_a_custom_period_that_runs_backwards_is_refused(server: Server, open_page: OpenPage) -> None:
    page = open_page(server)
    page.get_by_role("button", name="Custom").click()
    page.get_by_label("From").fill("2026-03-05")
    page.get_by_label("to", exact=True).fill("2026-03-01")
    page.get_by_label("to", exact=True).press("Enter")  # the page may still be filling around the button
    expect(page.locator("#custom-error")).to_have_text("The first day is after the last.")


def test_an_empty_period_leads_to_the_time_that_has_events(own_server: Server, open_page: OpenPage) -> None:
    user = someone()
    own_server.keep({"event_type": "page_view", "user_id": user, "timestamp": ago(days=60)})
    page = open_page(own_server, "/?preset=7d")
    page.get_by_role("button", name="Show the 30 days up to it").click()
    expect(page.locator("[data-measure=events] .figure")).to_have_text("1")


def test_what_is_on_top_now_leads_to_its_events(own_server: Server, open_page: OpenPage) -> None:
    own_server.keep(
        {"event_type": "flight.departed", "user_id": someone(), "resource_type": "flight", "resource_id": "XY12"},
        {"event_type": "other", "user_id": someone()},
    )
    page = open_page(own_server)
    page.locator("#content-now").get_by_role("link", name="flight XY12").click()
    expect(page.locator("#rows tr.row")).to_have_count(1)
    expect(page.get_by_label("Resource", exact=True)).to_have_value("XY12")


def test_the_charts_are_there_as_tables_too(server: Server, open_page: OpenPage) -> None:
    server.keep(purchase(someone(), 5))
    page = open_page(server)
    expect(page.locator("#hour-chart")).to_have_attribute("aria-label", re.compile("Events between"))
    page.locator("[data-table=hour-table]").click()
    expect(page.locator("#hour-table tbody tr")).to_have_count(60)
    page.locator("[data-table=series-table]").click()
    expect(page.locator("#series-table thead")).to_contain_text("Previous period")


def test_a_paused_list_stands_still_and_counts_what_waits(server: Server, open_page: OpenPage) -> None:
    page = open_page(server)
    expect(page.locator("#status")).to_have_text("Live")
    page.keyboard.press("p")
    user = someone()
    server.send({"event_type": "page_view", "user_id": user})
    expect(page.locator("#newest-pause")).to_have_text("Go on (1 new)")
    expect(page.locator("#newest").get_by_text(user)).to_have_count(0)
    page.keyboard.press("p")
    expect(page.locator("#newest").get_by_text(user)).to_be_visible()


def test_nothing_in_an_event_becomes_markup(server: Server, open_page: OpenPage) -> None:
    page = open_page(server)
    expect(page.locator("#status")).to_have_text("Live")
    bad = "<img src=x onerror=alert(1)>"
    server.send({"event_type": "page_view", "user_id": someone(), "content_id": bad, "properties": {"title": bad}})
    row = page.locator("#newest button").filter(has_text=bad).first
    row.click()
    expect(page.locator("#event pre")).to_contain_text(bad)
    expect(page.locator("main img, dialog img")).to_have_count(0)


def test_the_theme_follows_the_system_until_it_is_chosen_and_then_is_remembered(
    server: Server, open_page: OpenPage
) -> None:
    page = open_page(server, color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.keyboard.press("t")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Dark mode")).to_have_attribute("aria-pressed", "true")


def test_the_keyboard_reaches_help_periods_and_the_other_page(server: Server, open_page: OpenPage) -> None:
    page = open_page(server)
    expect(page.locator("#dashboard")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    page.keyboard.press("1")
    expect(page.get_by_role("button", name="Today")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("g")
    page.keyboard.press("e")
    expect(page).to_have_url(re.compile("/events"))


def test_the_first_tab_stop_skips_to_the_content_and_focus_can_be_seen(server: Server, open_page: OpenPage) -> None:
    page = open_page(server)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Tab")
    width = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert width == "2px"


_CUT = "/explore?metrics=events.count,users.active&dimensions=content_id&compare=previous_period&show=share"


@pytest.mark.parametrize("path", ["/", "/events", "/events?tab=letters", _CUT, "/kpis"])
def test_a_phone_never_scrolls_sideways(server: Server, open_page: OpenPage, path: str) -> None:
    long = "a-very-long-word-without-any-break-" * 8
    server.keep({"event_type": "page_view", "user_id": someone(), "content_id": long, "properties": {"long": long}})
    page = open_page(server, path, viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    expect(page.locator("#dashboard, [role=tabpanel], #totals, .card").locator("visible=true").first).to_be_visible()
    if path == "/events":
        page.locator(".expand").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_new_events_are_announced_politely_and_not_one_by_one(server: Server, open_page: OpenPage) -> None:
    page = open_page(server)
    expect(page.locator("#status")).to_have_text("Live")
    region = page.locator("#newest-said")
    expect(region).to_have_attribute("aria-live", "polite")
    server.send(*({"event_type": "page_view", "user_id": someone()} for _ in range(5)))
    expect(region).to_have_text(re.compile(r"^\d+ new events, the latest \w+$"))
