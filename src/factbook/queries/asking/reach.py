"""From segments of time to the spans they are part of, in SQL: each span merges what its segments hold.

Buckets, totals, comparisons, running totals and windows are regular: from one segment to the next each stretch of spans
stays or moves on by one. So a whole year of them is a few terms, and no list of values that a server would not take.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from factbook.core.sql import Parameters

from .spans import Segments

MAX_BLOCKS = 64
MAX_LISTED = 8_000
"""Places in one bound value."""

Stretch = tuple[int, int]
"""[first, end) of places."""


@dataclass(frozen=True, slots=True)
class Block:
    """Adjacent segments from `start` on, that are part of as many stretches of spans each. steps: by how much either
    end of a stretch moves from one segment to the next."""

    start: int
    stretches: tuple[Stretch, ...]
    steps: tuple[Stretch, ...]


def reached(segments: Segments, at: str, parameters: Parameters) -> str:
    """SQL of the array of spans that the segment in column `at` is part of."""
    found = blocks(segments.reach)
    if len(found) > MAX_BLOCKS:
        return _listed(segments.reach, at, parameters)
    *earlier, last = found
    cases = [f"{at} < {after.start}, {_places(block, at)}" for block, after in zip(earlier, found[1:], strict=True)]
    return f"multiIf({', '.join(cases)}, {_places(last, at)})" if cases else _places(last, at)


def blocks(reach: Sequence[Sequence[int]]) -> list[Block]:
    """`reach` as few blocks, ascending."""
    found: list[Block] = []
    for at, places in enumerate(reach):
        stretches = _stretches(places)
        if found and len(found[-1].stretches) == len(stretches):
            block, distance = found[-1], at - found[-1].start
            if distance == 1:
                found[-1] = Block(block.start, block.stretches, _moved(block.stretches, stretches))
                continue
            if stretches == _at(block, distance):
                continue
        found.append(Block(at, stretches, ((0, 0),) * len(stretches)))
    return found


def _stretches(places: Sequence[int]) -> tuple[Stretch, ...]:
    found: list[Stretch] = []
    for place in places:
        if found and found[-1][1] == place:
            found[-1] = found[-1][0], place + 1
        else:
            found.append((place, place + 1))
    return tuple(found)


def _moved(before: Sequence[Stretch], after: Sequence[Stretch]) -> tuple[Stretch, ...]:
    return tuple((c - a, d - b) for (a, b), (c, d) in zip(before, after, strict=True))


def _at(block: Block, distance: int) -> tuple[Stretch, ...]:
    moves = zip(block.stretches, block.steps, strict=True)
    return tuple((a + c * distance, b + d * distance) for (a, b), (c, d) in moves)


def _places(block: Block, at: str) -> str:
    parts: list[str] = []
    for (first, end), (step, end_step) in zip(block.stretches, block.steps, strict=True):
        if end - first == 1 and step == end_step:
            parts.append(f"[{_moving(first, step, block, at)}]")
        else:
            parts.append(f"range({_moving(first, step, block, at)}, {_moving(end, end_step, block, at)})")
    if all(part.startswith("[") for part in parts):
        return f"[{', '.join(part[1:-1] for part in parts)}]"
    return f"arrayConcat({', '.join(parts)})" if len(parts) > 1 else parts[0]


def _moving(place: int, step: int, block: Block, at: str) -> str:
    if not step:
        return f"toInt64({place})"
    base = place - step * block.start
    return f"{at if step == 1 else f'{step} * {at}'} + ({base})" if base else at if step == 1 else f"{step} * {at}"


def _listed(reach: Sequence[Sequence[int]], at: str, parameters: Parameters) -> str:
    parts: list[list[list[int]]] = [[]]
    held = 0
    for places in reach:
        held += len(places)
        if held > MAX_LISTED and parts[-1]:
            parts.append([])
            held = len(places)
        parts[-1].append(list(places))
    listed = [parameters.add(part, "Array(Array(Int64))") for part in parts]
    return f"arrayConcat({', '.join(listed)})[{at} + 1]" if len(listed) > 1 else f"{listed[0]}[{at} + 1]"
