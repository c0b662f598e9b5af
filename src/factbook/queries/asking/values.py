"""The values of a plan's metrics, wherever they are asked for, from what was read."""

from __future__ import annotations

from collections.abc import Sequence

from factbook.metrics.model import Kind, Metric

from .cells import Cells
from .leaves import Leaf, Read, Value, reckoned
from .plan import Plan

_DAY = 86_400_000
_ZERO = (Kind.COUNT, Kind.UNIQUE, Kind.STATE)
"""Of nothing there are none: 0, not null."""


class Values:
    """By metric, row and span."""

    def __init__(self, plan: Plan, cells: Cells) -> None:
        ranges = plan.placed.ranges
        index = {leaf: place for place, leaf in enumerate(plan.leaves)}
        self._plan = plan
        self._cells = cells

        def fetch(leaf: Leaf, opening: bool) -> Read:
            found, place = cells.openings if opening else cells.found, index[leaf]
            empty = 0 if leaf.measure.kind in _ZERO else None

            def read(row: int, span: int) -> Value:
                cell = found.get((place, row, span))
                return empty if cell is None or cell.value is None else cell.value

            return read

        def days(span: int) -> float:
            return (ranges[span][1] - ranges[span][0]) / _DAY

        before = dict(plan.placed.before).get
        self._reads = {m.id: reckoned(plan.catalog, m, fetch, before, days) for m in plan.metrics}

    def of(self, metric: Metric, row: int, span: int) -> Value:
        return self._reads[metric.id](row, span)

    def all(self, row: int, span: int) -> dict[str, Value]:
        return {name: read(row, span) for name, read in self._reads.items()}

    def series(self, row: int, spans: Sequence[int]) -> dict[str, list[Value]]:
        return {name: [read(row, span) for span in spans] for name, read in self._reads.items()}

    def events(self, row: int, span: int) -> int:
        """The most events that any part of the metrics counted there."""
        return max((self._cells.at(leaf, row, span).events for leaf in range(len(self._plan.leaves))), default=0)
