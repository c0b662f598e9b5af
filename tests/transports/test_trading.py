"""Trading over HTTP: every path answers, also of nothing; files, pages, and what is wrong named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import FastAPI

from factbook.core.scope import Scope
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from factbook.transports.http import trading
from factbook.transports.http import trading_docs as docs
from tests.queries.given import given

from .reading_services import Reading, reading

TRADING = "/api/v1/analytics/trading"
OF_S: dict[str, Any] = {"property.strategy_id": "s"}
EXAMPLES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "performance": ({}, docs.PERFORMANCE),
    "strategies": ({}, docs.listed("strategies", "strategy")),
    "symbols": ({}, docs.listed("symbols", "symbol")),
    "time-analysis": ({}, docs.TIMES),
    "orders": ({}, docs.ORDERS),
    "equity-curve": ({}, docs.EQUITY),
    "candles": ({"symbol": "GOOG"}, docs.CANDLES),
    "indicators": ({"symbol": "GOOG", "names": "macd_12_26_9"}, docs.INDICATORS),
}
"""Path → parameters that it needs, and its example."""


@pytest.fixture
def empty(engine: Engine, warehouse: Warehouse, scope: Scope, tmp_path: Path) -> Iterator[Reading]:
    with reading(warehouse, scope, tmp_path, engine) as found:
        cast(FastAPI, found.client.app).include_router(trading.router(found.services))
        yield found


@pytest.fixture
def served(empty: Reading, engine: Engine, scope: Scope) -> Reading:
    def event(day: int, type_: str, **properties: Any) -> dict[str, Any]:
        return {"at": f"2026-02-{day:02}T10:00:00Z", "type": type_, "properties": {"symbol": "GOOG", **properties}}

    given(
        engine,
        scope,
        [
            event(1, "balance.updated", balance=1000, account_id="a"),
            *(event(day, "order.placed", order_id=f"o{day}", side="buy") for day in (2, 3, 4)),
            *(event(day, "order.filled", price=100 + day, quantity=2, latency_ms=day, fee=1) for day in (2, 3)),
            event(4, "order.rejected", order_id="o4", reason="margin"),
            event(3, "position.closed", pnl=50, strategy_id="s", holding_seconds=60),
            event(4, "position.closed", pnl=-20, strategy_id="=s", holding_seconds=60),
        ],
    )
    return empty


@pytest.mark.parametrize("path", EXAMPLES)
def test_an_answer_has_the_fields_of_its_example_also_of_nothing(empty: Reading, path: str) -> None:
    parameters, example = EXAMPLES[path]
    answered = empty.get(f"{TRADING}/{path}", **parameters)
    assert answered.status_code == 200
    assert set(answered.json()) == set(example)
    assert not [value for value in answered.json().values() if value != value]


@pytest.mark.parametrize("path", EXAMPLES)
def test_rows_have_the_fields_of_their_example(served: Reading, path: str) -> None:
    parameters, example = EXAMPLES[path]
    told = served.get(f"{TRADING}/{path}", **parameters).json()
    assert set(told) == set(example)
    for name in ("strategies", "symbols", "points", "candles", "hour", "weekday", "month", "strategy_breakdown"):
        for row in told.get(name, []):
            assert set(row) == set(example[name][0])


def test_performance_is_told(served: Reading) -> None:
    told = served.get(f"{TRADING}/performance").json()
    assert (told["total_trades"], told["total_pnl"], told["fees"], told["net_pnl"]) == (2, 30, 2, 28)
    assert told["capital"]["amount"] == 1000
    given = served.get(f"{TRADING}/performance", starting_capital=500, days="all", risk_free_rate="0.02").json()
    assert (given["capital"]["amount"], given["returns"]["days_a_year"]) == (500, 365)
    filtered = served.get(f"{TRADING}/performance", **OF_S).json()
    assert (filtered["total_trades"], filtered["total_pnl"]) == (1, 50)


def test_lists_are_ordered_cut_and_files(served: Reading) -> None:
    rows = served.get(f"{TRADING}/strategies").json()["strategies"]
    assert [(row["strategy"], row["total_pnl"], row["max_drawdown_amount"]) for row in rows] == [
        ("s", 50, 0),
        ("=s", -20, 20),
    ]
    cut = served.get(f"{TRADING}/strategies", order="total_pnl", limit=1).json()
    assert ([row["strategy"] for row in cut["strategies"]], cut["cut"]["is_cut"], cut["cut"]["of"]) == (["=s"], True, 2)
    lines = served.get(f"{TRADING}/strategies", format="csv").text.splitlines()
    assert lines[0].startswith("strategy,total_trades")
    assert lines[2].startswith("'=s,1,")
    [symbol] = served.get(f"{TRADING}/symbols").json()["symbols"]
    assert (symbol["symbol"], symbol["total_trades"], symbol["win_rate"]) == ("GOOG", 2, 0.5)


def test_orders_are_told_with_their_reasons(served: Reading) -> None:
    told = served.get(f"{TRADING}/orders").json()
    assert (told["fill_rate"], told["reject_rate"], told["cancel_rate"]) == (
        pytest.approx(2 / 3),
        pytest.approx(1 / 3),
        0,
    )
    assert (told["reject_reasons"]["by_reason"], told["latency_p50"]) == ({"margin": 1}, 2)
    rows = served.get(f"{TRADING}/orders", by="side").json()["rows"]
    assert [(row["side"], row["orders_placed"]) for row in rows] == [("buy", 3), (None, 0)]
    assert served.get(f"{TRADING}/orders", by="symbol", format="csv").text.splitlines()[1].startswith("GOOG,3,2,0,1,")


def test_times_are_told_together_or_one_of_them(served: Reading) -> None:
    told = served.get(f"{TRADING}/time-analysis", timezone="Asia/Tokyo").json()
    assert ([row["hour"] for row in told["hour"]], [row["weekday"] for row in told["weekday"]]) == ([19], [2, 3])
    assert "hour" not in served.get(f"{TRADING}/time-analysis", by="month").json()
    assert served.get(f"{TRADING}/time-analysis", by="weekday", format="csv").text.splitlines()[1].startswith("2,1,1,")


def test_curves_candles_and_indicators_are_files_too(served: Reading) -> None:
    february: dict[str, Any] = {"start_date": "2026-02-02", "end_date": "2026-02-04"}
    lines = served.get(f"{TRADING}/equity-curve", format="csv", **february).text.splitlines()
    assert lines[1].startswith("2026-02-03,50.0,50.0,1050.0,")
    lines = served.get(f"{TRADING}/candles", symbol="GOOG", format="csv", **february).text.splitlines()
    assert lines[1] == "2026-02-02T00:00:00+00:00,102.0,102.0,102.0,102.0,2.0,102.0,1,True"
    answered = served.get(f"{TRADING}/indicators", symbol="GOOG", names="sma_2,macd", format="csv", **february)
    assert answered.text.splitlines()[0] == "time,close,sma_2.sma,macd.macd,macd.signal,macd.histogram"
    assert answered.text.splitlines()[2] == "2026-02-03T00:00:00+00:00,103.0,102.5,,,"


def test_candles_follow_their_cursor(served: Reading) -> None:
    february: dict[str, Any] = {"start_date": "2026-02-02", "end_date": "2026-02-04", "symbol": "GOOG", "limit": 1}
    newest = served.get(f"{TRADING}/candles", **february).json()
    before = served.get(f"{TRADING}/candles", cursor=newest["next_cursor"], **february).json()
    assert [one["candles"][0]["close"] for one in (newest, before)] == [103, 102]
    assert before["next_cursor"] is None


@pytest.mark.parametrize(
    ("path", "parameters", "field"),
    [
        ("performance", {"period": "nonsense"}, "period"),
        ("performance", {"start_date": "2026-02-02", "period": "today"}, "period"),
        ("performance", {"start_date": "2026-02-31"}, "start_time"),
        ("performance", {"timezone": "Mars/Olympus"}, "timezone"),
        ("performance", {"nonsense": "1"}, "nonsense"),
        ("performance", {"days": "some"}, "days"),
        ("performance", {"days_a_year": "400"}, "days_a_year"),
        ("performance", {"risk_free_rate": "low"}, "risk_free_rate"),
        ("performance", {"risk_free_rate": "nan"}, "risk_free_rate"),
        ("equity-curve", {"starting_capital": "0"}, "starting_capital"),
        ("equity-curve", {"format": "xml"}, "format"),
        ("strategies", {"order": "-luck"}, "order"),
        ("strategies", {"limit": "1001"}, "limit"),
        ("orders", {"by": "moon"}, "by"),
        ("orders", {"format": "csv"}, "by"),
        ("time-analysis", {"by": "minute"}, "by"),
        ("candles", {}, "symbol"),
        ("candles", {"symbol": "GOOG", "interval": "1x"}, "interval"),
        ("candles", {"symbol": "GOOG", "source": "rumours"}, "source"),
        ("candles", {"symbol": "GOOG", "limit": "0"}, "limit"),
        ("candles", {"symbol": "GOOG", "cursor": "then"}, "cursor"),
        ("indicators", {"symbol": "GOOG"}, "names"),
        ("indicators", {"symbol": "GOOG", "names": "sma_1"}, "names"),
        ("indicators", {"symbol": "GOOG", "names": "sma", "warm_up": "-1"}, "warm_up"),
    ],
)
def test_what_is_wrong_is_named(empty: Reading, path: str, parameters: dict[str, Any], field: str) -> None:
    answered = empty.get(f"{TRADING}/{path}", **parameters)
    assert answered.status_code == 422
    assert field in answered.text


def test_nobody_reads_without_a_key(empty: Reading) -> None:
    assert empty.get(f"{TRADING}/performance", role=None).status_code == 401
