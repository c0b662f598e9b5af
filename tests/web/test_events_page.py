"""The explorer: filters that live in the address, paging, details, curl, exports, bots, dead letters."""

from __future__ import annotations

import csv
import io
import re
import shlex
import subprocess
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from .conftest import OpenPage
from .server import ADMIN_KEY, Server

pytestmark = pytest.mark.browser

_BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def someone() -> str:
    return f"user-{uuid.uuid4().hex[:12]}"


def rows(page: Page) -> int:
    return page.locator("#rows tr.row").count()


def test_filters_narrow_the_list_and_the_address_can_be_shared(server: Server, open_page: OpenPage) -> None:
    user, other = someone(), someone()
    server.keep(
        {"event_type": "view.cheap", "user_id": user, "properties": {"price": 5}},
        {"event_type": "view.dear", "user_id": user, "properties": {"price": 50}},
        {"event_type": "view.dear", "user_id": other, "properties": {"price": 70}},
    )
    page = open_page(server, "/events")
    page.get_by_label("User").fill(user)
    page.get_by_role("button", name="Add a property").click()
    page.get_by_label("Property", exact=True).fill("price")
    page.get_by_label("Operator").select_option("is at least")
    page.get_by_label("Value").fill("10")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("#rows tr.row")).to_have_count(1)
    expect(page.locator("#rows")).to_contain_text("view.dear")
    shared = page.url.removeprefix(server.url)
    assert f"user_id={user}" in shared
    again = open_page(server, shared)
    expect(again.locator("#rows tr.row")).to_have_count(1)
    expect(again.get_by_label("Value")).to_have_value("10")


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [("eq", "5", 1), ("ne", "5", 2), ("gt", "5", 1), ("lte", "5", 1), ("exists", "true", 2), ("in", "5,50", 2)],
)
def test_every_operator_of_the_form_is_understood_by_the_service(
    server: Server, open_page: OpenPage, operator: str, value: str, found: int
) -> None:
    user = someone()
    server.keep(
        {"event_type": "op", "user_id": user, "properties": {"price": 5}},
        {"event_type": "op", "user_id": user, "properties": {"price": 50}},
        {"event_type": "op", "user_id": user, "properties": {"other": "x"}},
    )
    page = open_page(server, f"/events?user_id={user}&property.price.{operator}={value}")
    expect(page.locator("#rows tr.row")).to_have_count(found)


def test_a_property_called_like_something_of_the_language_is_a_property(server: Server, open_page: OpenPage) -> None:
    user = someone()
    server.keep({"event_type": "x", "user_id": user, "properties": {"java": {"constructor": "y"}}})
    page = open_page(server, f"/events?user_id={user}&property.java.constructor=y")
    expect(page.locator("#rows tr.row")).to_have_count(1)


def test_older_pages_follow_without_a_gap_or_a_repeat(server: Server, open_page: OpenPage) -> None:
    user = someone()
    server.keep(*({"event_type": "paged", "user_id": user, "properties": {"n": n}} for n in range(230)))
    page = open_page(server, f"/events?user_id={user}")
    expect(page.locator("#rows tr.row")).to_have_count(100)
    page.get_by_role("button", name="Older").click()
    expect(page.locator("#rows tr.row")).to_have_count(200)
    page.get_by_role("button", name="Older").click()
    expect(page.locator("#rows tr.row")).to_have_count(230)
    expect(page.get_by_role("button", name="Older")).to_be_hidden()
    seen = [int(text.split()[-1]) for text in page.locator("#rows tr.row td:nth-child(7)").all_inner_texts()]
    assert sorted(seen) == list(range(230))


def test_a_row_opens_with_the_keyboard_and_shows_the_event(server: Server, open_page: OpenPage) -> None:
    user = someone()
    server.keep({"event_type": "opened", "user_id": user, "properties": {"deep": {"list": [1, None, "<b>"]}}})
    page = open_page(server, f"/events?user_id={user}")
    expect(page.locator("#rows tr.row")).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    details = page.locator("#rows tr.details")
    expect(details.locator("pre")).to_contain_text('"<b>"')
    expect(page.locator(".expand")).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Enter")
    expect(details).to_be_hidden()


def test_the_copied_curl_line_gives_the_events_that_are_shown(server: Server, open_page: OpenPage) -> None:
    user = someone()
    server.keep({"event_type": "curled", "user_id": user, "properties": {"name": "it's"}})
    page = open_page(
        server, f"/events?user_id={user}&property.name.eq=it%27s", permissions=["clipboard-read", "clipboard-write"]
    )
    expect(page.locator("#rows tr.row")).to_have_count(1)
    page.get_by_role("button", name="Copy as curl").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    line = page.evaluate("navigator.clipboard.readText()")
    assert shlex.split(line)[0] == "curl"
    answer = subprocess.run(
        ["sh", "-c", line],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
        env={"FACTBOOK_KEY": ADMIN_KEY, "PATH": "/usr/bin:/bin"},
    )
    assert user in answer.stdout


def test_the_export_holds_exactly_what_the_filters_show(server: Server, open_page: OpenPage) -> None:
    user = someone()
    server.keep(
        *({"event_type": "exported", "user_id": user} for _ in range(3)), {"event_type": "x", "user_id": someone()}
    )
    page = open_page(server, f"/events?user_id={user}")
    expect(page.locator("#rows tr.row")).to_have_count(3)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    lines = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
    assert [line["user_id"] for line in lines] == [user] * 3
    with page.expect_download() as download:
        page.get_by_role("link", name="Parquet").click()
    assert download.value.path().read_bytes()[:4] == b"PAR1"


def test_bots_are_hidden_until_asked_for(server: Server, open_page: OpenPage) -> None:
    user = someone()
    server.keep({"event_type": "seen", "user_id": user}, {"event_type": "seen", "user_id": user, "user_agent": _BOT})
    page = open_page(server, f"/events?user_id={user}")
    expect(page.locator("#rows tr.row")).to_have_count(1)
    page.get_by_label("Show bots").check()
    expect(page.locator("#rows tr.row")).to_have_count(2)
    expect(page.locator(".bot")).to_have_count(1)


def test_nothing_found_offers_to_look_in_all_time(server: Server, open_page: OpenPage) -> None:
    user = someone()
    server.keep(
        {"event_type": "old", "user_id": user, "timestamp": (datetime.now(UTC) - timedelta(days=9)).isoformat()}
    )
    page = open_page(server, f"/events?user_id={user}&range=1h")
    expect(page.locator("#events-message")).to_contain_text("No events match these filters in this time.")
    page.get_by_role("button", name="Look in all time").click()
    expect(page.locator("#rows tr.row")).to_have_count(1)


def test_a_filter_the_service_refuses_is_told_in_its_own_words(server: Server, open_page: OpenPage) -> None:
    page = open_page(server, "/events?start_time=yesterday", expect_errors=True)
    expect(page.locator("#events-message").get_by_role("alert")).to_contain_text("start_time is not a time")


def test_going_back_restores_the_filters(server: Server, open_page: OpenPage) -> None:
    page = open_page(server, "/events?range=7d")
    page.get_by_label("User").fill("nobody-here")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile("nobody-here"))
    page.go_back()
    expect(page.get_by_label("User")).to_have_value("")
    expect(page.get_by_role("combobox", name="Time")).to_have_value("7d")


def test_a_dropped_event_is_a_dead_letter_with_its_reason(server: Server, open_page: OpenPage) -> None:
    mark = someone()
    late = {"event_type": "late", "user_id": mark, "timestamp": "2001-01-01T00:00:00Z"}
    assert len(server.send({"event_type": "in_time", "user_id": someone()}, late)["errors"]) == 1
    server.wait_for_letter(mark)
    page = open_page(server, "/events")
    page.get_by_role("tab", name="Dead letters").click()
    expect(page).to_have_url(re.compile("tab=letters"))
    row = page.locator("#letter-rows tr.row").first
    expect(row).to_contain_text("too_old")
    row.locator(".expand").click()
    expect(page.locator("#letter-rows tr.details").first).to_contain_text(mark)


def test_a_dead_letter_whose_cause_is_mended_is_accepted_when_sent_again(server: Server, open_page: OpenPage) -> None:
    name, mark = f"strict_{uuid.uuid4().hex[:8]}", someone()
    schema = {"type": "object", "properties": {"seats": {"type": "integer", "minimum": 1}}}
    server.define(name, schema)
    server.send(
        {"event_type": "in_time", "user_id": someone()},
        {"event_type": name, "user_id": mark, "properties": {"seats": 0}},
    )
    server.wait_for_letter(mark)
    page = open_page(server, "/events?tab=letters")
    row = page.locator("#letter-rows tr.row").filter(has_text="seats").first
    expect(row).to_contain_text("breaks_schema")
    server.define(name, {"type": "object"})
    row.get_by_role("button", name="Send again").click()
    expect(page.get_by_role("status").filter(has_text="accepted")).to_be_visible()
    expect(row).to_contain_text("Sent again")
    server.wait_for([mark], 1)
