"""The imports page: jobs, causes, advice and quality, what stands in its address, and nothing at all."""

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


def told(hours: float, kind: str, job: str, **properties: Any) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(hours=hours)
    about = {"job_id": job, "origin": "<i>s3</i>", **properties}
    return {"event_type": f"import_{kind}", "timestamp": at.isoformat(), "user_id": "importer", "properties": about}


@pytest.fixture(scope="module")
def imports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("imports"))
    running.keep(
        *(told(3 * n + 2, "started", f"j{n}") for n in range(4)),
        *(told(3 * n + 1, "completed", f"j{n}", rows=900, rows_rejected=100, duration_seconds=10) for n in range(1, 4)),
        told(1, "failed", "j0", reason="row 17 of '<b>x</b>.csv' is cut off", duration_seconds=4),
        told(40, "started", "silent"),
    )
    yield running
    running.stop()


def test_it_shows_jobs_causes_advice_and_quality(imports: Server, open_page: OpenPage) -> None:
    page = open_page(imports, "/imports")
    tiles = page.locator("#tiles li")
    expect(tiles.nth(0).locator(".hint")).to_have_text("0 running, 1 stale")
    expect(tiles.nth(1).locator(".hint")).to_have_text("1 failed")
    expect(tiles.nth(2).locator(".figure")).to_have_text("2,700")
    expect(page.locator("#trend canvas")).to_be_visible()
    expect(page.locator("#jobs tbody th")).to_have_text(["j0", "j1", "j2", "j3", "silent"])
    expect(page.locator("#failures tbody th")).to_have_text("row * of * is cut off")
    expect(page.locator("#sources tbody th")).to_have_text("<i>s3</i>")
    expect(page.locator("#advised tbody tr")).to_have_count(2)
    with page.expect_download() as download:
        page.locator("#jobs-csv").click()
    assert download.value.path().read_text().startswith("job_id,state,")


def test_jobs_of_one_state_are_chosen_in_the_address(imports: Server, open_page: OpenPage) -> None:
    page = open_page(imports, "/imports")
    page.locator("select[name=state]").select_option("stale")
    expect(page).to_have_url(re.compile("state=stale"))
    expect(page.locator("#jobs tbody th")).to_have_text("silent")
    page.go_back()
    expect(page.locator("#jobs tbody th")).to_have_count(5)


def test_where_nothing_came_in_the_page_says_what_to_do(imports: Server, open_page: OpenPage) -> None:
    page = open_page(imports, "/imports?start_time=2020-01-01&end_time=2020-02-01")
    expect(page.get_by_role("heading", name="No imports")).to_be_visible()
    page.get_by_role("button", name="Last 12 months").click()
    expect(page.locator("#trend canvas")).to_be_visible()


def test_it_fits_a_telephone_and_breaks_no_rule_of_accessibility(imports: Server, open_page: OpenPage) -> None:
    page = open_page(imports, "/imports", viewport={"width": 390, "height": 844})
    expect(page.locator("#trend canvas")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []
