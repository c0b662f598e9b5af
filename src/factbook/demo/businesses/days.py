"""When things happen in made-up days: more by day than by night, fewer at weekends, the same for the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
"""In milliseconds, as all times here."""

LENGTH = 14 * DAY

Chance = np.random.Generator


class Happening(NamedTuple):
    """An event in the making. fields: its columns beside type, time and properties."""

    at: int
    event_type: str
    properties: dict[str, Any]
    fields: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Fortnight:
    """The 14 days up to `end`."""

    end: int

    @property
    def start(self) -> int:
        return self.end - LENGTH

    def clock(self, days_back: int, hour: int, minute: int = 0) -> int:
        """A time of the day (UTC) that lies `days_back` days before the one of the end."""
        return self.end // DAY * DAY - days_back * DAY + hour * HOUR + minute * MINUTE

    def moments(
        self,
        chance: Chance,
        per_day: float,
        curve: Sequence[float],
        *,
        weekend: float = 1.0,
        growth: tuple[int, float] | None = None,
    ) -> list[int]:
        """About `per_day` moments a day, in order. curve: a weight for each hour of the day (UTC). weekend: how many of
        them on Saturdays and Sundays. growth: a moment before which there are none, and by what factor each day from
        then on has more than the one before.
        """
        hours = np.arange(self.start // HOUR, self.end // HOUR + 1)
        weights = np.asarray(curve, dtype=float)
        rate = per_day * (weights / weights.sum())[hours % 24]
        rate = np.where((hours // 24 + 3) % 7 >= 5, rate * weekend, rate)
        if growth:
            since, factor = growth
            rate = np.where(hours * HOUR >= since, rate * factor ** ((hours * HOUR - since) / DAY), 0.0)
        began: npt.NDArray[np.int64] = np.repeat(hours * HOUR, chance.poisson(rate))
        found = np.sort(began + chance.integers(0, HOUR, len(began)))
        return [int(at) for at in found if self.start <= at < self.end]
