"""A moment for live numbers: a tenant with the built-in metrics in a zone."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from factbook.core.calendar import Calendar
from factbook.core.money import Money
from factbook.metrics.catalog import built_in
from factbook.queries.asking.ask import Tenant
from factbook.queries.live import Live

from .given import moment


def live_at(now: str, zone: str = "UTC") -> Live:
    return Live(moment(now), Tenant(built_in(), Calendar(ZoneInfo(zone)), Money(), {}))
