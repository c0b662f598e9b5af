"""Technical indicators by their textbook formulas, candle by candle: what those of the product are compared with."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from statistics import fmean, pstdev

from .prices import Bar

Line = list[float | None]


def rolling(values: Sequence[float | None], period: int, each: Callable[[list[float]], float]) -> Line:
    """`each` of the last `period` values, null before there are as many."""
    found: Line = []
    for at in range(len(values)):
        window = [value for value in values[max(0, at - period + 1) : at + 1] if value is not None]
        found.append(each(window) if len(window) == period else None)
    return found


def smoothed(values: Sequence[float | None], period: int, weight: float) -> Line:
    """Begins with the mean of the first `period` values, then each counts `weight`."""
    known, before = 0, 0.0
    found: Line = []
    window: list[float] = []
    for value in values:
        if value is None:
            found.append(None)
            continue
        known += 1
        if known <= period:
            window.append(value)
            before = fmean(window)
        else:
            before += weight * (value - before)
        found.append(before if known >= period else None)
    return found


def ema(values: Sequence[float | None], period: int) -> Line:
    return smoothed(values, period, 2 / (period + 1))


def wilder(values: Sequence[float | None], period: int) -> Line:
    return smoothed(values, period, 1 / period)


def sma(bars: Sequence[Bar]) -> list[Line]:
    return [rolling([bar.close for bar in bars], 20, fmean)]


def ema_20(bars: Sequence[Bar]) -> list[Line]:
    return [ema([bar.close for bar in bars], 20)]


def wma(bars: Sequence[Bar]) -> list[Line]:
    return [rolling([bar.close for bar in bars], 20, lambda last: sum(n * x for n, x in enumerate(last, 1)) / 210)]


def rsi(bars: Sequence[Bar]) -> list[Line]:
    changes = [None, *(after.close - before.close for before, after in itertools.pairwise(bars))]
    up = wilder([None if each is None else max(each, 0) for each in changes], 14)
    down = wilder([None if each is None else max(-each, 0) for each in changes], 14)
    return [[None if u is None or d is None else 100 * u / (u + d) for u, d in zip(up, down, strict=True)]]


def macd(bars: Sequence[Bar]) -> list[Line]:
    """Both averages begin with the candle at which the slow one has its first value."""
    closes: list[float | None] = [bar.close for bar in bars]
    fast = ema([None if at < 26 - 12 else each for at, each in enumerate(closes)], 12)
    line = [None if f is None or s is None else f - s for f, s in zip(fast, ema(closes, 26), strict=True)]
    signal = ema(line, 9)
    both = [(a, b) if a is not None and b is not None else None for a, b in zip(line, signal, strict=True)]
    return [
        [None if each is None else each[0] for each in both],
        [None if each is None else each[1] for each in both],
        [None if each is None else each[0] - each[1] for each in both],
    ]


def bollinger(bars: Sequence[Bar]) -> list[Line]:
    closes = [bar.close for bar in bars]
    return [rolling(closes, 20, lambda last, n=n: fmean(last) + n * pstdev(last)) for n in (2, 0, -2)]  # type: ignore[misc]


def true_ranges(bars: Sequence[Bar]) -> Line:
    pairs = itertools.pairwise(bars)
    return [None, *(max(b.high, a.close) - min(b.low, a.close) for a, b in pairs)]


def atr(bars: Sequence[Bar]) -> list[Line]:
    return [wilder(true_ranges(bars), 14)]


def place(bars: Sequence[Bar], period: int) -> Line:
    """Where in the range of the last `period` candles the close lies, 0 to 100."""
    found: Line = []
    for at, bar in enumerate(bars):
        last = bars[max(0, at - period + 1) : at + 1]
        high, low = max(each.high for each in last), min(each.low for each in last)
        found.append(None if len(last) < period else 100 * (bar.close - low) / (high - low))
    return found


def stochastic(bars: Sequence[Bar]) -> list[Line]:
    slow = rolling(place(bars, 14), 3, fmean)
    signal = rolling(slow, 3, fmean)
    return [[None if d is None else k for k, d in zip(slow, signal, strict=True)], signal]


def obv(bars: Sequence[Bar]) -> list[Line]:
    found: Line = [bars[0].volume]
    total = bars[0].volume
    for before, after in itertools.pairwise(bars):
        total += math.copysign(after.volume, after.close - before.close) if after.close != before.close else 0
        found.append(total)
    return [found]


def vwap(bars: Sequence[Bar]) -> list[Line]:
    found: Line = []
    for at in range(len(bars)):
        last = bars[max(0, at - 13) : at + 1]
        turnover = sum((each.high + each.low + each.close) / 3 * each.volume for each in last)
        found.append(turnover / sum(each.volume for each in last) if len(last) == 14 else None)
    return [found]


def adx(bars: Sequence[Bar]) -> list[Line]:
    """Wilder's sums begin with 13 candles, his average of 14 directional indices."""
    period, plus, minus, ranges = 14, 0.0, 0.0, 0.0
    indices: Line = [None]
    for at, (before, after) in enumerate(itertools.pairwise(bars), 1):
        up, down = after.high - before.high, before.low - after.low
        each = (up if up > down and up > 0 else 0.0, down if down > up and down > 0 else 0.0)
        keep = 1.0 if at < period else 1 - 1 / period
        plus, minus = plus * keep + each[0], minus * keep + each[1]
        ranges = ranges * keep + max(after.high, before.close) - min(after.low, before.close)
        indices.append(100 * abs(plus - minus) / (plus + minus) if at >= period else None)
    return [wilder(indices, period)]


def cci(bars: Sequence[Bar]) -> list[Line]:
    typical = [(bar.high + bar.low + bar.close) / 3 for bar in bars]

    def index(last: list[float]) -> float:
        return (last[-1] - fmean(last)) / (0.015 * fmean(abs(each - fmean(last)) for each in last))

    return [rolling(typical, 20, index)]


def roc(bars: Sequence[Bar]) -> list[Line]:
    return [[None if at < 10 else 100 * (bar.close / bars[at - 10].close - 1) for at, bar in enumerate(bars)]]


def williams_r(bars: Sequence[Bar]) -> list[Line]:
    return [[None if each is None else each - 100 for each in place(bars, 14)]]


FORMULAS: dict[str, Callable[[Sequence[Bar]], list[Line]]] = {
    "sma": sma,
    "ema": ema_20,
    "wma": wma,
    "rsi": rsi,
    "macd": macd,
    "bollinger": bollinger,
    "atr": atr,
    "stochastic": stochastic,
    "obv": obv,
    "vwap": vwap,
    "adx": adx,
    "cci": cci,
    "roc": roc,
    "williams_r": williams_r,
}
"""With the parameters that the product takes where none are given."""
