"""The event types of each session in their order, as numbers, and the patterns of a length in them as one number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from factbook.core.sql import Parameters
from factbook.queries.behaviour.history import History, inside
from factbook.queries.behaviour.people import People

MAX_TYPES = 100
MAX_EVENTS = 1000
"""Of one session, the first ones."""
BASE = MAX_TYPES + 1
"""A pattern of types a, b, c is the number (a * BASE + b) * BASE + c; 0 is every type that is not told apart."""


@dataclass(frozen=True, slots=True)
class Sequences:
    """types: told apart, the most frequent first. every: one of so many sessions is looked at."""

    about: History
    types: Sequence[str]
    every: int
    repeats: bool


def sequences(over: Sequences, parameters: Parameters, who: People | None = None) -> str:
    """SQL of a row a session: seq (numbers of types, in the order of time, then of ids), and who where it is asked."""
    types = parameters.add(list(over.types), "Array(String)")
    ordered = (
        f"arrayMap(e -> e.3, arraySort(groupArray({MAX_EVENTS * 2})("
        f"(timestamp, event_id, toUInt64(indexOf({types}, toString(event_type)))))))"
    )
    kept = ordered if over.repeats else f"arrayCompact({ordered})"
    sampled = f" AND session % {int(over.every)} = 0" if over.every > 1 else ""
    whose = f", max({who.of}) AS who" if who else ""
    return f"""SELECT arraySlice({kept}, 1, {MAX_EVENTS}) AS seq{whose}
    FROM events
    {inside(over.about, parameters)} AND session != 0{sampled}
    GROUP BY session"""


def codes(length: int) -> str:
    """SQL of every pattern of this length in `seq`, at each place."""
    code = "seq[i]"
    for place in range(1, length):
        code = f"({code} * {BASE} + seq[i + {place}])"
    there = " AND ".join(f"seq[i + {place}] != 0" for place in range(length))
    places = f"arrayFilter(i -> {there}, range(1, greatest(toInt64(length(seq)) - {length - 2}, 1)))"
    return f"arrayMap(i -> {code}, {places})"


def types_of(code: int, types: Sequence[str]) -> list[str]:
    """The types that a pattern's number stands for."""
    found: list[str] = []
    while code:
        code, place = divmod(code, BASE)
        found.append(types[place - 1])
    return found[::-1]
