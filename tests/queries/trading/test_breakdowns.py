"""Lists of strategies and symbols: their records, order, cut, and the ratios of their days."""

from __future__ import annotations

import math
from functools import partial
from statistics import fmean, stdev
from typing import Any

import pytest

from factbook.core.scope import Scope
from factbook.queries.trading.breakdowns import listed
from factbook.queries.trading.question import Risk
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse

from .desk import Desk, closed

ASKED = {"start_time": "2026-03-02", "end_time": "2026-03-06"}


@pytest.fixture
def desk(engine: Engine, warehouse: Warehouse, scope: Scope) -> Desk:
    found = Desk(engine, warehouse, scope)
    found.given(
        closed("2026-03-02T10:00", 40, strategy_id="a", symbol="X"),
        closed("2026-03-03T10:00", -10, strategy_id="a", symbol="X"),
        closed("2026-03-03T11:00", 30, strategy_id="b", symbol="X"),
        closed("2026-03-05T11:00", 20, strategy_id="b", symbol="Y"),
        closed("2026-03-06T11:00", -5, symbol="Y"),
    )
    return found


def strategies(desk: Desk, order: str = "-total_pnl", limit: int = 100, dimension: str = "strategy") -> Any:
    return desk.ask(partial(listed, risk=Risk(), dimension=dimension, order=order, limit=limit), ASKED)


def test_each_has_its_record_and_the_ratios_of_its_days(desk: Desk) -> None:
    b, a, none = strategies(desk)["rows"]
    assert [(row["strategy"], row["total_trades"], row["total_pnl"]) for row in (b, a, none)] == [
        ("b", 2, 50),
        ("a", 2, 30),
        (None, 1, -5),
    ]
    days = [40, -10, 0, 0, 0]
    assert a["sharpe_ratio"] == pytest.approx(fmean(days) / stdev(days) * math.sqrt(252))
    assert [row["max_drawdown_amount"] for row in (b, a, none)] == [0, 10, 5]


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("total_pnl", [None, "a", "b"]),
        ("-win_rate", ["b", "a", None]),
        ("-profit_factor", ["a", None, "b"]),
        ("profit_factor", ["a", None, "b"]),
        ("-total_trades", ["a", "b", None]),
    ],
)
def test_the_order_is_as_asked_and_what_is_unknown_comes_last(desk: Desk, order: str, names: list[str]) -> None:
    assert [row["strategy"] for row in strategies(desk, order)["rows"]] == names


def test_a_list_says_where_it_is_cut(desk: Desk) -> None:
    told = strategies(desk, limit=1, dimension="symbol")
    assert [row["symbol"] for row in told["rows"]] == ["X"]
    assert told["cut"] == {"is_cut": True, "shown": 1, "of": 2, "limit": 1}


def test_a_list_of_nothing_is_empty(desk: Desk) -> None:
    told = desk.ask(
        partial(listed, risk=Risk(), dimension="symbol", order="-total_pnl", limit=5),
        {"start_time": "2020-01-01", "end_time": "2020-01-31"},
    )
    assert (told["rows"], told["cut"]["of"]) == ([], 0)
