"""A metric's formula as readers see it: of a measure a plain reading, of a formula its text."""

from __future__ import annotations

from collections.abc import Sequence

from factbook.metrics.expressions import Expression, text
from factbook.metrics.model import Kind, Measure, Metric


def reading(metric: Metric) -> str:
    """`sum(amount) of purchase where status != 'test'`, `revenue / orders`."""
    if metric.formula is not None:
        return text(metric.formula)
    assert metric.measure
    where = f" where {text(metric.where)}" if metric.where is not None else ""
    days = f", over {metric.window_days} day{'s' if metric.window_days > 1 else ''}" if metric.window_days else ""
    return f"{_measured(metric.measure, metric.events)}{where}{days}"


def _measured(measure: Measure, events: Sequence[str]) -> str:
    types = ", ".join(events) or "all events"
    of = _number(measure.of)
    match measure.kind:
        case Kind.COUNT:
            return f"count of {types}"
        case Kind.UNIQUE:
            return f"unique {measure.distinct.removeprefix('property.')} of {types}"
        case Kind.QUANTILE:
            return f"quantile {measure.quantile:g} of {of} of {types}"
        case Kind.STATE:
            what = f"sum of the newest {of}" if of else "number alive"
            until = f" until {', '.join(measure.until)}" if measure.until else ""
            return f"{what} by {measure.by.removeprefix('property.')} of {types}{until}"
    return f"{measure.kind}({of}) of {types}"


def _number(expression: Expression | None) -> str:
    return "" if expression is None else text(expression)
