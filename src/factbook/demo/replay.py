"""Replays the demo data without end, at a chosen speed, as if it happened now."""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec
import numpy as np

from factbook.core.clock import Clock, epoch_ms, monotonic, system_clock
from factbook.ingest.file_ids import RowIds
from factbook.ingest.file_sink import Sink

from .datasets import Dataset, datasets, times

SOURCE = "demo:live"
"""Its position counts every event replayed so far, over all runs: a replay goes on where the last one stopped."""

TICK_SECONDS = 0.2
LARGEST_BATCH = 2000

_ENCODE = msgspec.json.Encoder().encode


class Mix:
    """One endless sequence over several data sets, each spread evenly over a cycle, ids fresh in every cycle."""

    def __init__(self, parts: tuple[Dataset, ...]) -> None:
        self._parts = parts
        sizes = [len(part.moments) for part in parts]
        share = np.concatenate([(np.arange(size) + 0.5) / size for size in sizes])
        order = np.argsort(share, kind="stable")
        self._part = np.repeat(np.arange(len(parts), dtype=np.int8), sizes)[order]
        self._number = np.concatenate([np.arange(size, dtype=np.int32) for size in sizes])[order]
        self.cycle = int(sum(sizes))

    def events(self, start: int, count: int, first_ms: int, last_ms: int) -> list[msgspec.Struct]:
        """The next `count` events from place `start` of the sequence, spread evenly over (first_ms, last_ms]."""
        places = np.arange(start, start + count)
        moments = first_ms + (np.arange(1, count + 1) * (last_ms - first_ms)) // count
        texts = times(moments)
        ids = [RowIds("demo", "live", str(place // self.cycle)).of(int(place % self.cycle)) for place in places]
        part, number = self._part[places % self.cycle], self._number[places % self.cycle]
        events: list[msgspec.Struct] = []
        for which, dataset in enumerate(self._parts):
            chosen = np.flatnonzero(part == which).tolist()
            events += dataset.events(number[chosen], [texts[i] for i in chosen], [ids[i] for i in chosen])
        return events


def replay(
    sink: Sink,
    speed: float,
    stop: threading.Event,
    *,
    progress: Callable[[int], None] = lambda sent: None,
    clock: Clock = system_clock,
    only: tuple[Dataset, ...] | None = None,
) -> int:
    """Sends `speed` events a second, stamped with the present, until `stop` is set; returns how many.

    A sink that cannot keep up is not chased: what was due while it was busy is left out. Raises FactbookError when it
    stays unavailable. `progress` gets the number sent so far, after every batch.
    """
    mix = Mix(only or datasets())
    place = sink.position(SOURCE)
    began = place
    last, owed = monotonic(), 0.0
    while not stop.wait(TICK_SECONDS):
        now = monotonic()
        owed = min(owed + (now - last) * speed, max(speed, 1.0))
        span_ms = min(round((now - last) * 1000), 1000)
        last = now
        end_ms = epoch_ms(clock())
        while owed >= 1 and not stop.is_set():
            count = min(int(owed), LARGEST_BATCH)
            sink.send(_ENCODE(mix.events(place, count, end_ms - span_ms, end_ms)), SOURCE, place + count)
            place += count
            owed -= count
            progress(place - began)
    return place - began
