"""CDNOW: 69,659 purchases of 23,570 customers, as `purchase` events."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import pyarrow as pa

from .datasets import Column, DemoEvent, Moments, Numbers

_DAY_MS = 86_400_000


class PurchaseProperties(msgspec.Struct, gc=False):
    """amount: what the purchase cost, in dollars; quantity: how many CDs."""

    amount: float
    quantity: int
    currency: str


class Purchases:
    name = "cdnow"
    title = "CDNOW purchases"
    is_made_up = False

    def __init__(self, table: pa.Table) -> None:
        days = table.column("day").to_numpy().astype("datetime64[D]").astype(np.int64)
        self.moments: Moments = spread_over_days(days)
        self._customers = Column(table["customer"])
        self._cents = Column(table["cents"])
        self._quantities = Column(table["quantity"])

    def events(self, numbers: Numbers, times: Sequence[str], ids: Sequence[str]) -> list[DemoEvent]:
        rows = zip(
            times,
            ids,
            self._customers.at(numbers),
            self._cents.at(numbers),
            self._quantities.at(numbers),
            strict=True,
        )
        return [
            DemoEvent(
                id_,
                "purchase",
                time,
                PurchaseProperties(cents / 100, quantity, "USD"),
                user_id=customer,
                source="demo",
            )
            for time, id_, customer, cents, quantity in rows
        ]


def spread_over_days(days: Moments) -> Moments:
    """A moment for each row: the source has days only, so the n rows of one day stand evenly over it, in order.

    days: days since 1970-01-01, ascending.
    """
    _, first, count = np.unique(days, return_index=True, return_counts=True)
    size = np.repeat(count, count)
    place = np.arange(len(days)) - np.repeat(first, count)
    return days * _DAY_MS + (2 * place + 1) * _DAY_MS // (2 * size)
