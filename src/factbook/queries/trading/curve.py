"""Equity over the days: the capital and what was made since, its returns and its falls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Any

from .capital import Capital
from .drawdowns import Drawdown, deepest
from .question import Risk
from .returns import (
    annual_return,
    calmar,
    daily_returns,
    historical,
    parametric,
    sharpe,
    sortino,
    total_return,
    volatility,
)

USED_UP = "The capital was used up within the period: from then on there is nothing to make a return on."
NO_TRADES = "No position was closed in this period."


@dataclass(frozen=True, slots=True)
class Curve:
    """days: those that have a return. pnl: of each. capital: None where it is not known: equity then begins at 0."""

    days: Sequence[date]
    pnl: Sequence[float]
    capital: Capital | None

    @property
    def equity(self) -> list[float]:
        """At the beginning of the first day, and at the end of each."""
        return list(accumulate(self.pnl, initial=self.capital.amount if self.capital else 0.0))

    @property
    def returns(self) -> list[float] | None:
        return daily_returns(self.pnl, self.capital.amount) if self.capital else None

    @property
    def deepest(self) -> Drawdown | None:
        return deepest(self.equity, relative=self.capital is not None)


def figures(curve: Curve, risk: Risk) -> dict[str, Any]:
    """What the record tells of risk; null where it is not known."""
    returns, fall = curve.returns or [], curve.deepest
    known = curve.returns is not None and bool(returns)
    share = (fall.share if fall else 0.0) if curve.capital and curve.days else None
    past, normal = historical(returns), parametric(returns)
    year = risk.days_a_year
    return {
        "sharpe_ratio": sharpe(returns, year, risk.risk_free_rate),
        "sortino_ratio": sortino(returns, year, risk.risk_free_rate),
        "calmar_ratio": calmar(returns, year, share) if known else None,
        "volatility": volatility(returns, year),
        "total_return": total_return(returns),
        "annual_return": annual_return(returns, year),
        "max_drawdown": share,
        "drawdown": None if fall is None else fallen(fall, curve),
        "var_95": past[0],
        "cvar_95": past[1],
        "value_at_risk": {
            "historical": {"var_95": past[0], "cvar_95": past[1]},
            "parametric": {"var_95": normal[0], "cvar_95": normal[1]},
        },
        "returns": {
            "days": len(curve.days),
            "counted": risk.days,
            "days_a_year": year,
            "risk_free_rate": risk.risk_free_rate,
        },
    }


def fallen(fall: Drawdown, curve: Curve) -> dict[str, Any]:
    """peak_date is null where equity was highest at the beginning of the period, recovery_date where it is not yet."""
    dates = [None, *(day.isoformat() for day in curve.days)]
    return {
        "amount": fall.amount,
        "share": fall.share,
        "peak_date": dates[fall.peak],
        "valley_date": dates[fall.valley],
        "recovery_date": None if fall.recovery is None else dates[fall.recovery],
    }
