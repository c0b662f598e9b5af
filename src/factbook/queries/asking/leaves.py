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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value is looked up: the row of the answer (-1 all, 0 other, 1… the rows) and the span."""

    row: int
    span: int


Look = Callable[[Leaf, Place, bool], Value]
"""The value of a leaf at a place; with True, of a state when the span began."""


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


def value(
    catalog: Catalog,
    metric: Metric,
    place: Place,
    look: Look,
    before: Callable[[int], int | None],
    days: Callable[[int], float],
) -> Value:
    """The value of `metric` at `place`: null where a part of it is null, or where it would divide by nothing.

    before: the span before a span. days: the length of a span.
    """

    def of(expression: Expression, at: Place, opening: bool = False) -> Value:
        match expression:
            case Literal(number):
                return float(number)
            case Name(name):
                named = catalog.get(name)
                return look(leaf_of(named), at, opening) if named.formula is None else of(named.formula, at)
            case Unary("-", operand):
                found = of(operand, at)
                return None if found is None else -found
            case Binary(operator, left, right):
                return _joined(operator, of(left, at), of(right, at))
            case Call("previous", (inner,)):
                earlier = before(at.span)
                return None if earlier is None else of(inner, Place(at.row, earlier))
            case Call("opening", (inner,)):
                return of(inner, at, True)
            case Call("days", ()):
                return days(at.span)
            case Call(name, arguments):
                return _called(name, [of(argument, at) for argument in arguments])
        raise invalid(f"A formula cannot hold {expression}.", field="formula")

    if metric.formula is None:
        return look(leaf_of(metric), place, False)
    found = of(metric.formula, place)
    return found if found is None or math.isfinite(found) else None


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
