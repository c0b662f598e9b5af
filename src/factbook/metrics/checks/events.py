"""What metrics read of events: known types, properties that those carry, columns used as what they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from factbook.events.filters import COLUMNS, PROPERTY, Nature
from factbook.metrics.expressions import Binary, Call, Expression, In, Literal, Name, Unary, names
from factbook.metrics.expressions.nodes import parts, walk
from factbook.metrics.model import Kind, Metric
from factbook.metrics.problems import Problem, did_you_mean

from .whole import PlacedMetric, Whole, column

_LITERALS = {
    Nature.TEXT: str,
    Nature.ID: str,
    Nature.FLAG: bool,
    Nature.NUMBER: float,
}
_NAMED: dict[type, str] = {str: "text", bool: "true or false", float: "a number"}


def states(whole: Whole) -> Iterator[Problem]:
    """A state names the events that begin or change it, others that end it, and looks at no window."""
    for placed in whole.metrics:
        metric, measure = placed.metric, placed.metric.measure
        if measure is None or measure.kind is not Kind.STATE:
            continue
        if not metric.events:
            yield placed.problem("measure", "A state names the events that begin or change it.", "Add `events`.")
        if metric.window_days:
            yield placed.problem("window_days", "A state has no window: it is what is alive at the end.")
        for both in sorted(set(measure.until) & set(metric.events)):
            yield placed.problem("measure.until", f"{both!r} both begins and ends the state.")


def columns(whole: Whole) -> Iterator[Problem]:
    """A column is compared with what it holds, and is not reckoned with."""
    for placed in whole.metrics:
        measure = placed.metric.measure
        for name in sorted(names(measure.of) if measure and measure.of else ()):
            if column(name):
                hint = f"A property of that name is called {PROPERTY}{name}."
                yield placed.problem("measure", f"{name!r} is a column, and no number.", hint)
        for part in walk(placed.metric.where) if placed.metric.where else ():
            yield from _compared(placed, part)


def _compared(placed: PlacedMetric, test: Expression) -> Iterator[Problem]:
    match test:
        case Binary("+" | "-" | "*" | "/") | Unary("-"):
            for side in parts(test):
                if isinstance(side, Name) and column(side.name):
                    yield placed.problem("where", f"{side.name!r} is a column, and no number.")
        case Binary(operator, left, right) if operator not in ("and", "or"):
            yield from _right_kind(placed, left, [right])
            yield from _right_kind(placed, right, [left])
        case In(operand, values):
            yield from _right_kind(placed, operand, values)
        case Call(_, (Name(name), _)) if (known := column(name)) and COLUMNS[known] is not Nature.TEXT:
            yield placed.problem("where", f"{name!r} is no text.")


def _right_kind(placed: PlacedMetric, side: Expression, others: Iterable[Expression]) -> Iterator[Problem]:
    known = column(side.name) if isinstance(side, Name) else None
    if known is None:
        return
    nature = COLUMNS[known]
    if nature is Nature.TIME:
        yield placed.problem("where", f"{known!r} is a time.", "The period of the question chooses the time.")
        return
    for other in others:
        if isinstance(other, Literal) and type(other.value) is not _LITERALS[nature]:
            said = f"{known!r} holds {_NAMED[_LITERALS[nature]]}, not {_NAMED[type(other.value)]}."
            yield placed.problem("where", said)
        if isinstance(other, Binary | Unary) and nature is not Nature.NUMBER:
            yield placed.problem("where", f"{known!r} holds {_NAMED[_LITERALS[nature]]}, not a number.")


def event_types(whole: Whole) -> Iterator[Problem]:
    """A type that nobody knows is probably mistyped; it may yet be sent."""
    for placed in whole.metrics:
        measure = placed.metric.measure
        for key, types in (("events", placed.metric.events), ("measure.until", measure.until if measure else ())):
            for name in types:
                if name not in whole.types:
                    hint = did_you_mean(name, whole.types) or "Declare what it carries under `properties`."
                    yield placed.problem(key, f"The event type {name[:60]!r} is not known.", hint, is_warning=True)


def funnel_types(whole: Whole) -> Iterator[Problem]:
    """The same for the steps of funnels."""
    for placed in whole.funnels:
        for number, step in enumerate(placed.funnel.steps):
            for name in step.events:
                if name not in whole.types:
                    hint = did_you_mean(name, whole.types) or "Declare what it carries under `properties`."
                    said = f"The event type {name[:60]!r} is not known."
                    yield placed.problem(f"steps.{number}", said, hint, is_warning=True)


def properties(whole: Whole) -> Iterator[Problem]:
    """A property is one that the types are declared to carry (else a warning), and of the kind that is asked of it."""
    for placed in whole.metrics:
        carried = _carried(placed.metric, whole)
        if carried is None:
            continue
        for key, name, is_number in _used(placed.metric):
            if name not in carried:
                types = ", ".join(placed.metric.events)
                said = f"The property {name[:60]!r} of {types} is not known."
                hint = did_you_mean(name, carried) or "Declare it under `properties`."
                yield placed.problem(key, said, hint, is_warning=True)
            elif is_number and not carried[name]:
                yield placed.problem(key, f"The property {name[:60]!r} is declared, but not as a number.")


def _carried(metric: Metric, whole: Whole) -> dict[str, bool] | None:
    """Property → whether it is a number, for the types of `metric`; None where one of them is declared nowhere."""
    declared = [
        (name, pack.properties[name]) for pack in whole.packs for name in metric.events if name in pack.properties
    ]
    if not metric.events or {name for name, _ in declared} < set(metric.events):
        return None
    found = {name: False for _, held in declared for name in (*held.texts, *held.flags)}
    return found | {name: True for _, held in declared for name in held.numbers}


def _used(metric: Metric) -> Iterator[tuple[str, str, bool]]:
    """(key, property, whether it is used as a number) of every property that a metric reads."""
    measure = metric.measure
    if measure is None:
        return
    for name in sorted(names(measure.of)) if measure.of else ():
        yield "measure", name.removeprefix(PROPERTY), True
    for key, name in (("measure.unique", measure.distinct), ("measure.by", measure.by)):
        if name.startswith(PROPERTY):
            yield key, name.removeprefix(PROPERTY), False
    for name in sorted(names(metric.where)) if metric.where else ():
        if not column(name):
            yield "where", name.removeprefix(PROPERTY), False
