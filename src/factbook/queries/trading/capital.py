"""The capital that returns are made on: given, or read off the accounts' balances, or said to be missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from factbook.core.clock import epoch_ms
from factbook.core.sql import Parameters
from factbook.queries.behaviour.history import inside
from factbook.queries.inquiry import Inquiry
from factbook.queries.shown import shown
from factbook.queries.where import moment, value_of

from .question import LOOKBACK, Amounts, Risk

MISSING = (
    "No balance.updated event tells the capital: returns and what is made of them are unknown. Send balances, or give"
    " starting_capital."
)
_OF_ACCOUNTS = ("account_id", "currency")


@dataclass(frozen=True, slots=True)
class Capital:
    """amount: in the tenant's currency, positive. source: `starting_capital` or `balance.updated`. since: when the
    newest balance that it holds was told."""

    amount: float
    source: str
    accounts: int = 0
    since: str | None = None

    @property
    def told(self) -> dict[str, Any]:
        return {"amount": self.amount, "source": self.source, "accounts": self.accounts or None, "as_of": self.since}


def capital(asked: Inquiry, risk: Risk, money: Amounts) -> Capital | None:
    """At the beginning of the period: of each account the newest balance before it, else its first within it.

    Of the filters those on the account and the currency choose balances; a strategy or symbol has none of its own.
    """
    if risk.starting_capital is not None:
        return Capital(risk.starting_capital, "starting_capital")
    conditions = tuple(each for each in asked.about.conditions if each.nature is None and each.name in _OF_ACCOUNTS)
    parameters = Parameters()
    start = moment(epoch_ms(asked.about.period.start), parameters)
    about = replace(asked.about, conditions=conditions)
    account = value_of("account_id", None, parameters)
    amount = f"numbers['balance'] * {money.rate(parameters)}"
    [(total, accounts, since)] = asked.warehouse.rows(
        asked.scope,
        f"""SELECT sum(tupleElement(found, 1)), count(), max(tupleElement(found, 2))
FROM (
    SELECT {account} AS account, if(
        countIf(timestamp < {start}) > 0,
        argMaxIf(({amount}, toUnixTimestamp64Milli(timestamp)), (timestamp, event_id), timestamp < {start}),
        argMin(({amount}, toUnixTimestamp64Milli(timestamp)), (timestamp, event_id))
    ) AS found
    FROM events
    {inside(about, parameters, start_ms=epoch_ms(asked.about.period.start - LOOKBACK))}
        AND event_type = 'balance.updated' AND mapContains(numbers, 'balance')
    GROUP BY account
)""",
        parameters.values,
    )
    if not accounts or not float(total) > 0:
        return None
    return Capital(float(total), "balance.updated", int(accounts), shown(int(since), asked.calendar.zone))
