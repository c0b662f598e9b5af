"""Intervals of candles: those that metrics have begin where their buckets do, and SQL says what Python says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from factbook.core.calendar import Calendar
from factbook.core.clock import epoch_ms, from_epoch_ms
from factbook.core.errors import FactbookError
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.core.times import INTERVALS, Period
from factbook.metrics.buckets import boundaries
from factbook.queries.trading.intervals import begins, between, ends, interval, key, start_of
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), week_start=7, fiscal_year_start=4)
START = datetime(2026, 2, 27, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize("name", INTERVALS)
def test_candles_begin_where_the_buckets_of_metrics_do(name: str) -> None:
    each, period = interval(name, BERLIN), Period(START, START + timedelta(days=2))
    starts = boundaries(period, name, BERLIN)
    for begin, end in pairwise(starts):
        number = start_of(each, BERLIN, from_epoch_ms(begin))
        assert (begins(each, BERLIN, number), ends(each, BERLIN, number)) == (begin, end)
        assert start_of(each, BERLIN, from_epoch_ms(end - 1)) == number


@pytest.mark.parametrize(
    "name", ["30s", "7m", "90m", "5h", "24h", "36h", "1d", "2d", "1w", "2w", "1mo", "5mo", "1q", "1y", "3y", "100y"]
)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "UTC"])
def test_the_statement_and_the_code_agree_through_daylight_saving(
    engine: Engine, warehouse: Warehouse, scope: Scope, name: str, zone: str
) -> None:
    calendar = Calendar(ZoneInfo(zone), week_start=7, fiscal_year_start=4)
    first = datetime(2026, 3, 27, 0, 0, 1, tzinfo=UTC)
    moments = [first + timedelta(minutes=191 * n) for n in range(40)] + [
        datetime(2025, 10, 26, h, 30, tzinfo=UTC) for h in range(4)
    ]
    given(engine, scope, [{"at": moment} for moment in moments])
    each, parameters = interval(name, calendar), Parameters()
    told = f"toUnixTimestamp64Milli(timestamp), {key(each, calendar, parameters)}"
    rows = warehouse.rows(scope, f"SELECT {told} FROM events WHERE tenant = {{tenant:String}}", parameters.values)
    assert len(rows) == len(moments)
    for at, number in rows:
        assert number == start_of(each, calendar, from_epoch_ms(at))
        assert begins(each, calendar, number) <= at < ends(each, calendar, number)


def test_a_day_of_daylight_saving_ends_with_its_last_candle() -> None:
    each = interval("5h", BERLIN)
    midnight = BERLIN.midnight(datetime(2026, 3, 29, tzinfo=UTC).date())
    numbers = sorted({start_of(each, BERLIN, midnight + timedelta(hours=hour)) for hour in range(23)})
    assert len(numbers) == 5
    assert ends(each, BERLIN, numbers[-1]) == epoch_ms(midnight + timedelta(hours=23))


def test_missing_candles_are_counted() -> None:
    assert between(interval("4h", BERLIN), 0, 14_400 * 3) == 2
    assert between(interval("1w", BERLIN), 10, 12) == 1


@pytest.mark.parametrize(
    "text", ["", "1", "0d", "-1d", "1M", "1.5h", "100000s", "101y", "99999w", "1201mo", "d", "1d ", "٣d"]
)
def test_what_is_no_interval_is_refused(text: str) -> None:
    with pytest.raises(FactbookError) as refused:
        interval(text, BERLIN)
    assert refused.value.field == "interval"
