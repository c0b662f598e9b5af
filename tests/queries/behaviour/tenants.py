"""A tenant for questions about people: the built-in catalog, Berlin's calendar, euros."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from factbook.core.calendar import Calendar
from factbook.core.money import Money
from factbook.metrics.catalog import built_in
from factbook.queries.asking.ask import Tenant

BERLIN = Calendar(ZoneInfo("Europe/Berlin"))


def tenant(money: Money | None = None, calendar: Calendar = BERLIN) -> Tenant:
    return Tenant(built_in(), calendar, money or Money("EUR"), {})
