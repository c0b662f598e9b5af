"""The calendar's buckets that people are followed through, and which of them are over."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime

from factbook.core.calendar import Calendar
from factbook.core.clock import epoch_ms
from factbook.core.errors import invalid
from factbook.core.sql import Parameters
from factbook.core.times import Period
from factbook.metrics.buckets import boundaries

MS = "toUnixTimestamp64Milli(timestamp)"
FAR = 1 << 60
"""Milliseconds that no event has."""

MAX_BUCKETS = 1000


@dataclass(frozen=True, slots=True)
class Grid:
    """bounds: starts of the buckets and the end of the last, milliseconds. end: what begins there or later is none of
    the period. until: nothing behind it was looked at, be it that the question ends or that it has not happened yet."""

    bounds: tuple[int, ...]
    end: int
    until: int

    @property
    def size(self) -> int:
        """How many buckets begin within the period; numbered from 1, 0 is all that was before."""
        return bisect_left(self.bounds, self.end)

    def is_over(self, bucket: int) -> bool:
        return bucket < len(self.bounds) and self.bounds[bucket] <= self.until

    def has_begun(self, bucket: int) -> bool:
        return bucket < len(self.bounds) and self.bounds[bucket - 1] < self.until

    def of(self, ms: str, parameters: Parameters) -> str:
        """SQL of the number of the bucket of the milliseconds `ms` (UInt16)."""
        starts = [-FAR, *self.bounds[:-1]]
        listed = parameters.add(starts, "Array(Int64)")
        numbered = parameters.add(list(range(len(starts))), "Array(UInt16)")
        return f"transform(roundDown({ms}, {listed}), {listed}, {numbered}, 0)"


def grid(period: Period, granularity: str, calendar: Calendar, now: datetime, until: datetime | None = None) -> Grid:
    """Whole buckets from that in which the period begins to `until`. INVALID for more than MAX_BUCKETS."""
    last = max(until or period.end, period.end)
    bounds = boundaries(Period(period.start, last), granularity, calendar, field="granularity")
    if len(bounds) > MAX_BUCKETS:
        raise invalid(
            f"That would be {len(bounds) - 1:,} buckets; at most {MAX_BUCKETS - 1} are followed.",
            field="granularity",
            hint="Ask for longer buckets or a shorter period.",
        )
    return Grid(tuple(bounds), epoch_ms(period.end), min(epoch_ms(last), epoch_ms(now)))
