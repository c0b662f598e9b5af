"""How many people were in a segment as of the end of each bucket of a period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from factbook.core.clock import epoch_ms, from_epoch_ms
from factbook.core.errors import invalid
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.core.times import Period, minute_end
from factbook.metrics.buckets import boundaries
from factbook.metrics.levels import RAW
from factbook.queries.behaviour import history
from factbook.queries.behaviour.people import WHO
from factbook.queries.behaviour.reading import text
from factbook.queries.horizon import since
from factbook.queries.period import FIRST
from factbook.queries.shown import shown
from factbook.queries.where import moment
from factbook.storage.warehouse import Warehouse

from .members import grouped, written
from .people import sizes
from .rules import All, Did, Either, Figure, Frozen, Has, Not, Rule, Span, leaves
from .segments import Segments

FIELDS = ("period", "start_time", "end_time", "start_date", "end_date", "timezone", "granularity")
MAX_BUCKETS = 100
PARTS = 40
"""Of rules that one pass over the events looks at; memory grows with them and with the people."""


@dataclass(frozen=True, slots=True)
class OverTime:
    """bounds: where buckets begin, and where the last one ends. ends: the moments as of which people are counted, one a
    bucket: its end, now where it is not over."""

    granularity: str
    about: history.History
    bounds: tuple[int, ...]
    ends: tuple[int, ...]
    now: datetime


def over_time(given: Mapping[str, Any], segments: Segments) -> OverTime:
    """From FIELDS, as of the moment of `segments`. INVALID naming the field; also for more than MAX_BUCKETS."""
    about = history.history(given, segments.calendar, segments.now)
    granularity, now = text(given, "granularity") or "1d", minute_end(segments.now)
    period = Period(about.period.start, min(about.period.end, now))
    if period.start >= period.end:
        raise invalid("The period has not begun.", field="start_time", hint="Sizes are told of the past.")
    bounds = boundaries(period, granularity, about.calendar, field="granularity")
    if len(bounds) - 1 > MAX_BUCKETS:
        raise invalid(
            f"That is {len(bounds) - 1:,} sizes; at most {MAX_BUCKETS} are told.",
            field="granularity",
            hint="Ask for a coarser granularity or a shorter period.",
        )
    ends = tuple(min(end, epoch_ms(now)) for end in bounds[1:])
    return OverTime(granularity, about, tuple(bounds), ends, segments.now)


def sizes_over_time(
    warehouse: Warehouse, scope: Scope, asked: OverTime, segments: Segments, id_: str, kept: Mapping[str, int]
) -> dict[str, Any]:
    """A frozen segment has one size throughout; of a live one, who its rule of today held at each moment."""
    zone = asked.about.calendar.zone
    rule = segments.rule(id_)
    is_frozen = isinstance(rule, Frozen)
    if is_frozen:
        [size], _ = sizes(warehouse, scope, [rule])
        found = [size] * len(asked.ends)
    else:
        rules = [_as_of(replace(segments, now=_just_before(end, asked.now)).rule(id_), end) for end in asked.ends]
        found = list(_sizes(warehouse, scope, rules, asked.ends))
    there = _there(warehouse, scope, asked.ends)
    starts, ends = asked.bounds[:-1], asked.bounds[1:]
    return {
        "id": id_,
        "frozen": is_frozen,
        "granularity": asked.granularity,
        "start_time": shown(starts[0], zone),
        "end_time": shown(asked.ends[-1], zone),
        "timezone": zone.key,
        "complete_since": None if is_frozen else since({RAW: epoch_ms(FIRST)}, asked.ends[-1], kept, zone),
        "sizes": [
            {"time": shown(start, zone), "people": people, "of": of, "incomplete": end > epoch_ms(asked.now)}
            for start, end, people, of in zip(starts, ends, found, there, strict=True)
        ],
    }


def _just_before(end: int, now: datetime) -> datetime:
    """A moment whose periods so far, which run to the end of its minute, end with `end`."""
    return min(from_epoch_ms(end - 1), now)


def _as_of(rule: Rule, end: int) -> Rule:
    """The same of the events before `end` alone."""
    match rule:
        case All(of):
            return All(tuple(_as_of(each, end) for each in of))
        case Either(of):
            return Either(tuple(_as_of(each, end) for each in of))
        case Not(inner):
            return Not(_as_of(inner, end))
        case Did() | Figure():
            last = end if rule.span.end is None else min(rule.span.end, end)
            return replace(rule, span=Span(rule.span.start, last))
        case Has():
            return replace(rule, before=end)
    return rule


def _sizes(warehouse: Warehouse, scope: Scope, rules: Sequence[Rule], ends: Sequence[int]) -> Iterator[int]:
    """Of each of `rules`, the people it holds who were there before its end."""
    at_once = max(1, PARTS // max(1, *(sum(1 for _ in leaves(rule)) for rule in rules)))
    for first in range(0, len(rules), at_once):
        parameters = Parameters()
        found = []
        for rule, end in zip(rules[first : first + at_once], ends[first : first + at_once], strict=True):
            one = written(rule, parameters)
            found.append(replace(one, holds=f"{one.holds} AND min(timestamp) < {moment(end, parameters)}"))
        counted = ", ".join(f"countIf(held{i})" for i in range(len(found)))
        [row] = warehouse.rows(scope, f"SELECT {counted} FROM ({grouped(found, '')})", parameters.values)
        yield from map(int, row)


def _there(warehouse: Warehouse, scope: Scope, ends: Sequence[int]) -> list[int]:
    """How many people had an event before each of `ends`."""
    parameters = Parameters()
    counted = ", ".join(f"countIf(first < {moment(end, parameters)})" for end in ends)
    sql = f"""SELECT {counted}
FROM (
    SELECT {WHO} AS who, min(timestamp) AS first
    FROM events
    WHERE tenant = {{tenant:String}} AND person != 0 AND NOT is_bot
    GROUP BY who
)"""
    [row] = warehouse.rows(scope, sql, parameters.values)
    return [int(count) for count in row]
