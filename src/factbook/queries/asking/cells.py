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
    """The rows told apart, in their order. values: of the dimensions; keys: hashes of them, by which events are known
    as theirs. per: with top_per, the value of that dimension in each row, with its hash; each of them has an `other` of
    its own, as rows -2, -3, …. of: how many rows there are in all."""

    values: tuple[tuple[str, ...], ...] = ()
    keys: tuple[int, ...] = ()
    per: tuple[tuple[str, int], ...] = ()
    of: int = 0

    @property
    def groups(self) -> tuple[tuple[str, int], ...]:
        return tuple(dict.fromkeys(self.per))

    def at(self, places: Sequence[int], of: int) -> Rows:
        """Those at `places`, counted from 1."""
        return Rows(
            tuple(self.values[place - 1] for place in places),
            tuple(self.keys[place - 1] for place in places) if self.keys else (),
            tuple(self.per[place - 1] for place in places) if self.per else (),
            of,
        )

    def places(self) -> Iterator[int]:
        """Every row but ALL: those told apart, then what is left."""
        yield from range(1, len(self.values) + 1)
        yield from range(-2, -2 - len(self.groups), -1)
        yield OTHER
