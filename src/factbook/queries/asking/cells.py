"""What the statements found: for each leaf, row and span, how many events there were and the value they gave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

ALL, OTHER = -1, 0
"""Rows: everything together, and what is told apart from nothing else; the rows told apart count from 1."""


class Cell(NamedTuple):
    """events: how many counted. value: None where there was nothing to measure."""

    events: int
    value: float | int | None


NOTHING = Cell(0, None)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement that ran: for `explain`."""

    sql: str
    tables: tuple[str, ...]
    levels: tuple[str, ...]
    reason: str
    rows_read: int | None
    milliseconds: float


@dataclass(slots=True)
class Cells:
    """Filled by one statement after the other. Keys: (leaf, row, span); openings: states when a span began."""

    found: dict[tuple[int, int, int], Cell] = field(default_factory=dict)
    openings: dict[tuple[int, int, int], Cell] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    first: dict[str, int] = field(default_factory=dict)
    """Level → the earliest moment that was read from it."""

    def at(self, leaf: int, row: int, span: int) -> Cell:
        return self.found.get((leaf, row, span), NOTHING)

    def opening(self, leaf: int, row: int, span: int) -> Cell:
        return self.openings.get((leaf, row, span), NOTHING)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows told apart: the values of each, in the order found. groups: with top_per, the values of that dimension
    that have an `other` of their own, as rows -2, -3, …; of: how many there are in all."""

    values: tuple[tuple[str, ...], ...] = ()
    groups: tuple[str, ...] = ()
    of: int = 0

    def places(self) -> Iterator[int]:
        """Every row but ALL: those told apart, then what is left."""
        yield from range(1, len(self.values) + 1)
        yield from range(-2, -2 - len(self.groups), -1)
        yield OTHER


def array(values: Sequence[int]) -> str:
    """Whole numbers as an SQL array (they are ours: places and milliseconds)."""
    return "[" + ", ".join(str(int(value)) for value in values) + "]"
