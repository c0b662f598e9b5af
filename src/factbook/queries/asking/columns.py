"""The columns that a statement tells leaves in: those that several leaves stand on are read, planned and told once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from factbook.metrics.model import Kind

from .aggregates import Aggregate
from .leaves import Leaf


@dataclass(frozen=True, slots=True)
class Columns:
    """states: SQL over events, with names. merged: SQL of what these come to. places: of each leaf, where its events
    and its value stand among `merged`."""

    states: tuple[str, ...]
    merged: tuple[str, ...]
    places: tuple[tuple[int, int], ...]

    def told(self, numbers: Sequence[Any]) -> list[Any]:
        """The events and value of each leaf in turn, from a row of `merged`."""
        return [numbers[place] for pair in self.places for place in pair]


def columns(leaves: Sequence[Leaf], found: Sequence[Aggregate]) -> Columns:
    """Of `leaves`, each with its SQL."""
    states: dict[str, str] = {}
    merged: dict[str, int] = {}
    places = []

    def placed(state: str, outer: str) -> int:
        name = states.setdefault(state, f"s{len(states)}")
        return merged.setdefault(outer.format(name), len(merged))

    for leaf, each in zip(leaves, found, strict=True):
        events = placed(f"countIf({each.counted})", "sum({})")
        places.append((events, events if leaf.measure.kind is Kind.COUNT else placed(each.inner, each.outer)))
    return Columns(tuple(f"{state} AS {name}" for state, name in states.items()), tuple(merged), tuple(places))
