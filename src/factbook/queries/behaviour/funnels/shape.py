"""The shape of a funnel as its folds see it: steps by number, what is optional, what kills an attempt, how long."""

from __future__ import annotations

from dataclasses import dataclass

from .question import Question


@dataclass(frozen=True, slots=True)
class Shape:
    """optional: numbers of steps, from 1. window, length: milliseconds, of an attempt and of the period, within which
    it begins. exclusions: the steps between which each must not happen. attribution: '' where no value is carried.
    """

    steps: int
    order: str
    window: int
    length: int
    optional: frozenset[int] = frozenset()
    exclusions: tuple[tuple[int, int], ...] = ()
    attribution: str = ""
    of_step: int = 0

    @property
    def bits(self) -> int:
        """Of a mask: one for each step, then one for each exclusion."""
        return self.steps + len(self.exclusions)

    def before(self, step: int) -> tuple[int, ...]:
        """The steps that `step` may follow, the nearest first."""
        found = []
        for earlier in range(step - 1, 0, -1):
            found.append(earlier)
            if earlier not in self.optional:
                break
        return tuple(found)


def shape_of(asked: Question) -> Shape:
    return Shape(
        steps=len(asked.steps),
        order=asked.order,
        window=asked.window,
        length=asked.end - asked.start,
        optional=frozenset(number for number, step in enumerate(asked.steps, 1) if step.optional),
        exclusions=tuple((one.first, one.last) for one in asked.exclusions),
        attribution=asked.attribution if asked.breakdown else "",
        of_step=asked.of_step,
    )
