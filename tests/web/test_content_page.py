"""The content page: what it tells of all and of one piece, what stands in its address, and nothing at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import OpenPage
from .server import Server
from .test_accessibility import violations

pytestmark = pytest.mark.browser

NAMES = ("intro", "show/one", "<b>bold</b>")


def watched() -> list[dict[str, Any]]:
    """Three pieces over twenty days, the first most; and one that everybody opens today."""
    now = datetime.now(UTC) - timedelta(minutes=5)
    found = []
    for day in range(20):
        for place, name in enumerate(NAMES):
            for person in range(6 - 2 * place):
                at = now - timedelta(days=day, minutes=person * 40)
                found += [
                    event(at - timedelta(seconds=60), "content_view", name, person, country="DE"),
                    event(at - timedelta(seconds=50), "content_play", name, person),
                    event(at, "content_complete" if person % 2 else "content_pause", name, person),
                ]
    found += [event(now - timedelta(minutes=n), "content_view", "rising", n) for n in range(40)]
    return [*found, event(now - timedelta(days=9), "content_view", "rising", 1)]


def event(at: datetime, type_: str, content: str, person: int, **more: Any) -> dict[str, Any]:
    return {"event_type": type_, "timestamp": at.isoformat(), "user_id": f"p{person}", "content_id": content, **more}


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("channel"))
    running.keep(*watched())
    yield running
    running.stop()


def test_it_shows_all_content_and_what_rises(channel: Server, open_page: OpenPage) -> None:
    page = open_page(channel, "/content")
    told = channel.get("/api/v1/analytics/content", period="30d")
    rows = page.locator("#list tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.first.locator("th")).to_have_text("intro")
    expect(rows.first.locator("td").first).to_have_text(str(told["content"][0]["total_views"]))
    expect(page.locator("#list th", has_text="<b>bold</b>")).to_have_count(1)
    expect(page.locator("#rising tbody th")).to_have_text("rising")
    expect(page.locator("#traffic canvas")).to_be_visible()
    page.get_by_label("In order of").select_option("-completion_rate")
    expect(page).to_have_url(re.compile("order=-completion_rate"))
    expect(page.locator("#one")).to_be_hidden()


def test_one_piece_is_told_whole(channel: Server, open_page: OpenPage) -> None:
    page = open_page(channel, "/content")
    page.get_by_role("button", name="show/one").click()
    expect(page).to_have_url(re.compile("content=show%2Fone"))
    told = channel.get("/api/v1/analytics/content/show/one", period="30d")
    tiles = page.locator("#tiles li")
    expect(tiles.first.locator(".figure")).to_have_text(str(told["total_views"]))
    expect(tiles.nth(2).locator(".figure")).to_have_text(re.compile("50 sec"))
    expect(page.locator("#hours canvas")).to_be_visible()
    expect(page.locator("#audience")).to_contain_text("4 people")
    expect(page.locator("#after tbody th").first).to_have_text("content_play")
    expect(page.locator("#insights li").first).to_be_visible()
    page.go_back()
    expect(page.locator("#one")).to_be_hidden()


def test_a_piece_that_nobody_knows_is_said(channel: Server, open_page: OpenPage) -> None:
    page = open_page(channel, "/content?content=none", expect_errors=True)
    expect(page.get_by_role("alert")).to_contain_text("No event names the content 'none'")


def test_without_a_view_it_says_what_views_are(channel: Server, open_page: OpenPage) -> None:
    page = open_page(channel, "/content?start_time=2020-01-01&end_time=2020-02-01")
    expect(page.get_by_role("heading", name="No content was viewed")).to_be_visible()
    page.get_by_role("button", name="Last 12 months").click()
    expect(page.locator("#traffic canvas")).to_be_visible()


def test_it_has_no_violation_of_accessibility(channel: Server, open_page: OpenPage) -> None:
    page = open_page(channel, "/content?content=intro")
    expect(page.locator("#hours canvas")).to_be_visible()
    page.get_by_text("As a table").click()
    assert violations(page) == []


def test_it_fits_a_phone(channel: Server, open_page: OpenPage) -> None:
    page = open_page(channel, "/content?content=intro", viewport={"width": 390, "height": 844})
    expect(page.locator("#hours canvas")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
