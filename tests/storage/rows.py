"""Rows of the events table for tests: the columns that matter, the rest at their defaults."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import resources
from typing import Any

import pyarrow as pa

from factbook.storage.engine import Engine

_MS = pa.timestamp("ms", tz="UTC")
_NUMBERS = pa.map_(pa.string(), pa.float64())

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def events(
    tenant: str,
    times: Sequence[datetime],
    *,
    types: Sequence[str] | None = None,
    users: Sequence[str] | None = None,
    numbers: Sequence[dict[str, float]] | None = None,
    block: int = 1,
) -> pa.RecordBatch:
    """One event a time, of type `page_view` unless `types` says otherwise."""
    count = len(times)
    columns: dict[str, pa.Array[Any]] = {
        "tenant": pa.array([tenant] * count, pa.string()),
        "event_id": pa.array([uuid.uuid4().bytes for _ in range(count)], pa.binary(16)),
        "event_type": pa.array(list(types or ["page_view"] * count), pa.string()),
        "timestamp": pa.array(list(times), _MS),
        "user_id": pa.array(list(users or [""] * count), pa.string()),
        "numbers": pa.array([list(each.items()) for each in (numbers or [{}] * count)], _NUMBERS),
        "block": pa.array([block] * count, pa.uint64()),
    }
    return pa.RecordBatch.from_pydict(columns)


def roll_up(engine: Engine, tenant: str, rows: pa.RecordBatch, *, block: int, token: str) -> None:
    """Runs the product's own roll-up statement over one block."""
    sql = resources.files("factbook.ingest.sql").joinpath("roll_up.sql").read_text()
    times: list[Any] = rows.column("timestamp").to_pylist()
    engine.command(
        sql % {"token": token}, {"block": block, "first": min(times), "last": max(times), "tenants": [tenant]}
    )


def count(engine: Engine, table: str, tenant: str) -> int:
    where = "" if table != "rollups" else " AND level = '1m' AND event_type = '' AND property = ''"
    what = "count()" if table != "rollups" else "sum(count)"
    [(number,)] = engine.rows(f"SELECT {what} FROM {table} WHERE tenant = {{t:String}}{where}", {"t": tenant})
    return int(number)
