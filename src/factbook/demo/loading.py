"""Loads the demo data into a sink: resumable, safe to repeat, as it was or moved so that it ends now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec
import numpy as np

from factbook.core.clock import Clock, from_epoch_ms, system_clock
from factbook.ingest.file_ids import RowIds
from factbook.ingest.file_sink import Sent, Sink

from .businesses.made_up import businesses
from .datasets import Dataset, datasets, times

BATCH = 2000
ANCHOR = "demo:anchor"
"""The source whose position is the moment (seconds since 1970) that the shifted data ends at.

It is marked together with the very first purchase, so a load that goes on, or is repeated days later, finds the moment
that it began with: the same shift, the same event ids, nothing twice. Ids hold that moment too, so that data loaded as
it was and data loaded shifted are different events.
"""

_ENCODE = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Step:
    """How far a load is: `done` of `total` events of the data set called `title`."""

    title: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of one data set: events it has, in before this run, and sent, doubled and refused in this run."""

    name: str
    title: str
    total: int
    before: int
    accepted: int
    duplicates: int
    refused: int
    is_made_up: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """ends: when the newest event happened, after the shift where there was one."""

    parts: tuple[Loaded, ...]
    ends: datetime

    @property
    def accepted(self) -> int:
        return sum(part.accepted for part in self.parts)

    @property
    def total(self) -> int:
        return sum(part.total for part in self.parts)

    @property
    def made_up(self) -> int:
        """Events of `total` that never happened."""
        return sum(part.total for part in self.parts if part.is_made_up)

    @property
    def nothing_to_do(self) -> bool:
        return all(part.before == part.total for part in self.parts)


def load_demo(
    sink: Sink,
    *,
    shift: bool,
    progress: Callable[[Step], None] = lambda step: None,
    clock: Clock = system_clock,
    only: tuple[Dataset, ...] | None = None,
) -> Summary:
    """Loads every event that is not in yet. `shift`: all data sets end at the moment of the first such load, and the
    made-up businesses come with them; they have no time of their own to be left in. `only`: these data sets alone.

    `progress` is called after every batch. Raises FactbookError when the sink stays unavailable; the next call goes on.
    """
    chosen = only or datasets()
    anchor, marked = _anchor(sink, chosen[0], clock) if shift else (0, 0)
    parts = [_load(sink, chosen[0], anchor, 1 if shift else 0, progress)]
    parts[0] = replace(parts[0], before=parts[0].before - marked, accepted=parts[0].accepted + marked)
    made_up = businesses(anchor) if shift and only is None else ()
    parts += [_load(sink, dataset, anchor, 0, progress) for dataset in (*made_up, *chosen[1:])]
    ends = anchor * 1000 if shift else max(int(dataset.moments[-1]) for dataset in chosen)
    return Summary(tuple(parts), from_epoch_ms(ends))


def _anchor(sink: Sink, dataset: Dataset, clock: Clock) -> tuple[int, int]:
    """The moment that the shifted data ends at, remembered or new; with the events that went in to mark it."""
    anchor = sink.position(ANCHOR)
    if anchor:
        return anchor, 0
    anchor = int(clock().timestamp())
    return anchor, _send(sink, dataset, anchor, 0, 1, ANCHOR, anchor).accepted


def _load(sink: Sink, dataset: Dataset, anchor: int, skip: int, progress: Callable[[Step], None]) -> Loaded:
    """`skip`: events at the front that went in with the anchor."""
    source = f"demo:{dataset.name}:shifted" if anchor else f"demo:{dataset.name}"
    total = len(dataset.moments)
    before = min(max(sink.position(source), skip), total)
    accepted = duplicates = refused = 0
    progress(Step(dataset.title, before, total))
    for start in range(before, total, BATCH):
        stop = min(start + BATCH, total)
        sent = _send(sink, dataset, anchor, start, stop, source, stop)
        accepted += sent.accepted
        duplicates += sent.duplicates
        refused += len(sent.refused)
        progress(Step(dataset.title, stop, total))
    return Loaded(dataset.name, dataset.title, total, before, accepted, duplicates, refused, dataset.is_made_up)


def _send(sink: Sink, dataset: Dataset, anchor: int, start: int, stop: int, source: str, position: int) -> Sent:
    return sink.send(_ENCODE(batch(dataset, anchor, start, stop)), source, position)


def batch(dataset: Dataset, anchor: int, start: int, stop: int) -> list[msgspec.Struct]:
    """Events start, ..., stop - 1 of `dataset`, moved so that its last one is at `anchor` (seconds; 0: not moved)."""
    moments = dataset.moments[start:stop]
    if anchor:
        moments = moments + (anchor * 1000 - int(dataset.moments[-1]))
    ids = RowIds("demo", dataset.name, str(anchor))
    return list(dataset.events(np.arange(start, stop), times(moments), ids.span(start, stop)))
