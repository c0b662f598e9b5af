"""Figures of returns: those of empyrical on real prices, hand-counted ones, and null where they mean nothing."""

from __future__ import annotations

import importlib
import math
from itertools import pairwise
from typing import Any

import pytest

from factbook.queries.trading.curve import Curve
from factbook.queries.trading.drawdowns import deepest
from factbook.queries.trading.returns import (
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

from .prices import history

YEAR = 252


@pytest.fixture(scope="module")
def reference() -> Any:
    return importlib.import_module("empyrical")


@pytest.mark.parametrize("symbol", ["GOOG", "EURUSD"])
@pytest.mark.parametrize("risk_free", [0.0, 0.03])
def test_figures_are_those_of_empyrical_on_real_prices(reference: Any, symbol: str, risk_free: float) -> None:
    numpy = importlib.import_module("numpy")
    closes = [bar.close for bar in history(symbol)]
    capital, pnl = closes[0], [after - before for before, after in pairwise(closes)]
    returns = daily_returns(pnl, capital)
    assert returns is not None
    given, daily = numpy.array(returns), (1 + risk_free) ** (1 / YEAR) - 1
    fall = deepest([capital, *closes[1:]], relative=True)
    assert fall is not None
    value, beyond = historical(returns)
    expected = {
        "total": reference.cum_returns_final(given),
        "annual": reference.annual_return(given, annualization=YEAR),
        "volatility": reference.annual_volatility(given, annualization=YEAR),
        "sharpe": reference.sharpe_ratio(given, risk_free=daily, annualization=YEAR),
        "sortino": reference.sortino_ratio(given, required_return=daily, annualization=YEAR),
        "drawdown": -reference.max_drawdown(given),
        "calmar": reference.calmar_ratio(given, annualization=YEAR),
        "var": -reference.value_at_risk(given, cutoff=0.05),
        "cvar": -reference.conditional_value_at_risk(given, cutoff=0.05),
    }
    assert {
        "total": total_return(returns),
        "annual": annual_return(returns, YEAR),
        "volatility": volatility(returns, YEAR),
        "sharpe": sharpe(returns, YEAR, risk_free),
        "sortino": sortino(returns, YEAR, risk_free),
        "drawdown": fall.share,
        "calmar": calmar(returns, YEAR, fall.share),
        "var": value,
        "cvar": beyond,
    } == pytest.approx(expected, rel=1e-9)


def test_parametric_value_at_risk_is_that_of_a_normal_distribution() -> None:
    # mean 0, sample deviation 0.01 * sqrt(2 * 50 / 99); the normal's 5 % lies 1.6449 deviations out, its tail at 2.0627
    returns = [0.01, -0.01] * 50
    spread = 0.01 * math.sqrt(100 / 99)
    assert parametric(returns) == pytest.approx((1.6448536 * spread, 2.0627128 * spread), rel=1e-6)


def test_returns_are_made_on_what_there_was_when_the_day_began() -> None:
    assert daily_returns([50, -105, 0], 1000) == [0.05, -0.1, 0.0]


def test_a_capital_used_up_makes_no_returns_any_more() -> None:
    assert daily_returns([-1000, 10], 1000) is None
    assert daily_returns([-1000], 1000) == [-1.0]
    assert annual_return([-1.0, 0.0], YEAR) == -1.0


@pytest.mark.parametrize("returns", [[], [0.01], [0.01] * 30, [0.0] * 30, [0.1 + 0.2, 0.3, 0.3]])
def test_without_deviation_there_is_no_sharpe_ratio(returns: list[float]) -> None:
    assert sharpe(returns, YEAR) is None


@pytest.mark.parametrize("returns", [[], [-0.01], [0.01, 0.02], [0.0, 0.0]])
def test_where_nothing_fell_short_there_is_no_sortino_ratio(returns: list[float]) -> None:
    assert sortino(returns, YEAR) is None


def test_where_nothing_was_lost_there_is_no_calmar_ratio() -> None:
    assert calmar([0.01, 0.02], YEAR, 0.0) is None
    assert calmar([0.01, 0.02], YEAR, None) is None


def test_value_at_risk_needs_as_many_days_as_make_five_percent_one() -> None:
    assert historical([0.01, -0.02] * 9) == (None, None)
    assert historical([0.01, -0.02] * 10) == pytest.approx((0.02, 0.02))
    assert parametric([0.01]) == (None, None)


def test_growth_beyond_counting_is_unknown() -> None:
    assert annual_return([9.0, 9.0], YEAR) is None


def test_amounts_beyond_counting_are_unknown() -> None:
    assert daily_returns([1e308, 1], 1e-9) is None
    wild = [1e200, -1e200, 1e-200] * 10
    told = [sharpe(wild, YEAR), sortino(wild, YEAR), volatility(wild, YEAR), *historical(wild), *parametric(wild)]
    assert all(each is None or math.isfinite(each) for each in told)
    assert annual_return(wild, YEAR) is None


def test_curves_begin_with_the_capital_or_with_nothing() -> None:
    assert Curve([], [], None).equity == [0.0]
    assert Curve([], [], None).returns is None
