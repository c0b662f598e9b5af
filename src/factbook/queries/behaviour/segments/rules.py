"""What a segment's rule is made of, with every period placed in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from factbook.core.money import Money
from factbook.events.filters import Condition, Operator
from factbook.queries.behaviour.selection import Selection


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open, in milliseconds; either side may be open."""

    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """`operator` is one of eq, ne, gt, gte, lt, lte."""

    operator: Operator
    number: float

    def holds(self, value: float) -> bool:
        match self.operator:
            case Operator.EQ:
                return value == self.number
            case Operator.NE:
                return value != self.number
            case Operator.GT:
                return value > self.number
            case Operator.GTE:
                return value >= self.number
            case Operator.LT:
                return value < self.number
        return value <= self.number


@dataclass(frozen=True, slots=True)
class Did:
    """So many events of `selection` within `span`; none counts as 0."""

    selection: Selection
    times: Compared
    span: Span


@dataclass(frozen=True, slots=True)
class Has:
    """The newest event of the person that has the column or property at all meets `condition`. before: of those before
    this moment alone, in milliseconds."""

    condition: Condition
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """sum, avg, min or max (`how`) of the number `of` over events of `selection`; without any, a sum is 0 and the
    others meet nothing. money: what amounts are told in, None for plain numbers."""

    how: str
    of: str
    selection: Selection
    compared: Compared
    span: Span
    money: Money | None = None


@dataclass(frozen=True, slots=True)
class Frozen:
    """Who was in a segment when it was frozen."""

    freezing: int


@dataclass(frozen=True, slots=True)
class All:
    of: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Any one of them holds."""

    of: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Not:
    of: Rule


Rule = All | Either | Not | Did | Has | Figure | Frozen


def leaves(rule: Rule) -> Iterator[Rule]:
    match rule:
        case All(of) | Either(of):
            for each in of:
                yield from leaves(each)
        case Not(inner):
            yield from leaves(inner)
        case _:
            yield rule
