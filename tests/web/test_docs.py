"""The API documentation works without any other site."""

from __future__ import annotations

from collections import Counter

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from .server import Server

pytestmark = pytest.mark.browser

PATIENCE = 60_000
"""Milliseconds: the whole reference is drawn at once, which takes a busy machine its time."""


@pytest.fixture
def offline(browser: Browser, server: Server) -> Page:
    """A page that can reach the server and nothing else."""
    context = browser.new_context()
    context.route(lambda url: not url.startswith(server.url), lambda route: route.abort())
    return context.new_page()


def test_swagger_ui_shows_every_operation_offline(offline: Page, server: Server) -> None:
    said: list[ConsoleMessage] = []
    offline.on("console", lambda message: said.append(message))
    offline.goto(f"{server.url}/docs")
    expect(offline.get_by_role("heading", name="Factbook")).to_be_visible()
    operations = [one for path in server.get("/openapi.json")["paths"].values() for one in path.values()]
    by_group = Counter(one["tags"][0] for one in operations)
    groups = offline.locator(".opblock-tag")
    expect(groups).to_have_count(len(by_group))
    for name, count in by_group.items():
        group = groups.and_(offline.locator(f'[data-tag="{name}"]'))
        group.click()
        expect(offline.locator(".opblock")).to_have_count(count, timeout=PATIENCE)
        group.click()
        expect(offline.locator(".opblock")).to_have_count(0)
    assert [message.text for message in said if message.type == "error"] == []


def test_redoc_shows_the_reference_offline(offline: Page, server: Server) -> None:
    offline.goto(f"{server.url}/redoc")
    expect(offline.get_by_role("heading", name="Factbook")).to_be_visible(timeout=PATIENCE)
    expect(offline.get_by_text("/api/v1/events/stats").first).to_be_attached(timeout=PATIENCE)


def test_the_description_names_no_page_routes(server: Server) -> None:
    assert not {"/", "/sign-in", "/docs", "/events"} & set(server.get("/openapi.json")["paths"])
