"""Money that came in several currencies: what amounts are told in, and the refusal where one has no rate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from factbook.core.currencies import CODES
from factbook.core.errors import FactbookError, Kind
from factbook.core.money import Money
from factbook.events.filters import Condition, Operator

_EQUAL = (Operator.EQ, Operator.IN)


def told_in(money: Money, seen: Sequence[str], conditions: Iterable[Condition]) -> tuple[Money, tuple[str, ...]]:
    """The money that amounts in the currencies `seen` are told in, and which of these are foreign to it; `conditions`
    on the currency leave the others out. CONFLICT for one without a rate.

    A tenant who named no currency counts in the one that all amounts came in.
    """
    for condition in conditions:
        if (condition.name, condition.nature) == ("currency", None) and condition.operator in _EQUAL:
            wanted = {str(value).upper() for value in condition.values}
            seen = tuple(currency for currency in seen if currency in wanted)
    if not money.currency and len(seen) == 1 and seen[0] in CODES:
        return Money(seen[0]), ()
    foreign = tuple(currency for currency in seen if currency != money.currency)
    lacking = [currency for currency in foreign if money.factor(currency) is None]
    if lacking:
        raise FactbookError(
            Kind.CONFLICT,
            f"Amounts came in {', '.join(lacking[:5])}: there is no rate to {money.currency or 'one currency'}.",
            field="rates",
            hint="Set currency and rates with PUT /api/v1/settings, or filter on property.currency.",
            details={"currencies": lacking},
        )
    return money, foreign
