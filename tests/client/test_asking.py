"""Questions to a real server: rows and tables of metrics, events page by page, files of events."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from factbook.client import Client, ClientError

from .scripted import Answer, scripted
from .server import Server
from .test_sending import fresh

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = datetime.now(BERLIN).replace(hour=0, minute=0, second=0, microsecond=0)
FIRST = TODAY - timedelta(days=9)
SALES = [  # day after FIRST, category, amount
    (0, "Books", 10.0),
    (0, "Books", 5.5),
    (0, "Games", 30.0),
    (2, "Books", 20.0),
    (2, "Music", 1.0),
    (2, None, 2.0),
    (-3, "Books", 40.0),
]


@pytest.fixture(scope="module")
def run(standing: Server) -> str:
    """The mark of purchases that this module alone knows: those of SALES."""
    mark = fresh()
    with standing.sender() as client:
        client.send_many(
            {
                "event_type": "purchase",
                "timestamp": FIRST + timedelta(days=day, hours=12),
                "user_id": f"u-{number}",
                "run": mark,
                "amount": amount,
                "category": category,
            }
            for number, (day, category, amount) in enumerate(SALES)
        )
        assert client.flush(30)
    standing.settle()
    return mark


@pytest.fixture(scope="module")
def client(standing: Server) -> Client:
    return standing.reader()


def asked(run: str, **more: Any) -> dict[str, Any]:
    when = {"start": FIRST, "end": FIRST + timedelta(days=3), "timezone": "Europe/Berlin"}
    return {**when, "filters": {"property.run": run}, **more}


def test_totals_are_one_row(client: Client, run: str) -> None:
    result = client.query(["revenue", "orders", "average_order_value"], **asked(run))
    assert result.total == {"revenue": 68.5, "orders": 6, "average_order_value": pytest.approx(68.5 / 6)}
    assert result.rows == [result.total]
    assert result.columns == ("revenue", "orders", "average_order_value")
    assert not result.is_cut
    assert result.raw["metrics"][0]["unit"] == "currency"


def test_a_cut_has_a_row_a_group_and_one_for_the_rest(client: Client, run: str) -> None:
    result = client.query("revenue", by="property.category", compare="previous_period", limit=2, **asked(run))
    dimension = "property.category"
    assert result.columns == (dimension, "other", "revenue", "revenue.previous", "revenue.change")
    assert [(row[dimension], row["other"], row["revenue"], row["revenue.previous"]) for row in result] == [
        ("Books", False, 35.5, 40.0),
        ("Games", False, 30.0, None),
        (None, True, 3.0, None),
    ]
    assert result.rows[0]["revenue.change"] == pytest.approx(-0.1125)
    assert result.is_cut
    assert len(result) == 3


def test_a_series_has_a_row_a_bucket_with_times_of_the_zone(client: Client, run: str) -> None:
    result = client.query(["orders", "revenue"], granularity="1d", compare="previous_period", **asked(run))
    assert [row["time"] for row in result] == [FIRST + timedelta(days=day) for day in range(3)]
    assert {row["time"].tzinfo for row in result} == {BERLIN}
    assert [row["orders"] for row in result] == [3, 0, 3]
    assert [row["revenue"] for row in result] == [45.5, None, 23.0]
    assert [row["revenue.previous"] for row in result] == [40.0, None, None]
    assert result.total == {"orders": 6, "revenue": 68.5}


def test_a_series_cut_by_a_dimension_has_a_row_a_group_and_bucket(client: Client, run: str) -> None:
    result = client.query("orders", by=["property.category"], granularity="1d", show=["running_total"], **asked(run))
    books = [row for row in result if row["property.category"] == "Books"]
    assert [(row["orders"], row["orders.running_total"]) for row in books] == [(2, 2), (0, 2), (1, 3)]
    assert len(result) == 3 * len({(row["property.category"], row["other"]) for row in result})


def test_frames_hold_the_rows_with_types(client: Client, run: str) -> None:
    result = client.query(["orders", "revenue"], by="property.category", granularity="1d", **asked(run))
    table = result.to_arrow()
    assert table.column_names == list(result.columns)
    assert [str(kind) for kind in table.schema.types] == [
        "timestamp[ms, tz=Europe/Berlin]", "string", "bool", "int64", "double",
    ]  # fmt: skip
    assert table.to_pylist() == result.rows
    pandas, polars = result.to_pandas(), result.to_polars()
    assert isinstance(pandas, pd.DataFrame)
    assert isinstance(polars, pl.DataFrame)
    assert len(pandas) == polars.height == len(result)
    assert str(pandas["time"].dt.tz) == "Europe/Berlin"
    assert polars["orders"].to_list() == pandas["orders"].tolist() == [row["orders"] for row in result]
    assert polars.to_dicts() == result.rows


def test_an_empty_answer_keeps_its_columns_and_types(client: Client) -> None:
    result = client.query("revenue", by="category", granularity="1d", **asked("nobody"))
    assert result.rows == []
    assert result.columns == ("time", "category", "other", "revenue")
    table = result.to_arrow()
    assert (table.num_rows, table.column_names) == (0, list(result.columns))
    assert not any(pa.types.is_null(kind) for kind in table.schema.types)
    assert list(result.to_pandas().columns) == list(result.columns)


def test_last_asks_for_the_time_up_to_now(client: Client, run: str) -> None:
    result = client.query("orders", last="30d", filters={"property.run": run})
    assert result.total == {"orders": 7}
    assert client.query("orders", period="today", filters={"property.run": run}).total == {"orders": 0}


def test_a_wrong_question_is_refused_with_field_and_hint(client: Client) -> None:
    with pytest.raises(ClientError) as refused:
        client.query("revenu", last="30d")
    assert (refused.value.status, refused.value.field) == (422, "metrics")
    assert "revenue" in str(refused.value)
    with pytest.raises(ClientError) as twice:
        client.query("revenue", last="30d", start="2026-01-01")
    assert twice.value.field == "start"


def test_the_catalog_lists_metrics_with_their_formulas(client: Client) -> None:
    metrics = {metric["id"]: metric for metric in client.metrics()}
    assert metrics["revenue"]["formula"] == "sum(amount) of purchase"


def test_events_come_page_by_page_newest_first_each_once(client: Client, standing: Server) -> None:
    kind = fresh()
    start = datetime.now(UTC) - timedelta(hours=1)
    with standing.sender() as sender:
        sender.send_many({"event_type": kind, "n": n, "timestamp": start + timedelta(seconds=n)} for n in range(35))
    standing.settle()
    found = [event["properties"]["n"] for event in client.events(event_type=kind, page=10)]
    assert found == list(reversed(range(35)))
    late = client.events(event_type=[kind], filters={"property.n.gte": 10}, start=start + timedelta(seconds=30))
    assert [event["properties"]["n"] for event in late] == [34, 33, 32, 31, 30]
    assert list(client.events(event_type=kind, end=start)) == []
    assert set(next(client.events(event_type=kind, fields=["id", "property.n"]))) == {"id", "property.n"}


@pytest.mark.parametrize("name", ["events.csv", "events.ndjson", "events.parquet", "events.arrow"])
def test_exports_are_whole_files(client: Client, run: str, tmp_path: Path, name: str) -> None:
    fields = ["event_type", "property.amount"]
    client.export(tmp_path / name, filters={"property.run": run}, fields=fields)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    path = tmp_path / name
    match path.suffix:
        case ".parquet":
            count = pq.read_table(path).num_rows
        case ".arrow":
            count = pa.ipc.open_stream(path.read_bytes()).read_all().num_rows
        case ".csv":
            count = len(path.read_text().splitlines()) - 1
        case _:
            count = len(path.read_text().splitlines())
    assert count == len(SALES)


def test_an_export_goes_into_an_open_file_too(client: Client, run: str) -> None:
    file = io.BytesIO()
    client.export(file, format="ndjson", filters={"property.run": run}, fields="id")
    assert len(file.getvalue().splitlines()) == len(SALES)
    with pytest.raises(ClientError) as refused:
        client.export(file)
    assert refused.value.field == "format"


def test_an_export_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    with scripted(Answer(200, b"event_type\npurchase\n", hangs_up=True)) as server:
        with pytest.raises(ClientError):
            Client(server.url, "key").export(tmp_path / "events.csv")
        assert list(tmp_path.iterdir()) == []


def test_a_key_that_may_only_write_may_not_ask(standing: Server) -> None:
    with pytest.raises(ClientError) as refused:
        standing.sender().query("revenue")
    assert refused.value.status == 403
