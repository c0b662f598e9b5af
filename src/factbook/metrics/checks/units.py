"""Units: what is measured can have the declared unit, and a formula adds up only what is of one kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from factbook.metrics.expressions import Binary, Call, Expression, Literal, Name, Unary
from factbook.metrics.model import Kind, Unit
from factbook.metrics.problems import Problem

from .whole import Whole

PLAIN, UNKNOWN = "a plain number", ""

KINDS: Mapping[Unit, str] = {
    Unit.COUNT: PLAIN,
    Unit.NUMBER: PLAIN,
    Unit.PERCENT: PLAIN,
    Unit.SCORE: PLAIN,
    Unit.CURRENCY: "an amount of money",
    Unit.SECONDS: "seconds",
    Unit.MILLISECONDS: "milliseconds",
    Unit.DAYS: "days",
    Unit.BYTES: "bytes",
}
"""What may be added to each other."""

_SCALED = {KINDS[unit] for unit in (Unit.SECONDS, Unit.MILLISECONDS, Unit.DAYS, Unit.BYTES)}


class _MixedError(Exception):
    """Two kinds in one sum."""


def measures(whole: Whole) -> Iterator[Problem]:
    """What counts is a count; fractions and points on a scale are not added up."""
    for placed in whole.metrics:
        metric, measure = placed.metric, placed.metric.measure
        if measure is None:
            continue
        counts = measure.kind in (Kind.COUNT, Kind.UNIQUE) or (measure.kind is Kind.STATE and measure.of is None)
        if counts and metric.unit is not Unit.COUNT:
            yield placed.problem("unit", f"The metric counts, so its unit is not {metric.unit}.", "Use unit: count.")
        if measure.kind is Kind.SUM and metric.unit in (Unit.PERCENT, Unit.SCORE):
            yield placed.problem("unit", f"A sum has no unit {metric.unit}.", "Measure the average, or use a formula.")


def formulas(whole: Whole) -> Iterator[Problem]:
    """A formula's unit follows from its parts, as far as they tell."""
    for placed in whole.metrics:
        if placed.metric.formula is None:
            continue
        try:
            found = _kind(placed.metric.formula, whole)
        except _MixedError as error:
            yield placed.problem("formula", f"The formula puts together {error}.")
            continue
        declared = KINDS[placed.metric.unit]
        if found not in (UNKNOWN, declared):
            said = f"The formula gives {found}, the unit {placed.metric.unit} says {declared}."
            yield placed.problem("unit", said)


def _kind(expression: Expression, whole: Whole) -> str:
    match expression:
        case Name(name):
            named = whole.by_id.get(name)
            return KINDS[named.unit] if named else UNKNOWN
        case Literal():
            return PLAIN
        case Unary(_, operand):
            return _kind(operand, whole)
        case Binary("+" | "-", left, right):
            return _same((left, right), whole)
        case Binary("*" | "/", left, right) if _converts(left, right, whole):
            return UNKNOWN
        case Binary("*", left, right):
            return _times(_kind(left, whole), _kind(right, whole))
        case Binary("/", left, right):
            return _over(_kind(left, whole), _kind(right, whole))
        case Call("days"):
            return KINDS[Unit.DAYS]
        case Call("previous" | "opening" | "abs", (of,)):
            return _kind(of, whole)
        case Call("coalesce" | "least" | "greatest", arguments):
            return _same(arguments, whole)
    return UNKNOWN


def _converts(left: Expression, right: Expression, whole: Whole) -> bool:
    """A time or a size times a bare number may be meant in another unit: milliseconds / 1000."""
    scaled = {_kind(side, whole) for side in (left, right) if not isinstance(side, Literal)}
    return any(isinstance(side, Literal) for side in (left, right)) and bool(scaled & _SCALED)


def _same(sides: tuple[Expression, ...], whole: Whole) -> str:
    """The one kind of all sides; bare numbers go with everything."""
    kinds = {_kind(side, whole) for side in sides if not isinstance(side, Literal)}
    known = sorted(kinds - {UNKNOWN})
    if len(known) > 1:
        raise _MixedError(" and ".join(known))
    return UNKNOWN if UNKNOWN in kinds else known[0] if known else PLAIN


def _times(left: str, right: str) -> str:
    return right if left == PLAIN else left if right == PLAIN else UNKNOWN


def _over(left: str, right: str) -> str:
    if right == PLAIN:
        return left
    return PLAIN if left == right and left != UNKNOWN else UNKNOWN
