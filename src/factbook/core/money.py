"""The currency a tenant counts in, and what others are worth in it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from .currencies import CODES, has_shape

LEAST, MOST = 1e-12, 1e12
"""Between these lies a rate."""


@dataclass(frozen=True, slots=True)
class Money:
    """currency: ISO 4217; empty where the tenant has named none. rates: code → what one unit of it is in `currency`."""

    currency: str = ""
    rates: Mapping[str, float] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if self.currency not in CODES | {""}:
            raise ValueError(f"no such currency: {self.currency}")
        wrong = [code for code, rate in self.rates.items() if not (has_shape(code) and is_rate(rate))]
        if wrong or self.currency in self.rates or (self.rates and not self.currency):
            raise ValueError(f"no such rates: {self}")

    def factor(self, code: str) -> float | None:
        """What an amount in `code` is multiplied by to be in `currency`; None where no rate is known.

        An amount that names no currency (empty) is one in the tenant's.
        """
        return 1.0 if code in ("", self.currency) else self.rates.get(code)


def is_rate(value: float) -> bool:
    return math.isfinite(value) and LEAST <= value <= MOST
