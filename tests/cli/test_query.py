"""`factbook query`: a table, CSV and JSON of the same answer, from the data folder and from a server."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from factbook.bench.server import Served
from factbook.cli.answer_text import changed, csv_lines, shown, sparkline
from tests.cli.commands import factbook

NOW = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
SOLD = [
    (NOW, "Books", 10.0),
    (NOW, "Books", 20.0),
    (NOW, "Music", 5.0),
    (NOW - timedelta(days=7), "Music", 2.0),
    (NOW, "=cmd()", 1.0),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("query")
    file = folder / "events.ndjson"
    lines = [
        {"event_type": "purchase", "timestamp": at.isoformat(), "properties": {"category": category, "amount": amount}}
        for at, category, amount in SOLD
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    loaded = factbook("load", str(file), data=folder / "data")
    assert loaded.returncode == 0, loaded.stderr
    return folder / "data"


def test_a_table_tells_rows_changes_and_the_total(data: Path) -> None:
    told = factbook(
        "query", "revenue", "orders", "--by", "category", "--last", "7d", "--compare", "previous", data=data
    )
    assert told.returncode == 0, told.stderr
    lines = {words[0]: words for words in (line.split() for line in told.stdout.splitlines()) if words}
    assert lines["Books"][1] == "30.00"
    assert lines["Music"][1:4] == ["5.00", "+150.0", "%"]
    assert lines["total"][1] == "36.00"


def test_csv_is_safe_for_spreadsheets(data: Path) -> None:
    told = factbook(
        "query", "revenue", "--by", "category", "--last", "7d", "--every", "none", "--format", "csv", data=data
    )
    rows = list(csv.reader(io.StringIO(told.stdout)))
    assert rows == [["category", "revenue"], ["Books", "30.0"], ["Music", "5.0"], ["'=cmd()", "1.0"]]


def test_json_is_the_answer_of_the_api_and_a_server_says_the_same(data: Path) -> None:
    asked = ("query", "revenue", "--where", "property.category=Books", "--last", "7d", "--format", "json")
    here = json.loads(factbook(*asked, data=data).stdout)
    assert here["total"]["values"] == {"revenue": 30.0}
    with Served(data) as server:
        there = factbook(*asked, data=data, FACTBOOK_ADMIN_KEY=server.admin_key)
    assert there.returncode == 0, there.stderr
    assert json.loads(there.stdout)["total"]["values"] == here["total"]["values"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("revenu",), "revenue"),
        (("revenue", "--by", "categry"), "category"),
        (("revenue", "--where", "country"), "country=DE"),
        (("revenue", "--last", "7d", "--period", "today"), "one of them"),
        (("revenue", "--format", "xml"), "csv"),
        (("revenue", "--last", "7x"), "period"),
    ],
)
def test_a_mistake_is_one_clear_line_with_the_way_out(data: Path, arguments: tuple[str, ...], says: str) -> None:
    told = factbook("query", *arguments, data=data)
    assert told.returncode == 1
    assert says in told.stderr
    assert "Traceback" not in told.stderr


def test_nothing_is_told_as_nothing(data: Path) -> None:
    told = factbook("query", "revenue", "refunds", "--start", "2020-01-01", "--end", "2020-01-31", data=data)
    assert "nothing of the kind happened" in told.stdout


def test_numbers_are_written_in_their_units() -> None:
    money = {"unit": "currency", "decimals": 2, "currency": "EUR"}
    assert shown(1234.5, money) == "1,234.50 EUR"
    assert shown(None, money) == "-"
    assert shown(0.1234, {"unit": "percent", "decimals": 1}) == "12.3 %"
    assert shown(12.0, {"unit": "milliseconds", "decimals": 0}) == "12 ms"
    assert (changed(0.1), changed(None)) == ("+10.0 %", "-")


def test_a_sparkline_shows_gaps_and_fits_its_width() -> None:
    assert sparkline([0, None, 7]) == "▁ █"
    assert sparkline([]) == ""
    assert sparkline([None, None]) == ""
    assert len(sparkline([1.0] * 500, width=40)) == 40


def test_other_is_told_apart_from_what_has_no_value() -> None:
    answer = {
        "metrics": [{"id": "orders"}],
        "dimensions": [{"id": "category"}],
        "rows": [
            {"dimensions": {"category": None}, "other": False, "values": {"orders": 1}},
            {"dimensions": None, "other": True, "values": {"orders": 2}},
        ],
    }
    assert list(csv_lines(answer)) == ["category,orders\n", "(none),1\n", "(other),2\n"]
