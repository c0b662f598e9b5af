"""The monthly cohorts of 23,570 customers who first bought at CDNOW in 1997, against pandas."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from factbook.core.calendar import Calendar
from factbook.core.money import Money
from factbook.core.scope import Role, Scope
from factbook.demo.datasets import read
from factbook.demo.purchases import spread_over_days
from factbook.ingest.blocks import EVENTS
from factbook.queries.behaviour.cohorts.question import cohorts
from factbook.queries.behaviour.cohorts.retention import retention
from factbook.queries.behaviour.cohorts.values import values
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse

from .tenants import tenant

UTC_CALENDAR = Calendar(ZoneInfo("UTC"))
MONTHS = 18
EVER: dict[str, Any] = {
    "cohort_type": "acquisition_month",
    "start_date": "1997-01-01",
    "end_date": "1998-06-30",
    "periods": MONTHS - 1,
}
NOW = datetime(1998, 7, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop(engine: Engine) -> Scope:
    """A tenant with all the purchases."""
    scope = Scope(tenant=uuid4().hex, actor="test", role=Role.OWNER)
    sales = read("cdnow")
    count = len(sales)
    days = sales.column("day").to_numpy().astype("datetime64[D]").astype(np.int64)
    amounts = pa.array(sales.column("cents").to_numpy() / 100)
    offsets, names = pa.array(np.arange(count + 1, dtype=np.int32)), pa.repeat("amount", count)
    filled = {
        "tenant": pa.repeat(scope.tenant, count),
        "event_id": [uuid4().bytes for _ in range(count)],
        "event_type": pa.repeat("purchase", count),
        "timestamp": spread_over_days(days),
        "processed_at": spread_over_days(days),
        "user_id": sales.column("customer").cast(pa.string()).combine_chunks(),
        "batch_id": pa.repeat(uuid4().bytes, count),
        "properties": pa.repeat("{}", count),
        "numbers": pa.MapArray.from_arrays(offsets, names, amounts),
        "texts": pa.array([[]] * count, EVENTS.field("texts").type),
    }
    empty: dict[Any, Any] = {pa.bool_(): False, pa.uint64(): 0, pa.string(): ""}
    columns = [column(filled.get(field.name), field, empty, count) for field in EVENTS]
    table = pa.Table.from_arrays(columns, schema=EVENTS).append_column("block", pa.array([1] * count, pa.uint64()))
    engine.insert("events", table, token=scope.tenant)
    return scope


def column(given: Any, field: pa.Field, empty: dict[Any, Any], count: int) -> pa.Array:
    if given is None:
        return pa.array([empty.get(field.type)] * count, field.type)
    return given.cast(field.type) if isinstance(given, pa.Array) else pa.array(given, field.type)


@pytest.fixture(scope="module")
def months() -> Callable[[str], list[list[float | None]]]:
    """By pandas: customers, orders or cents of each month's cohort in each month after, None where time ends."""
    sales = read("cdnow").to_pandas()
    month = pd.to_datetime(sales["day"]).dt.to_period("M")
    born = month.groupby(sales["customer"].astype(str)).transform("min")
    ordinal, first = month.astype("int64"), pd.Period("1997-01").ordinal
    frame = pd.DataFrame(
        {
            "base": born.astype("int64") - first,
            "after": ordinal - born.astype("int64"),
            "customer": sales["customer"].astype(str),
            "cents": sales["cents"],
        }
    )
    by = frame.groupby(["base", "after"])
    tables = {"customers": by["customer"].nunique(), "orders": by.size(), "cents": by["cents"].sum()}

    def table(name: str) -> list[list[float | None]]:
        found = tables[name]
        return [
            [int(found.get((base, k), 0)) if base + k < MONTHS else None for k in range(MONTHS)]
            for base in range(MONTHS)
        ]

    return table


Months = Callable[[str], list[list[float | None]]]


def test_customers_come_back_as_pandas_counts_them(warehouse: Warehouse, shop: Scope, months: Months) -> None:
    answer = retention(warehouse, shop, cohorts(EVER, UTC_CALENDAR, NOW), {})
    expected = months("customers")
    assert answer["people"] == 23_570
    assert [each["size"] for each in answer["cohorts"]] == [row[0] for row in expected]
    assert [each["counts"] for each in answer["cohorts"]] == expected
    # three months of 1997 have newcomers; the average after a year is of all of them
    sizes = [row[0] or 0 for row in expected]
    assert answer["average"]["rates"][12] == pytest.approx(sum(row[12] or 0 for row in expected) / sum(sizes))


def test_orders_and_revenue_are_what_pandas_adds_up(warehouse: Warehouse, shop: Scope, months: Months) -> None:
    whole = tenant(Money("USD"), UTC_CALENDAR)
    orders = values(warehouse, shop, cohorts({**EVER, "metric": "orders"}, UTC_CALENDAR, NOW), whole)
    assert [each["values"] for each in orders["cohorts"]] == months("orders")
    revenue = values(warehouse, shop, cohorts({**EVER, "metric": "revenue"}, UTC_CALENDAR, NOW), whole)
    told = [[None if value is None else round(value * 100) for value in each["values"]] for each in revenue["cohorts"]]
    assert told == months("cents")
