"""The four made-up businesses as data sets that end at a given moment: the same events for the same moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np

from factbook.demo.datasets import Dataset, DemoEvent, Moments, Numbers

from .content import content
from .days import Chance, Fortnight, Happening
from .imports import imports
from .systems import systems
from .trading import trading

SOURCE = "demo-made-up"
"""The `source` of every event of these: by it they are told from what happened, chosen and left out."""

SEED = 1997

Business = Callable[[Chance, Fortnight], Iterable[Happening]]
BUSINESSES: Mapping[str, Business] = {"content": content, "systems": systems, "imports": imports, "trading": trading}


class MadeUp:
    """What lies outside the fortnight is left out; the newest event is at its very end, so nothing has to be moved."""

    is_made_up = True

    def __init__(self, name: str, happenings: Iterable[Happening], fortnight: Fortnight) -> None:
        self.name = f"made-up-{name}"
        self.title = f"{name.capitalize()} (made up)"
        within = (one for one in happenings if fortnight.start <= one.at <= fortnight.end)
        self._happenings = sorted(within, key=lambda one: one.at)
        self.moments: Moments = np.array([one.at for one in self._happenings], dtype=np.int64)
        self.moments[-1] = fortnight.end

    def events(self, numbers: Numbers, times: Sequence[str], ids: Sequence[str]) -> list[DemoEvent]:
        chosen = [self._happenings[number] for number in numbers]
        return [
            DemoEvent(id_, one.event_type, time, one.properties, source=SOURCE, **one.fields)
            for time, id_, one in zip(times, ids, chosen, strict=True)
        ]


@lru_cache(maxsize=1)
def businesses(end: int) -> tuple[Dataset, ...]:
    """All four, of the 14 days up to `end` (seconds since 1970)."""
    fortnight = Fortnight(end * 1000)
    return tuple(
        MadeUp(name, business(np.random.Generator(np.random.PCG64(SEED + number)), fortnight), fortnight)
        for number, (name, business) in enumerate(BUSINESSES.items())
    )
