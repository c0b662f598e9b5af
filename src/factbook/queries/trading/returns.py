"""Figures of daily returns: Sharpe, Sortino, Calmar, volatility, value at risk; null where they mean nothing.

The formulas are those of empyrical: sample deviation (n - 1), downside over all days, quantiles between neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, stdev

TAIL = 0.05
"""What lies beyond value at risk of 95 %."""
FEWEST_FOR_TAIL = 20
"""Days: of fewer, 5 % are not one."""

_NOISE = 1e-12
"""A deviation below this share of the largest return is rounding, not a risk."""


def daily_returns(pnl: Sequence[float], capital: float) -> list[float] | None:
    """Each day's profit over what there was when it began; None once nothing was left to make one with."""
    found, equity = [], capital
    for each in pnl:
        if equity <= 0:
            return None
        found.append(each / equity)
        equity += each
    return found


def sharpe(returns: Sequence[float], days_a_year: int, risk_free: float = 0.0) -> float | None:
    """Mean excess return over its deviation, a year's. None for fewer than two days or without deviation.

    risk_free: a year's; a day's is its `days_a_year`-th root.
    """
    excess = _excess(returns, days_a_year, risk_free)
    spread = _spread(excess)
    return None if not spread else fmean(excess) / spread * math.sqrt(days_a_year)


def sortino(returns: Sequence[float], days_a_year: int, risk_free: float = 0.0) -> float | None:
    """Mean excess return over the root of the mean square of the shortfalls, a year's. None where no day fell short."""
    excess = _excess(returns, days_a_year, risk_free)
    if len(excess) < 2:
        return None
    downside = math.sqrt(fmean(min(each, 0.0) ** 2 for each in excess))
    return fmean(excess) / downside * math.sqrt(days_a_year) if downside > _NOISE * _largest(excess) else None


def volatility(returns: Sequence[float], days_a_year: int) -> float | None:
    """The deviation of returns, a year's; None for fewer than two days."""
    spread = _spread(returns)
    return None if spread is None else spread * math.sqrt(days_a_year)


def total_return(returns: Sequence[float]) -> float | None:
    """Compounded over all days."""
    return math.prod(1 + each for each in returns) - 1 if returns else None


def annual_return(returns: Sequence[float], days_a_year: int) -> float | None:
    """The compounded growth that makes `total_return` in as many days; None past what can be counted."""
    total = total_return(returns)
    if total is None or len(returns) < 2:
        return None
    if total <= -1:
        return -1.0
    exponent = math.log1p(total) * days_a_year / len(returns)
    return math.expm1(exponent) if exponent < 50 else None


def calmar(returns: Sequence[float], days_a_year: int, max_drawdown: float | None) -> float | None:
    """Annual return over maximum drawdown, a fraction; None where nothing was ever lost."""
    growth = annual_return(returns, days_a_year)
    return growth / max_drawdown if growth is not None and max_drawdown else None


def historical(returns: Sequence[float]) -> tuple[float | None, float | None]:
    """(value at risk, conditional value at risk) of one day, 95 %, as losses: what the worst 5 % of days begin at, and
    what they come to on average."""
    if len(returns) < FEWEST_FOR_TAIL:
        return None, None
    ordered = sorted(returns)
    place = (len(ordered) - 1) * TAIL
    low = math.floor(place)
    value = ordered[low] + (ordered[min(low + 1, len(ordered) - 1)] - ordered[low]) * (place - low)
    return -value, -fmean(ordered[: low + 1])


def parametric(returns: Sequence[float]) -> tuple[float | None, float | None]:
    """The same of a normal distribution with the mean and deviation of `returns`."""
    spread = _spread(returns)
    if spread is None:
        return None, None
    normal, mean = NormalDist(), fmean(returns)
    z = normal.inv_cdf(TAIL)
    return -(mean + z * spread), -(mean - spread * normal.pdf(z) / TAIL)


def _excess(returns: Sequence[float], days_a_year: int, risk_free: float) -> list[float]:
    daily = (1 + risk_free) ** (1 / days_a_year) - 1
    return [each - daily for each in returns]


def _spread(values: Sequence[float]) -> float | None:
    """Sample deviation; 0 where it is rounding alone."""
    if len(values) < 2:
        return None
    spread = stdev(values)
    return spread if spread > _NOISE * _largest(values) else 0.0


def _largest(values: Sequence[float]) -> float:
    return max(map(abs, values))
