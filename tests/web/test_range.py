"""Periods on the tenant's wall clock, through daylight saving: the module itself, run in the browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from .conftest import OpenPage
from .server import Server

pytestmark = pytest.mark.browser

_IMPORT = """async ([choice, now]) => {
  document.body.dataset.zone = "Europe/Berlin";
  const script = document.querySelector("script[type=module]").src;
  const { period } = await import(new URL("range.js", script).href);
  return period(choice, Date.parse(now));
}"""


@pytest.fixture
def page(server: Server, open_page: OpenPage) -> Page:
    return open_page(server, "/sign-in", signed_in=False)


def period(page: Page, choice: dict[str, str], now: str) -> Any:
    return page.evaluate(_IMPORT, [choice, now])


def test_today_begins_at_midnight_of_the_tenant_and_is_compared_with_yesterday_up_to_now(page: Page) -> None:
    found = period(page, {"preset": "today"}, "2026-06-30T22:30:10Z")
    assert (found["start"], found["end"]) == ("2026-07-01T00:00:00", "2026-07-01T00:31:00")
    assert found["previous"] == {"start": "2026-06-30T00:00:00", "end": "2026-06-30T00:31:00"}


def test_seven_days_across_the_spring_change_still_begin_at_midnight(page: Page) -> None:
    found = period(page, {"preset": "7d"}, "2026-04-01T10:00:00Z")
    assert (found["start"], found["end"]) == ("2026-03-26T00:00:00", "2026-04-01T12:01:00")
    assert found["previous"] == {"start": "2026-03-19T00:00:00", "end": "2026-03-25T12:01:00"}


def test_twelve_months_begin_with_a_month_and_compare_with_the_year_before(page: Page) -> None:
    found = period(page, {"preset": "12mo"}, "2028-02-29T12:00:00Z")
    assert found["start"] == "2027-03-01T00:00:00"
    assert found["previous"] == {"start": "2026-03-01T00:00:00", "end": "2027-02-28T14:00:00"}


def test_the_last_24_hours_are_whole_hours_of_real_time(page: Page) -> None:
    found = period(page, {"preset": "24h"}, "2026-10-25T10:20:30Z")
    assert (found["start"], found["end"]) == ("2026-10-24T11:00:00Z", "2026-10-25T10:21:00Z")
    assert found["previous"] == {"start": "2026-10-23T11:00:00Z", "end": "2026-10-24T10:21:00Z"}


def test_a_custom_period_of_the_past_ends_with_its_last_day(page: Page) -> None:
    found = period(page, {"preset": "custom", "from": "2026-03-28", "to": "2026-03-29"}, "2026-06-01T00:00:00Z")
    assert (found["start"], found["end"]) == ("2026-03-28T00:00:00", "2026-03-30T00:00:00")
    assert found["previous"] == {"start": "2026-03-26T00:00:00", "end": "2026-03-28T00:00:00"}
    assert found["open"] is False


@pytest.mark.parametrize(
    ("start", "end", "interval"),
    [
        ("2026-03-01", "2026-03-01", "1h"),
        ("2026-03-01", "2026-03-14", "4h"),
        ("2026-01-01", "2026-03-01", "1d"),
        ("2025-01-01", "2026-01-01", "1w"),
        ("2020-01-01", "2026-01-01", "1mo"),
    ],
)
def test_a_longer_period_is_drawn_in_coarser_steps(page: Page, start: str, end: str, interval: str) -> None:
    found = period(page, {"preset": "custom", "from": start, "to": end}, "2026-06-01T00:00:00Z")
    assert found["interval"] == interval
