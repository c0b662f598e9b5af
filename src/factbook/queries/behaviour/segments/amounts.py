"""Which numbers of a segment's rule are amounts of money, and what they are told in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from factbook.core.money import Money
from factbook.metrics.catalog import Catalog
from factbook.metrics.model import Unit
from factbook.queries.asking.conditions import plain_property
from factbook.queries.asking.foreign import told_in
from factbook.queries.behaviour.selection import Selection


@dataclass(frozen=True, slots=True)
class Amounts:
    """catalog: whose metrics say which properties are money. currencies: those that events of these types named."""

    catalog: Catalog
    money: Money
    currencies: Callable[[Sequence[str]], Sequence[str]]

    def told_in(self, of: str, over: Selection, is_money: bool | None) -> Money | None:
        """None where the property `of` is no money: no metric in money adds it up, or `is_money` says so. CONFLICT for
        a currency without a rate."""
        if is_money is None:
            is_money = of in _amounts(self.catalog)
        return told_in(self.money, self.currencies(over.events), over.filters)[0] if is_money else None


def _amounts(catalog: Catalog) -> set[str | None]:
    measures = (metric.measure for metric in catalog.metrics.values() if metric.unit is Unit.CURRENCY)
    return {plain_property(measure.of) for measure in measures if measure}
