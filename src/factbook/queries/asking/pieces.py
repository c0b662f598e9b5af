"""What a statement found by row and segment of time, put together here: cheaper than to have it planned and merged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from factbook.metrics.model import Kind

from .aggregates import Aggregate
from .cells import ALL
from .leaves import Leaf
from .spans import Segments

MOST = 5_000
"""Numbers that are added up here: of more, the engine is the sooner done."""

_ADDED: Mapping[Kind, Callable[[Iterable[Any]], Any]] = {
    Kind.COUNT: sum,
    Kind.SUM: sum,
    Kind.AVG: sum,
    Kind.MIN: min,
    Kind.MAX: max,
}


@dataclass(frozen=True, slots=True)
class Pieces:
    """states: SQL of what is read of each row and segment. places: of each leaf, where its events and its value stand
    among `states`. cut: whether all rows are put together to ALL too."""

    kinds: tuple[Kind, ...]
    states: tuple[str, ...]
    places: tuple[tuple[int, int], ...]
    reach: tuple[tuple[int, ...], ...]
    cut: bool

    def put_together(self, answer: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        """From rows of (row, segment, states) to rows of (row, whether it is ALL, span, events and value of each leaf
        in turn)."""
        found: dict[tuple[int, int], list[list[Any]]] = {}
        for row, at, *states in answer:
            for span in self.reach[at]:
                found.setdefault((row, span), []).append(states)
                if self.cut:
                    found.setdefault((ALL, span), []).append(states)
        for (row, span), pieces in found.items():
            numbers: list[Any] = []
            for kind, (events, value) in zip(self.kinds, self.places, strict=True):
                numbers.append(sum(piece[events] for piece in pieces))
                if len(pieces) == 1:
                    numbers.append(pieces[0][value])
                else:
                    known = [piece[value] for piece in pieces if piece[value] is not None]
                    numbers.append(_ADDED[kind](known) if known else None)
            yield row, row == ALL, span, *numbers


def pieces(
    leaves: Sequence[Leaf], found: Sequence[Aggregate], segments: Segments, *, rows: int | None = None
) -> Pieces | None:
    """How `leaves`, each with its SQL, are put together; None where the engine has to, or is the sooner done.

    rows: at most so many are told apart; None: there is ALL alone.
    """
    whole = rows is None and len(segments.buckets) == 1
    if not whole and not all(_adds_up(leaf) for leaf in leaves):
        return None
    if sum(map(len, segments.reach)) * len(leaves) * ((rows or 0) + 1) > MOST:
        return None
    names: dict[str, int] = {}
    places = []
    for leaf, each in zip(leaves, found, strict=True):
        events = names.setdefault(f"countIf({each.counted})", len(names))
        value = each.inner if _adds_up(leaf) else each.direct
        places.append((events, names.setdefault(value, len(names))))
    return Pieces(
        tuple(leaf.measure.kind for leaf in leaves), tuple(names), tuple(places), segments.reach, rows is not None
    )


def _adds_up(leaf: Leaf) -> bool:
    """Amounts without a rate are NaN, which has no place in an order."""
    kind = leaf.measure.kind
    return kind in _ADDED and not (leaf.money and kind in (Kind.MIN, Kind.MAX))
