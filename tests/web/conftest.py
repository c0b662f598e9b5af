"""Browser tests: Chromium, a running Factbook, and pages that fail the test on any console error or foreign request."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from .server import ADMIN_KEY, Server
from .shop import sales

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
expect.set_options(timeout=30_000)  # a page is right or wrong, not slow: machines that test are busy
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")

OpenPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On a busy machine a browser may miss a click while a page is filling: it gets a second try, nothing else does."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For one file: while it is open, Playwright keeps an event loop running, and others need theirs."""
    found = os.environ.get("FACTBOOK_TEST_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip("needs Chromium: apt-get install chromium, or name one in FACTBOOK_TEST_CHROMIUM")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all tests of this worker, in Berlin's zone; what a test sends it tells apart by its own ids."""
    running = Server(tmp_path_factory.mktemp("served"))
    running.keep({"event_type": "warm_up", "user_id": "nobody-in-particular"})
    yield running
    running.stop()


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One whose events all tests know and none adds to: see shop.py. It counts in euros."""
    running = Server(tmp_path_factory.mktemp("shop"))
    running.choose(currency="EUR")
    running.keep(*sales())
    yield running
    running.stop()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """One for this test alone: empty, and it may be killed."""
    running = Server(tmp_path)
    yield running
    running.kill()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """open_page(server, "/events", locale=…, expect_errors=…) → a signed-in page. Errors fail the test at its end."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def opened(
        server: Server,
        path: str = "/",
        *,
        signed_in: bool = True,
        key: str = ADMIN_KEY,
        expect_errors: bool = False,
        **how: Any,
    ) -> Page:
        context = browser.new_context(**{"locale": "en-GB", "viewport": {"width": 1280, "height": 900}, **how})
        contexts.append(context)
        if signed_in:
            sign_in(context, server, key)
        page = context.new_page()

        def said(message: ConsoleMessage) -> None:
            if message.type == "error" and not expect_errors:
                problems.append(message.text)

        def sent(request: Request) -> None:
            if not _own(request.url, server):
                problems.append(f"asked for {request.url}")

        page.on("console", said)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", sent)
        page.goto(server.url + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


def sign_in(context: BrowserContext, server: Server, key: str) -> None:
    answer = context.request.post(f"{server.url}/api/v1/auth/sign-in", data={"token": key})
    assert answer.ok, answer.text()


def _own(url: str, server: Server) -> bool:
    return url.startswith((server.url + "/", server.url.replace("http", "ws") + "/", "data:", "blob:"))
