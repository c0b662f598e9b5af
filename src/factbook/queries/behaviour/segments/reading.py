"""A segment's rule read from JSON, every field checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from factbook.core.calendar import Calendar
from factbook.core.clock import epoch_ms
from factbook.core.errors import FactbookError, Kind, invalid
from factbook.core.money import Money
from factbook.events.filters import Operator, field_of, from_pairs
from factbook.queries.behaviour.selection import FIELDS as SELECTED
from factbook.queries.behaviour.selection import Selection, selection
from factbook.queries.named_periods import named_period
from factbook.queries.period import bounds

from .rules import All, Compared, Did, Either, Figure, Has, Not, Rule, Span, leaves

MAX_LEAVES, MAX_DEPTH = 50, 10
FIGURES = ("sum", "avg", "min", "max")
NUMERIC = (Operator.EQ, Operator.NE, Operator.GT, Operator.GTE, Operator.LT, Operator.LTE)

_SPAN = {"within", "start_time", "end_time"}
_FORMS: Mapping[str, Set[str]] = {
    "all": set(),
    "any": set(),
    "not": set(),
    "did": {"count", *_SPAN},
    "did_not": _SPAN,
    "property": set(Operator),
    "aggregate": {"of", "over", "money", *NUMERIC, *_SPAN},
    "segment": set(),
}
_HINT = 'For example {"all": [{"did": "purchase", "within": "30d"}, {"property": "country", "eq": "DE"}]}.'


@dataclass(frozen=True, slots=True)
class Reader:
    """calendar, now: where periods like 30d lie. segment: the rule of another segment, by (id, field). money: what a
    property over events is told in, by what the rule says of it."""

    calendar: Calendar
    now: datetime
    segment: Callable[[str, str], Rule]
    money: Callable[[str, Selection, bool | None], Money | None]

    def rule(self, given: Any, field: str = "rule") -> Rule:
        """INVALID naming the part of the rule that is wrong."""
        found = self._rule(given, field, 1)
        if sum(1 for _ in leaves(found)) > MAX_LEAVES:
            raise invalid(f"A rule has at most {MAX_LEAVES} parts, those of its segments among them.", field=field)
        return found

    def _rule(self, given: Any, field: str, depth: int) -> Rule:
        if not isinstance(given, Mapping):
            raise invalid(f"{field} is not an object.", field=field, hint=_HINT)
        if depth > MAX_DEPTH:
            raise invalid(f"A rule is at most {MAX_DEPTH} deep.", field=field)
        forms = [name for name in _FORMS if name in given]
        if len(forms) != 1:
            raise invalid(f"{field} needs exactly one of {', '.join(_FORMS)}.", field=field, hint=_HINT)
        [form] = forms
        for key in given:
            if key != form and key not in _FORMS[form]:
                known = ", ".join(sorted(_FORMS[form])) or "nothing else"
                raise invalid(
                    f"{form} does not know {str(key)[:60]!r}.", field=f"{field}.{str(key)[:60]}", hint=f"Use {known}."
                )
        inner = given[form]
        match form:
            case "all" | "any":
                if not isinstance(inner, list) or not inner:
                    raise invalid(f"{form} takes a list of rules, not none.", field=f"{field}.{form}", hint=_HINT)
                parts = tuple(self._rule(each, f"{field}.{form}[{i}]", depth + 1) for i, each in enumerate(inner))
                return All(parts) if form == "all" else Either(parts)
            case "not":
                return Not(self._rule(inner, f"{field}.not", depth + 1))
            case "did" | "did_not":
                return self._did(form, given, field)
            case "property":
                return self._has(given, field)
            case "aggregate":
                return self._figure(given, field)
        if not isinstance(inner, str):
            raise invalid("segment takes the id of a segment.", field=f"{field}.segment")
        return self.segment(inner, f"{field}.segment")

    def _did(self, form: str, given: Mapping[str, Any], field: str) -> Rule:
        place = f"{field}.{form}"
        times = Compared(Operator.EQ, 0) if form == "did_not" else Compared(Operator.GTE, 1)
        if given.get("count") is not None:
            count = given["count"]
            if not isinstance(count, Mapping) or set(count) - {*NUMERIC}:
                raise invalid("count is not a comparison.", field=f"{field}.count", hint='For example {"gte": 2}.')
            times = _compared(count, f"{field}.count")
            if times.number != int(times.number) or not 0 <= times.number < 1e15:
                raise invalid("count takes a whole number, 0 or more.", field=f"{field}.count")
        return Did(self._selection(given[form], place), times, self._span(given, field))

    def _has(self, given: Mapping[str, Any], field: str) -> Rule:
        name = given["property"]
        if not isinstance(name, str):
            raise invalid("property takes a column or property.NAME.", field=f"{field}.property")
        operators = [key for key in given if key != "property"]
        if len(operators) != 1:
            raise invalid(
                "property needs one comparison.", field=field, hint='For example {"property": "country", "eq": "DE"}.'
            )
        field_of(name, field=f"{field}.property")
        value = given[operators[0]]
        try:
            [condition] = from_pairs([(f"{name}.{operators[0]}", value)], self.calendar.zone)
        except FactbookError as error:
            if error.kind is not Kind.INVALID:
                raise
            raise invalid(error.message, field=f"{field}.{operators[0]}", hint=error.hint) from None
        return Has(condition)

    def _figure(self, given: Mapping[str, Any], field: str) -> Rule:
        how, of = given["aggregate"], given.get("of")
        if how not in FIGURES:
            raise invalid(
                f"{str(how)[:40]!r} is no aggregate.", field=f"{field}.aggregate", hint="Use " + ", ".join(FIGURES)
            )
        if not isinstance(of, str) or not of or "\0" in of or len(of) > 200:
            raise invalid("of takes the name of a numeric property.", field=f"{field}.of", hint="For example amount.")
        compared = _compared({key: given[key] for key in given if key in {*NUMERIC}}, field)
        over = self._selection(given.get("over", {}), f"{field}.over")
        is_money = given.get("money")
        if not isinstance(is_money, bool | None):
            raise invalid("money is neither true nor false.", field=f"{field}.money", hint="Leave it out, mostly.")
        of = of.removeprefix("property.")
        return Figure(how, of, over, compared, self._span(given, field), self.money(of, over, is_money))

    def _selection(self, given: Any, field: str) -> Selection:
        if isinstance(given, Mapping):
            for key in given:
                if key not in SELECTED:
                    known = "Use " + ", ".join(SELECTED)
                    raise invalid(f"There is no {str(key)[:60]!r} here.", field=f"{field}.{str(key)[:60]}", hint=known)
        return selection(given, self.calendar.zone, field=field)

    def _span(self, given: Mapping[str, Any], field: str) -> Span:
        texts = {name: given.get(name) for name in _SPAN}
        for name, text in texts.items():
            if text is not None and not isinstance(text, str):
                raise invalid(f"{name} is not a text.", field=f"{field}.{name}")
        try:
            if texts["within"]:
                if texts["start_time"] or texts["end_time"]:
                    raise invalid("Give either within or start_time and end_time.", field="within")
                period = named_period(texts["within"], self.now, self.calendar)
                return Span(epoch_ms(period.start), epoch_ms(period.end))
            start, end = bounds(texts["start_time"], texts["end_time"], self.calendar.zone)
        except FactbookError as error:
            about = "within" if error.field == "period" else error.field
            raise invalid(error.message, field=f"{field}.{about}", hint=error.hint) from None
        return Span(epoch_ms(start) if start else None, epoch_ms(end) if end else None)


def _compared(given: Mapping[str, Any], field: str) -> Compared:
    if len(given) != 1:
        raise invalid("One comparison is needed.", field=field, hint="Use one of " + ", ".join(NUMERIC) + ".")
    [(operator, number)] = given.items()
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    if not is_number or abs(number) > 1e300 or not math.isfinite(number):
        raise invalid(f"{operator} takes a number.", field=f"{field}.{operator}")
    return Compared(Operator(operator), float(number))
