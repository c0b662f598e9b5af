"""Trades cut by strategy, by symbol and by when positions were closed."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from factbook.core.errors import invalid
from factbook.queries.inquiry import Inquiry

from .cuts import PROPERTIES, TIMES, Cut, cut
from .days import counted, daily_by
from .drawdowns import deepest
from .fields import TRADES
from .question import Amounts, Risk, amounts
from .returns import sharpe

MAX_LISTED = 1000


async def listed(asked: Inquiry, risk: Risk, dimension: str, *, order: str, limit: int) -> dict[str, Any]:
    """The record of each strategy or symbol, with the Sharpe ratio of its daily profit and its deepest fall, as an
    amount: neither needs a capital. Those of none come under None.

    order: a field of TRADES, with `-` before it for the largest first; what is unknown comes last. INVALID naming it
    for another.
    """
    field = order.removeprefix("-")
    if field not in TRADES:
        raise invalid(
            f"{order[:40]!r} is no order.", field="order", hint="Use " + ", ".join(TRADES) + ", with - or not."
        )

    def read() -> tuple[list[dict[str, Any]], int]:
        money = amounts(asked)
        records = cut(asked, TRADES, money, (dimension,)).records[dimension]
        names = ordered(records, field, largest_first=order != field)[:limit]
        ratios = _by_day(asked, risk, money, dimension, names)
        return [{dimension: name or None, **records[name], **ratios[name]} for name in names], len(records)

    rows, count = await asked.reads.run(asked.scope, read, f"trades by {dimension}")
    told = {"is_cut": count > len(rows), "shown": len(rows), "of": count, "limit": limit}
    return {**asked.told, "rows": rows, "cut": told}


def ordered(records: Mapping[str, Mapping[str, Any]], field: str, *, largest_first: bool) -> list[str]:
    """The names by the value of `field`, unknown ones last, then by name."""
    sign = -1 if largest_first else 1

    def place(name: str) -> tuple[bool, float, str]:
        value = records[name][field]
        return value is None, sign * (value or 0), name

    return sorted(records, key=place)


async def times(asked: Inquiry) -> dict[str, list[dict[str, Any]]]:
    """By hour (0 to 23), weekday (1 is Monday) and month on the wall clock; what has no trade is left out."""

    def read() -> Cut:
        return cut(asked, TRADES, amounts(asked), TIMES)

    found = await asked.reads.run(asked.scope, read, "trades by time")
    return {by: found.rows(by) for by in TIMES}


def _by_day(
    asked: Inquiry, risk: Risk, money: Amounts, dimension: str, names: list[str]
) -> Mapping[str, Mapping[str, float | None]]:
    by_name = daily_by(asked, money, PROPERTIES[dimension], names) if names else {}
    days = counted(asked, {day: None for found in by_name.values() for day in found}, risk.days)
    told = {}
    for name, found in by_name.items():
        pnl = [found.get(day, 0.0) for day in days]
        fall = deepest(list(accumulate(pnl, initial=0.0)), relative=False)
        told[name] = {
            "sharpe_ratio": sharpe(pnl, risk.days_a_year),
            "max_drawdown_amount": fall.amount if fall else 0.0,
        }
    return told
