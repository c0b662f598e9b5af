"""How many of CDNOW's customers bought again, and how soon, against pandas."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from factbook.core.scope import Scope
from factbook.metrics.catalog import built_in
from factbook.queries.behaviour.funnels.answer import funnel
from factbook.queries.behaviour.funnels.question import question
from factbook.storage.warehouse import Warehouse

from .test_cdnow_cohorts import NOW, UTC_CALENDAR, shop

__all__ = ["shop"]
EVER = {"start_date": "1997-01-01", "end_date": "1998-06-30", "granularity": "none"}


@pytest.fixture(scope="module")
def sales(warehouse: Warehouse, shop: Scope) -> Any:
    sql = """SELECT user_id, toUnixTimestamp64Milli(timestamp) AS at, numbers['amount'] AS amount
FROM events WHERE tenant = {tenant:String}"""
    found = pd.DataFrame(warehouse.rows(shop, sql), columns=["user", "at", "amount"])
    found["small"] = found.amount <= 50
    return found.sort_values(["user", "at", "small"]).reset_index(drop=True)


def told(warehouse: Warehouse, shop: Scope, **fields: Any) -> dict[str, Any]:
    asked = question({**EVER, **fields}, UTC_CALENDAR, NOW, dimension=built_in().dimension, named=lambda name: {})
    return funnel(warehouse, shop, asked, NOW, {})


def test_three_purchases_within_ninety_days(warehouse: Warehouse, shop: Scope, sales: Any) -> None:
    found = told(warehouse, shop, steps=["purchase"] * 3, window="90d")
    window = 90 * 86_400_000
    by = sales.groupby("user")["at"]
    second, third = sales["at"] - by.shift(1) <= window, sales["at"] - by.shift(2) <= window
    counts = [sales.user.nunique(), sales[second].user.nunique(), sales[third].user.nunique()]
    assert [step["count"] for step in found["steps"]] == counts


def test_the_time_to_the_second_purchase(warehouse: Warehouse, shop: Scope, sales: Any) -> None:
    found = told(warehouse, shop, steps=["purchase", "purchase"], window="90d")
    gaps = (sales["at"] - sales.groupby("user")["at"].shift(1)) / 1000
    first = gaps[gaps <= 90 * 86_400].groupby(sales.user).first()
    assert found["converted"] == len(first)
    assert found["median_seconds"] == pytest.approx(first.median())
    assert found["mean_seconds"] == pytest.approx(first.mean())


def test_who_buys_again_after_a_large_order(warehouse: Warehouse, shop: Scope, sales: Any) -> None:
    steps = [{"event": "purchase", "where": "amount > 50"}, "purchase"]
    found = told(warehouse, shop, steps=steps, window="30d")
    following = sales.groupby("user")["at"].shift(-1) - sales["at"]
    large = sales[~sales.small]
    assert found["entered"] == large.user.nunique()
    assert found["converted"] == large[following[large.index] <= 30 * 86_400_000].user.nunique()
