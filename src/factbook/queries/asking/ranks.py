"""What groups of events are ranked by, as SQL: the finished number of a metric over a whole group."""

from __future__ import annotations

from collections.abc import Sequence

from factbook.core.sql import Parameters
from factbook.metrics.expressions import Binary, Call, Expression, Literal, Name, Unary
from factbook.metrics.model import Metric

from .aggregates import aggregate
from .leaves import Leaf, is_state, leaf_of
from .plan import Plan

_DAY = 86_400_000


class UnrankedError(Exception):
    """The order asked for cannot be computed before the rows are known."""


def ranked_by(plan: Plan, metric: Metric | None, parameters: Parameters) -> str:
    """SQL of the number that a group of events is ranked by; without a metric, how many they are."""
    if metric is None:
        return "count()"
    read = dict(zip(plan.leaves, plan.reads, strict=True))
    return _finished(plan, _leaf_or_formula(metric), read, parameters)


def _leaf_or_formula(metric: Metric) -> Leaf | Expression:
    return leaf_of(metric) if metric.formula is None else metric.formula


def _finished(plan: Plan, thing: Leaf | Expression, read: dict[Leaf, Leaf], parameters: Parameters) -> str:
    """The finished number of a leaf or formula over the whole group; a window inside a formula is none of it."""

    def of(expression: Expression) -> str:
        return _finished(plan, expression, read, parameters)

    match thing:
        case Leaf():
            if is_state(thing):
                raise UnrankedError
            return f"toFloat64({aggregate(read[thing], plan.money, parameters).direct})"
        case Literal(number):
            return parameters.add(float(number), "Float64")
        case Name(name):
            named = _leaf_or_formula(plan.catalog.get(name))
            if isinstance(named, Leaf) and named.window_days:
                raise UnrankedError
            return _finished(plan, named, read, parameters)
        case Unary("-", operand):
            return f"(-{of(operand)})"
        case Binary("/", left, right):
            return f"({of(left)} / nullIf({of(right)}, 0))"
        case Binary(operator, left, right):
            return f"({of(left)} {operator} {of(right)})"
        case Call("coalesce" | "abs" as name, arguments):
            return f"{name}({', '.join(map(of, arguments))})"
        case Call("least" | "greatest" as name, arguments):
            names = [f"x{i}" for i in range(len(arguments))]
            known = f"if({' OR '.join(f'{one} IS NULL' for one in names)}, NULL, {name}({', '.join(names)}))"
            return _called(names, known, [of(argument) for argument in arguments])
        case Call("sqrt", (argument,)):
            return _called(["x"], "if(x >= 0, sqrt(x), NULL)", [of(argument)])
        case Call("days", ()):
            start, end = plan.placed.ranges[plan.placed.total]
            return parameters.add((end - start) / _DAY, "Float64")
    raise UnrankedError


def _called(names: Sequence[str], body: str, values: Sequence[str]) -> str:
    """`body` over `values` by their names, each written once: formulas of formulas would double with every level."""
    return f"arrayMap(({', '.join(names)}) -> {body}, {', '.join(f'[{value}]' for value in values)})[1]"
