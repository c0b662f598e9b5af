"""The segments of one tenant at one moment: their rules, and the conditions of a question that name them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from factbook.core.calendar import Calendar
from factbook.core.errors import invalid
from factbook.core.money import Money
from factbook.core.sql import Parameters
from factbook.events.filters import SEGMENT, Condition, Nature, Operator
from factbook.metrics.problems import did_you_mean
from factbook.queries.behaviour.people import WHO
from factbook.queries.behaviour.selection import Selection
from factbook.storage.rows import SegmentRow

from .members import members
from .reading import Reader
from .rules import Either, Frozen, Rule


@dataclass(frozen=True, slots=True)
class Membership(Condition):
    """A condition on a segment whose people are known by their rule."""

    rule: Rule = field(repr=False)

    def written(self, parameters: Parameters) -> str:
        """SQL that is true for the events of these people, or of all but these."""
        inside = "NOT IN" if self.operator is Operator.NE else "IN"
        return f"{WHO} {inside} ({members(self.rule, parameters)})"


@dataclass(frozen=True, slots=True)
class Segments:
    """rows: read where a segment is first named. calendar, now: where the periods of rules lie. money: what a property
    over events is told in, by what a rule says of it; None for plain numbers."""

    rows: Callable[[], Mapping[str, SegmentRow]]
    calendar: Calendar
    now: datetime
    money: Callable[[str, Selection, bool | None], Money | None] = lambda of, over, is_money: None

    def rule(self, id_: str, field: str = SEGMENT) -> Rule:
        """The rule of the segment called so. INVALID naming `field` where there is none."""
        return self._rule(id_, field, ())

    def read(self, given: Any, field: str = "rule") -> Rule:
        """A rule that is not kept. INVALID naming its part that is wrong."""
        return self._reader(()).rule(given, field)

    def applied(self, conditions: Iterable[Condition]) -> tuple[Condition, ...]:
        """The same, those on segments with their people. INVALID for a segment that there is not."""
        return tuple(self._applied(each) if each.nature is Nature.PEOPLE else each for each in conditions)

    def selected(self, chosen: Selection) -> Selection:
        """The same events, the segments among their filters with their people."""
        return replace(chosen, filters=self.applied(chosen.filters))

    @property
    def version(self) -> list[object]:
        """What their rules depend on, JSON-able."""
        return [[row.id, row.version, row.updated_at, row.freezing] for row in self.rows().values()]

    def _applied(self, condition: Condition) -> Membership:
        rules = tuple(self.rule(str(id_)) for id_ in condition.values)
        rule = rules[0] if len(rules) == 1 else Either(rules)
        return Membership(condition.name, condition.nature, condition.operator, condition.values, rule)

    def _rule(self, id_: str, field: str, within: Sequence[str]) -> Rule:
        rows = self.rows()
        if id_ not in rows:
            hint = did_you_mean(id_, rows) or "GET /api/v1/analytics/segments lists them."
            raise invalid(f"There is no segment {id_[:60]!r}.", field=field, hint=hint)
        if id_ in within:
            raise invalid(f"The segment {id_} would stand on itself.", field=field)
        row = rows[id_]
        return self._reader((*within, id_)).rule(row.rule) if row.freezing is None else Frozen(row.freezing)

    def _reader(self, within: Sequence[str]) -> Reader:
        return Reader(self.calendar, self.now, lambda id_, field: self._rule(id_, field, within), self.money)


NONE = Segments(dict, Calendar(ZoneInfo("UTC")), datetime(1970, 1, 1, tzinfo=UTC))
"""Of a tenant who has none."""
