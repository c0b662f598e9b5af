"""Indicators: their textbook formulas on real prices, null while they warm up, and never a look ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from factbook.core.errors import FactbookError
from factbook.queries.trading.candles import Candle
from factbook.queries.trading.chosen import chosen
from factbook.queries.trading.indicator_values import computed
from factbook.queries.trading.indicators import INDICATORS

from .formulas import FORMULAS
from .prices import Bar, history

COUNT = 600


def candles(bars: Sequence[Bar], factor: float = 1.0) -> list[Candle]:
    return [
        Candle(
            at, at, at + 1, b.open * factor, b.high * factor, b.low * factor, b.close * factor, b.volume, None, 1, True
        )
        for at, b in enumerate(bars)
    ]


def test_every_indicator_has_its_formula() -> None:
    assert set(FORMULAS) == set(INDICATORS)


@pytest.mark.parametrize("symbol", ["GOOG", "EURUSD"])
@pytest.mark.parametrize("name", INDICATORS)
def test_an_indicator_is_its_formula_on_real_prices(name: str, symbol: str) -> None:
    bars = history(symbol)[:COUNT]
    [one] = chosen(name)
    told = computed(one, candles(bars))
    assert tuple(told) == one.indicator.names
    for line, expected in zip(told.values(), FORMULAS[name](bars), strict=True):
        assert [value is None for value in line] == [value is None for value in expected]
        known = [(a, b) for a, b in zip(line, expected, strict=True) if a is not None and b is not None]
        assert len(known) > COUNT - 60
        assert [a for a, _ in known] == pytest.approx([b for _, b in known], rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("name", INDICATORS)
def test_no_value_looks_ahead(name: str) -> None:
    bars = candles(history("GOOG")[:120])
    [one] = chosen(name)
    whole = computed(one, bars)
    for count in (*range(1, 60, 7), 119):
        assert computed(one, bars[:count]) == {line: values[:count] for line, values in whole.items()}


@pytest.mark.parametrize("name", INDICATORS)
def test_prices_of_any_size_are_read_alike(name: str) -> None:
    bars, tiny = history("EURUSD")[:100], 2.0**-60
    [one] = chosen(name)
    back = tiny if one.indicator.unit == "price" else 1.0
    near = {
        line: [None if value is None else value * back for value in values]
        for line, values in computed(one, candles(bars)).items()
    }
    assert computed(one, candles(bars, tiny)) == near


def test_of_no_candle_there_is_no_value() -> None:
    assert computed(chosen("macd")[0], []) == {"macd": [], "signal": [], "histogram": []}


def test_what_needs_a_volume_is_unknown_without_one() -> None:
    bars = candles(history("GOOG")[:30])
    bars[3] = replace(bars[3], volume=None)
    assert computed(chosen("obv")[0], bars) == {"obv": [None] * 30}
    assert computed(chosen("sma_3")[0], bars)["sma"][2] is not None


def test_a_steady_price_has_bands_without_width() -> None:
    bars = [Candle(at, at, at + 1, 0.1, 0.1, 0.1, 0.1, 0.0, None, 1, True) for at in range(30)]
    told = computed(chosen("bollinger")[0], bars)
    assert {line: values[-1] for line, values in told.items()} == pytest.approx(
        {"upper": 0.1, "middle": 0.1, "lower": 0.1}, rel=1e-6
    )
    assert computed(chosen("vwap")[0], bars)["vwap"][-1] is None


def test_parameters_stand_behind_the_name() -> None:
    [one, two, three] = chosen("SMA_50, macd_5_35,bbands_20_2.5")
    assert (one.name, one.parameters) == ("sma_50", {"period": 50})
    assert two.parameters == {"fast": 5, "slow": 35, "signal": 9}
    assert (three.indicator.id, three.parameters) == ("bollinger", {"period": 20, "deviations": 2.5})
    assert chosen("williams_r_10")[0].parameters == {"period": 10}


@pytest.mark.parametrize(
    "names",
    [
        "",
        "nonsense",
        "sma_0",
        "sma_1.5",
        "sma_20_3",
        "obv_3",
        "macd_26_12",
        "sma_-1",
        ",".join(f"sma_{n}" for n in range(2, 40)),
    ],
)
def test_what_is_no_indicator_is_refused(names: str) -> None:
    with pytest.raises(FactbookError) as refused:
        chosen(names)
    assert refused.value.field == "names"
