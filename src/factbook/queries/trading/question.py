"""What a question about trading has beside its period and filters: its money, and how risk is counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from factbook.core.errors import invalid
from factbook.core.money import Money
from factbook.core.sql import Parameters
from factbook.events.filters import number as read_number
from factbook.queries.asking.aggregates import rate
from factbook.queries.asking.foreign import told_in
from factbook.queries.asking.lookups import Lookups
from factbook.queries.behaviour.reading import number, one_of
from factbook.queries.inquiry import Inquiry

DEFAULT_PERIOD = "last_365_days"
DAYS_A_YEAR = {"weekdays": 252, "all": 365}
"""What a year has of the days that are counted."""

LOOKBACK = timedelta(days=30)
"""How long before the period positions and balances are looked for that reach into it."""

_MONEY_OF = ("position.closed", "order.filled", "balance.updated")


@dataclass(frozen=True, slots=True)
class Risk:
    """days: which days have a return, a key of DAYS_A_YEAR. risk_free_rate: a year's, as a fraction. starting_capital:
    at the beginning of the period, None to read it off the balances."""

    days: str = "weekdays"
    days_a_year: int = 252
    risk_free_rate: float = 0.0
    starting_capital: float | None = None


@dataclass(frozen=True, slots=True)
class Amounts:
    """money: what amounts are told in. converted: some came in other currencies, or may have."""

    money: Money
    converted: bool

    @property
    def currency(self) -> str | None:
        return self.money.currency or None

    def rate(self, parameters: Parameters) -> str:
        """SQL: what an event's amounts are multiplied by."""
        return rate(self.money, parameters) if self.converted else "1"


def amounts(asked: Inquiry) -> Amounts:
    """What amounts are told in. CONFLICT for a currency without a rate."""
    seen = Lookups(asked.warehouse, asked.scope).currencies(_MONEY_OF)
    money, foreign = told_in(asked.records.tenant.money, seen, asked.about.conditions)
    return Amounts(money, bool(foreign) or asked.about.include_bots)


def risk(given: Mapping[str, Any]) -> Risk:
    """From `days`, `days_a_year`, `risk_free_rate` and `starting_capital` of a query string."""
    days = one_of(given.get("days") or "weekdays", tuple(DAYS_A_YEAR), "days")
    return Risk(
        days,
        number(given, "days_a_year", 1, 366, DAYS_A_YEAR[days]),
        _decimal(given, "risk_free_rate", -0.99, 10) or 0.0,
        _decimal(given, "starting_capital", 1e-9, 1e15),
    )


def _decimal(given: Mapping[str, Any], field: str, least: float, most: float) -> float | None:
    text = given.get(field)
    if text in (None, ""):
        return None
    value = read_number(str(text))
    if value is None or not least <= value <= most:
        raise invalid(f"{field} is not a number from {least:g} to {most:g}.", field=field)
    return value
