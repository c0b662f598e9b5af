"""How trading went: what trades brought, what was risked for it, and where it came from."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from factbook.queries.inquiry import Inquiry

from .capital import MISSING, capital
from .curve import NO_TRADES, USED_UP, Curve, figures
from .cuts import CUTS, TIMES, Cut, cut
from .days import counted
from .exposure import exposure
from .fields import BRIEF, COSTS, TRADES
from .question import Amounts, Risk, amounts
from .returns import FEWEST_FOR_TAIL

BREAKDOWN = 10
"""Strategies and symbols inside the record, largest first."""


async def performance(asked: Inquiry, risk: Risk) -> dict[str, Any]:
    """The TradingMetrics record. CONFLICT for amounts in a currency without a rate."""
    costs, (money, found, curve), at_stake = await asyncio.gather(
        asked.records.one(COSTS),
        asked.reads.run(asked.scope, partial(_trades, asked, risk), "trades"),
        asked.reads.run(asked.scope, partial(exposure, asked), "exposure"),
    )
    return {
        **asked.told,
        "currency": money.currency,
        **found.whole,
        **{name: costs[name] for name in COSTS},
        **figures(curve, risk),
        "exposure": at_stake,
        "capital": curve.capital.told if curve.capital else None,
        "strategy_breakdown": _brief(found.largest("strategy", BREAKDOWN)),
        "symbol_breakdown": _brief(found.largest("symbol", BREAKDOWN)),
        "time_analysis": {by: _brief(found.rows(by)) for by in TIMES},
        "notes": notes(curve),
    }


def curve_of(asked: Inquiry, risk: Risk) -> tuple[Amounts, Curve]:
    """(what amounts are told in, the equity of the period)."""
    money = amounts(asked)
    return money, _curve(asked, risk, money, cut(asked, BRIEF, money, ("day",)))


def _trades(asked: Inquiry, risk: Risk) -> tuple[Amounts, Cut, Curve]:
    money = amounts(asked)
    found = cut(asked, TRADES, money, CUTS)
    return money, found, _curve(asked, risk, money, found)


def _curve(asked: Inquiry, risk: Risk, money: Amounts, found: Cut) -> Curve:
    traded = {day: float(record["total_pnl"] or 0) for day, record in found.records["day"].items()}
    days = counted(asked, traded, risk.days)
    return Curve(days, [traded.get(day, 0.0) for day in days], capital(asked, risk, money))


def _brief(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The dimension, which comes first, and the fields of BRIEF."""
    return [{name: value for at, (name, value) in enumerate(row.items()) if not at or name in BRIEF} for row in rows]


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
