"""Orders, strategies and prices in SQL: each view tells one tenant's rows as they were counted by hand."""

from __future__ import annotations

from typing import Any

import pytest

from factbook.core.scope import Scope
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given


def event(minute: int, type_: str, **properties: Any) -> dict[str, Any]:
    return {"at": f"2026-03-02T10:{minute:02}:30Z", "type": type_, "properties": properties}


def read(warehouse: Warehouse, scope: Scope, view: str, order: str) -> list[dict[str, Any]]:
    return warehouse.records(scope, f"SELECT * FROM {view} WHERE tenant = {{tenant:String}} ORDER BY {order}")


@pytest.fixture
def desk(engine: Engine, scope: Scope) -> Scope:
    given(
        engine,
        scope,
        [
            event(1, "order.placed", order_id="a", symbol="X", side="buy", quantity=10),
            event(2, "order.filled", order_id="a", symbol="X", quantity=4, price=10, fee=1, latency_ms=30),
            event(3, "order.filled", order_id="a", symbol="X", quantity=6, price=20, fee=2, latency_ms=50),
            event(4, "order.placed", order_id=7, symbol="Y", quantity=1),
            event(5, "order.rejected", order_id=7, reason="margin"),
            event(6, "order.placed", symbol="Z"),
            event(7, "position.closed", strategy_id="s", pnl=30, currency="usd"),
            event(8, "position.closed", strategy_id="s", pnl=-10, currency="usd", holding_seconds=60),
            event(8, "position.closed", strategy_id="s", pnl=5, currency="EUR"),
            event(9, "market.data.update", symbol="X", open=10, high=15, low=9, close=12, volume=100),
            {**event(9, "market.data.update", symbol="X", price=11), "at": "2026-03-02T10:09:45Z"},
            {**event(9, "market.data.update", symbol="X", price=999), "is_bot": True},
        ],
    )
    return scope


def test_an_order_is_a_row_of_all_that_was_told_of_it(warehouse: Warehouse, desk: Scope) -> None:
    numbered, lettered = read(warehouse, desk, "order_analytics", "order_id")
    assert (numbered["order_id"], numbered["status"], numbered["reason"]) == ("7", "rejected", "margin")
    assert (numbered["filled_quantity"], numbered["average_price"], numbered["fee"]) == (0, None, None)
    told = ("status", "symbol", "side", "quantity", "filled_quantity", "fills", "average_price", "fee", "latency_ms")
    assert [lettered[name] for name in told] == ["filled", "X", "buy", 10, 10, 2, 16, 3, 30]
    assert (lettered["placed_at"].minute, lettered["last_filled_at"].minute, lettered["canceled_at"]) == (1, 3, None)


def test_a_strategy_is_a_row_a_day_and_currency(warehouse: Warehouse, desk: Scope) -> None:
    euros, dollars = read(warehouse, desk, "strategy_performance", "currency")
    told = ("trades", "win_rate", "pnl", "gross_profit", "gross_loss", "profit_factor", "average_holding_seconds")
    assert [dollars[name] for name in told] == [2, 0.5, 20, 30, 10, 3, 60]
    assert [euros[name] for name in told] == [1, 1, 5, 5, 0, None, None]


def test_a_market_is_a_row_a_minute_and_source(warehouse: Warehouse, desk: Scope) -> None:
    told = ("source", "open", "high", "low", "close", "volume", "events")
    rows = read(warehouse, desk, "market_analytics", "source, time")
    assert [[row[name] for name in told] for row in rows] == [
        ["market", 10, 15, 9, 11, 100, 2],
        ["trades", 10, 10, 10, 10, 4, 1],
        ["trades", 20, 20, 20, 20, 6, 1],
    ]


@pytest.mark.parametrize("view", ["order_analytics", "strategy_performance", "market_analytics"])
def test_another_tenant_sees_no_row_and_reads_none(warehouse: Warehouse, desk: Scope, view: str) -> None:
    other = Scope("somebody-else", "test", desk.role)
    rows, looked_at = warehouse.counted(other, f"SELECT * FROM {view} WHERE tenant = {{tenant:String}}")
    assert rows == []
    assert not looked_at
