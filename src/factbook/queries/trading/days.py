"""What each day brought: profit and loss of the positions that were closed on it, and which days have a return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from factbook.core.sql import Parameters
from factbook.queries.behaviour.history import inside
from factbook.queries.inquiry import Inquiry
from factbook.queries.where import value_of

from .question import Amounts

MAX_DAYS = 20_000

_FIRST = """SELECT toUnixTimestamp(min(bucket)), count()
FROM rollups
WHERE tenant = {tenant:String} AND level = '1d' AND event_type = 'position.closed' AND property = ''"""
_FIRST_SEEN = """SELECT toUnixTimestamp(min(timestamp)), count()
FROM events
WHERE tenant = {tenant:String} AND event_type = 'position.closed' AND NOT is_bot"""


def daily_by(asked: Inquiry, money: Amounts, field: str, values: Sequence[str]) -> Mapping[str, dict[date, float]]:
    """Profit and loss by day of each of `values` of the property `field`."""
    parameters = Parameters()
    value = value_of(field, None, parameters)
    listed = parameters.add(list(values), "Array(String)")
    rows = asked.warehouse.rows(
        asked.scope,
        f"SELECT {value} AS one, {_day(asked, parameters)} AS day, {_pnl(money, parameters)}\nFROM events\n"
        f"{_closed(asked, parameters)} AND one IN {listed}\nGROUP BY one, day",
        parameters.values,
    )
    found: dict[str, dict[date, float]] = {one: {} for one in values}
    for one, day, pnl in rows:
        found[one][day] = float(pnl)
    return found


def counted(asked: Inquiry, traded: Mapping[date, object], days: str) -> list[date]:
    """The days that have a return, in order: from the beginning of the period, or where that came later the tenant's
    first closed position, to its end or today; of `weekdays` without Saturdays and Sundays on which nothing was closed.
    """
    if not traded:
        return []
    calendar, period = asked.calendar, asked.about.period
    last = min(calendar.day(period.end - timedelta(milliseconds=1)), max(calendar.day(asked.now), max(traded)))
    [(first, known)] = asked.warehouse.rows(asked.scope, _FIRST_SEEN if asked.scope.rows else _FIRST)
    begun = min(traded)
    if known:  # the newest day that the first one can be, which is a day of UTC
        begun = calendar.day(datetime.fromtimestamp(int(first), UTC) + timedelta(seconds=86_399))
    day = min(max(calendar.day(period.start), begun), min(traded))
    found = []
    while day <= last:
        if days == "all" or day.isoweekday() < 6 or day in traded:
            found.append(day)
        day += timedelta(days=1)
    return found[-MAX_DAYS:]


def _day(asked: Inquiry, parameters: Parameters) -> str:
    return f"toDate32(timestamp, {parameters.add(asked.calendar.zone.key, 'String')})"


def _pnl(money: Amounts, parameters: Parameters) -> str:
    return f"sum(numbers['pnl'] * {money.rate(parameters)})"


def _closed(asked: Inquiry, parameters: Parameters) -> str:
    return f"{inside(asked.about, parameters)}\n    AND event_type = 'position.closed'"
