"""Running totals of senders, series by series: what each grew by since the sample before, kept across restarts."""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from factbook.ingest.journal import Note

PREFIX = "counter/"
MAX_SERIES = 200_000
AHEAD = 86_400_000_000_000
"""Nanoseconds: what is further ahead is no event."""
MISSES = 3
"""So many samples in turn that never became whole, and a series begins anew: its parts are others than they were."""

Totals = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Running:
    """Numbers that only grow, by name. start: since when (nanoseconds), 0 where the sender does not say. falling: names
    of those that may fall without having begun anew. is_whole: whether those of one time come together."""

    totals: Totals
    start: int = 0
    falling: tuple[str, ...] = ()
    is_whole: bool = True


class State(msgspec.Struct, frozen=True, array_like=True):
    """The newest sample of a series. at: its time. since: the time of its first sample since it last began anew."""

    at: int
    since: int
    start: int
    totals: dict[str, float]


@dataclass(frozen=True, slots=True)
class Growth:
    """before: the totals of the sample at `after`, zeros where they began anew since; now: those of this one. since:
    tells apart the times that the series began anew."""

    after: int
    since: int
    before: Totals
    now: Totals

    def of(self, name: str) -> float:
        """0 where there is no number so large."""
        growth = self.now[name] - self.before.get(name, 0.0)
        return growth if math.isfinite(growth) else 0.0


@dataclass(slots=True)
class _Parts:
    """A sample that came in parts, none of them told yet. misses: how many in turn were never whole."""

    at: int = 0
    totals: dict[str, float] = field(default_factory=dict)
    misses: int = 0


class Counters:
    """Of all tenants. Whoever takes a `turn` holds `lock` until it is kept or given up; one turn at a time.

    A note of each series stands in the journal, in the same commit as the events that tell of its growth.
    """

    def __init__(self, notes: Mapping[str, bytes], *, now: int, most: int = MAX_SERIES) -> None:
        """notes: those of PREFIX. now: nanoseconds; what began later than that cannot have been seen before."""
        self.lock = asyncio.Lock()
        self._most = most
        self.horizon = now
        self.states: OrderedDict[str, Any] = OrderedDict()
        self.parts: dict[str, _Parts] = {}
        self.forgotten: list[Note] = []
        for name, value in notes.items():
            self.states[name.removeprefix(PREFIX)] = msgspec.msgpack.decode(value)

    def turn(self, tenant: str, now: int) -> Turn:
        """now: nanoseconds."""
        return Turn(self, tenant, now)

    def keep(self, notes: Sequence[Note]) -> None:
        """These are in the journal: what they say holds, whatever becomes of the rest of the turn."""
        for note in notes:
            if note.value:
                self.states[note.name.removeprefix(PREFIX)] = msgspec.msgpack.decode(note.value)
        self.forgotten = [note for note in self.forgotten if note not in notes]

    def end(self, turn: Turn, now: int) -> None:
        """All of the turn is kept. The series heard of longest ago go where there are too many. now: nanoseconds."""
        for name, value in turn.found.items():
            self.states[name] = value
            self.states.move_to_end(name)
        while len(self.states) > self._most:
            name, _ = self.states.popitem(last=False)
            self.parts.pop(name, None)
            self.horizon = now
            self.forgotten.append(Note(PREFIX + name, b""))


class Turn:
    """What one body says, before it is known whether its events are kept."""

    def __init__(self, counters: Counters, tenant: str, now: int) -> None:
        self.latest = now + AHEAD
        """No series goes on from a later sample: it would take none of now."""
        self._counters = counters
        self._tenant = tenant
        self.found: dict[str, Any] = {}

    @property
    def forgotten(self) -> Sequence[Note]:
        """Of series that are no longer known; they go with the next events."""
        return self._counters.forgotten

    def remembered(self, name: str) -> Any:
        name = f"{self._tenant}/{name}"
        return self.found[name] if name in self.found else self._counters.states.get(name)

    def remember(self, name: str, value: Any) -> Note:
        name = f"{self._tenant}/{name}"
        self.found[name] = value
        return Note(PREFIX + name, msgspec.msgpack.encode(value))

    def growth(self, series: str, at: int, running: Running) -> tuple[Growth | None, Note | None]:
        """What the series grew by since its newest sample, and the note of it. None for its first sample, one no newer,
        and one that is not whole yet; no note where nothing grew.

        It began anew where a total fell or the sender says so: then it grew by all that it says, as Prometheus'
        increase() has it. A first sample counts whole only where it began after everything that is remembered.
        """
        known = self.remembered(series)
        state = known if known is None or isinstance(known, State) else msgspec.convert(known, State)
        if state is not None and at <= state.at:
            return None, self._completed(series, at, running, state)
        totals = running.totals
        if not running.is_whole:
            whole = self._joined(series, at, totals, state)
            if whole is None:
                return None, None
            totals, state = whole
        if state is None:
            is_new = self._counters.horizon < running.start < at
            growth = Growth(running.start, running.start, {}, totals) if is_new else None
            note = self.remember(
                series, State(at, at if growth is None else running.start, running.start, dict(totals))
            )
            return growth, note
        has_fallen = any(
            totals.get(name, 0.0) < was for name, was in state.totals.items() if name not in running.falling
        )
        is_anew = has_fallen or (running.start and state.start and running.start != state.start)
        since = at if is_anew else state.since
        growth = Growth(state.at, since, {} if is_anew else state.totals, totals)
        note = self.remember(series, State(at, since, running.start, dict(totals)))
        return growth, note if is_anew or totals != state.totals else None

    def _completed(self, series: str, at: int, running: Running, state: State) -> Note | None:
        """Parts of the newest sample that are new, which nothing has grown from yet."""
        fresh = {name: total for name, total in running.totals.items() if name not in state.totals}
        if running.is_whole or at < state.at or not fresh:
            return None
        return self.remember(series, State(at, state.since, state.start, state.totals | fresh))

    def _joined(self, series: str, at: int, totals: Totals, state: State | None) -> tuple[Totals, State | None] | None:
        """(all parts of this time, what was before), None as long as some are missing.

        What is passed over is not lost: the next whole sample has grown by it too.
        """
        parts = self._counters.parts.setdefault(f"{self._tenant}/{series}", _Parts())
        if at < parts.at:
            return None
        if at > parts.at:
            parts.misses += bool(parts.totals)
            parts.at, parts.totals = at, {}
        parts.totals |= totals
        if parts.misses >= MISSES:
            state = None
        if state is not None and not parts.totals.keys() >= state.totals.keys():
            return None
        found, parts.totals, parts.misses = parts.totals, {}, 0
        return found, state
