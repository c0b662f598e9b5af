"""The statement over roll-ups: every leaf and row a slot, states merged by span; ragged edges from single events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from factbook.core.sql import Parameters
from factbook.metrics.levels import RAW, Run, cover
from factbook.metrics.model import SESSIONS, USERS, Kind
from factbook.queries.states import placed, stored_at

from .cells import Cell
from .conditions import plain_property
from .leaves import Leaf
from .reach import reached
from .spans import Segments

_QUANTILES = "(0.5, 0.95, 0.99)"

_MOST_ADDED = 5_000
"""Segments in spans that are added up here."""

_FEW = " SETTINGS max_threads = 1, optimize_move_to_prewhere = 0"
"""For rows without states, which are few and small: what it costs to share and to read them in steps is more than it
saves (measured: 7.4 ms in place of 8.8). Merging states takes both."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One leaf in one row: the event types it sums up ('' alone: all of them) and the property ('' the events)."""

    leaf: int
    row: int
    types: tuple[str, ...]
    property: str
    measure: Kind
    distinct: str = ""
    quantile: float = 0.5


def slot_of(place: int, leaf: Leaf, row: int, types: tuple[str, ...]) -> Slot:
    """types: none for all of them."""
    measure = leaf.measure
    prop = plain_property(measure.of) or "" if measure.of is not None else ""
    return Slot(place, row, types or ("",), prop, measure.kind, measure.distinct, measure.quantile)


@dataclass(frozen=True, slots=True)
class Stored:
    """sql answers rows of (place in `slots`, span, counted, total, low, high, people, visits, *quantiles); where
    `added`, of (place in `slots`, segment, counted, total, low, high), for `summed` to add up.

    slots: those that read the same rows of the roll-ups stand together, since every state that is merged costs.
    """

    sql: str
    parameters: dict[str, object]
    runs: tuple[Run, ...]
    slots: tuple[tuple[Slot, ...], ...]
    quantiles: tuple[float, ...]
    added: bool


def statement(slots: Sequence[Slot], segments: Segments) -> Stored:
    """Reads `slots` (not none) over `segments`."""
    parameters = Parameters()
    runs = cover(segments.buckets)
    needs = _Needs.of(slots)
    alike: dict[tuple[int, tuple[str, ...], str], list[Slot]] = {}
    for slot in slots:
        alike.setdefault((slot.row, slot.types, slot.property), []).append(slot)
    firsts = [found[0] for found in alike.values()]
    stored = [run for run in runs if run.level != RAW]
    edges = [run for run in runs if run.level == RAW]
    selects = [_rollups(firsts, needs, stored, parameters)] if stored else []
    if edges:
        selects += [_events(i, slot, needs, edges, parameters) for i, slot in enumerate(firsts)]
    union = "\n  UNION ALL\n".join(selects)
    told = tuple(map(tuple, alike.values()))
    if not needs.states and sum(map(len, segments.reach)) <= _MOST_ADDED:
        sql = f"SELECT slot, at, sum(counted), {', '.join(needs.sums)}\nFROM (\n{union}\n)\nGROUP BY slot, at"
        return Stored(sql, parameters.values, runs, told, (), added=True)
    columns = [
        "slot",
        "span",
        "sum(counted)",
        *needs.sums,
        _distinct("people", alike.values(), USERS),
        _distinct("visits", alike.values(), SESSIONS),
        *([f"quantileBFloat16Merge({q})(spread)" for q in needs.quantiles]),
    ]
    sql = (
        f"SELECT {', '.join(columns)}\nFROM (\n{union}\n)\n"
        f"ARRAY JOIN {reached(segments, 'at', parameters)} AS span\nGROUP BY slot, span"
    )
    return Stored(sql, parameters.values, runs, told, needs.quantiles, added=False)


def summed(rows: Iterable[Sequence[Any]], segments: Segments) -> Iterator[Sequence[Any]]:
    """The rows of an `added` statement as those of any other: cheaper than to have them planned."""
    found: dict[tuple[int, int], list[Any]] = {}
    for place, at, count, total, low, high in rows:
        for span in segments.reach[at]:
            there = found.get((place, span))
            if there is None:
                found[place, span] = [count, total, low, high]
            else:
                there[0] += count
                there[1] += total
                there[2] = min(there[2], low)
                there[3] = max(there[3], high)
    return ((place, span, *numbers, 0, 0) for (place, span), numbers in found.items())


def _distinct(states: str, slots: Iterable[Sequence[Slot]], what: str) -> str:
    """Merges the states of the slots that are about `what`: to merge what nobody asks for costs as much."""
    asked = [any(s.measure is Kind.UNIQUE and s.distinct == what for s in alike) for alike in slots]
    if not any(asked):
        return "0"
    if all(asked):
        return f"uniqCombined64Merge(17)({states})"
    return f"uniqCombined64MergeIf(17)({states}, [{', '.join(map(str, map(int, asked)))}][slot + 1])"


def cell(slot: Slot, numbers: Sequence[float], quantiles: Sequence[float]) -> Cell:
    """The value of `slot` from one row of the answer, behind slot and span."""
    count, total, low, high, people, visits, *spread = numbers
    events = int(count)
    if not events:
        return Cell(0, None)
    match slot.measure:
        case Kind.COUNT:
            return Cell(events, events)
        case Kind.UNIQUE:
            return Cell(events, int(people if slot.distinct == USERS else visits))
        case Kind.SUM:
            return Cell(events, float(total))
        case Kind.AVG:
            return Cell(events, float(total) / events)
        case Kind.MIN:
            return Cell(events, float(low))
        case Kind.MAX:
            return Cell(events, float(high))
    between = min(max(float(spread[list(quantiles).index(slot.quantile)]), float(low)), float(high))
    return Cell(events, between)


@dataclass(frozen=True, slots=True)
class _Needs:
    total: bool
    bounds: bool
    users: bool
    sessions: bool
    quantiles: tuple[float, ...]

    @property
    def sums(self) -> tuple[str, str, str]:
        """SQL of total, low and high over all rows."""
        bounds = ("min(low)", "max(high)") if self.bounds else ("0.", "0.")
        return ("sum(total)" if self.total else "0.", *bounds)

    @property
    def states(self) -> bool:
        """Whether anything is asked for that only the engine can merge."""
        return self.users or self.sessions or bool(self.quantiles)

    @classmethod
    def of(cls, slots: Sequence[Slot]) -> _Needs:
        kinds = {slot.measure for slot in slots}
        asked = sorted({slot.quantile for slot in slots if slot.measure is Kind.QUANTILE})
        return cls(
            total=bool(kinds & {Kind.SUM, Kind.AVG}),
            bounds=bool(kinds & {Kind.MIN, Kind.MAX, Kind.QUANTILE}),
            users=any(slot.measure is Kind.UNIQUE and slot.distinct == USERS for slot in slots),
            sessions=any(slot.measure is Kind.UNIQUE and slot.distinct == SESSIONS for slot in slots),
            quantiles=tuple(asked),
        )


def _rollups(slots: Sequence[Slot], needs: _Needs, runs: list[Run], parameters: Parameters) -> str:
    inside, at = stored_at(runs, parameters)
    takers: dict[tuple[str, str], list[int]] = {}
    for i, slot in enumerate(slots):
        for event_type in slot.types:
            takers.setdefault((event_type, slot.property), []).append(i)
    listed = list(takers.values())
    join = ""
    if len(takers) == 1:
        [(event_type, prop)] = takers
        chosen = f"event_type = {parameters.add(event_type, 'String')} AND property = {parameters.add(prop, 'String')}"
        place = "1"
    else:
        pairs = parameters.add(list(takers), "Array(Tuple(String, String))")
        chosen = f"(event_type, property) IN {pairs}"
        place = f"indexOf({pairs}, (toString(event_type), toString(property)))"
    if listed == [[0]]:
        slot_sql = "0"
    elif all(len(places) == 1 for places in listed):
        slot_sql = f"{parameters.add([places[0] for places in listed], 'Array(UInt32)')}[{place}]"
    else:
        join = f"\n  ARRAY JOIN {parameters.add(listed, 'Array(Array(UInt32))')}[{place}] AS taker"
        slot_sql = "taker"
    columns = [
        f"toUInt32({slot_sql}) AS slot",
        f"toInt64({at}) AS at",
        "count AS counted",
        *(["sum AS total"] if needs.total else []),
        *(["min AS low", "max AS high"] if needs.bounds else []),
        *(["users AS people"] if needs.users else []),
        *(["sessions AS visits"] if needs.sessions else []),
        *(["quantiles AS spread"] if needs.quantiles else []),
    ]
    return (
        f"  SELECT {', '.join(columns)}\n  FROM rollups{join}\n"
        f"  WHERE tenant = {{tenant:String}} AND {chosen} AND {inside}" + ("" if needs.states else _FEW)
    )


def _events(place: int, slot: Slot, needs: _Needs, runs: list[Run], parameters: Parameters) -> str:
    inside, at = placed(runs, "toUnixTimestamp64Milli(timestamp)", 1, parameters)
    chosen = inside
    if slot.types != ("",):
        chosen += f" AND event_type IN {parameters.add(list(slot.types), 'Array(String)')}"
    value = "0."
    if slot.property:
        name = parameters.add(slot.property, "String")
        chosen += f" AND mapContains(numbers, {name})"
        value = f"numbers[{name}]"
    columns = [
        f"toUInt32({place}) AS slot",
        f"toInt64({at}) AS at",
        "count() AS counted",
        *([f"sum({value}) AS total"] if needs.total else []),
        *([f"min({value}) AS low", f"max({value}) AS high"] if needs.bounds else []),
        *(["uniqCombined64StateIf(17)(person, person != 0) AS people"] if needs.users else []),
        *(["uniqCombined64StateIf(17)(session, session != 0) AS visits"] if needs.sessions else []),
        *([f"quantilesBFloat16State{_QUANTILES}({value}) AS spread"] if needs.quantiles else []),
    ]
    return (
        f"  SELECT {', '.join(columns)}\n  FROM events\n"
        f"  WHERE tenant = {{tenant:String}} AND {chosen} AND NOT is_bot\n  GROUP BY slot, at"
    )
