"""The stretches of time an answer is about, and the disjoint segments they are put together from."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from factbook.core.errors import invalid
from factbook.metrics.levels import Bucket

MAX_REACH = 400_000


@dataclass(frozen=True, slots=True)
class Spans:
    """What is answered, in milliseconds UTC; spans may overlap.

    ranges: every span once. points: the places in `ranges` of the buckets asked for, and `total` of all of the period;
    `then_points` and `then_total` the same of the comparison. before: place of a span → place of the one before it
    (where a formula looks back). running: from the start of the period to the end of each point. whole: starts
    and ends of the whole buckets that the points are (or are cut from).
    """

    ranges: tuple[Bucket, ...]
    points: tuple[int, ...]
    total: int
    whole: tuple[Bucket, ...] = ()
    then_points: tuple[int, ...] = ()
    then_total: int | None = None
    then_whole: tuple[Bucket, ...] = ()
    before: tuple[tuple[int, int], ...] = ()
    running: tuple[int, ...] = ()

    def previous(self, place: int) -> int | None:
        return dict(self.before).get(place)


@dataclass(frozen=True, slots=True)
class Segments:
    """Disjoint ascending `buckets`; `reach[i]`: the places of the ranges that segment `i` is part of."""

    buckets: tuple[Bucket, ...]
    reach: tuple[tuple[int, ...], ...]


def segments(ranges: Sequence[Bucket]) -> Segments:
    """`ranges` cut where any of them begins or ends. INVALID when that would be too many pieces."""
    cuts = sorted({moment for each in ranges for moment in each})
    reach: list[list[int]] = [[] for _ in cuts[:-1]]
    pieces = 0
    for place, (start, end) in enumerate(ranges):
        first, last = bisect_left(cuts, start), bisect_left(cuts, end)
        pieces += last - first
        if pieces > MAX_REACH:
            raise invalid(
                "That would be too many overlapping windows.",
                field="granularity",
                hint="Ask for a coarser granularity or a shorter period.",
            )
        for i in range(first, last):
            reach[i].append(place)
    kept = [i for i, places in enumerate(reach) if places]
    return Segments(
        buckets=tuple((cuts[i], cuts[i + 1]) for i in kept),
        reach=tuple(tuple(reach[i]) for i in kept),
    )
