"""The frequent patterns, length by length: only what is built from frequent shorter ones is counted.

So the memory is bounded by how common a pattern must be, not by how many there are.
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

from .question import Asked
from .sequences import BASE, MAX_EVENTS, MAX_TYPES, Sequences, codes, sequences, types_of

MAX_LOOKED_AT = 5_000_000
"""Events; of more, so many sessions are left out that about these remain."""
MAX_FREQUENT = 2000
"""Patterns of one length that the next is built from."""


@dataclass(frozen=True, slots=True)
class Pattern:
    code: int
    length: int
    sessions: int


def patterns(warehouse: Warehouse, scope: Scope, what: Asked, kept: dict[str, int]) -> dict[str, Any]:
    """The frequent patterns with support, people and lift. kept: see horizon.horizons."""
    types, events = _types(warehouse, scope, what)
    every = max(1, math.ceil(events / MAX_LOOKED_AT))
    over = Sequences(what.about, types[:MAX_TYPES], every, what.repeats)
    sessions, longest = _sessions(warehouse, scope, over) if types else (0, 0)
    least = max(1, math.ceil(what.support * sessions - 1e-9))
    notes = _notes(every, len(types), longest)
    found: list[Pattern] = []
    before: list[Pattern] = []
    for length in range(2, what.longest + 1) if sessions else ():
        before, cut = _of_length(warehouse, scope, over, length, before, least)
        if cut:
            notes.append(f"More than {MAX_FREQUENT:,} patterns of {length} are frequent: the most frequent are told.")
        found += before if length >= what.shortest else []
        if not before:
            break
    start, end = epoch_ms(what.about.period.start), epoch_ms(what.about.period.end)
    zone = what.about.calendar.zone
    return {
        "start_time": shown(start, zone),
        "end_time": shown(end, zone),
        "timezone": zone.key,
        "complete_since": since({"raw": start}, end, kept, zone),
        "sessions": sessions,
        "min_support": what.support,
        "degraded": bool(notes),
        "notes": notes,
        "patterns": _told(warehouse, scope, over, what, found, sessions),
    }


def _types(warehouse: Warehouse, scope: Scope, what: Asked) -> tuple[list[str], int]:
    """The event types within sessions, the most frequent first, and how many events there are."""
    parameters = Parameters()
    sql = f"""SELECT toString(event_type) AS type, count() AS n FROM events
{inside(what.about, parameters)} AND session != 0
GROUP BY type ORDER BY n DESC, type"""
    rows = warehouse.rows(scope, sql, parameters.values)
    return [str(name) for name, _ in rows], sum(int(n) for _, n in rows)


def _sessions(warehouse: Warehouse, scope: Scope, over: Sequences) -> tuple[int, int]:
    """How many sessions are looked at, and the most events that one of them has."""
    parameters = Parameters()
    who = people(warehouse, scope)
    sql = f"{who.begin}SELECT count(), max(length(seq)) FROM ({sequences(over, who, parameters)})"
    [(count, longest)] = warehouse.rows(scope, sql, parameters.values)
    return int(count), int(longest)


def _of_length(
    warehouse: Warehouse, scope: Scope, over: Sequences, length: int, before: Sequence[Pattern], least: int
) -> tuple[list[Pattern], bool]:
    """Those that at least so many sessions hold, and whether there were more."""
    who, parameters = people(warehouse, scope), Parameters()
    only = ""
    if length > 2:
        shorter = parameters.add([pattern.code for pattern in before], "Array(UInt64)")
        only = f"WHERE intDiv(code, {BASE}) IN {shorter} AND code % {BASE ** (length - 1)} IN {shorter}\n"
    sql = f"""{who.begin}SELECT code, count() AS sessions
FROM (SELECT arrayJoin(arrayDistinct({codes(length)})) AS code FROM ({sequences(over, who, parameters)}))
{only}GROUP BY code
HAVING sessions >= {int(least)}
ORDER BY sessions DESC, code
LIMIT {MAX_FREQUENT + 1}"""
    rows = warehouse.rows(scope, sql, parameters.values)
    return [Pattern(int(code), length, int(n)) for code, n in rows[:MAX_FREQUENT]], len(rows) > MAX_FREQUENT


def _told(
    warehouse: Warehouse, scope: Scope, over: Sequences, what: Asked, found: Sequence[Pattern], sessions: int
) -> list[dict[str, Any]]:
    if not found:
        return []
    who, parameters = people(warehouse, scope), Parameters()
    lengths = sorted({pattern.length for pattern in found})
    wanted = parameters.add([pattern.code for pattern in found], "Array(UInt64)")
    every = f"arrayFilter(c -> c IN {wanted}, arrayConcat({', '.join(codes(n) for n in lengths)}))"
    counted = f"""{who.begin}SELECT code, count(), uniqExactIf(who, who != 0)
FROM (SELECT who, arrayJoin({every}) AS code FROM ({sequences(over, who, parameters)}))
GROUP BY code"""
    rows = {int(code): (int(n), int(of)) for code, n, of in warehouse.rows(scope, counted, parameters.values)}
    shares, places = _by_chance(warehouse, scope, over)
    told: list[dict[str, Any]] = []
    for pattern in found:
        times, persons = rows[pattern.code]
        named = types_of(pattern.code, over.types)
        expected = math.prod(shares[name] for name in named)
        told.append(
            {
                "events": named,
                "sessions": pattern.sessions,
                "support": pattern.sessions / sessions,
                "people": persons,
                "times": times,
                "lift": times / places[pattern.length] / expected,
            }
        )
    told.sort(key=lambda one: (-float(one[what.order]), -float(one["support"]), -len(one["events"]), one["events"]))
    return told[: what.limit]


def _by_chance(warehouse: Warehouse, scope: Scope, over: Sequences) -> tuple[dict[str, float], dict[int, int]]:
    """The share of each type among the events looked at, and at how many places a pattern of each length may lie."""
    who, parameters = people(warehouse, scope), Parameters()
    places = ", ".join(f"sum(greatest(toInt64(length(seq)) - {n - 1}, 0))" for n in range(2, 6))
    each = f"arrayMap(t -> countEqual(seq, t), range(1, {len(over.types) + 1}))"
    sql = f"""{who.begin}SELECT sum(length(seq)), {places}, sumForEach({each})
FROM ({sequences(over, who, parameters)})"""
    [(events, two, three, four, five, counts)] = warehouse.rows(scope, sql, parameters.values)
    shares = {name: int(n) / int(events) for name, n in zip(over.types, counts, strict=True)}
    return shares, {2: int(two), 3: int(three), 4: int(four), 5: int(five)}


def _notes(every: int, types: int, longest: int) -> list[str]:
    notes = []
    if every > 1:
        notes.append(f"There are so many events that one of {every} sessions was looked at.")
    if types > MAX_TYPES:
        notes.append(f"The {MAX_TYPES} most frequent of {types:,} event types are told apart.")
    if longest >= MAX_EVENTS:
        notes.append(f"Of a session, the first {MAX_EVENTS:,} events were looked at.")
    return notes
