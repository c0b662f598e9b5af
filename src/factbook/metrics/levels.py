"""Which stored level answers which part of an output bucket: the one place that chooses between roll-ups and events.

Roll-ups are kept in UTC buckets of a day, an hour and a minute. A span of a level may be used only where its buckets
lie wholly inside one output bucket; the ragged edges fall to the next finer level, and below a minute to `events`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

RAW = "raw"
LEVELS: tuple[tuple[str, int], ...] = (("1d", 86_400_000), ("1h", 3_600_000), ("1m", 60_000))
"""Stored levels, coarsest first: name and width in milliseconds."""

Bucket = tuple[int, int]
"""[start, end) in milliseconds since 1970 UTC."""


@dataclass(frozen=True, slots=True)
class Run:
    """Adjacent spans of one level and one width: [start, end); the n-th `step` belongs to output bucket `first + n`."""

    level: str
    start: int
    end: int
    step: int
    first: int


def cover(buckets: Sequence[Bucket], *, raw: bool = False) -> tuple[Run, ...]:
    """Runs that cover the ascending, disjoint `buckets` exactly once; with `raw`, from `events` alone."""
    levels = () if raw else LEVELS
    spans = [Run(lv, a, b, b - a, i) for i, bucket in enumerate(buckets) for lv, a, b in _spans(*bucket, levels)]
    names = [name for name, _ in LEVELS] + [RAW]
    return tuple(run for name in names for run in _joined(span for span in spans if span.level == name))


def _spans(start: int, end: int, levels: Sequence[tuple[str, int]]) -> Iterator[tuple[str, int, int]]:
    if start >= end:
        return
    if not levels:
        yield RAW, start, end
        return
    (name, width), finer = levels[0], levels[1:]
    first, last = -(-start // width) * width, end // width * width
    if first >= last:
        yield from _spans(start, end, finer)
        return
    yield from _spans(start, first, finer)
    yield name, first, last
    yield from _spans(last, end, finer)


def _joined(spans: Iterable[Run]) -> Iterator[Run]:
    current: Run | None = None
    for span in spans:
        if current and span.start == current.end and span.step == current.step:
            steps = (current.end - current.start) // current.step
            if span.first == current.first + steps:
                current = Run(current.level, current.start, span.end, current.step, current.first)
                continue
        if current:
            yield current
        current = span
    if current:
        yield current
