"""The cells of a cohort table: what was counted in each, whether its period is over, and what many come to together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from factbook.core.sql import Parameters
from factbook.queries.behaviour.grid import Grid

from .members import UNITS
from .question import Bracket, Cohorts

OTHER = 0
"""The number of the label of all that are not told apart."""


@dataclass(frozen=True, slots=True)
class Group:
    """The members of one label who began in one bucket. counts: by column, people or what a metric brought."""

    label: int
    base: int
    size: int
    counts: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """count: of `of` members. incomplete: the period is not over for any of them, this is what came so far."""

    count: float
    of: float
    incomplete: bool


@dataclass(frozen=True, slots=True)
class Table:
    """The groups of a question, and what they add up to."""

    asked: Cohorts
    grid: Grid
    groups: tuple[Group, ...]

    def cell(self, groups: Iterable[Group], column: int, *, over_only: bool = False) -> Cell | None:
        """Of those for whom the period is over; of those for whom it has begun where it is over for none (None with
        `over_only`); None where it has begun for none."""
        bracket = self.asked.columns[column]
        begun = [group for group in groups if self._has_begun(group.base, bracket)]
        over = [group for group in begun if self._is_over(group.base, bracket)]
        if not begun or (over_only and not over):
            return None
        chosen = over or begun
        of = [group.counts[column - 1] if self.asked.previous and column else group.size for group in chosen]
        return Cell(sum(group.counts[column] for group in chosen), sum(of), not over)

    def cells(self, groups: Sequence[Group], *, over_only: bool = False) -> list[Cell | None]:
        return [self.cell(groups, column, over_only=over_only) for column in range(len(self.asked.columns))]

    def _is_over(self, base: int, bracket: Bracket) -> bool:
        last = bracket.first if bracket.last is None else bracket.last
        if self.asked.rolling:
            return self.grid.bounds[base] + (last + 1) * UNITS[self.asked.granularity] <= self.grid.until
        return self.grid.is_over(base + last)

    def _has_begun(self, base: int, bracket: Bracket) -> bool:
        if self.asked.rolling:
            return self.grid.bounds[base - 1] + bracket.first * UNITS[self.asked.granularity] < self.grid.until
        return self.grid.has_begun(base + bracket.first)


def column(asked: Cohorts, k: str, parameters: Parameters) -> str:
    """SQL of the column of the period `k` (SQL of an Int32), from 1; 0 where it is in none."""
    width = len(asked.columns)
    if asked.open:
        return f"toUInt16(if({k} < 0, 0, least({k}, {width - 1}) + 1))"
    if not asked.bracketed:
        return f"toUInt16(if({k} < 0 OR {k} >= {width}, 0, {k} + 1))"
    places = {
        period: place
        for place, bracket in enumerate(asked.columns, 1)
        for period in range(bracket.first, (bracket.first if bracket.last is None else bracket.last) + 1)
    }
    last = asked.columns[-1]
    period = f"toInt32(least({k}, {last.first}))" if last.last is None else k
    known = parameters.add(list(places), "Array(Int32)")
    return f"transform({period}, {known}, {parameters.add(list(places.values()), 'Array(UInt16)')}, 0)"


def groups(rows: Iterable[Sequence[Any]], width: int, *, open: bool = False) -> tuple[Group, ...]:
    """Of rows (label, base, column, members, count, name): column 0 brings the size, the others their count. open: what
    counts in a column counts in all before it too."""
    sizes: dict[tuple[int, int], int] = {}
    counts: dict[tuple[int, int], list[float]] = {}
    for label, base, column, members, count, _ in rows:
        place = int(label), int(base)
        cells = counts.setdefault(place, [0] * width)
        if column == 0:
            sizes[place] = int(members)
        else:
            cells[int(column) - 1] = count
    if open:
        for cells in counts.values():
            for at in range(width - 2, -1, -1):
                cells[at] += cells[at + 1]
    return tuple(Group(*place, sizes[place], tuple(counts[place])) for place in sorted(counts))
