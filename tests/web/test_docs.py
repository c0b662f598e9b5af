"""The API documentation works without any other site."""

from __future__ import annotations

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
    expect(offline.locator(".opblock").first).to_be_visible()
    paths = server.get("/openapi.json")["paths"]
    operations = sum(len(one) for one in paths.values())
    expect(offline.locator(".opblock").nth(operations - 1)).to_be_attached(timeout=PATIENCE)
    assert [message.text for message in said if message.type == "error"] == []


def test_redoc_shows_the_reference_offline(offline: Page, server: Server) -> None:
    offline.goto(f"{server.url}/redoc")
    expect(offline.get_by_role("heading", name="Factbook")).to_be_visible(timeout=PATIENCE)
    expect(offline.get_by_text("/api/v1/events/stats").first).to_be_attached(timeout=PATIENCE)


def test_the_description_names_no_page_routes(server: Server) -> None:
    assert not {"/", "/sign-in", "/docs", "/events"} & set(server.get("/openapi.json")["paths"])
