"""Where the steps of a deepest attempt stand among a person's events, sought backwards from where it arrived.

The attempt that arrives there and began last has done each step as late as it could: just before the next.
"""

from __future__ import annotations

from .question import STRICT
from .shape import Shape


def places(shape: Shape) -> list[str]:
    """Columns `p1`, `p2`, …, from 1 in `told`; 0 for a step that was not done. Beside those of `reach.reach`; knows
    neither optional steps nor exclusions."""
    return [
        f"toInt64(multiIf(reached < {step}, 0, reached = {step}, arrival, {_before(shape, step)})) AS p{step}"
        for step in range(shape.steps, 0, -1)
    ]


def _before(shape: Shape, step: int) -> str:
    """The place of `step` before that of the next: the last event that took an attempt there."""
    if step == shape.steps:
        return "0"
    if shape.order == STRICT:
        return f"p{step + 1} - 1"
    return f"arrayLastIndex((start, place) -> place < p{step + 1} AND start > 0, taken{step}, arrayEnumerate(told))"


def time_at(step: int) -> str:
    return "begun" if step == 1 else f"told[p{step}].1"


def value_at(shape: Shape) -> str:
    """The value of the breakdown."""
    if not shape.attribution:
        return "''"
    if shape.of_step:
        return f"told[p{shape.of_step}].3"
    values = ", ".join(f"told[p{step}].3" for step in range(1, shape.steps + 1))
    return f"{'arrayFirst' if shape.attribution == 'first' else 'arrayLast'}(one -> one != '', [{values}])"
