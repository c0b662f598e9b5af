"""Formulas and what they stand on: the leaves that have to be read, and the value of a formula over their values."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from factbook.core.errors import invalid
from factbook.metrics.catalog import Catalog
from factbook.metrics.expressions import Binary, Call, Expression, Literal, Name, Unary, names
from factbook.metrics.expressions.nodes import parts
from factbook.metrics.model import Kind, Measure, Metric, Unit

Value = float | int | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """One thing to read: a measure over events. money: its numbers are amounts of money, in the tenant's currency."""

    events: tuple[str, ...]
    measure: Measure
    where: Expression | None = None
    window_days: int = 0
    money: bool = False


Read = Callable[[int, int], Value]
"""A value by row of the answer (-1 all, 0 other, 1… the rows) and span."""

Fetch = Callable[[Leaf, bool], Read]
"""`fetch(leaf, opening)`: the value of a leaf; with True, of a state when the span began."""


def leaf_of(metric: Metric) -> Leaf:
    assert metric.measure
    money = metric.unit is Unit.CURRENCY
    return Leaf(tuple(sorted(metric.events)), metric.measure, metric.where, metric.window_days, money)


def leaves(catalog: Catalog, metric: Metric) -> Iterator[Leaf]:
    """Every leaf that `metric` stands on, itself where it is one."""
    if metric.formula is None:
        yield leaf_of(metric)
        return
    for name in sorted(names(metric.formula)):
        yield from leaves(catalog, catalog.get(name))


def looks_back(catalog: Catalog, metric: Metric) -> int:
    """How many times over `metric` asks for the bucket before: 0 for not at all."""
    return _looks_back(catalog, metric.formula) if metric.formula else 0


def _looks_back(catalog: Catalog, expression: Expression) -> int:
    match expression:
        case Name(name):
            return looks_back(catalog, catalog.get(name))
        case Call("previous", (inner,)):
            return 1 + _looks_back(catalog, inner)
    return max((_looks_back(catalog, part) for part in parts(expression)), default=0)


def reckoned(
    catalog: Catalog,
    metric: Metric,
    fetch: Fetch,
    before: Callable[[int], int | None],
    days: Callable[[int], float],
) -> Read:
    """How `metric` is reckoned: null where a part of it is null, where it would divide by nothing, or beyond numbers.

    before: the span before a span. days: the length of a span.
    """

    def named(id_: str) -> Read:
        found = catalog.get(id_)
        return fetch(leaf_of(found), False) if found.formula is None else of(found.formula)

    def of(expression: Expression) -> Read:
        match expression:
            case Literal(number):
                constant = float(number)
                return lambda row, span: constant
            case Name(name):
                return named(name)
            case Unary("-", operand):
                inner = of(operand)
                return lambda row, span: None if (found := inner(row, span)) is None else -found
            case Binary(operator, left, right):
                one, other = of(left), of(right)
                return lambda row, span: _joined(operator, one(row, span), other(row, span))
            case Call("previous", (operand,)):
                inner = of(operand)
                return lambda row, span: None if (earlier := before(span)) is None else inner(row, earlier)
            case Call("opening", (Name(name),)):
                return fetch(leaf_of(catalog.get(name)), True)
            case Call("days", ()):
                return lambda row, span: days(span)
            case Call(name, arguments):
                parts = [of(argument) for argument in arguments]
                return lambda row, span: _called(name, [part(row, span) for part in parts])
        raise invalid(f"A formula cannot hold {expression}.", field="formula")

    inside = of(Name(metric.id))

    def finite(row: int, span: int) -> Value:
        found = inside(row, span)
        return found if found is None or math.isfinite(found) else None

    return finite


def _joined(operator: str, left: Value, right: Value) -> Value:
    if left is None or right is None:
        return None
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right if right else None
    raise invalid(f"A formula cannot hold {operator}.", field="formula")


def _called(name: str, values: list[Value]) -> Value:
    if name == "coalesce":
        return next((found for found in values if found is not None), None)
    numbers = [found for found in values if found is not None]
    if len(numbers) < len(values):
        return None
    match name:
        case "least":
            return min(numbers)
        case "greatest":
            return max(numbers)
        case "abs":
            return abs(numbers[0])
        case "sqrt":
            return math.sqrt(numbers[0]) if numbers[0] >= 0 else None
    raise invalid(f"A formula cannot call {name}.", field="formula")


def is_state(leaf: Leaf) -> bool:
    return leaf.measure.kind is Kind.STATE
