"""From segments of time to the spans they are part of, in SQL: each span merges what its segments hold."""

from __future__ import annotations

from factbook.core.sql import Parameters

from .spans import Segments


def reached(segments: Segments, at: str, parameters: Parameters) -> str:
    """SQL of the array of spans that the segment in column `at` is part of."""
    reach = segments.reach
    if all(len(places) == 1 for places in reach) and all(places[0] == i for i, places in enumerate(reach)):
        return f"[{at}]"
    ends = {places[-1] for places in reach}
    if len(ends) == 1 and all(len(places) == 2 and places[0] == i for i, places in enumerate(reach)):
        return f"[{at}, {ends.pop()}]"
    if len(reach) == 1:
        return "[" + ", ".join(map(str, reach[0])) + "]"
    return f"{parameters.add([list(places) for places in reach], 'Array(Array(UInt32))')}[{at} + 1]"
