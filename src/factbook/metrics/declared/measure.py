"""What a metric measures, as it is declared: `count`, or a mapping whose first key names the kind."""

from __future__ import annotations

from factbook.metrics.expressions import Expression, parse_number
from factbook.metrics.model import Kind, Measure
from factbook.metrics.problems import did_you_mean

from .section import Section

ALIVE = "alive"
_FORMS = "Use count, or one of " + ", ".join(f"{{{kind}: …}}" for kind in Kind if kind is not Kind.COUNT) + "."


def measure_of(metric: Section, given: object) -> Measure | None:
    """The measure of `metric`; None, with a problem, where it is none."""
    if given == Kind.COUNT:
        return Measure(Kind.COUNT)
    if not isinstance(given, dict):
        metric.complain("measure", f"{str(given)[:40]!r} is not a measure.", did_you_mean(str(given), Kind) or _FORMS)
        return None
    kinds = [kind for kind in Kind if kind in given]
    section = Section(given, metric.source, (*metric.path, "measure"), metric.problems)
    if len(kinds) != 1 or kinds[0] is Kind.COUNT:
        word = next(iter(given), "")
        hint = (did_you_mean(word, Kind) if not kinds else None) or _FORMS
        metric.complain("measure", "A measure names one kind.", hint)
        return None
    found = _measure(kinds[0], section)
    section.end()
    return found


def _measure(kind: Kind, section: Section) -> Measure | None:
    key = kind.value
    if kind is Kind.UNIQUE:
        return Measure(kind, distinct=section.text(key))
    if kind is Kind.STATE:
        by, until = section.text("by"), section.texts("until")
        if section.has(key) and section.take(key, object) == ALIVE:
            return Measure(kind, by=by, until=until)
        number = _number(section, key)
        return Measure(kind, of=number, by=by, until=until) if number else None
    if kind is Kind.QUANTILE:
        quantile, number = section.number(key, 0, 1), _number(section, "of")
        return Measure(kind, of=number, quantile=quantile) if number else None
    number = _number(section, key)
    return Measure(kind, of=number) if number else None


def _number(section: Section, key: str) -> Expression | None:
    if not section.has(key):
        section.complain("", f"{key!r} is missing.")
    return section.expression(key, parse_number)
