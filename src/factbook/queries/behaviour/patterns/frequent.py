"""The frequent patterns of the sessions: counted in one pass, then the people of those that are told.

The memory is bounded by how many events are looked at: each begins one pattern of each length at most.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from factbook.core.clock import epoch_ms
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.queries.behaviour.history import inside
from factbook.queries.behaviour.people import people
from factbook.queries.horizon import since
from factbook.queries.shown import shown
from factbook.storage.warehouse import Warehouse

from .question import LONGEST, SHORTEST, Asked
from .sequences import MAX_EVENTS, MAX_TYPES, Sequences, codes, sequences, types_of

MAX_LOOKED_AT = 2_000_000
"""Events; of more, so many sessions are left out that about these remain."""
MAX_FREQUENT = 5000
"""Patterns that are looked at for what they are worth."""


@dataclass(frozen=True, slots=True)
class Looked:
    """At how many sessions; the most events of one; at how many places a pattern of each length may lie; the share of
    each type among the events."""

    sessions: int
    longest: int
    places: dict[int, int]
    shares: dict[str, float]


@dataclass(frozen=True, slots=True)
class Pattern:
    code: int
    events: tuple[str, ...]
    sessions: int
    times: int
    lift: float


def patterns(warehouse: Warehouse, scope: Scope, what: Asked, kept: dict[str, int]) -> dict[str, Any]:
    """The frequent patterns with support, people and lift. kept: see horizon.horizons."""
    types, events = _types(warehouse, scope, what)
    every = max(1, math.ceil(events / MAX_LOOKED_AT))
    over = Sequences(what.about, types[:MAX_TYPES], every, what.repeats)
    looked = _looked(warehouse, scope, over) if types else Looked(0, 0, {}, {})
    notes = _notes(every, len(types), looked.longest)
    found = _frequent(warehouse, scope, over, what, looked) if looked.sessions else []
    if len(found) > MAX_FREQUENT:
        notes.append(f"More than {MAX_FREQUENT:,} patterns are frequent: these are the most frequent.")
    start, end = epoch_ms(what.about.period.start), epoch_ms(what.about.period.end)
    zone = what.about.calendar.zone
    return {
        "start_time": shown(start, zone),
        "end_time": shown(end, zone),
        "timezone": zone.key,
        "complete_since": since({"raw": start}, end, kept, zone),
        "sessions": looked.sessions,
        "min_support": what.support,
        "degraded": bool(notes),
        "notes": notes,
        "patterns": _told(warehouse, scope, over, _best(found[:MAX_FREQUENT], what), looked.sessions),
    }


def _types(warehouse: Warehouse, scope: Scope, what: Asked) -> tuple[list[str], int]:
    """The event types within sessions, the most frequent first, and how many events there are."""
    parameters = Parameters()
    sql = f"""SELECT toString(event_type) AS type, count() AS n FROM events
{inside(what.about, parameters)} AND session != 0
GROUP BY type ORDER BY n DESC, type"""
    rows = warehouse.rows(scope, sql, parameters.values)
    return [str(name) for name, _ in rows], sum(int(n) for _, n in rows)


def _looked(warehouse: Warehouse, scope: Scope, over: Sequences) -> Looked:
    parameters = Parameters()
    lengths = range(SHORTEST, LONGEST + 1)
    places = ", ".join(f"sum(greatest(toInt64(length(seq)) - {length - 1}, 0))" for length in lengths)
    each = f"arrayMap(t -> countEqual(seq, t), range(1, {len(over.types) + 1}))"
    sql = f"""SELECT count(), max(length(seq)), sum(length(seq)), sumForEach({each}), {places}
FROM ({sequences(over, parameters)})"""
    [(sessions, longest, events, counts, *room)] = warehouse.rows(scope, sql, parameters.values)
    shares = {name: int(n) / int(events) for name, n in zip(over.types, counts, strict=False)} if sessions else {}
    return Looked(int(sessions), int(longest), dict(zip(lengths, map(int, room), strict=True)), shares)


def _frequent(warehouse: Warehouse, scope: Scope, over: Sequences, what: Asked, looked: Looked) -> list[Pattern]:
    """Those that enough sessions hold, the most frequent first; one more than MAX_FREQUENT where there are more."""
    parameters = Parameters()
    every = f"arrayConcat({', '.join(codes(n) for n in range(what.shortest, what.longest + 1))})"
    least = max(1, math.ceil(what.support * looked.sessions - 1e-9))
    sql = f"""SELECT found.1 AS code, countIf(found.2 = 1) AS sessions, count()
FROM (
    SELECT arrayJoin(arrayZip(codes, arrayEnumerateUniq(codes))) AS found
    FROM (SELECT {every} AS codes FROM ({sequences(over, parameters)}))
)
GROUP BY code
HAVING sessions >= {least}
ORDER BY sessions DESC, code
LIMIT {MAX_FREQUENT + 1}"""
    found: list[Pattern] = []
    for code, sessions, times in warehouse.rows(scope, sql, parameters.values):
        events = tuple(types_of(int(code), over.types))
        expected = math.prod(looked.shares[name] for name in events)
        lift = int(times) / looked.places[len(events)] / expected
        found.append(Pattern(int(code), events, int(sessions), int(times), lift))
    return found


def _best(found: Sequence[Pattern], what: Asked) -> list[Pattern]:
    def rank(one: Pattern) -> tuple[float, int, int, tuple[str, ...]]:
        first = one.lift if what.order == "lift" else one.sessions
        return -first, -one.sessions, -len(one.events), one.events

    return sorted(found, key=rank)[: what.limit]


def _told(
    warehouse: Warehouse, scope: Scope, over: Sequences, found: Sequence[Pattern], sessions: int
) -> list[dict[str, Any]]:
    if not found:
        return []
    who, parameters = people(warehouse, scope), Parameters()
    wanted = parameters.add([pattern.code for pattern in found], "Array(UInt64)")
    lengths = sorted({len(pattern.events) for pattern in found})
    every = f"arrayFilter(c -> c IN {wanted}, arrayDistinct(arrayConcat({', '.join(map(codes, lengths))})))"
    sql = f"""{who.begin}SELECT code, uniqExactIf(who, who != 0)
FROM (SELECT who, arrayJoin({every}) AS code FROM ({sequences(over, parameters, who)}))
GROUP BY code"""
    persons = {int(code): int(of) for code, of in warehouse.rows(scope, sql, parameters.values)}
    return [
        {
            "events": list(pattern.events),
            "sessions": pattern.sessions,
            "support": pattern.sessions / sessions,
            "people": persons[pattern.code],
            "times": pattern.times,
            "lift": pattern.lift,
        }
        for pattern in found
    ]


def _notes(every: int, types: int, longest: int) -> list[str]:
    notes = []
    if every > 1:
        notes.append(f"There are so many events that one of {every} sessions was looked at.")
    if types > MAX_TYPES:
        notes.append(f"The {MAX_TYPES} most frequent of {types:,} event types are told apart.")
    if longest >= MAX_EVENTS:
        notes.append(f"Of a session, the first {MAX_EVENTS:,} events were looked at.")
    return notes
