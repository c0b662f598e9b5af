"""The part of the history that a question about people is asked over: its period, zone, filters, bots or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from factbook.core.calendar import Calendar
from factbook.core.clock import epoch_ms
from factbook.core.errors import invalid
from factbook.core.sql import Parameters
from factbook.core.times import Period, zone
from factbook.events.filters import Condition
from factbook.queries.named_periods import named_period
from factbook.queries.period import period_of
from factbook.queries.where import between, where

from .segments.segments import NONE, Segments
from .selection import conditions

FIELDS = ("period", "start_time", "end_time", "start_date", "end_date", "timezone", "filters", "include_bots")


@dataclass(frozen=True, slots=True)
class History:
    """calendar: the tenant's, in the zone asked for. conditions: every event must meet them all."""

    period: Period
    calendar: Calendar
    conditions: tuple[Condition, ...] = ()
    include_bots: bool = False


def history(
    given: Mapping[str, Any],
    calendar: Calendar,
    now: datetime,
    *,
    default: str = "last_30_days",
    segments: Segments = NONE,
) -> History:
    """From the FIELDS of a question. Filters are an object, a list of conditions, or pairs already. INVALID naming the
    field.

    segments: those that the filters may name.
    """
    for name in FIELDS[:6]:
        if given.get(name) is not None and not isinstance(given[name], str):
            raise invalid(f"{name} is not a text.", field=name)
    if not isinstance(given.get("include_bots", False), bool):
        raise invalid("include_bots is neither true nor false.", field="include_bots")
    if given.get("timezone"):
        calendar = replace(calendar, zone=zone(given["timezone"]))
    start, end = (given.get(f"{side}_time") or given.get(f"{side}_date") for side in ("start", "end"))
    if (start or end) and given.get("period"):
        raise invalid("Both a period and a start or end were given.", field="period", hint="Give one of them.")
    if start or end:
        period = period_of(start, end, calendar.zone, now=now, default=timedelta(days=30))
    else:
        period = named_period(given.get("period") or default, now, calendar)
    filters = segments.applied(conditions(given.get("filters"), calendar.zone))
    return History(period, calendar, filters, bool(given.get("include_bots")))


def inside(about: History, parameters: Parameters, *, start_ms: int | None = None, end_ms: int | None = None) -> str:
    """`WHERE …` of its events, by the tenant; `start_ms` and `end_ms` in place of its period's."""
    begin = epoch_ms(about.period.start) if start_ms is None else start_ms
    end = epoch_ms(about.period.end) if end_ms is None else end_ms
    return (
        "WHERE tenant = {tenant:String}"
        + between(begin, end, parameters)
        + where(about.conditions, parameters, include_bots=about.include_bots)
    )
