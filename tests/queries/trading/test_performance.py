"""Performance: hand-counted figures, the capital they are made on, what is missing, and random trades."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import fmean, stdev
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from factbook.core.errors import FactbookError, Kind
from factbook.core.money import Money
from factbook.core.scope import Scope
from factbook.queries.trading.capital import MISSING
from factbook.queries.trading.curve import NO_TRADES, USED_UP
from factbook.queries.trading.equity import equity_curve
from factbook.queries.trading.performance import performance
from factbook.queries.trading.question import Risk
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse

from .desk import MARCH, Desk, balance, closed, opened

TOLD = partial(performance, risk=Risk())


@pytest.fixture
def desk(engine: Engine, warehouse: Warehouse, scope: Scope) -> Desk:
    return Desk(engine, warehouse, scope)


@pytest.fixture
def week(desk: Desk) -> Desk:
    """1000 in the account; Monday +100, Tuesday -110, -10, Thursday +120 and 0, Friday nothing."""
    desk.given(
        balance("2026-02-20T08:00", 500),
        balance("2026-02-27T08:00", 1000),
        closed("2026-02-27T10:00", 77),
        closed("2026-03-02T10:00", 100, symbol="X", strategy_id="s"),
        closed("2026-03-03T10:00", -110, symbol="X", strategy_id="s"),
        closed("2026-03-03T11:00", -10, symbol="Y", strategy_id="t"),
        closed("2026-03-05T10:00", 120, symbol="Y", strategy_id="t"),
        closed("2026-03-05T23:30", 0, symbol="Y"),
        balance("2026-03-05T08:00", 9999),
    )
    return desk


def test_a_week_counted_by_hand(week: Desk) -> None:
    told = week.ask(TOLD, {"start_time": "2026-03-02", "end_time": "2026-03-06"})
    # equity 1000, 1100, 980, 980, 1100, 1100
    returns = [0.1, -120 / 1100, 0.0, 120 / 980, 0.0]
    assert told["total_trades"] == 5
    assert (told["win_rate"], told["total_pnl"], told["average_win"], told["average_loss"]) == (0.4, 100, 110, 60)
    assert (told["profit_factor"], told["expectancy"], told["average_pnl"]) == (pytest.approx(220 / 120), 20, 20)
    assert (told["largest_win"], told["largest_loss"], told["net_pnl"], told["fees"]) == (120, -110, 100, None)
    assert told["sharpe_ratio"] == pytest.approx(fmean(returns) / stdev(returns) * math.sqrt(252))
    assert told["sortino_ratio"] == pytest.approx(fmean(returns) / math.sqrt(returns[1] ** 2 / 5) * math.sqrt(252))
    assert told["max_drawdown"] == pytest.approx(120 / 1100)
    assert told["drawdown"] == {
        "amount": 120,
        "share": pytest.approx(120 / 1100),
        "peak_date": "2026-03-02",
        "valley_date": "2026-03-03",
        "recovery_date": "2026-03-05",
    }
    assert (told["total_return"], told["var_95"]) == (pytest.approx(0.1), None)
    assert told["calmar_ratio"] == pytest.approx((1.1 ** (252 / 5) - 1) / (120 / 1100))
    assert told["capital"] == {
        "amount": 1000,
        "source": "balance.updated",
        "accounts": 1,
        "as_of": "2026-02-27T08:00:00+00:00",
    }
    assert told["returns"] == {"days": 5, "counted": "weekdays", "days_a_year": 252, "risk_free_rate": 0.0}
    assert told["notes"] == ["Value at risk needs 20 days; here are 5."]


def test_the_record_says_where_it_came_from(week: Desk) -> None:
    told = week.ask(TOLD)
    assert [(row["strategy"], row["total_trades"], row["total_pnl"]) for row in told["strategy_breakdown"]] == [
        ("s", 2, -10),
        ("t", 2, 110),
        (None, 1, 0),
    ]
    assert [(row["symbol"], row["win_rate"]) for row in told["symbol_breakdown"]] == [
        ("Y", pytest.approx(1 / 3)),
        ("X", 0.5),
    ]
    times = told["time_analysis"]
    assert [(row["hour"], row["total_trades"]) for row in times["hour"]] == [(10, 3), (11, 1), (23, 1)]
    assert [(row["weekday"], row["total_pnl"]) for row in times["weekday"]] == [(1, 100), (2, -120), (4, 120)]
    assert [(row["month"], row["average_pnl"]) for row in times["month"]] == [(3, 20)]


def test_hours_and_days_are_those_of_the_wall_clock(week: Desk) -> None:
    told = week.ask(TOLD, {**MARCH, "timezone": "Asia/Tokyo"})
    assert [row["hour"] for row in told["time_analysis"]["hour"]] == [8, 19, 20]
    assert [row["weekday"] for row in told["time_analysis"]["weekday"]] == [1, 2, 4, 5]


def test_filters_choose_trades_and_leave_the_capital_whole(week: Desk) -> None:
    told = week.ask(TOLD, {**MARCH, "filters": (("property.symbol", "X"),)})
    assert (told["total_trades"], told["total_pnl"], told["capital"]["amount"]) == (2, -10, 1000)
    nobody = week.ask(TOLD, {**MARCH, "filters": (("property.account_id", "b"),)})
    assert nobody["capital"] is None


def test_a_given_capital_stands_before_the_balances(week: Desk) -> None:
    told = week.ask(partial(performance, risk=Risk(starting_capital=2000)))
    assert told["capital"] == {"amount": 2000, "source": "starting_capital", "accounts": None, "as_of": None}
    assert told["total_return"] == pytest.approx(0.05)


def test_days_of_a_year_and_weekends_are_as_asked(week: Desk) -> None:
    week.given(closed("2026-03-07T10:00", 5))
    weekdays = week.ask(TOLD)["returns"]["days"]
    everyday = week.ask(partial(performance, risk=Risk("all", 365)))["returns"]
    assert (weekdays, everyday["days"], everyday["days_a_year"]) == (11, 12, 365)


def test_accounts_begin_with_their_newest_balance_before_or_their_first_within(desk: Desk) -> None:
    desk.given(
        balance("2026-02-01T08:00", 100, "old"),
        balance("2026-03-04T08:00", 300, "new"),
        balance("2026-03-05T08:00", 900, "new"),
        balance("2026-03-20T08:00", 5000, "later"),
        closed("2026-03-04T10:00", 1),
    )
    assert desk.ask(TOLD)["capital"]["amount"] == 400


def test_without_a_capital_what_needs_one_is_null_and_said(desk: Desk) -> None:
    desk.given(closed("2026-03-03T10:00", 50), closed("2026-03-04T10:00", -20), closed("2026-03-05T10:00", 30))
    told = desk.ask(TOLD)
    unknown = ("sharpe_ratio", "sortino_ratio", "calmar_ratio", "max_drawdown", "var_95", "total_return", "capital")
    assert {name: told[name] for name in unknown} == dict.fromkeys(unknown)
    assert (told["total_pnl"], told["drawdown"]["amount"], told["drawdown"]["share"]) == (60, 20, None)
    assert told["notes"] == [MISSING]


def test_a_capital_used_up_is_said(desk: Desk) -> None:
    desk.given(balance("2026-03-01T08:00", 100), closed("2026-03-03T10:00", -150), closed("2026-03-04T10:00", 20))
    told = desk.ask(TOLD)
    assert (told["sharpe_ratio"], told["max_drawdown"], told["notes"]) == (None, 1.5, [USED_UP])


def test_amounts_beyond_counting_are_no_failure(desk: Desk) -> None:
    desk.given(
        balance("2026-03-01T08:00", 1e308),
        *(closed(f"2026-03-0{day}T10:00", pnl) for day in (3, 4, 5) for pnl in (1e308, -1.7e308, 1e308)),
    )
    told = desk.ask(TOLD)
    assert (told["total_trades"], told["average_win"], told["profit_factor"]) == (9, None, None)
    assert b"NaN" not in msgspec.json.encode(desk.ask(partial(equity_curve, risk=Risk())))


def test_of_nothing_there_is_an_answer(desk: Desk) -> None:
    told = desk.ask(TOLD)
    assert (told["total_trades"], told["win_rate"], told["total_pnl"], told["max_drawdown"]) == (0, None, None, None)
    assert (told["exposure"], told["strategy_breakdown"], told["notes"]) == (None, [], [NO_TRADES])
    assert desk.ask(partial(equity_curve, risk=Risk()))["points"] == []


def test_open_positions_are_no_trades(desk: Desk) -> None:
    desk.given(opened("2026-03-03T10:00", position_id="p"))
    assert desk.ask(TOLD)["total_trades"] == 0


def test_another_tenant_sees_nothing(week: Desk) -> None:
    assert week.ask(TOLD, scope=Scope("somebody-else", "test", week.scope.role))["total_trades"] == 0


def test_amounts_are_told_in_the_currency_of_the_tenant(desk: Desk) -> None:
    desk.given(
        balance("2026-03-01T08:00", 1000, currency="USD"),
        closed("2026-03-03T10:00", 100, currency="USD"),
        closed("2026-03-04T10:00", 30, currency="EUR"),
    )
    told = desk.ask(TOLD, money=Money("EUR", {"USD": 0.5}))
    assert (told["currency"], told["total_pnl"], told["capital"]["amount"]) == ("EUR", 80, 500)
    with pytest.raises(FactbookError) as refused:
        desk.ask(TOLD, money=Money("EUR"))
    assert refused.value.kind is Kind.CONFLICT


def test_the_curve_is_told_day_by_day(week: Desk) -> None:
    told = week.ask(partial(equity_curve, risk=Risk()), {"start_time": "2026-03-02", "end_time": "2026-03-05"})
    assert [(row["date"], row["pnl"], row["equity"], row["drawdown_amount"]) for row in told["points"]] == [
        ("2026-03-02", 100, 1100, 0),
        ("2026-03-03", -120, 980, 120),
        ("2026-03-04", 0, 980, 120),
        ("2026-03-05", 120, 1100, 0),
    ]
    assert [row["return"] for row in told["points"]] == pytest.approx([0.1, -120 / 1100, 0, 120 / 980])
    assert told["deepest"]["valley_date"] == "2026-03-03"


def test_days_begin_with_the_first_trade_of_the_tenant_and_end_today(desk: Desk) -> None:
    desk.given(balance("2026-03-01T08:00", 100), closed("2026-03-10T23:00", 5), closed("2026-03-11T10:00", 5))
    for zone, first in (("UTC", "2026-03-10"), ("America/New_York", "2026-03-10"), ("Asia/Tokyo", "2026-03-11")):
        told = desk.ask(
            partial(equity_curve, risk=Risk()), {"start_time": "2026-01-01", "end_time": "2026-12-31"}, zone=zone
        )
        assert (told["points"][0]["date"], told["points"][-1]["date"]) == (first, "2026-03-13")


@pytest.mark.parametrize(
    ("events", "share"),
    [
        # Monday 2 to Friday 13 March, 12:00:30: 11.5 days and 30 seconds
        ([opened("2026-03-02T00:00", position_id="p"), closed("2026-03-03T00:00", 1, position_id="p")], 1 / 11.5),
        ([closed("2026-03-03T00:00", 1, holding_seconds=10 * 86400)], 1 / 11.5),
        ([opened("2026-02-20T00:00", position_id="p"), closed("2026-03-03T00:00", 1, position_id="p")], 1 / 11.5),
        ([opened("2026-02-20T00:00", position_id="p")], 1),
        ([opened("2026-03-02T00:00", position_id="7"), closed("2026-03-03T00:00", 1, position_id=7)], 1 / 11.5),
        (
            [
                closed("2026-02-20T00:00", 1, holding_seconds=60),
                closed("2026-03-04T00:00", 1, holding_seconds=86400),
                closed("2026-03-04T12:00", 1, holding_seconds=86400),
                closed("2026-03-04T06:00", 1, holding_seconds=3600),
            ],
            1.5 / 11.5,
        ),
        ([closed("2026-03-04T00:00", 1)], None),
        ([opened("2026-03-13T11:59", position_id="p")], 1),
    ],
    ids=[
        "one day",
        "held since before",
        "opened before",
        "still open",
        "a number as id",
        "overlapping",
        "untold",
        "since just now",
    ],
)
def test_exposure_is_the_time_with_a_position(desk: Desk, events: list[dict[str, Any]], share: float | None) -> None:
    desk.given(*events)
    assert desk.ask(TOLD)["exposure"] == (None if share is None else pytest.approx(share, rel=1e-3))


@pytest.mark.parametrize("seed", range(4))
def test_random_trades_are_counted_as_a_naive_count_does(desk: Desk, seed: int) -> None:
    drawn, zone = random.Random(seed), ZoneInfo("America/New_York")
    first = datetime(2026, 3, 2, 5, tzinfo=UTC)
    trades = [
        (first + timedelta(minutes=drawn.randrange(9 * 1440)), drawn.randint(-30, 35), drawn.choice(["s", "t", "u"]))
        for _ in range(60)
    ]
    events = [closed(f"{at:%Y-%m-%dT%H:%M}", pnl, strategy_id=name) for at, pnl, name in trades]
    desk.given(balance("2026-03-01T00:00", 1000), *events)
    told = desk.ask(TOLD, MARCH, zone=zone.key)
    won = [pnl for _, pnl, _ in trades if pnl > 0]
    lost = [-pnl for _, pnl, _ in trades if pnl < 0]
    assert (told["total_trades"], told["win_rate"]) == (60, len(won) / 60)
    assert (told["average_win"], told["average_loss"]) == (pytest.approx(fmean(won)), pytest.approx(fmean(lost)))
    assert told["profit_factor"] == pytest.approx(sum(won) / sum(lost))
    by_day: dict[Any, int] = {}
    for at, pnl, _ in trades:
        day = at.astimezone(zone).date()
        by_day[day] = by_day.get(day, 0) + pnl
    day, equity, returns = datetime(2026, 3, 2).date(), 1000, []  # noqa: DTZ001
    while day <= datetime(2026, 3, 13).date():  # noqa: DTZ001
        if day.isoweekday() < 6 or day in by_day:
            returns.append(by_day.get(day, 0) / equity)
            equity += by_day.get(day, 0)
        day += timedelta(days=1)
    assert told["returns"]["days"] == len(returns)
    assert told["sharpe_ratio"] == pytest.approx(fmean(returns) / stdev(returns) * math.sqrt(252))
    for row in told["strategy_breakdown"]:
        assert row["total_pnl"] == sum(pnl for _, pnl, name in trades if name == row["strategy"])
    for row in told["time_analysis"]["hour"]:
        assert row["total_trades"] == sum(at.astimezone(zone).hour == row["hour"] for at, _, _ in trades)
