"""What is taken along from the explorer works elsewhere: the curl line, the line for the terminal, YAML and CSV."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Page, expect

from .conftest import OpenPage
from .server import ADMIN_KEY, Server
from .shop import FORMULA

pytestmark = pytest.mark.browser

ADDRESS = (
    "/explore?metrics=revenue,orders&dimensions=category&period=30d&granularity=1d&compare=previous_period"
    "&order=-orders&limit=3&show=share&property.quantity.gte=1&property.category.ne=it%27s&property.currency=EUR"
    "&property.currency=USD"
)
QUESTION: dict[str, Any] = {
    "metrics": ["revenue", "orders"],
    "dimensions": ["category"],
    "period": "30d",
    "granularity": "1d",
    "compare": "previous_period",
    "order": "-orders",
    "limit": 3,
    "show": ["share"],
    "filters": [
        {"field": "property.quantity", "operator": "gte", "value": "1"},
        {"field": "property.category", "operator": "ne", "value": "it's"},
        {"field": "property.currency", "operator": "eq", "value": "EUR"},
        {"field": "property.currency", "operator": "eq", "value": "USD"},
    ],
}
_MAY = ["clipboard-read", "clipboard-write"]


def opened(open_page: OpenPage, shop: Server, address: str = ADDRESS) -> Page:
    page = open_page(shop, address, permissions=_MAY)
    expect(page.locator("#tiles .figure").first).to_be_visible()
    return page


def copied(page: Page, name: str) -> str:
    page.get_by_role("group", name="Take the question along").get_by_role("button", name=name, exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    return str(page.evaluate("navigator.clipboard.readText()"))


def run(line: str, folder: Path | None = None) -> str:
    """What the line prints in a shell that has the key."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "FACTBOOK_KEY": ADMIN_KEY, "PATH": path}
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60, env=environment, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows(answer: dict[str, Any]) -> list[tuple[Any, Any]]:
    return [(row["dimensions"], row["values"]) for row in answer["rows"]]


def test_the_curl_line_gives_the_answer_that_is_shown(shop: Server, open_page: OpenPage) -> None:
    line = copied(opened(open_page, shop), "curl")
    assert ADMIN_KEY not in line
    answer = yaml.safe_load(run(line))
    assert rows(answer) == rows(shop.ask(**QUESTION))


def test_the_terminal_s_line_gives_the_answer_that_is_shown(shop: Server, open_page: OpenPage, tmp_path: Path) -> None:
    line = copied(opened(open_page, shop), "factbook query")
    assert line.startswith("factbook query revenue orders --by category")
    answer = yaml.safe_load(run(f"{line} --format json", tmp_path))
    assert rows(answer) == rows(shop.ask(**QUESTION))


def test_the_yaml_is_a_tile_whose_question_the_service_takes(shop: Server, open_page: OpenPage) -> None:
    tile = yaml.safe_load(copied(opened(open_page, shop), "YAML"))
    assert tile["title"] == "Revenue, Orders by Category"
    assert tile["question"] == QUESTION
    assert rows(shop.ask(**tile["question"])) == rows(shop.ask(**QUESTION))


@pytest.mark.parametrize("value", ["no", "NO", "1e3", "null", "a: b", "x #y", "- z", "'", '"', "\\", "ü", "12:30", "~"])
def test_the_yaml_keeps_every_text_a_text(shop: Server, open_page: OpenPage, value: str) -> None:
    page = opened(open_page, shop, "/explore?metrics=orders")
    page.get_by_role("button", name="Add a filter").click()
    page.get_by_label("Field").fill("country")
    page.get_by_label("Value", exact=True).fill(value)
    page.get_by_label("Value", exact=True).press("Enter")
    expect(page.get_by_role("heading", name="Nothing of the kind happened")).to_be_visible()
    assert yaml.safe_load(copied(page, "YAML"))["question"]["filters"] == {"country": value}


def test_the_csv_holds_every_number_and_nothing_that_a_spreadsheet_would_compute(
    shop: Server, open_page: OpenPage
) -> None:
    page = opened(open_page, shop, "/explore?metrics=revenue,orders&dimensions=category&granularity=none&show=share")
    answer = shop.ask(metrics=["revenue", "orders"], dimensions=["category"], show=["share"])
    lines = list(csv.DictReader(io.StringIO(copied(page, "CSV"))))
    assert [float(line["revenue"]) for line in lines] == [row["values"]["revenue"] for row in answer["rows"]]
    assert [float(line["orders.share"]) for line in lines] == [row["share"]["orders"] for row in answer["rows"]]
    names = [line["category"] for line in lines]
    assert f"'{FORMULA}" in names
    assert FORMULA not in names


def test_the_file_holds_a_line_for_every_row_and_bucket(shop: Server, open_page: OpenPage) -> None:
    page = opened(open_page, shop, "/explore?metrics=orders&dimensions=category&period=7d&granularity=1d&limit=2")
    answer = shop.ask(metrics=["orders"], dimensions=["category"], period="7d", granularity="1d", limit=2)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    assert download.value.suggested_filename == "orders.csv"
    lines = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
    told = [
        (time, value)
        for row in answer["rows"]
        for time, value in zip(answer["times"], row["series"]["orders"], strict=True)
    ]
    assert [(line["time"], int(line["orders"])) for line in lines] == told
    assert {line["category"] for line in lines} == {"Books", "Games", "(other)"}
