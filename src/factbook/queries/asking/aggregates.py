"""One leaf as SQL over single events: which events count, the number of each, and how it is aggregated and merged."""

from __future__ import annotations

from dataclasses import dataclass

from factbook.core.money import Money
from factbook.core.sql import Parameters
from factbook.events.filters import field_of
from factbook.metrics.model import SESSIONS, USERS, Kind
from factbook.queries.where import value_of

from . import conditions
from .conditions import condition
from .leaves import Leaf

NEWEST = "(timestamp, event_id)"


@dataclass(frozen=True, slots=True)
class Aggregate:
    """SQL of one leaf. counted: whether an event counts. inner: a state over events; outer: merges the states called
    by its `{}`; direct: the finished number over events."""

    counted: str
    inner: str
    outer: str
    direct: str


def aggregate(leaf: Leaf, money: Money, parameters: Parameters) -> Aggregate:
    """The SQL of `leaf` (any kind but STATE)."""
    counted = matching(leaf, parameters)
    kind = leaf.measure.kind
    if kind is Kind.COUNT:
        return Aggregate(counted, f"countIf({counted})", "sum({})", f"countIf({counted})")
    if kind is Kind.UNIQUE:
        item, there = distinct(leaf.measure.distinct, parameters)
        both = f"{counted} AND {there}"
        state = f"uniqCombined64StateIf(17)({item}, {both})"
        return Aggregate(counted, state, "uniqCombined64Merge(17)({})", f"finalizeAggregation({state})")
    value, there = amount(leaf, money, parameters)
    counted = f"{counted} AND {there}"
    if kind is Kind.QUANTILE:
        q = float(leaf.measure.quantile)
        low, high = (f"{side}OrNullIf({value}, {counted})" for side in ("min", "max"))
        return Aggregate(
            counted,
            f"(quantileBFloat16StateIf(0.5)({value}, {counted}), {low}, {high})",  # the same state for every quantile
            _between(f"quantileBFloat16Merge({q})({{0}}.1)", "min({0}.2)", "max({0}.3)"),
            _between(f"quantileBFloat16OrNullIf({q})({value}, {counted})", low, high),
        )
    if kind is Kind.LAST:
        return Aggregate(
            counted,
            f"argMaxStateIf({value}, {NEWEST}, {counted})",
            "argMaxMerge({})",
            f"argMaxOrNullIf({value}, {NEWEST}, {counted})",
        )
    if kind in (Kind.MIN, Kind.MAX):
        each = f"{kind}OrNullIf({value}, {counted})"
        return Aggregate(counted, each, f"{kind}({{}})", each)
    total = f"sumIf({value}, {counted})"
    some = f"nullIf(countIf({counted}), 0)"
    direct = f"{total} / {some}" if kind is Kind.AVG else f"if({some} IS NULL, NULL, {total})"
    return Aggregate(counted, total, "sum({})", direct)


def _between(value: str, low: str, high: str) -> str:
    """A quantile of rounded numbers lies no further out than the numbers themselves."""
    return f"least(greatest({value}, {low}), {high})"


def matching(leaf: Leaf, parameters: Parameters) -> str:
    """Whether an event is of the leaf's types and fulfils its condition."""
    parts = []
    if len(leaf.events) == 1:
        parts.append(f"event_type = {parameters.add(leaf.events[0], 'String')}")
    elif leaf.events:
        parts.append(f"event_type IN {parameters.add(list(leaf.events), 'Array(String)')}")
    if leaf.where is not None:
        parts.append(condition(leaf.where, parameters))
    return " AND ".join(parts) or "1"


def distinct(name: str, parameters: Parameters) -> tuple[str, str]:
    """(what is told apart, whether an event has it) for `users`, `sessions` or a field."""
    if name == USERS:
        return "person", "person != 0"
    if name == SESSIONS:
        return "session", "session != 0"
    value = value_of(*field_of(name, field="measure"), parameters)
    return f"sipHash64({value})", f"{value} != ''"


def amount(leaf: Leaf, money: Money, parameters: Parameters) -> tuple[str, str]:
    """(the number, whether an event has it); money in the tenant's currency, NaN where there is no rate."""
    of = leaf.measure.of
    assert of is not None
    value, there = conditions.amount(of, parameters)
    return (f"{value} * {rate(money, parameters)}", there) if leaf.money else (value, there)


def rate(money: Money, parameters: Parameters) -> str:
    """What an event's amounts are multiplied by to be in the currency of `money`; NaN where there is no rate."""
    currency = "upper(texts['currency'])"
    known = {"": 1.0, money.currency: 1.0, **money.rates}
    codes = parameters.add(list(known), "Array(String)")
    factors = parameters.add(list(known.values()), "Array(Float64)")
    return f"transform({currency}, {codes}, {factors}, nan)"
