"""Indicators of a symbol's candles: null while they warm up, and never a look ahead."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from factbook.core.clock import epoch_ms
from factbook.core.times import Period
from factbook.queries.inquiry import Inquiry

from .candles import Candle, Candles, candles, earlier, notes, row
from .chosen import Chosen
from .indicators import Bars
from .intervals import Interval

MAX_WARM_UP = 5000
NO_VOLUME = "No event told a quantity or volume for some candles: what needs it is unknown."


def told(
    asked: Inquiry,
    names: Sequence[Chosen],
    symbol: str,
    each: Interval,
    *,
    source: str | None,
    limit: int,
    warm_up: int,
) -> dict[str, Any]:
    """The newest `limit` candles of the period with the values of each of `names`; `warm_up` candles before them are
    read too, so that what they warm up has values from the first on."""
    begin = epoch_ms(asked.about.period.start)
    wider = Period(asked.about.period.start - earlier(asked, each, warm_up), asked.about.period.end)
    read = replace(asked, about=replace(asked.about, period=wider))
    found = candles(read, symbol, each, source=source, limit=limit + warm_up, before=None)
    bars, since = found.candles, max(0, len(found.candles) - limit)
    since = max(since, next((at for at, bar in enumerate(bars) if bar.end > begin), len(bars)))
    used = bars[max(0, since - warm_up) :]
    lines = {one.name: computed(one, used) for one in names}
    skip = len(used) - (len(bars) - since)
    kept = used[skip:]
    is_volume = any(one.indicator.volume and not _has_volume(used) for one in names)
    return {
        **asked.told,
        "symbol": symbol,
        "interval": each.name,
        "source": found.source if kept else None,
        "warm_up": skip,
        "candles": [row(asked, bar) for bar in kept],
        "indicators": {
            one.name: {
                "label": one.indicator.label,
                "parameters": one.parameters,
                "unit": one.indicator.unit or None,
                "lines": {line: values[skip:] for line, values in lines[one.name].items()},
            }
            for one in names
        },
        "notes": [*notes(found if kept else Candles(symbol, each, None)), *([NO_VOLUME] if is_volume and kept else [])],
    }


def table(answer: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """(a row for each candle, with the value of each line under `NAME.LINE`; its columns)."""
    lines = {
        f"{name}.{line}": values for name, one in answer["indicators"].items() for line, values in one["lines"].items()
    }
    rows = [
        {"time": candle["time"], "close": candle["close"], **{name: values[at] for name, values in lines.items()}}
        for at, candle in enumerate(answer["candles"])
    ]
    return rows, ["time", "close", *lines]


def computed(one: Chosen, bars: Sequence[Candle]) -> dict[str, list[float | None]]:
    """Its lines, each with a value or null for every candle."""
    unknown: list[float | None] = [None] * len(bars)
    if not bars or (one.indicator.volume and not _has_volume(bars)):
        return {line: list(unknown) for line in one.indicator.names}
    scale, read = scaled(bars)
    back = scale if one.indicator.unit == "price" else 1.0
    found = one.indicator.compute(read, one.parameters)
    return {
        line: [float(value) * back if math.isfinite(value) else None for value in values]
        for line, values in zip(one.indicator.names, found, strict=True)
    }


def scaled(bars: Sequence[Candle]) -> tuple[float, Bars]:
    """(the power of two by which prices are divided, the bars): TA-Lib takes numbers below 1e-14 for nothing, and some
    prices are. It follows from the first price alone."""
    first = abs(bars[0].close)
    scale = 2.0 ** math.floor(math.log2(first)) if first else 1.0
    high, low, close = (np.array([getattr(bar, name) for bar in bars]) / scale for name in ("high", "low", "close"))
    volume = np.array([bar.volume or 0.0 for bar in bars])
    return scale, Bars(high, low, close, volume)


def _has_volume(bars: Sequence[Candle]) -> bool:
    return all(bar.volume is not None for bar in bars)
