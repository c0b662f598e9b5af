"""How trading went: what trades brought, what was risked for it, and where it came from."""

from __future__ import annotations

import asyncio
from datetime import date
from functools import partial
from typing import Any

from factbook.core.money import Money

from .breakdowns import times
from .capital import MISSING, Capital, capital
from .curve import NO_TRADES, USED_UP, Curve, figures
from .days import Day, counted, daily
from .exposure import exposure
from .fields import BRIEF, TOTALS
from .question import Risk, Trading
from .returns import FEWEST_FOR_TAIL

BREAKDOWN = 10
"""Strategies and symbols inside the record, largest first."""


async def performance(asked: Trading, risk: Risk) -> dict[str, Any]:
    """The TradingMetrics record. CONFLICT for amounts in a currency without a rate."""
    record, strategies, symbols, by_time, (money, curve), at_stake = await asyncio.gather(
        asked.records.one(TOTALS),
        asked.records.many(BRIEF, "strategy", limit=BREAKDOWN),
        asked.records.many(BRIEF, "symbol", limit=BREAKDOWN),
        times(asked, BRIEF),
        asked.reads.run(asked.scope, partial(curve_of, asked, risk), "equity"),
        asked.reads.run(asked.scope, partial(exposure, asked), "exposure"),
    )
    return {
        **asked.told,
        "currency": money.currency or None,
        **record,
        **figures(curve, risk),
        "exposure": at_stake,
        "capital": curve.capital.told if curve.capital else None,
        "strategy_breakdown": strategies[0],
        "symbol_breakdown": symbols[0],
        "time_analysis": by_time,
        "notes": notes(curve),
    }


def curve_of(asked: Trading, risk: Risk) -> tuple[Money, Curve]:
    """(what amounts are told in, the equity of the period)."""
    money = asked.money()
    traded = daily(asked, money)
    return money, _curve(asked, risk, traded, capital(asked, risk, money))


def notes(curve: Curve) -> list[str]:
    """Why figures are null."""
    if not curve.days:
        return [NO_TRADES]
    if curve.capital is None:
        return [MISSING]
    if curve.returns is None:
        return [USED_UP]
    if len(curve.days) < FEWEST_FOR_TAIL:
        return [f"Value at risk needs {FEWEST_FOR_TAIL} days; here are {len(curve.days)}."]
    return []


def _curve(asked: Trading, risk: Risk, traded: dict[date, Day], base: Capital | None) -> Curve:
    days = counted(asked, traded, risk.days)
    return Curve(days, [traded[day].pnl if day in traded else 0.0 for day in days], base)
