"""Figures of daily returns: Sharpe, Sortino, Calmar, volatility, value at risk; null where they mean nothing.

The formulas are those of empyrical: sample deviation (n - 1), downside over all days, quantiles between neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

TAIL = 0.05
"""What lies beyond value at risk of 95 %."""
FEWEST_FOR_TAIL = 20
"""Days: of fewer, 5 % are not one."""

_NOISE = 1e-12
"""A deviation below this share of the largest return is rounding, not a risk."""
_MOST_GROWTH = 50.0
"""Of the logarithm of a year's growth."""

_Array = npt.NDArray[np.float64]


def daily_returns(pnl: Sequence[float], capital: float) -> list[float] | None:
    """Each day's profit over what there was when it began; None once nothing was left to make one with."""
    found, equity = [], capital
    for each in pnl:
        if equity <= 0:
            return None
        found.append(each / equity)
        equity += each
    return found if all(map(math.isfinite, found)) else None


def sharpe(returns: Sequence[float], days_a_year: int, risk_free: float = 0.0) -> float | None:
    """Mean excess return over its deviation, a year's. None for fewer than two days or without deviation.

    risk_free: a year's; a day's is its `days_a_year`-th root.
    """
    with np.errstate(all="ignore"):
        excess = _excess(returns, days_a_year, risk_free)
        spread = _spread(excess)
        return _known(float(excess.mean()) / spread * math.sqrt(days_a_year)) if spread else None


def sortino(returns: Sequence[float], days_a_year: int, risk_free: float = 0.0) -> float | None:
    """Mean excess return over the root of the mean square of the shortfalls, a year's. None where no day fell short."""
    if len(returns) < 2:
        return None
    with np.errstate(all="ignore"):
        excess = _excess(returns, days_a_year, risk_free)
        downside = math.sqrt(float((np.minimum(excess, 0) ** 2).mean()))
        if not downside > _NOISE * _largest(excess):
            return None
        return _known(float(excess.mean()) / downside * math.sqrt(days_a_year))


def volatility(returns: Sequence[float], days_a_year: int) -> float | None:
    """The deviation of returns, a year's; None for fewer than two days."""
    with np.errstate(all="ignore"):
        spread = _spread(np.asarray(returns))
    return None if spread is None else spread * math.sqrt(days_a_year)


def total_return(returns: Sequence[float]) -> float | None:
    """Compounded over all days."""
    return _known(math.prod(1 + each for each in returns) - 1) if returns else None


def annual_return(returns: Sequence[float], days_a_year: int) -> float | None:
    """The compounded growth that makes `total_return` in as many days; None past what can be counted."""
    total = total_return(returns)
    if total is None or len(returns) < 2:
        return None
    if total <= -1:
        return -1.0
    exponent = math.log1p(total) * days_a_year / len(returns)
    return math.expm1(exponent) if exponent < _MOST_GROWTH else None


def calmar(returns: Sequence[float], days_a_year: int, max_drawdown: float | None) -> float | None:
    """Annual return over maximum drawdown, a fraction; None where nothing was ever lost."""
    growth = annual_return(returns, days_a_year)
    return growth / max_drawdown if growth is not None and max_drawdown else None


def historical(returns: Sequence[float]) -> tuple[float | None, float | None]:
    """(value at risk, conditional value at risk) of one day, 95 %, as losses: what the worst 5 % of days begin at, and
    what they come to on average."""
    if len(returns) < FEWEST_FOR_TAIL:
        return None, None
    ordered = np.sort(np.asarray(returns))
    worst = ordered[: math.floor((len(ordered) - 1) * TAIL) + 1]
    with np.errstate(all="ignore"):
        return _known(-float(np.quantile(ordered, TAIL))), _known(-float(worst.mean()))


def parametric(returns: Sequence[float]) -> tuple[float | None, float | None]:
    """The same of a normal distribution with the mean and deviation of `returns`."""
    with np.errstate(all="ignore"):
        given = np.asarray(returns)
        spread = _spread(given)
        if spread is None:
            return None, None
        normal, mean = NormalDist(), float(given.mean())
    z = normal.inv_cdf(TAIL)
    return _known(-(mean + z * spread)), _known(-(mean - spread * normal.pdf(z) / TAIL))


def _excess(returns: Sequence[float], days_a_year: int, risk_free: float) -> _Array:
    found: _Array = np.asarray(returns, np.float64) - ((1 + risk_free) ** (1 / days_a_year) - 1)
    return found


def _spread(values: _Array) -> float | None:
    """Sample deviation; 0 where it is rounding alone, None of fewer than two or beyond numbers."""
    if len(values) < 2:
        return None
    spread = _known(float(values.std(ddof=1)))
    return spread if spread is None or spread > _NOISE * _largest(values) else 0.0


def _largest(values: _Array) -> float:
    return float(np.abs(values).max())


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
