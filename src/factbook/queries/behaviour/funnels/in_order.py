"""The deepest attempt of a person whose steps come in order: of each step the attempt that began last is followed.

It can do all that an earlier one can, and for longer; so one of each step is enough, whatever the number of events.
"""

from __future__ import annotations

from .fold import AT, NUMBER, TIME, VALUE, Fold, carried, choice, is_step
from .question import STRICT
from .shape import Shape


def in_order(shape: Shape) -> Fold:
    """Slots `t1`, `t2`, … (times of the deepest attempt, the first to get there; 0: not reached), `depth`, `value`."""
    fold = Fold()
    steps = range(1, shape.steps + 1)
    for step in steps:
        for earlier in range(1, step + 1):
            fold.add(_time(step, earlier), TIME)
        if shape.attribution:
            fold.add(_value(step), VALUE)
    for step in steps:
        fold.add(f"t{step}", TIME)
    fold.add("depth", NUMBER)
    if shape.attribution:
        fold.add("value", VALUE)
    for step in steps:
        _follow(fold, shape, step)
    _deepest(fold, shape)
    return fold


def _time(step: int, earlier: int) -> str:
    """Of the attempt that stands at `step`: when it did `earlier`."""
    return f"at{step}_{earlier}"


def _value(step: int) -> str:
    return f"value{step}"


def _from(fold: Fold, shape: Shape, step: int) -> list[tuple[str, int]]:
    """Whether the event takes the attempt of an earlier step to `step`, for each of those, the best first."""
    if step == 1:
        return [(is_step(1), 0)]
    found = []
    before = shape.before(step)
    starts = {earlier: fold.old(_time(earlier, 1)) for earlier in before}
    alive = {at: f"({start} > 0 AND {AT} - {start} <= {shape.window})" for at, start in starts.items()}
    for earlier in before:
        latest = [
            f"(NOT {alive[other]} OR {starts[earlier]} >= {starts[other]})" for other in before if other < earlier
        ]
        found.append((" AND ".join([is_step(step), alive[earlier], *latest]), earlier))
    return [(f"({condition})", earlier) for condition, earlier in found]


def _killed(fold: Fold, shape: Shape, step: int) -> str:
    """Whether the event ends the attempt at `step`."""
    if shape.order == STRICT:
        return "1"
    kills = [
        f"({is_step(shape.steps + number)} AND {fold.old(_time(step, first))} < {AT})"
        for number, (first, last) in enumerate(shape.exclusions, 1)
        if first <= step < last
    ]
    return " OR ".join(kills)


def _follow(fold: Fold, shape: Shape, step: int) -> None:
    sources, killed = _from(fold, shape, step), _killed(fold, shape, step)
    for earlier in range(1, step + 1):
        name = _time(step, earlier)
        kept = fold.old(name) if not killed else "0" if killed == "1" else f"if({killed}, 0, {fold.old(name)})"
        fold.changes[name] = choice(
            [(condition, _taken(fold, source, step, earlier)) for condition, source in sources], f"toInt64({kept})"
        )
    if shape.attribution:
        name = _value(step)
        cases = [
            (condition, carried(shape, step, fold.old(_value(source)) if source else "''"))
            for condition, source in sources
        ]
        fold.changes[name] = choice(cases, fold.old(name))


def _taken(fold: Fold, source: int, step: int, earlier: int) -> str:
    if earlier == step:
        return AT
    return fold.old(_time(source, earlier)) if earlier <= source else "toInt64(0)"


def _deepest(fold: Fold, shape: Shape) -> None:
    """What the attempt is that the event takes deeper than any before it."""
    deeper = {
        step: f"({fold.old('depth')} < {step} AND ({' OR '.join(taken for taken, _ in _from(fold, shape, step))}))"
        for step in range(shape.steps, 0, -1)
    }
    for earlier in range(1, shape.steps + 1):
        cases = [
            (condition, fold.changes[_time(step, earlier)] if earlier <= step else "toInt64(0)")
            for step, condition in deeper.items()
        ]
        fold.changes[f"t{earlier}"] = choice(cases, fold.old(f"t{earlier}"))
    fold.changes["depth"] = choice(
        [(condition, f"toInt64({step})") for step, condition in deeper.items()], fold.old("depth")
    )
    if shape.attribution:
        cases = [(condition, fold.changes[_value(step)]) for step, condition in deeper.items()]
        fold.changes["value"] = choice(cases, fold.old("value"))
