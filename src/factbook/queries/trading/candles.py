"""Candles of a symbol: open, high, low, close and volume of each interval, from trades or from market data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

from factbook.core.clock import epoch_ms, from_epoch_ms
from factbook.core.errors import invalid
from factbook.core.sql import Parameters
from factbook.queries.behaviour.history import inside
from factbook.queries.inquiry import Inquiry
from factbook.queries.shown import shown

from .intervals import Interval, begins, between, ends, key

SOURCES = {"market": "market.data.update", "trades": "order.filled"}
"""The first that has the symbol answers where none is named."""
MAX_CANDLES = 10_000
MAX_READ = 2_000_000
"""Candles that the period may have room for."""
MAX_GAPS = 1000

_PRICE = "numbers['price']"
_OPEN, _CLOSE = (
    f"multiIf(mapContains(numbers, '{first}'), numbers['{first}'], mapContains(numbers, 'price'), {_PRICE},"
    f" numbers['{last}'])"
    for first, last in (("open", "close"), ("close", "open"))
)
_EDGE = "if(mapContains(numbers, '{0}'), numbers['{0}'], {1})"
_PRICED = "(mapContains(numbers, 'price') OR mapContains(numbers, 'close') OR mapContains(numbers, 'open'))"


@dataclass(frozen=True, slots=True)
class Candle:
    """begin, end: milliseconds. complete: false where the period or the present cuts it. volume, vwap: None where no
    event told a quantity."""

    number: int
    begin: int
    end: int
    open: float
    high: float
    low: float
    close: float
    volume: float | None
    vwap: float | None
    events: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Candles:
    """In order of time. source: a key of SOURCES, None where the symbol has nothing. cut: there are earlier ones."""

    symbol: str
    interval: Interval
    source: str | None
    candles: tuple[Candle, ...] = ()
    cut: bool = False


def candles(
    asked: Inquiry, symbol: str, each: Interval, *, source: str | None, limit: int, before: int | None
) -> Candles:
    """The newest `limit` candles of the period, or those before the moment `before` (milliseconds)."""
    begin, end = epoch_ms(asked.about.period.start), epoch_ms(asked.about.period.end)
    end = end if before is None else max(begin, min(end, before))
    if (end - begin) / each.typical_ms > MAX_READ:
        raise invalid(
            f"The period has room for more than {MAX_READ:,} candles of {each.name}.",
            field="interval",
            hint="Ask for a longer interval or a shorter period.",
        )
    parameters = Parameters()
    number = key(each, asked.calendar, parameters)
    types = [SOURCES[source]] if source else list(SOURCES.values())
    rows = asked.warehouse.rows(
        asked.scope,
        f"""SELECT event_type = '{SOURCES["market"]}' AS is_market, {number} AS number,
    argMin(begun, (timestamp, event_id)), max(highest), min(lowest), argMax(ended, (timestamp, event_id)),
    sum(quantity), sum(if(isNull(quantity), 0, ended) * ifNull(quantity, 0)), count()
FROM (
    SELECT event_type, timestamp, event_id, {_OPEN} AS begun, {_CLOSE} AS ended,
        greatest(begun, ended, {_EDGE.format("high", "begun")}) AS highest,
        least(begun, ended, {_EDGE.format("low", "begun")}) AS lowest,
        multiIf(
            event_type = 'order.filled' AND mapContains(numbers, 'quantity'), numbers['quantity'],
            mapContains(numbers, 'volume'), numbers['volume'],
            NULL
        ) AS quantity
    FROM events
    {inside(asked.about, parameters, end_ms=end)}
        AND event_type IN {parameters.add(types, "Array(String)")}
        AND symbol = {parameters.add(symbol, "String")} AND {_PRICED}
)
GROUP BY is_market, number
ORDER BY is_market DESC, number DESC
LIMIT {limit + 1} BY is_market""",
        parameters.values,
    )
    if not rows:
        return Candles(symbol, each, None)
    is_market = rows[0][0]
    chosen = [row[1:] for row in rows if row[0] == is_market]
    present = min(epoch_ms(asked.now), end)
    found = tuple(_candle(asked, each, row, begin, present) for row in reversed(chosen[:limit]))
    return Candles(symbol, each, "market" if is_market else "trades", found, len(chosen) > limit)


def told(asked: Inquiry, found: Candles) -> dict[str, Any]:
    """The answer, JSON-able; `gaps` are where candles are missing between two that are there."""
    zone = asked.calendar.zone
    apart = [(one, two) for one, two in pairwise(found.candles) if two.begin > one.end]
    missing = [max(1, between(found.interval, one.number, two.number)) for one, two in apart]
    gaps = [
        {"start_time": shown(one.end, zone), "end_time": shown(two.begin, zone), "candles": count}
        for (one, two), count in zip(apart, missing, strict=True)
    ]
    return {
        **asked.told,
        "symbol": found.symbol,
        "interval": found.interval.name,
        "source": found.source,
        "candles": [row(asked, candle) for candle in found.candles],
        "gaps": gaps[:MAX_GAPS],
        "missing": sum(missing),
        "next_cursor": str(found.candles[0].begin) if found.cut else None,
        "notes": notes(found),
    }


def notes(found: Candles) -> list[str]:
    if found.source:
        return []
    types = " or ".join(SOURCES.values())
    return [f"No {types} event with a price names the symbol {found.symbol[:60]!r} in this period."]


def row(asked: Inquiry, candle: Candle) -> dict[str, Any]:
    return {
        "time": shown(candle.begin, asked.calendar.zone),
        "open": candle.open,
        "high": candle.high,
        "low": candle.low,
        "close": candle.close,
        "volume": candle.volume,
        "vwap": candle.vwap,
        "events": candle.events,
        "complete": candle.complete,
    }


def cursor_of(text: str | None) -> int | None:
    """INVALID for what no answer gave."""
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 14:
        raise invalid("The cursor is none of these answers.", field="cursor", hint="Give `next_cursor` as it was told.")
    return int(text)


def earlier(asked: Inquiry, each: Interval, count: int) -> timedelta:
    """How long before the period to read for `count` candles more: twice as long as they last, and a week for days on
    which nothing is traded."""
    longest = max(timedelta(), asked.about.period.start - from_epoch_ms(0))
    return (
        min(longest, timedelta(milliseconds=2 * count * each.typical_ms) + timedelta(days=7)) if count else timedelta()
    )


def _candle(asked: Inquiry, each: Interval, found: tuple[Any, ...], begin: int, present: int) -> Candle:
    number, first, high, low, last, volume, turnover, events = found
    start, end = begins(each, asked.calendar, int(number)), ends(each, asked.calendar, int(number))
    return Candle(
        int(number),
        start,
        end,
        float(first),
        float(high),
        float(low),
        float(last),
        None if volume is None else float(volume),
        float(turnover) / float(volume) if volume else None,
        int(events),
        start >= begin and end <= present,
    )
