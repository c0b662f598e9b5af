"""Trades cut by strategy, by symbol and by when positions were closed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from factbook.core.errors import invalid

from .cuts import TIMES, Cut, cut
from .days import counted, daily_by
from .drawdowns import deepest
from .fields import TRADES
from .question import Risk, Trading
from .returns import sharpe

MAX_LISTED = 1000

_PROPERTY = {"strategy": "strategy_id", "symbol": "symbol"}


async def listed(asked: Trading, risk: Risk, dimension: str, *, order: str, limit: int) -> dict[str, Any]:
    """The record of each strategy or symbol, with the Sharpe ratio of its daily profit and its deepest fall, as an
    amount: neither needs a capital.

    order: a field of TRADES, with `-` before it for the largest first. INVALID naming it for another.
    """
    field = order.removeprefix("-")
    if field not in TRADES:
        raise invalid(
            f"{order[:40]!r} is no order.", field="order", hint="Use " + ", ".join(TRADES) + ", with - or not."
        )
    by = order.replace(field, TRADES[field])
    rows, cut = await asked.records.many(TRADES, dimension, order=by, limit=limit)
    names = [row[dimension] for row in rows if row[dimension] is not None]
    read = partial(_by_day, asked, risk, _PROPERTY[dimension], names)
    ratios = await asked.reads.run(asked.scope, read, f"{dimension} by day") if names else {}
    unknown = {"sharpe_ratio": None, "max_drawdown_amount": None}
    return {**asked.told, "rows": [{**row, **ratios.get(row[dimension], unknown)} for row in rows], "cut": cut}


async def times(asked: Trading) -> dict[str, list[dict[str, Any]]]:
    """By hour (0 to 23), weekday (1 is Monday) and month on the wall clock; what has no trade is left out."""

    def read() -> Cut:
        return cut(asked, TRADES, asked.money(), TIMES)

    found = await asked.reads.run(asked.scope, read, "trades by time")
    return {by: found.rows(by) for by in TIMES}


def _by_day(asked: Trading, risk: Risk, field: str, names: list[str]) -> Mapping[str, Mapping[str, float | None]]:
    money = asked.money()
    by_name = daily_by(asked, money, field, names)
    days = counted(asked, {day: None for found in by_name.values() for day in found}, risk.days)
    told = {}
    for name, found in by_name.items():
        pnl = [found.get(day, 0.0) for day in days]
        fall = deepest(_added(pnl), relative=False)
        told[name] = {
            "sharpe_ratio": sharpe(pnl, risk.days_a_year),
            "max_drawdown_amount": fall.amount if fall else 0.0,
        }
    return told


def _added(pnl: list[float]) -> list[float]:
    equity = [0.0]
    for each in pnl:
        equity.append(equity[-1] + each)
    return equity
