"""The trading page: what it tells, its pictures, what stands in its address, and nothing at all."""

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

DAYS = 40


def trades() -> list[dict[str, Any]]:
    """Of forty days a trade a day, each third lost; prices of a symbol three times a day; a balance before them all."""
    now = datetime.now(UTC) - timedelta(minutes=5)
    found = [event(now - timedelta(days=DAYS + 1), "balance.updated", balance=10_000, account_id="a")]
    for day in range(DAYS):
        at = now - timedelta(days=DAYS - day - 1)
        found += [
            event(at - timedelta(hours=hour), "order.filled", price=100 + day + hour, quantity=2) for hour in (1, 2, 3)
        ]
        pnl = -60 if day % 3 == 2 else 50
        found.append(event(at, "position.closed", pnl=pnl, strategy_id="<b>s</b>", holding_seconds=3600))
    return found


def event(at: datetime, type_: str, **properties: Any) -> dict[str, Any]:
    return {
        "event_type": type_,
        "timestamp": at.isoformat(),
        "user_id": "desk",
        "properties": {"symbol": "GOOG", **properties},
    }


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("desk"))
    running.choose(currency="USD")
    running.keep(*trades())
    yield running
    running.stop()


def test_it_shows_what_the_service_tells(desk: Server, open_page: OpenPage) -> None:
    page = open_page(desk, "/trading")
    told = desk.get("/api/v1/analytics/trading/performance", period="12mo")
    tiles = page.locator("#tiles li")
    expect(tiles.nth(1).locator(".figure")).to_have_text(str(told["total_trades"]))
    expect(tiles.nth(4).locator(".figure")).to_have_text(f"{told['sharpe_ratio']:,.2f}".rstrip("0").rstrip("."))
    expect(page.locator("#equity canvas")).to_be_visible()
    expect(page.locator("#prices canvas")).to_be_visible()
    expect(page.locator("#fall")).to_contain_text("Deepest fall: US$60.00")
    expect(page.locator("#strategies tbody th")).to_have_text("<b>s</b>")
    expect(page.locator("#prices-about")).to_contain_text("candles from trades")
    page.get_by_text("As a table").first.click()
    expect(page.locator("#equity-table tbody tr")).to_have_count(told["returns"]["days"])


def test_indicators_are_chosen_and_stand_in_the_address(desk: Server, open_page: OpenPage) -> None:
    page = open_page(desk, "/trading?over=bollinger&interval=1d")
    expect(page.get_by_label("Over the prices")).to_have_value("bollinger")
    page.get_by_label("Below the prices").select_option("macd")
    expect(page).to_have_url(re.compile("below=macd"))
    heads = page.locator("#prices-table th", has_text="MACD, histogram")
    expect(heads).to_have_count(1)
    page.get_by_label("Symbol", exact=True).fill("NONE")
    page.get_by_label("Symbol", exact=True).press("Enter")
    expect(page.locator("#prices-about")).to_contain_text("names the symbol 'NONE'")


def test_a_capital_of_ones_own_changes_the_figures(desk: Server, open_page: OpenPage) -> None:
    page = open_page(desk, "/trading")
    expect(page.locator("#found")).to_contain_text("Capital US$10,000")
    page.get_by_label("Capital").fill("500")
    page.get_by_label("Capital").press("Enter")
    expect(page.locator("#found")).to_contain_text("Capital US$500.00")
    expect(page).to_have_url(re.compile("starting_capital=500"))


def test_a_mistake_is_said(desk: Server, open_page: OpenPage) -> None:
    page = open_page(desk, "/trading?starting_capital=much", expect_errors=True)
    expect(page.get_by_role("alert")).to_contain_text("starting_capital is not a number")


def test_without_a_trade_it_says_what_trades_are(desk: Server, open_page: OpenPage) -> None:
    page = open_page(desk, "/trading?start_time=2020-01-01&end_time=2020-02-01")
    expect(page.get_by_role("heading", name="No position was closed")).to_be_visible()
    page.get_by_role("button", name="Last 12 months").click()
    expect(page.locator("#equity canvas")).to_be_visible()


def test_it_has_no_violation_of_accessibility(desk: Server, open_page: OpenPage) -> None:
    page = open_page(desk, "/trading")
    expect(page.locator("#prices canvas")).to_be_visible()
    for table in page.get_by_text("As a table").all():
        table.click()
    assert violations(page) == []


def test_it_fits_a_phone(desk: Server, open_page: OpenPage) -> None:
    page = open_page(desk, "/trading", viewport={"width": 390, "height": 844})
    expect(page.locator("#prices canvas")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
