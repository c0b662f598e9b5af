"""Technical indicators, one line of a table each: what it reads, its parameters, and how TA-Lib computes it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Computed = Sequence[Numbers]

MAX_PERIOD = 1000


class Bars(NamedTuple):
    """Of the same length; prices about 1 (`values.scaled`)."""

    high: Numbers
    low: Numbers
    close: Numbers
    volume: Numbers


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    default: float
    least: float = 2
    most: float = MAX_PERIOD
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Indicator:
    """lines: what it draws. unit: of its lines: `price`, `volume`, or none for a number of its own. volume: it
    needs one."""

    id: str
    label: str
    parameters: tuple[Parameter, ...]
    compute: Callable[[Bars, Any], Computed]
    lines: tuple[str, ...] = ()
    unit: str = ""
    volume: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return self.lines or (self.id,)


def _library() -> Any:
    """TA-Lib, loaded when the first indicator is asked for."""
    return importlib.import_module("talib")


def _periods(default: int, least: int = 2) -> tuple[Parameter, ...]:
    return (Parameter("period", default, least),)


def _of_close(name: str) -> Callable[[Bars, Any], Computed]:
    return lambda bars, given: [getattr(_library(), name)(bars.close, timeperiod=given["period"])]


def _of_bars(name: str) -> Callable[[Bars, Any], Computed]:
    return lambda bars, given: [getattr(_library(), name)(*bars[:3], timeperiod=given["period"])]


def _macd(bars: Bars, given: Mapping[str, Any]) -> Computed:
    found = _library().MACD(
        bars.close, fastperiod=given["fast"], slowperiod=given["slow"], signalperiod=given["signal"]
    )
    return list(found)


def _bollinger(bars: Bars, given: Mapping[str, Any]) -> Computed:
    width = given["deviations"]
    return list(_library().BBANDS(bars.close, timeperiod=given["period"], nbdevup=width, nbdevdn=width))


def _stochastic(bars: Bars, given: Mapping[str, Any]) -> Computed:
    found = _library().STOCH(
        *bars[:3], fastk_period=given["period"], slowk_period=given["smooth"], slowd_period=given["signal"]
    )
    return list(found)


def _obv(bars: Bars, given: Mapping[str, Any]) -> Computed:
    return [_library().OBV(bars.close, bars.volume)]


def _vwap(bars: Bars, given: Mapping[str, Any]) -> Computed:
    """Of the typical prices (high + low + close) / 3, over the last `period` candles."""
    period = int(given["period"])
    if len(bars.close) < period:
        return [np.full(len(bars.close), np.nan)]
    window = np.lib.stride_tricks.sliding_window_view
    typical = (bars.high + bars.low + bars.close) / 3
    turnover, volume = (window(each, period).sum(axis=1) for each in (typical * bars.volume, bars.volume))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(volume > 0, turnover / volume, np.nan)
    return [np.concatenate([np.full(period - 1, np.nan), found])]


_DEVIATIONS = Parameter("deviations", 2, 0.1, 10, whole=False)
_MACD = (Parameter("fast", 12), Parameter("slow", 26), Parameter("signal", 9, 1))
_STOCHASTIC = (Parameter("period", 14, 1), Parameter("smooth", 3, 1), Parameter("signal", 3, 1))

INDICATORS: dict[str, Indicator] = {
    each.id: each
    for each in (
        Indicator("sma", "Simple moving average", _periods(20), _of_close("SMA"), unit="price"),
        Indicator("ema", "Exponential moving average", _periods(20), _of_close("EMA"), unit="price"),
        Indicator("wma", "Weighted moving average", _periods(20), _of_close("WMA"), unit="price"),
        Indicator("rsi", "Relative strength index", _periods(14), _of_close("RSI")),
        Indicator("macd", "MACD", _MACD, _macd, ("macd", "signal", "histogram"), unit="price"),
        Indicator(
            "bollinger",
            "Bollinger bands",
            (*_periods(20), _DEVIATIONS),
            _bollinger,
            ("upper", "middle", "lower"),
            unit="price",
        ),
        Indicator("atr", "Average true range", _periods(14, 1), _of_bars("ATR"), unit="price"),
        Indicator("stochastic", "Stochastic oscillator", _STOCHASTIC, _stochastic, ("k", "d")),
        Indicator("obv", "On-balance volume", (), _obv, unit="volume", volume=True),
        Indicator("vwap", "Volume-weighted average price", _periods(14, 1), _vwap, unit="price", volume=True),
        Indicator("adx", "Average directional index", _periods(14), _of_bars("ADX")),
        Indicator("cci", "Commodity channel index", _periods(20), _of_bars("CCI")),
        Indicator("roc", "Rate of change, in percent", _periods(10, 1), _of_close("ROC")),
        Indicator("williams_r", "Williams %R", _periods(14), _of_bars("WILLR")),
    )
}
ALIASES = {
    "bbands": "bollinger",
    "bollinger_bands": "bollinger",
    "stoch": "stochastic",
    "williams": "williams_r",
    "willr": "williams_r",
}
