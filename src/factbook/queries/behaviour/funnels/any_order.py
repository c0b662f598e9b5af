"""The deepest attempt of a person whose steps come in any order: of each set of steps the attempt that began last."""

from __future__ import annotations

from .fold import AT, NUMBER, TIME, VALUE, Fold, carried, choice, is_step
from .shape import Shape


def any_order(shape: Shape) -> Fold:
    """Slots `depth`, `start` and `arrival` (times of the deepest attempt, the first to get there)."""
    fold = Fold()
    sets = range(1, 1 << shape.steps)
    for chosen in sets:
        fold.add(_start(chosen), TIME)
    for name in ("depth", "start", "arrival"):
        fold.add(name, NUMBER)
    reached = {chosen: _reached(fold, shape, chosen) for chosen in sets}
    for chosen, starts in reached.items():
        fold.changes[_start(chosen)] = f"greatest({', '.join([fold.old(_start(chosen)), *starts])})"
    latest = {
        size: _greatest([start for chosen in sets if chosen.bit_count() == size for start in reached[chosen]])
        for size in range(shape.steps, 0, -1)
    }
    deeper = {size: f"({fold.old('depth')} < {size} AND {start} > 0)" for size, start in latest.items()}
    for name, values in (
        ("depth", {size: f"toInt64({size})" for size in latest}),
        ("start", latest),
        ("arrival", dict.fromkeys(latest, AT)),
    ):
        fold.changes[name] = choice([(deeper[size], values[size]) for size in latest], fold.old(name))
    return fold


def levels(shape: Shape) -> Fold:
    """Over the events of one attempt: slots `t1`, `t2`, …, when the first, second, … step was done; `value`.

    `sets` has a bit for each set of steps that distinct events so far can be.
    """
    fold = Fold()
    fold.add("sets", "toUInt64(1)")
    steps = range(1, shape.steps + 1)
    for step in steps:
        fold.add(f"t{step}", TIME)
    sets = fold.old("sets")
    grown = [
        f"if({is_step(step)}, bitShiftLeft(bitAnd({sets}, toUInt64({_without(shape, step)})), {1 << (step - 1)}), 0)"
        for step in steps
    ]
    new = f"bitOr({sets}, {_or(grown)})"
    fold.changes["sets"] = f"toUInt64({new})"
    risen = {
        step: f"({fold.old(f't{step}')} = 0 AND bitAnd({new}, toUInt64({_sized(shape, step)})) != 0)" for step in steps
    }
    for step in steps:
        fold.changes[f"t{step}"] = f"if({risen[step]}, {AT}, {fold.old(f't{step}')})"
    if shape.attribution:
        fold.add("value", VALUE)
        value = fold.old("value")
        fold.changes["value"] = choice([(risen[step], carried(shape, step, value)) for step in steps], value)
    return fold


def _start(chosen: int) -> str:
    return f"start{chosen}"


def _reached(fold: Fold, shape: Shape, chosen: int) -> list[str]:
    """The start of the attempt that the event completes to this set, for each step that it can be; else 0."""
    steps = [step for step in range(1, shape.steps + 1) if chosen >> (step - 1) & 1]
    if len(steps) == 1:
        return [f"if({is_step(steps[0])} AND {AT} <= {shape.length}, {AT}, toInt64(0))"]
    rests = {step: fold.old(_start(chosen & ~(1 << (step - 1)))) for step in steps}
    return [
        f"if({is_step(step)} AND {AT} - {rest} <= {shape.window}, {rest}, toInt64(0))" for step, rest in rests.items()
    ]


def _greatest(values: list[str]) -> str:
    return f"greatest({', '.join(values)})" if len(values) > 1 else values[0]


def _or(values: list[str]) -> str:
    told = values[0]
    for value in values[1:]:
        told = f"bitOr({told}, {value})"
    return told


def _without(shape: Shape, step: int) -> int:
    return sum(1 << chosen for chosen in range(1 << shape.steps) if not chosen >> (step - 1) & 1)


def _sized(shape: Shape, size: int) -> int:
    return sum(1 << chosen for chosen in range(1 << shape.steps) if chosen.bit_count() == size)
