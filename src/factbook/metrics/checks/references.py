"""References: what a metric names is there, stands no circle, and belongs to its tier."""

from __future__ import annotations

from collections.abc import Iterator

from factbook.core.scope import Tier
from factbook.events.filters import COLUMNS
from factbook.metrics.expressions import Call, Name, names
from factbook.metrics.expressions.nodes import walk
from factbook.metrics.model import Kind, Metric
from factbook.metrics.problems import Problem, did_you_mean

from .whole import Whole, is_field

MAX_LEVELS = 10
MAX_READ = 1000
"""Metrics that a formula names, counted through all formulas below it."""


def unknown_metrics(whole: Whole) -> Iterator[Problem]:
    """A formula names metrics that there are."""
    for placed in whole.metrics:
        for name in sorted(names(placed.metric.formula) if placed.metric.formula else ()):
            if not whole.is_metric(name):
                hint = did_you_mean(name, whole.by_id)
                yield placed.problem("formula", f"The formula names the unknown metric {name[:60]!r}.", hint)


def unknown_dimensions(whole: Whole) -> Iterator[Problem]:
    """Dimensions and the breakdown are declared, or columns, or `property.NAME`; the breakdown is a dimension of it."""
    for placed in whole.metrics:
        metric = placed.metric
        named = [(f"dimensions.{name}", name) for name in metric.dimensions or ()]
        for key, name in [*named, ("breakdown", metric.breakdown)]:
            if name and name not in whole.dimension_ids and not is_field(name):
                hint = did_you_mean(name, [*whole.dimension_ids, *COLUMNS])
                yield placed.problem(key.partition(".")[0], f"There is no dimension {name[:60]!r}.", hint)
        if metric.breakdown and metric.dimensions is not None and metric.breakdown not in metric.dimensions:
            yield placed.problem("breakdown", f"{metric.breakdown!r} is none of the metric's dimensions.")


def unknown_groups(whole: Whole) -> Iterator[Problem]:
    """A KPI belongs to a group that a pack declares."""
    for placed in whole.metrics:
        group = placed.metric.kpi
        if group and group not in whole.kpis:
            hint = did_you_mean(group, whole.kpis) or "Declare it under `kpis` of a pack."
            yield placed.problem("kpi", f"There is no KPI group {group[:60]!r}.", hint)


def cycles(whole: Whole) -> Iterator[Problem]:
    """No metric stands on itself."""
    for placed in whole.metrics:
        way = _way_back(placed.metric.id, whole)
        if way and placed.metric.id == min(way):
            yield placed.problem("formula", f"The metric stands on itself: {' → '.join([*way, way[0]])}.")


def _way_back(id_: str, whole: Whole) -> list[str]:
    """The shortest chain of formulas that leads from a metric to itself."""
    ways: dict[str, list[str]] = {id_: [id_]}
    waiting = [id_]
    while waiting:
        at = waiting.pop(0)
        for name in sorted(_below(at, whole)):
            if name == id_:
                return ways[at]
            if name not in ways:
                ways[name] = [*ways[at], name]
                waiting.append(name)
    return []


def _below(id_: str, whole: Whole) -> set[str]:
    metric = whole.by_id.get(id_)
    return names(metric.formula) if metric and metric.formula else set()


def sizes(whole: Whole) -> Iterator[Problem]:
    """Formulas of formulas stay small enough to be worked out."""
    found: dict[str, tuple[int, int]] = {}
    for placed in whole.metrics:
        levels, read = _size(placed.metric, whole, found, frozenset())
        if levels > MAX_LEVELS:
            yield placed.problem("formula", f"The formula stands on more than {MAX_LEVELS} levels of formulas.")
        elif read > MAX_READ:
            yield placed.problem("formula", f"With the formulas below it, it names more than {MAX_READ:,} metrics.")


def _size(
    metric: Metric | None, whole: Whole, found: dict[str, tuple[int, int]], above: frozenset[str]
) -> tuple[int, int]:
    """(levels of formulas, metrics named) of a metric; 0, 1 without a formula, and in a circle."""
    if metric is None or metric.formula is None or metric.id in above or len(above) > MAX_LEVELS:
        return 0, 1
    if metric.id not in found:
        inside = above | {metric.id}
        below = [
            _size(whole.by_id.get(part.name), whole, found, inside)
            for part in walk(metric.formula)
            if isinstance(part, Name)
        ]
        levels = 1 + max((levels for levels, _ in below), default=0)
        found[metric.id] = levels, sum(read for _, read in below)
    return found[metric.id]


def openings(whole: Whole) -> Iterator[Problem]:
    """`opening` looks at a state; nothing else has a value at a bucket's start."""
    for placed in whole.metrics:
        for part in walk(placed.metric.formula) if placed.metric.formula else ():
            if not isinstance(part, Call) or part.name != "opening":
                continue
            for name in names(part):
                of = whole.by_id.get(name)
                if of is None or of.measure is None or of.measure.kind is not Kind.STATE:
                    yield placed.problem("formula", f"opening({name[:60]}) needs a metric that measures a state.")


def tiers(whole: Whole) -> Iterator[Problem]:
    """A metric is of no lower tier than what it stands on."""
    order = list(Tier)
    for placed in whole.metrics:
        for name in sorted(_below(placed.metric.id, whole)):
            below = whole.by_id.get(name)
            if below and order.index(below.tier) > order.index(placed.metric.tier):
                hint = f"Add `tier: {below.tier}`."
                yield placed.problem("tier", f"It stands on {name!r}, which is of the tier {below.tier}.", hint)
