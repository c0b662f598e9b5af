"""A whole answer in plain Python, event by event: what `ask` must say."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any
from uuid import UUID

from factbook.core.clock import epoch_ms, from_epoch_ms
from factbook.core.times import Period, zone
from factbook.events.filters import Condition, from_pairs
from factbook.metrics.buckets import boundaries
from factbook.metrics.expressions import Binary, Call, Expression, Literal, Name, Unary
from factbook.metrics.expressions.nodes import walk
from factbook.metrics.model import Dimension, Kind, Measure, Metric, Unit
from factbook.queries.asking.ask import Tenant
from factbook.queries.asking.request import Request
from factbook.queries.named_periods import named_period
from factbook.queries.period import compared, period_of

from . import oracle_events as one
from .oracle_events import Event

Range = tuple[int, int]
Row = Callable[[tuple[str, ...]], bool]
ADDED = (Kind.COUNT, Kind.SUM, Kind.UNIQUE, Kind.STATE)
DAY = 86_400_000


class RefusedError(Exception):
    """The question has no answer; holds the field that is at fault."""


@dataclass(frozen=True)
class Near:
    """A quantile: known to one per cent."""

    q: float
    numbers: tuple[float, ...]


@dataclass(frozen=True)
class Anything:
    """What follows from a quantile: not foretold."""


def only(row: tuple[str, ...]) -> Row:
    return lambda values: values == row


def everything(values: tuple[str, ...]) -> bool:
    return True


@dataclass(frozen=True)
class Oracle:
    """One question over `events`, all of one tenant."""

    events: Sequence[Event]
    tenant: Tenant
    request: Request
    now: datetime

    @cached_property
    def calendar(self) -> Any:
        calendar, name = self.tenant.calendar, self.request.timezone
        return replace(calendar, zone=zone(name)) if name else calendar

    @cached_property
    def metrics(self) -> list[Metric]:
        return [self.tenant.catalog.get(name) for name in self.request.metrics]

    @cached_property
    def dimensions(self) -> list[Dimension]:
        return [self.tenant.catalog.dimension(name) for name in self.request.dimensions]

    @cached_property
    def period(self) -> Period:
        asked = self.request
        if asked.start_time or asked.end_time:
            return period_of(
                asked.start_time, asked.end_time, self.calendar.zone, now=self.now, default=timedelta(days=30)
            )
        return named_period(asked.period or "last_30_days", self.now, self.calendar)

    @cached_property
    def then(self) -> Period | None:
        compare = self.request.compare
        return compared(self.period, compare, self.request.granularity, self.calendar) if compare else None

    @cached_property
    def seen(self) -> list[Event]:
        """The events that are looked at at all, oldest first; of one moment, in the order of their ids."""
        found = [event for event in self.events if self._is_looked_at(event)]
        return sorted(found, key=lambda event: (event["at"], _halves(event["id"])))

    def _is_looked_at(self, event: Event) -> bool:
        asked = [condition for condition in self.conditions if condition.name == "is_bot"]
        if asked:
            return all(one.passes(condition, event) for condition in asked)
        return self.request.include_bots or not event.get("is_bot")

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        pairs = [(key, list(v) if isinstance(v, tuple) else v) for key, v in self.request.filters]
        return from_pairs(pairs, self.calendar.zone)

    @cached_property
    def passing(self) -> set[str]:
        """Ids of the events that the filters let through."""
        return {event["id"] for event in self.seen if all(one.passes(c, event) for c in self.conditions)}

    def cuts(self, event: Event) -> tuple[str, ...]:
        return tuple(one.cut(d, event, self.calendar.zone) for d in self.dimensions)

    # What a metric is worth

    def value(self, metric: Metric, span: Range, row: Row = everything) -> Any:
        return self._of(metric.formula or Name(metric.id), span, row)

    def _of(self, expression: Expression, span: Range, row: Row) -> Any:
        match expression:
            case Literal(number):
                return float(number)
            case Name(name):
                metric = self.tenant.catalog.get(name)
                return self._of(metric.formula, span, row) if metric.formula else self._measured(metric, span, row)
            case Unary(_, operand):
                found = self._of(operand, span, row)
                return None if found is None else -found
            case Binary(operator, left, right):
                return _joined(operator, self._of(left, span, row), self._of(right, span, row))
            case Call("previous", (inner,)):
                return self._of(inner, self.before(span), row)
            case Call("opening", (Name(name),)):
                return self._alive(self.tenant.catalog.get(name), span[0], row)
            case Call("days"):
                return (span[1] - span[0]) / DAY
            case Call("coalesce", arguments):
                return next((v for v in (self._of(a, span, row) for a in arguments) if v is not None), None)
            case Call(name, arguments):
                values = [self._of(a, span, row) for a in arguments]
                if any(v is None for v in values) or (name == "sqrt" and values[0] < 0):
                    return None
                called: dict[str, Any] = {"least": min, "greatest": max, "abs": lambda v: abs(v[0])}
                return math.sqrt(values[0]) if name == "sqrt" else called[name](values)
        raise AssertionError(expression)

    def _measured(self, metric: Metric, span: Range, row: Row) -> Any:
        assert metric.measure
        measure = metric.measure
        if measure.kind is Kind.STATE:
            return self._alive(metric, span[1], row)
        inside = [e for e in self.within(metric, span) if row(self.cuts(e)) and self.counts(metric, e)]
        if measure.kind is Kind.COUNT:
            return len(inside)
        if measure.kind is Kind.UNIQUE:
            return len({_told_by(measure.distinct, event) for event in inside} - {""})
        numbers = [self.amount(metric, event) for event in inside]
        return _statistic(measure, [n for n in numbers if n is not None])

    def within(self, metric: Metric, span: Range) -> Iterator[Event]:
        start, end = span
        if metric.window_days:
            wall = from_epoch_ms(end).astimezone(self.calendar.zone).replace(tzinfo=None)
            start = epoch_ms((wall - timedelta(metric.window_days)).replace(tzinfo=self.calendar.zone).astimezone(UTC))
        return (e for e in self.seen if start <= epoch_ms(e["at"]) < end and e["id"] in self.passing)

    def counts(self, metric: Metric, event: Event) -> bool:
        """Whether `event` is one that `metric` looks at, with a number where it measures one."""
        if metric.events and event["type"] not in metric.events:
            return False
        if metric.where is not None and not one.is_true(metric.where, event):
            return False
        assert metric.measure
        return metric.measure.of is None or self.amount(metric, event) is not None

    def amount(self, metric: Metric, event: Event) -> float | None:
        assert metric.measure
        assert metric.measure.of is not None
        found = one.number(metric.measure.of, event)
        if found is None or metric.unit is not Unit.CURRENCY:
            return found
        factor = self.tenant.money.factor((one.text_of(event, "property.currency") or "").upper())
        if factor is None:
            raise RefusedError("rates")
        return found * factor

    def things(self, metric: Metric, moment: int) -> dict[str, Event]:
        """What is alive right before `moment`: the thing and its newest event."""
        assert metric.measure
        alive: dict[str, Event] = {}
        for event in self.seen:
            thing = _told_by(metric.measure.by, event)
            if not thing or epoch_ms(event["at"]) >= moment:
                continue
            if event["type"] in metric.measure.until:
                alive.pop(thing, None)
            elif self.counts(metric, event):
                alive[thing] = event
        return {thing: event for thing, event in alive.items() if event["id"] in self.passing}

    def _alive(self, metric: Metric, moment: int, row: Row) -> Any:
        assert metric.measure
        things = [event for event in self.things(metric, moment).values() if row(self.cuts(event))]
        if metric.measure.of is None:
            return len(things)
        return math.fsum(self.amount(metric, event) or 0 for event in things)

    # Spans of time

    def points(self, period: Period) -> list[Range]:
        begin, end = epoch_ms(period.start), epoch_ms(period.end)
        return [(max(a, begin), min(b, end)) for a, b in self.buckets(period)]

    def buckets(self, period: Period) -> list[Range]:
        if self.request.granularity == "none":
            return []
        return list(pairwise(boundaries(period, self.request.granularity, self.calendar)))

    def before(self, span: Range) -> Range:
        """The span before `span`: of a whole question the period before, of a bucket the bucket before."""
        for each in (self.period, self.then):
            if each and span == _span(each):
                return _span(compared(each, "previous_period", self.request.granularity, self.calendar))
        whole = next(
            bucket
            for each in (self.period, self.then)
            if each
            for bucket, point in zip(self.buckets(each), self.points(each), strict=True)
            if point == span
        )
        instant = Period(from_epoch_ms(whole[0] - 1), from_epoch_ms(whole[0]))
        return boundaries(instant, self.request.granularity, self.calendar)[0], whole[0]

    # Rows

    @cached_property
    def order(self) -> tuple[str, bool]:
        asked = self.request.order
        if asked is not None:
            return asked.removeprefix("-"), asked.startswith("-")
        natural = [d.id for d in self.dimensions if d.time_part or d.edges]
        return (natural[0], False) if natural and len(self.dimensions) == 1 else (self.metrics[0].id, True)

    @cached_property
    def candidates(self) -> list[tuple[str, ...]]:
        """The rows there are, in order."""
        name, descending = self.order
        metric = next((m for m in self.metrics if m.id == name), None)
        total = _span(self.period)
        parts = [self.tenant.catalog.get(leaf) for m in self.metrics for leaf in self.leaves(m)]
        states = [leaf for leaf in parts if _is_state(leaf)]
        if len(states) == len(parts) or (metric and _is_state(metric)):
            alive = [metric] if metric and metric.measure else states
            found = {self.cuts(event) for leaf in alive for event in self.things(leaf, total[1]).values()}
        else:
            flat = [leaf for leaf in parts if not _is_state(leaf)]
            looked = metric if metric and metric.measure else replace(flat[0], window_days=0)
            within = self.within(looked, total)
            found = {self.cuts(event) for event in within if any(self.counts(leaf, event) for leaf in flat)}
        rows = sorted(found, key=self._sorted_by_name)
        if metric is None:
            at = [d.id for d in self.dimensions].index(name)
            rows.sort(key=lambda row: one.place(self.dimensions[at], row[at]), reverse=descending)
            return rows
        values = {row: self.value(metric, total, only(row)) for row in rows}
        known = [row for row in rows if values[row] is not None]
        known.sort(key=lambda row: values[row], reverse=descending)
        return known + [row for row in rows if values[row] is None]

    def _sorted_by_name(self, row: tuple[str, ...]) -> list[Any]:
        return [one.place(d, text) for d, text in zip(self.dimensions, row, strict=True)]

    def leaves(self, metric: Metric) -> Iterator[str]:
        if metric.formula is None:
            yield metric.id
            return
        for part in walk(metric.formula):
            if isinstance(part, Name):
                yield from self.leaves(self.tenant.catalog.get(part.name))

    @cached_property
    def told(self) -> list[tuple[str, ...]]:
        rows = self.candidates
        kept = rows[: self.request.limit]
        if self.request.top_per:
            at = self.request.dimensions.index(self.request.top_per)
            groups: dict[str, list[tuple[str, ...]]] = {}
            for row in rows:
                groups.setdefault(row[at], []).append(row)
            firsts = {row for each in groups.values() for row in each[: self.request.limit]}
            kept = [row for row in rows if row in firsts][: 100 * self.request.limit]
        return kept

    # The answer

    def answer(self) -> dict[str, Any]:
        """The members of the answer that depend on the events."""
        found: dict[str, Any] = {"events": self.happened(_span(self.period), everything)}
        found["total"] = self._row(everything)
        if self.dimensions:
            found["rows"] = list(self._rows())
            shown, of = len(self.told), len(self.candidates)
            found["cut"] = {"is_cut": of > shown, "shown": shown, "of": of, "limit": self.request.limit}
        return found

    def happened(self, span: Range, row: Row) -> int:
        """The most events that one part of the metrics counted."""
        return max(
            self._happened(self.tenant.catalog.get(leaf), span, row) for m in self.metrics for leaf in self.leaves(m)
        )

    def _happened(self, leaf: Metric, span: Range, row: Row) -> int:
        if _is_state(leaf):
            return sum(row(self.cuts(event)) for event in self.things(leaf, span[1]).values())
        return sum(row(self.cuts(event)) and self.counts(leaf, event) for event in self.within(leaf, span))

    def _rows(self) -> Iterator[dict[str, Any]]:
        names, told = self.request.dimensions, self.told
        for row in told:
            named = {name: text or None for name, text in zip(names, row, strict=True)}
            yield {"dimensions": named, "other": False, **self._row(only(row))}
        if not self.request.other:
            return
        per = self.request.top_per
        at = names.index(per) if per else 0
        groups = list(dict.fromkeys(row[at] for row in told)) if per else []
        for group in [*groups, None]:

            def rest(values: tuple[str, ...], group: str | None = group) -> bool:
                return values not in told and (values[at] == group if values[at] in groups else group is None)

            if self._is_there(rest):
                named_group = None if group is None else {str(per): group or None}
                yield {"dimensions": named_group, "other": True, **self._row(rest)}

    def _is_there(self, row: Row) -> bool:
        periods = [each for each in (self.period, self.then) if each]
        return any(self.happened(span, row) for each in periods for span in (_span(each), *self.points(each)))

    def _row(self, row: Row) -> dict[str, Any]:
        asked, total = self.request, _span(self.period)
        now = {m.id: self.value(m, total, row) for m in self.metrics}
        found: dict[str, Any] = {"values": now}
        if self.then:
            before = {m.id: self.value(m, _span(self.then), row) for m in self.metrics}
            found["previous"] = before
            found["change"] = {name: _change(now[name], before[name]) for name in now}
        if row is not everything and "share" in asked.show:
            found["share"] = {m.id: self._share(m, now[m.id], total) for m in self.metrics}
        points = self.points(self.period)
        then = self.points(self.then) if self.then else []
        if not points:
            return found
        kept = self._kept(points, then)
        series = {m.id: [self.value(m, point, row) for point in points] for m in self.metrics}

        def shown(lists: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
            return {name: [values[i] for i in kept if i < len(values)] for name, values in lists.items()}

        found["series"] = shown({m.id: self._filled(m, series[m.id]) for m in self.metrics})
        if then:
            earlier = {m.id: [self.value(m, point, row) for point in then] for m in self.metrics}
            found["previous_series"] = shown({m.id: self._filled(m, earlier[m.id]) for m in self.metrics})
        if "running_total" in asked.show:
            grown = [(total[0], end) for _, end in points]
            found["running_total"] = shown({m.id: [self.value(m, span, row) for span in grown] for m in self.metrics})
        for name in asked.show:
            if name.startswith("moving_average_"):
                n = int(name.removeprefix("moving_average_"))
                found[name] = shown({m.id: self._moving(m, series[m.id], n) for m in self.metrics})
        return found

    def _kept(self, points: list[Range], then: list[Range]) -> list[int]:
        places = range(max(len(points), len(then)))
        if self.request.fill != "none":
            return list(places)
        return [
            i for i in places if any(self.happened(each[i], everything) for each in (points, then) if i < len(each))
        ]

    def _filled(self, metric: Metric, values: list[Any]) -> list[Any]:
        if self.request.fill == "zero" and self._adds_up(metric):
            return [0 if value is None else value for value in values]
        if self.request.fill == "previous":
            return [next((v for v in values[i::-1] if v is not None), None) for i in range(len(values))]
        return values

    def _adds_up(self, metric: Metric) -> bool:
        return bool(metric.measure and metric.measure.kind in ADDED and not metric.window_days)

    def _moving(self, metric: Metric, values: list[Any], n: int) -> list[Any]:
        found: list[Any] = []
        for i in range(len(values)):
            window = values[i + 1 - n : i + 1] if i + 1 >= n else []
            known = [value or 0 for value in window if value is not None or self._adds_up(metric)]
            strange = any(isinstance(value, Near) for value in window)
            found.append(Anything() if strange else math.fsum(known) / len(known) if known else None)
        return found

    def _share(self, metric: Metric, part: Any, total: Range) -> Any:
        if part is None or not self._adds_up(metric):
            return None
        whole = self.value(metric, total)
        return part / whole if whole else None


def _span(period: Period) -> Range:
    return epoch_ms(period.start), epoch_ms(period.end)


def _is_state(metric: Metric) -> bool:
    return metric.measure is not None and metric.measure.kind is Kind.STATE


def _halves(id_: str) -> tuple[int, int]:
    """Ids are ordered by their second half first, as the engine does."""
    number = UUID(id_).int
    return number & (2**64 - 1), number >> 64


def _told_by(name: str, event: Event) -> str:
    """What tells people, sessions or other things apart; '' for none."""
    match name:
        case "users":
            return str(event.get("user") or event.get("anonymous_id", ""))
        case "sessions":
            return str(event.get("session") or "")
    return one.shown(event, name)


def _statistic(measure: Measure, numbers: list[float]) -> Any:
    if not numbers:
        return None
    match measure.kind:
        case Kind.SUM:
            return math.fsum(numbers)
        case Kind.AVG:
            return math.fsum(numbers) / len(numbers)
        case Kind.MIN:
            return min(numbers)
        case Kind.MAX:
            return max(numbers)
        case Kind.LAST:
            return numbers[-1]
    assert measure.kind is Kind.QUANTILE
    return Near(measure.quantile, tuple(sorted(numbers)))


def _joined(operator: str, left: Any, right: Any) -> Any:
    if left is None or right is None or (operator == "/" and right == 0):
        return None
    return {"+": left + right, "-": left - right, "*": left * right, "/": left / (right or 1)}[operator]


def _change(now: Any, before: Any) -> Any:
    if isinstance(now, Near) or isinstance(before, Near):
        return Anything()
    return (now - before) / abs(before) if now is not None and before else None
