"""Exports page by page: the same events in every format, in bounded memory, of what was there at the start."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from itertools import islice

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from factbook.core.scope import Scope
from factbook.queries import events, export
from factbook.queries.events import EventsRequest
from factbook.queries.export import FORMATS, export_events
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse

from .given import given

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "ROWS", 4)


def read_ids(name: str, data: bytes) -> list[str]:
    match name:
        case "csv":
            table = pacsv.read_csv(io.BytesIO(data))
        case "parquet":
            table = pq.read_table(io.BytesIO(data))
        case "arrow":
            table = pa.ipc.open_stream(data).read_all()
        case _:
            return [json.loads(line)["id"] for line in data.splitlines()]
    return [str(one) for one in table.column("id").to_pylist()]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("count", [0, 3, 4, 5, 13])
def test_every_event_is_there_once_whatever_the_pages(
    engine: Engine, warehouse: Warehouse, scope: Scope, name: str, count: int
) -> None:
    ids = given(engine, scope, [{"at": START + timedelta(seconds=n // 3)} for n in range(count)])
    data = b"".join(export_events(warehouse, scope, EventsRequest(fields=("id", "timestamp")), name))
    found = read_ids(name, data)
    assert sorted(found) == sorted(ids)
    places = [ids.index(one) // 3 for one in found]
    assert places == sorted(places), "oldest first"


@pytest.mark.parametrize("name", FORMATS)
def test_a_reader_who_stops_early_costs_no_more_than_he_read(
    engine: Engine, warehouse: Warehouse, scope: Scope, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(engine, scope, [{"at": START + timedelta(seconds=n)} for n in range(40)])
    reads: list[int] = []
    whole = events.page

    def counted(*arguments: object, **options: object) -> pa.Table:
        reads.append(1)
        return whole(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(export, "page", counted)
    pieces = list(islice(export_events(warehouse, scope, EventsRequest(), name), 2))
    assert len(pieces) == 2
    assert len(reads) <= 2


def test_what_comes_in_during_an_export_is_left_out(engine: Engine, warehouse: Warehouse, scope: Scope) -> None:
    begun = START + timedelta(seconds=20)
    given(engine, scope, [{"at": START + timedelta(seconds=n)} for n in range(6)])
    pieces = export_events(warehouse, scope, EventsRequest(fields=("id",)), "ndjson", accepted_until=begun)
    first = next(pieces)
    late = given(engine, scope, [{"at": START + timedelta(seconds=9), "processed_at": begun + timedelta(seconds=1)}])
    found = read_ids("ndjson", first + b"".join(pieces))
    assert len(found) == 6
    assert late[0] not in found


def test_every_column_survives_parquet_with_its_type(engine: Engine, warehouse: Warehouse, scope: Scope) -> None:
    given(engine, scope, [{"at": START, "user": "ü", "properties": {"a": [1, None]}, "session": 2**63}])
    table = pq.read_table(io.BytesIO(b"".join(export_events(warehouse, scope, EventsRequest(), "parquet"))))
    [row] = table.to_pylist()
    assert row["timestamp"] == START
    assert row["user_id"] == "ü"
    assert row["is_bot"] is False
    assert row["session"] == 2**63
    assert json.loads(row["properties"]) == {"a": [1, None]}
