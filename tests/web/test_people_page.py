"""The people page: everybody together, the list in the order chosen, and nobody at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from .conftest import OpenPage
from .server import Server
from .test_accessibility import violations

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("people"))
    now = datetime.now(UTC)
    visits = {"<b>ann</b>": (2, 50, 90), "bob": (1,)}
    running.keep(
        *(
            {"event_type": "page_view", "timestamp": (now - timedelta(hours=ago)).isoformat(), "user_id": user}
            for user, hours in visits.items()
            for ago in hours
        )
    )
    running.wait_until(lambda: running.get("/api/v1/analytics/users")["people_with_sessions"] == 2, "sessions")
    yield running
    running.stop()


def test_it_shows_everybody_and_the_list_in_the_order_chosen(people: Server, open_page: OpenPage) -> None:
    page = open_page(people, "/people")
    tiles = page.locator("#tiles li")
    expect(tiles.nth(0).locator(".figure")).to_have_text("2")
    expect(tiles.nth(1).locator(".figure")).to_have_text("4")
    expect(page.locator("#scores canvas")).to_be_visible()
    expect(page.locator("#people tbody th")).to_have_text(["bob", "<b>ann</b>"])
    page.locator("select[name=order]").select_option("-sessions")
    expect(page).to_have_url(re.compile("order=-sessions"))
    expect(page.locator("#people tbody th")).to_have_text(["<b>ann</b>", "bob"])
    with page.expect_download() as download:
        page.locator("#csv").click()
    assert download.value.path().read_text().startswith("user_id,anonymous_id,")
    page.get_by_role("link", name="bob").click()
    expect(page).to_have_url(re.compile("/journeys\\?id=bob"))


def test_where_nobody_was_the_page_says_what_to_do(people: Server, open_page: OpenPage) -> None:
    page = open_page(people, "/people?start_time=2020-01-01&end_time=2020-02-01")
    expect(page.get_by_role("heading", name="Nobody was here")).to_be_visible()
    page.get_by_role("button", name="Last 12 months").click()
    expect(page.locator("#scores canvas")).to_be_visible()


def test_it_fits_a_telephone_and_breaks_no_rule_of_accessibility(people: Server, open_page: OpenPage) -> None:
    page = open_page(people, "/people", viewport={"width": 390, "height": 844})
    expect(page.locator("#scores canvas")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []
