"""What people did one after the other, as arrays in the engine: in their order, and bounded for everybody."""

from __future__ import annotations

from dataclasses import dataclass

from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.storage.warehouse import Warehouse

MOST_EVENTS = 10_000
"""Of one person: the rest is left out, and the answer says so."""
MOST_ROWS = 30_000_000
"""Events of one answer: of more, one person in so many is looked at."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One person in `every` is looked at; 1: all are."""

    every: int = 1

    def of(self, person: str) -> str:
        """SQL that is true for the people looked at."""
        return "1" if self.every == 1 else f"intHash64({person}) % {self.every} = 0"

    @property
    def notes(self) -> list[str]:
        if self.every == 1:
            return []
        return [f"So many events lie in this period that one person in {self.every} was looked at; shares hold."]


def sample(warehouse: Warehouse, scope: Scope, where: str, parameters: Parameters, most: int | None = None) -> Sample:
    """So that about `most` (MOST_ROWS) of the events `where` are looked at."""
    [(rows,)] = warehouse.rows(scope, f"SELECT count() FROM events {where}", parameters.values)
    return Sample(max(1, -(-int(rows) // (most or MOST_ROWS))))


def shortened(people: int, most: int) -> list[str]:
    """The note about people with more than `most` events."""
    return [f"{people:,} people did more than {most:,} things: the rest of theirs is left out."] if people else []


def long_walks(warehouse: Warehouse, scope: Scope, begin: str, rows: str, parameters: Parameters, most: int) -> int:
    """How many people have more than `most` of `rows`, a SELECT of `who`; begin: of the whole statement."""
    sql = f"{begin}SELECT count() FROM (SELECT 1 FROM ({rows}) GROUP BY who HAVING count() > {most})"
    return int(warehouse.rows(scope, sql, parameters.values)[0][0])


def walk(step: str, long: int, most: int) -> str:
    """SQL of a person's steps, tuples, in order: all of them, the first `most` where somebody has more."""
    return f"groupArraySorted({most})({step})" if long else f"arraySort(groupArray({step}))"
