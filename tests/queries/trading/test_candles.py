"""Candles: from trades and from market data, with their gaps, pages and ends; random trades against a naive count."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from factbook.core.errors import FactbookError
from factbook.core.scope import Scope
from factbook.queries.inquiry import Inquiry
from factbook.queries.trading import candles as read
from factbook.queries.trading import indicator_values
from factbook.queries.trading.chosen import chosen
from factbook.queries.trading.intervals import interval
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse

from .desk import MARCH, Desk, filled


@pytest.fixture
def desk(engine: Engine, warehouse: Warehouse, scope: Scope) -> Desk:
    return Desk(engine, warehouse, scope)


def ask(
    desk: Desk,
    name: str = "1d",
    asked: Mapping[str, Any] = MARCH,
    *,
    symbol: str = "X",
    source: str | None = None,
    limit: int = 1000,
    cursor: str | None = None,
    **more: Any,
) -> Any:
    async def verb(about: Inquiry) -> Any:
        each = interval(name, about.calendar)
        before = read.cursor_of(cursor)
        return read.told(about, read.candles(about, symbol, each, source=source, limit=limit, before=before))

    return desk.ask(verb, asked, **more)


def update(at: str, symbol: str = "X", **numbers: float) -> dict[str, Any]:
    return {"at": at, "type": "market.data.update", "properties": {"symbol": symbol, **numbers}}


def test_trades_make_candles(desk: Desk) -> None:
    desk.given(
        filled("2026-03-02T10:00:00Z", 10, 2),
        filled("2026-03-02T11:00:00Z", 14, 1),
        filled("2026-03-02T12:00:00Z", 8, 1),
        filled("2026-03-02T13:00:00Z", 9, 4),
        filled("2026-03-02T13:30:00Z", 99, 4, symbol="Y"),
    )
    told = ask(desk)
    assert told["candles"] == [
        {
            "time": "2026-03-02T00:00:00+00:00",
            "open": 10,
            "high": 14,
            "low": 8,
            "close": 9,
            "volume": 8,
            "vwap": (20 + 14 + 8 + 36) / 8,
            "events": 4,
            "complete": True,
        }
    ]
    assert (told["source"], told["gaps"], told["notes"]) == ("trades", [], [])


def test_market_data_answers_before_trades_and_may_be_bars_or_prices(desk: Desk) -> None:
    desk.given(
        update("2026-03-02T10:00:00Z", open=10, high=15, low=9, close=12, volume=100),
        update("2026-03-02T11:00:00Z", price=11, volume=1),
        filled("2026-03-02T09:00:00Z", 500),
    )
    [candle] = ask(desk)["candles"]
    assert [candle[name] for name in ("open", "high", "low", "close", "volume", "events")] == [10, 15, 9, 11, 101, 2]
    assert ask(desk)["source"] == "market"
    [trade] = ask(desk, source="trades")["candles"]
    assert trade["close"] == 500


def test_an_interval_without_a_trade_is_a_gap_and_no_candle(desk: Desk) -> None:
    desk.given(*(filled(f"2026-03-{day:02}T10:00:00Z", 10) for day in (2, 3, 6)))
    told = ask(desk)
    assert [candle["time"][:10] for candle in told["candles"]] == ["2026-03-02", "2026-03-03", "2026-03-06"]
    assert told["gaps"] == [
        {"start_time": "2026-03-04T00:00:00+00:00", "end_time": "2026-03-06T00:00:00+00:00", "candles": 2}
    ]
    assert told["missing"] == 2


def test_what_the_present_or_the_period_cuts_is_not_complete(desk: Desk) -> None:
    desk.given(*(filled(f"2026-03-{day:02}T{hour}:00:00Z", 10) for day in (2, 3, 13) for hour in ("08", "11")))
    assert [candle["complete"] for candle in ask(desk)["candles"]] == [True, True, False]
    cut = ask(desk, asked={"start_time": "2026-03-02T09:00:00Z", "end_time": "2026-03-03T09:00:00Z"})["candles"]
    assert [(candle["events"], candle["complete"]) for candle in cut] == [(1, False), (1, False)]
    assert ask(desk, "1h", asked={"start_time": "2026-03-13", "end_time": "2026-03-13"})["candles"][-1]["complete"]


def test_candles_are_paged_from_the_newest(desk: Desk) -> None:
    desk.given(*(filled(f"2026-03-{day:02}T10:00:00Z", day) for day in range(2, 9)))
    found: list[float] = []
    cursor = None
    while True:
        told = ask(desk, limit=3, cursor=cursor)
        found = [candle["close"] for candle in told["candles"]] + found
        assert all(candle["complete"] for candle in told["candles"])
        cursor = told["next_cursor"]
        if cursor is None:
            break
    assert found == list(range(2, 9))


def test_a_quantity_that_nobody_told_is_unknown(desk: Desk) -> None:
    desk.given(filled("2026-03-02T10:00:00Z", 10, None), filled("2026-03-03T10:00:00Z", 10, None, volume=7))
    assert [(candle["volume"], candle["vwap"]) for candle in ask(desk)["candles"]] == [(None, None), (7, 10)]


def test_a_symbol_without_a_price_is_said_to_have_none(desk: Desk) -> None:
    desk.given({"at": "2026-03-02T10:00:00Z", "type": "order.filled", "properties": {"symbol": "X"}})
    for symbol in ("X", "nobody's"):
        told = ask(desk, symbol=symbol)
        assert (told["candles"], told["source"], told["next_cursor"], len(told["notes"])) == ([], None, None, 1)


def test_another_tenant_sees_no_candle(desk: Desk) -> None:
    desk.given(filled("2026-03-02T10:00:00Z", 10))
    assert ask(desk, scope=Scope("somebody-else", "test", desk.scope.role))["candles"] == []


def test_more_candles_than_can_be_read_are_refused(desk: Desk) -> None:
    with pytest.raises(FactbookError) as refused:
        ask(desk, "1s", asked={"start_time": "2020-01-01", "end_time": "2026-01-01"})
    assert refused.value.field == "interval"


@pytest.mark.parametrize(("name", "seconds"), [("7m", 420), ("1h", 3600), ("5h", 18_000), ("1d", 86_400)])
def test_random_trades_make_the_candles_of_a_naive_count(desk: Desk, name: str, seconds: int) -> None:
    drawn, first = random.Random(name), datetime(2026, 3, 2, tzinfo=UTC)
    trades = sorted(
        (first + timedelta(seconds=at), drawn.randint(50, 150), drawn.randint(1, 9))
        for at in drawn.sample(range(3 * 86_400), 150)
    )
    desk.given(*(filled(f"{at:%Y-%m-%dT%H:%M:%S}Z", price, size) for at, price, size in drawn.sample(trades, 150)))
    naive: dict[datetime, list[tuple[int, int]]] = {}
    for at, price, size in trades:
        midnight = at.replace(hour=0, minute=0, second=0)
        begun = midnight + timedelta(seconds=(at - midnight).seconds // seconds * seconds)
        naive.setdefault(begun, []).append((price, size))
    told = ask(desk, name)["candles"]
    assert [datetime.fromisoformat(candle["time"]) for candle in told] == list(naive)
    for candle, made in zip(told, naive.values(), strict=True):
        prices = [price for price, _ in made]
        assert [candle[side] for side in ("open", "high", "low", "close")] == [
            prices[0],
            max(prices),
            min(prices),
            prices[-1],
        ]
        volume = sum(size for _, size in made)
        assert (candle["volume"], candle["events"]) == (volume, len(made))
        assert candle["vwap"] == pytest.approx(sum(price * size for price, size in made) / volume)


def indicators(desk: Desk, names: str, asked: Mapping[str, Any], warm_up: int = 0, limit: int = 1000) -> Any:
    async def verb(about: Inquiry) -> Any:
        each = interval("1d", about.calendar)
        return indicator_values.told(about, chosen(names), "X", each, source=None, limit=limit, warm_up=warm_up)

    return desk.ask(verb, asked)


def test_indicators_warm_up_before_the_period_where_asked(desk: Desk) -> None:
    desk.given(*(filled(f"2026-03-{day:02}T10:00:00Z", day) for day in range(2, 12)))
    asked = {"start_time": "2026-03-06", "end_time": "2026-03-08"}
    cold = indicators(desk, "sma_3", asked)
    assert cold["indicators"]["sma_3"]["lines"]["sma"] == [None, None, 7]
    warm = indicators(desk, "sma_3", asked, warm_up=2)
    assert warm["indicators"]["sma_3"]["lines"]["sma"] == [5, 6, 7]
    assert (warm["warm_up"], [candle["close"] for candle in warm["candles"]]) == (2, [6, 7, 8])
    few = indicators(desk, "sma_3", asked, warm_up=2, limit=1)
    assert (few["indicators"]["sma_3"]["lines"]["sma"], few["warm_up"]) == ([7], 2)


def test_indicators_of_nothing_are_nothing(desk: Desk) -> None:
    told = indicators(desk, "rsi,macd", MARCH, warm_up=50)
    assert (told["candles"], told["source"], told["indicators"]["rsi"]["lines"]) == ([], None, {"rsi": []})
    assert len(told["notes"]) == 1
