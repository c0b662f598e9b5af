"""A tenant's currency and the worth of others in it."""

from __future__ import annotations

import math

import pytest

from factbook.core.currencies import CODES
from factbook.core.money import Money


def test_an_amount_is_multiplied_by_its_rate() -> None:
    money = Money("EUR", {"USD": 0.92, "USDT": 0.9})
    assert (money.factor("USD"), money.factor("USDT")) == (0.92, 0.9)


def test_the_tenants_own_currency_and_none_named_stay_as_they_are() -> None:
    money = Money("EUR", {"USD": 0.92})
    assert (money.factor("EUR"), money.factor("")) == (1.0, 1.0)


@pytest.mark.parametrize("money", [Money("EUR", {"USD": 0.92}), Money("EUR"), Money()])
def test_a_currency_without_a_rate_has_no_factor(money: Money) -> None:
    assert money.factor("JPY") is None
    assert money.factor("usd") is None


@pytest.mark.parametrize(
    ("currency", "rates"),
    [
        ("EURO", {}),
        ("eur", {}),
        ("EUR", {"EUR": 1.0}),
        ("", {"USD": 1.0}),
        *[("EUR", {"USD": rate}) for rate in (0.0, -1.0, math.inf, math.nan, 1e13)],
        *[("EUR", {code: 1.0}) for code in ("", "us", "$", "A" * 11)],
    ],
)
def test_what_would_make_sums_wrong_is_no_money(currency: str, rates: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="no such"):
        Money(currency, rates)


def test_money_of_other_rates_is_other_money() -> None:
    assert Money("EUR", {"USD": 0.92}) != Money("EUR", {"USD": 0.93})
    assert len({Money("EUR", {"USD": 0.92}), Money("EUR", {"USD": 0.92}), Money("EUR", {"USD": 0.93})}) == 2


def test_every_code_has_three_capital_letters() -> None:
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CODES)
    assert {"EUR", "USD", "JPY", "GBP", "CHF", "CNY", "XCG", "BYN"} <= CODES
