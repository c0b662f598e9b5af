"""Events straight into the warehouse, with the product's own roll-up statement: what every query test begins with."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import resources
from typing import Any

import pyarrow as pa

from factbook.core.scope import Scope
from factbook.ingest.blocks import EVENTS
from factbook.ingest.identities import Identities
from factbook.storage.engine import Engine

_ROLL_UP = resources.files("factbook.ingest.sql").joinpath("roll_up.sql").read_text()
_EMPTY = {pa.bool_(): False, pa.uint64(): 0, pa.string(): ""}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def given(engine: Engine, scope: Scope, events: Sequence[Mapping[str, Any]]) -> list[str]:
    """Inserts `events` as one block with its joined ids and rolls it up; returns their ids.

    An event has the columns of `events` by name; `at` (a datetime or text), `type`, `user`, `visitor` are short forms;
    `properties` fill `numbers` and `texts`.
    """
    if not events:
        return []
    rows = [_row(scope, event) for event in events]
    block = secrets.randbits(62)
    batch = pa.RecordBatch.from_pylist(rows, EVENTS)
    table = pa.Table.from_batches([batch]).append_column("block", pa.array([block] * len(rows), pa.uint64()))
    engine.insert("events", table, token=f"{block}")
    Identities(engine).keep(table, block)
    times = sorted(row["timestamp"] for row in rows)
    engine.command(
        _ROLL_UP % {"token": f"{block}"},
        {
            "block": block,
            "first": f"{times[0]:%Y-%m-%d %H:%M:%S.%f}"[:-3],
            "last": f"{times[-1]:%Y-%m-%d %H:%M:%S.%f}"[:-3],
            "tenants": [scope.tenant],
        },
    )
    return [str(uuid.UUID(bytes=row["event_id"])) for row in rows]


def _row(scope: Scope, event: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {field.name: _EMPTY.get(field.type) for field in EVENTS}
    at = event["at"]
    properties = event.get("properties", {})
    row |= {
        "tenant": scope.tenant,
        "event_id": uuid.UUID(event["id"]).bytes if "id" in event else uuid.uuid4().bytes,
        "event_type": event.get("type", "page_view"),
        "timestamp": moment(at) if isinstance(at, str) else at,
        "processed_at": moment(at) if isinstance(at, str) else at,
        "user_id": event.get("user", ""),
        "anonymous_id": event.get("visitor", ""),
        "batch_id": uuid.UUID(int=1).bytes,
        "properties": json.dumps(properties),
        "numbers": [(k, float(v)) for k, v in leaves(properties) if type(v) in (int, float)],
        "texts": [
            (k, str(v).lower() if v is True or v is False else v)
            for k, v in leaves(properties)
            if type(v) in (str, bool)
        ],
    }
    short = {"at", "id", "type", "user", "visitor", "properties"}
    return row | {name: value for name, value in event.items() if name not in short}


def leaves(value: Mapping[str, Any], path: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, item in value.items():
        found += leaves(item, f"{path}{key}.") if isinstance(item, dict) else [(path + key, item)]
    return found
