"""The statement that scores every buyer of a stretch of history by fifths."""

from __future__ import annotations

from factbook.core.money import Money
from factbook.core.sql import Parameters
from factbook.metrics.model import Metric
from factbook.queries.behaviour.history import inside
from factbook.queries.behaviour.people import People

from .question import Asked, worth


def scored(what: Asked, metric: Metric, money: Money, who: People, parameters: Parameters) -> str:
    """SQL of a row a buyer: who, last (milliseconds), orders, money, and the scores r, f, m.

    A score is 1 and as many fifths as are passed by the share of buyers who have less: equal values score the same.
    """
    value, counted = worth(metric, money, parameters)
    fifth = "toUInt8(intDiv(5 * (rank() OVER (ORDER BY {0}) - 1), count() OVER ()) + 1)"
    return f"""SELECT who, last, orders, money,
    {fifth.format("last")} AS r, {fifth.format("orders")} AS f, {fifth.format("money")} AS m
FROM (
    SELECT {who.of} AS who, toUnixTimestamp64Milli(max(timestamp)) AS last, count() AS orders, sum({value}) AS money
    FROM events
    {inside(what.about, parameters)} AND person != 0 AND {counted}
    GROUP BY who
)"""
