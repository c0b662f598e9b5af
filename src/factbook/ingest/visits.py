"""Sessions by true inactivity: one ends when its actor sends nothing for the time-out, never at midnight."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .columns import FEW
from .slots import Hashes, Places, Slots

Integers: TypeAlias = NDArray[np.int64]
Span: TypeAlias = tuple[int, int, int]
"""The first and last moment of a session, in milliseconds, and its key (64 bits, signed here)."""

_KEPT = 4
_BITS = 2**64 - 1
_FIRST = 1 << 12
_FIRST_AT, _LAST_AT, _KEY = range(3)


@dataclass(slots=True)
class _Actors:
    """spans[slot]: the actor's sessions, the newest first; the key 0 marks none."""

    slots: Slots
    spans: Integers

    @classmethod
    def sized(cls, capacity: int) -> _Actors:
        return cls(Slots.sized(capacity), np.zeros((capacity, _KEPT, 3), dtype=np.int64))

    def grown(self) -> _Actors:
        """The same in a table of four times the size."""
        larger = _Actors.sized(len(self.spans) * 4)
        used = np.flatnonzero(self.slots.held)
        larger.spans[larger.slots.add(self.slots.held[used])] = self.spans[used]
        return larger


class Visits:
    """The open sessions of the most recently active actors (at least `actors`). The ingest line alone uses it.

    An event joins the session it lies within the time-out of, late events too; else it begins one of its own. Actors
    are known by a 64-bit hash.
    """

    def __init__(self, timeout_ms: int, actors: int = 500_000) -> None:
        self._timeout = timeout_ms
        self._actors = actors
        self._young = _Actors.sized(_FIRST)
        self._old = _Actors.sized(_FIRST)

    def __len__(self) -> int:
        return self._young.slots.used + self._old.slots.used

    def keys(self, actors: Sequence[str], times: Integers) -> Hashes:
        """The key of the session that each actor (with his tenant) is in at his time, in milliseconds; 0 for nobody."""
        if len(actors) <= FEW:
            few = [
                self._join(self._place(actor), actor, at) if actor else 0
                for actor, at in zip(actors, times.tolist(), strict=True)
            ]
            return np.array(few, dtype=np.int64).view(np.uint64)
        found = np.zeros(len(actors), dtype=np.int64)
        somebody = np.flatnonzero(list(map(bool, actors)))
        if len(somebody) < len(actors):
            actors, times = [actor for actor in actors if actor], times[somebody]
        place = self._places(actors)
        self._begin(actors, times, place)
        newest = self._young.spans[:, 0]
        first, last, keys = newest[place].T
        apart = (times < first - self._timeout) | (times > last + self._timeout)
        if apart.any():
            apart = np.isin(place, place[apart])  # in the order they came in, each of that actor
            for row in np.flatnonzero(apart).tolist():
                keys[row] = self._join(int(place[row]), actors[row], int(times[row]))
            place, times = place[~apart], times[~apart]
        np.minimum.at(newest[:, _FIRST_AT], place, times)
        np.maximum.at(newest[:, _LAST_AT], place, times)
        found[somebody] = keys
        return found.view(np.uint64)

    def restore(self, actors: Sequence[str], spans: Integers) -> None:
        """Takes in sessions that were open before a restart, or parts of them: first, last and key of each."""
        for place, (first, last, key) in zip(self._places(actors).tolist(), spans.tolist(), strict=True):
            if not key:
                continue
            known = self._spans(place)
            begun, ended, _ = known.get(key, (first, last, key))
            self._keep(place, known | {key: (min(begun, first), max(ended, last), key)})

    def _places(self, actors: Sequence[str]) -> Places:
        """The slots of these actors among the young, taken in where they are new or were active long ago."""
        who = np.fromiter(map(_hash, actors), np.uint64, len(actors))
        place = self._young.slots.places(who)
        if (place >= 0).all():
            return place
        if self._make_room(int(np.count_nonzero(place < 0))):
            place = self._young.slots.places(who)
        fresh = np.unique(who[place < 0])
        added, before = self._young.slots.add(fresh), self._old.slots.places(fresh)
        self._young.spans[added[before >= 0]] = self._old.spans[before[before >= 0]]
        return self._young.slots.places(who)

    def _place(self, actor: str) -> int:
        """The same for one."""
        who = _hash(actor)
        place, known = self._young.slots.place(who)
        if not known:
            if self._make_room(1):
                place, _ = self._young.slots.place(who)
            self._young.slots.put(place, who)
            before, known = self._old.slots.place(who)
            if known:
                self._young.spans[place] = self._old.spans[before]
        return place

    def _make_room(self, count: int) -> bool:
        """For so many more of the young; True when they stand elsewhere now."""
        young = self._young
        if young.slots.used >= self._actors:
            self._old, self._young = young, _Actors.sized(_FIRST)
        while self._young.slots.room < count:
            self._young = self._young.grown()
        return self._young is not young

    def _begin(self, actors: Sequence[str], times: Integers, place: Places) -> None:
        """Gives each actor who has no session one, from his first event here."""
        newest = self._young.spans[:, 0]
        rows = np.flatnonzero(newest[place, _KEY] == 0)
        if len(rows):
            rows = rows[np.unique(place[rows], return_index=True)[1]]
            begun = times[rows].tolist()
            keys = [_key(actors[row], at) for row, at in zip(rows.tolist(), begun, strict=True)]
            newest[place[rows]] = np.array([begun, begun, keys], dtype=np.int64).T

    def _join(self, place: int, actor: str, at: int) -> int:
        newest = self._young.spans[place, 0]
        first, last, key = newest.tolist()
        if key and first <= at <= last + self._timeout:
            newest[_LAST_AT] = max(last, at)
            return int(key)
        known = self._spans(place)
        for first, last, key in known.values():
            if first - self._timeout <= at <= last + self._timeout:
                self._keep(place, known | {key: (min(first, at), max(last, at), key)})
                return key
        key = _key(actor, at)
        self._keep(place, known | {key: (at, at, key)})
        return key

    def _spans(self, place: int) -> dict[int, Span]:
        """By key, the newest first."""
        return {key: (first, last, key) for first, last, key in self._young.spans[place].tolist() if key}

    def _keep(self, place: int, spans: dict[int, Span]) -> None:
        newest_first = sorted(spans.values(), key=lambda span: -span[_LAST_AT])[:_KEPT]
        self._young.spans[place, : len(newest_first)] = newest_first


def _hash(actor: str) -> int:
    """64 bits, and never 0; another one in every process."""
    return hash(actor) & _BITS | 1


def _key(actor: str, at: int) -> int:
    """The same for the same event in any process; never 0."""
    return int.from_bytes(blake2b(f"{actor}\0{at}".encode(), digest_size=8).digest(), "little", signed=True) | 1


def actors_of(
    tenants: Iterable[str],
    session_ids: Iterable[str | None],
    user_ids: Iterable[str | None],
    anonymous_ids: Iterable[str | None],
) -> list[str]:
    """Whose session each event is in: the client's, else the user's, else the anonymous visitor's; empty for none."""
    return [
        f"{tenant}\0s{session}"
        if session
        else f"{tenant}\0u{user}"
        if user
        else f"{tenant}\0a{visitor}"
        if visitor
        else ""
        for tenant, session, user, visitor in zip(tenants, session_ids, user_ids, anonymous_ids, strict=True)
    ]
