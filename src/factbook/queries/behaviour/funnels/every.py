"""Every attempt of a person, one after the other: an attempt is open until it is complete, over or killed."""

from __future__ import annotations

from .fold import AT, NUMBER, TIME, VALUE, Fold, carried, choice, is_step
from .question import STRICT
from .shape import Shape

DONE = "CAST([], 'Array(Tuple(Int64, Array(Int64), String))')"


def every(shape: Shape) -> Fold:
    """Slots `t1`, `t2`, …, `depth`, `value` of the open attempt, and `done`: a (depth, times, value) of each other."""
    fold = Fold()
    steps = range(1, shape.steps + 1)
    for step in steps:
        fold.add(f"t{step}", TIME)
    fold.add("depth", NUMBER)
    if shape.attribution:
        fold.add("value", VALUE)
    fold.add("done", DONE)
    depth, start = fold.old("depth"), fold.old("t1")
    value = fold.old("value") if shape.attribution else "''"
    over = f"({depth} > 0 AND {AT} - {start} > {shape.window})"
    taken = [(_taken(fold, shape, step, over), step) for step in range(2, shape.steps + 1)]
    goes_on = f"({' OR '.join(condition for condition, _ in taken)})"
    ends = f"({depth} > 0 AND NOT {goes_on} AND ({' OR '.join([over, *_killed(fold, shape)])}))"
    begins = f"({is_step(1)} AND ({depth} = 0 OR {ends}))"
    complete = taken[-1][0]
    for step in steps:
        name = f"t{step}"
        cases = [(ends, "toInt64(0)"), (complete, "toInt64(0)"), *((c, AT) for c, other in taken if other == step)]
        fold.changes[name] = choice([(begins, AT if step == 1 else "toInt64(0)"), *cases], fold.old(name))
    levels = [(condition, f"toInt64({step})") for condition, step in taken[:-1]]
    fold.changes["depth"] = choice(
        [(begins, "toInt64(1)"), (ends, "toInt64(0)"), (complete, "toInt64(0)"), *levels], depth
    )
    if shape.attribution:
        valued = [(condition, carried(shape, step, value)) for condition, step in taken[:-1]]
        fold.changes["value"] = choice([(begins, carried(shape, 1, "''")), *valued], value)
    times = [fold.old(f"t{step}") for step in steps]
    told = carried(shape, shape.steps, value) if shape.attribution else value
    whole = f"(toInt64({shape.steps}), [{', '.join([*times[:-1], AT])}], {told})"
    part = f"({depth}, [{', '.join(times)}], {value})"
    done = fold.old("done")
    fold.changes["done"] = choice(
        [(complete, f"arrayPushBack({done}, {whole})"), (ends, f"arrayPushBack({done}, {part})")], done
    )
    return fold


def _taken(fold: Fold, shape: Shape, step: int, over: str) -> str:
    """Whether the event takes the open attempt to `step`, and to none before it."""
    depth = fold.old("depth")
    at = " OR ".join(f"{depth} = {earlier}" for earlier in shape.before(step))
    nearer = [
        f"NOT ({is_step(other)} AND ({' OR '.join(f'{depth} = {earlier}' for earlier in shape.before(other))}))"
        for other in range(2, step)
        if set(shape.before(other)) & set(shape.before(step))
    ]
    return f"({' AND '.join([f'NOT {over}', is_step(step), f'({at})', *nearer])})"


def _killed(fold: Fold, shape: Shape) -> list[str]:
    if shape.order == STRICT:
        return ["1"]
    return [
        f"({is_step(shape.steps + number)} AND {fold.old('depth')} >= {first} AND {fold.old('depth')} < {last}"
        f" AND {fold.old(f't{first}')} < {AT})"
        for number, (first, last) in enumerate(shape.exclusions, 1)
    ]
