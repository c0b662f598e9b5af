"""How deep a person gets whose steps come in order, and from when to when: the cheap half of `in_order`."""

from __future__ import annotations

from .fold import AT, NUMBER, TIME, Fold, choice, is_step
from .question import STRICT
from .shape import Shape


def reach(shape: Shape) -> Fold:
    """Slots `depth`, `start` (a time) and `arrival` (a place among the events, from 1) of the deepest attempt, the
    first to get there. Knows no exclusions: of each step it keeps only when the attempt began that began last."""
    fold = Fold()
    steps = range(1, shape.steps + 1)
    for step in steps:
        fold.add(_start(step), TIME)
    for name in ("depth", "start", "arrival", "place"):
        fold.add(name, NUMBER)
    fold.changes["place"] = f"{fold.old('place')} + 1"
    taken = {step: _taken(fold, shape, step) for step in steps}
    for step in steps:
        old = "toInt64(0)" if shape.order == STRICT else fold.old(_start(step))
        fold.changes[_start(step)] = f"if({taken[step]} > 0, {taken[step]}, {old})"
    deeper = {step: f"({fold.old('depth')} < {step} AND {taken[step]} > 0)" for step in reversed(steps)}
    for name, values in (
        ("depth", {step: f"toInt64({step})" for step in steps}),
        ("start", taken),
        ("arrival", dict.fromkeys(steps, fold.changes["place"])),
    ):
        fold.changes[name] = choice([(condition, values[step]) for step, condition in deeper.items()], fold.old(name))
    return fold


def _start(step: int) -> str:
    return f"start{step}"


def _taken(fold: Fold, shape: Shape, step: int) -> str:
    """The start of the attempt that the event takes to `step`, 0 for none."""
    if step == 1:
        return f"if({is_step(1)}, {AT}, toInt64(0))"
    able = [
        f"if({is_step(step)} AND {AT} - {start} <= {shape.window}, {start}, toInt64(0))"
        for start in (fold.old(_start(earlier)) for earlier in shape.before(step))
    ]
    return f"greatest({', '.join(able)})" if len(able) > 1 else able[0]
