"""Sessions by true inactivity: one ends when its actor sends nothing for the time-out, never at midnight."""

from __future__ import annotations

from hashlib import blake2b

Visit = list[int]
"""[first, last, key]: milliseconds, milliseconds, the session's 64-bit key."""

_KEPT = 4


class Visits:
    """The open sessions of the most recently active actors (at least `actors`). The ingest line alone uses it.

    An event joins the session it lies within the time-out of, late events too; else it begins one of its own.
    """

    def __init__(self, timeout_ms: int, actors: int = 500_000) -> None:
        self._timeout = timeout_ms
        self._actors = actors
        self._young: dict[str, list[Visit]] = {}
        self._old: dict[str, list[Visit]] = {}

    def key(self, actor: str, at: int) -> int:
        """The key of the session that `actor` (with his tenant) is in at `at`, in milliseconds."""
        visits = self._young.get(actor)
        if visits is None:
            visits = self._old.get(actor)
            if len(self._young) >= self._actors:
                self._old, self._young = self._young, {}
            if visits is None:
                visits = []
            self._young[actor] = visits
        for visit in reversed(visits):
            if visit[0] - self._timeout <= at <= visit[1] + self._timeout:
                if at > visit[1]:
                    visit[1] = at
                elif at < visit[0]:
                    visit[0] = at
                return visit[2]
        key = int.from_bytes(blake2b(f"{actor}\0{at}".encode(), digest_size=8).digest(), "little") | 1
        visits.append([at, at, key])
        if len(visits) > _KEPT:
            del visits[0]
        return key

    def restore(self, actor: str, first: int, last: int, key: int) -> None:
        """Takes a session back after a restart."""
        self._young.setdefault(actor, []).append([first, last, key])
