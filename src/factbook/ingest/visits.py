"""Sessions by true inactivity: one ends when its actor sends nothing for the time-out, never at midnight."""

from __future__ import annotations

from hashlib import blake2b

_KEPT = 4


class Visits:
    """The open sessions of the most recently active actors (at least `actors`). The ingest line alone uses it.

    An event joins the session it lies within the time-out of, late events too; else it begins one of its own.
    """

    def __init__(self, timeout_ms: int, actors: int = 500_000) -> None:
        self._timeout = timeout_ms
        self._actors = actors
        # Per actor: first, last, key of his newest session (milliseconds; 64 bits), then the same of the ones before.
        self._young: dict[str, list[int]] = {}
        self._old: dict[str, list[int]] = {}

    def key(self, actor: str, at: int) -> int:
        """The key of the session that `actor` (with his tenant) is in at `at`, in milliseconds."""
        visits = self._young.get(actor)
        if visits is not None and visits[1] <= at <= visits[1] + self._timeout:  # the usual case: in order
            visits[1] = at
            return visits[2]
        return self._find(actor, at, visits or self._old.get(actor))

    def _find(self, actor: str, at: int, visits: list[int] | None) -> int:
        if len(self._young) >= self._actors and actor not in self._young:
            self._old, self._young = self._young, {}
        for place in range(0, len(visits or ()), 3):
            assert visits is not None
            first, last, key = visits[place : place + 3]
            if first - self._timeout <= at <= last + self._timeout:
                visits[place : place + 2] = min(first, at), max(last, at)
                self._young[actor] = visits
                return key
        key = int.from_bytes(blake2b(f"{actor}\0{at}".encode(), digest_size=8).digest(), "little") | 1
        if visits:
            self.restore(actor, at, at, key, visits)
        else:
            self._young[actor] = [at, at, key]
        return key

    def restore(self, actor: str, first: int, last: int, key: int, others: list[int] | None = None) -> None:
        """Takes a session in: a new one, or one that was open before a restart (another part of it may be known)."""
        others = self._young.get(actor, []) if others is None else others
        spans = {key: (first, last)}
        for place in range(0, len(others), 3):
            start, end, known = others[place : place + 3]
            begun, ended = spans.get(known, (start, end))
            spans[known] = (min(begun, start), max(ended, end))
        newest_first = sorted(spans.items(), key=lambda span: -span[1][1])
        self._young[actor] = [n for known, (start, end) in newest_first[:_KEPT] for n in (start, end, known)]


def actor_of(tenant: str, session_id: str | None, user_id: str | None, anonymous_id: str | None) -> str:
    """Whose session an event is in: the client's session, else the user, else the anonymous visitor; empty for none."""
    if session_id:
        return f"{tenant}\0s{session_id}"
    if user_id:
        return f"{tenant}\0u{user_id}"
    return f"{tenant}\0a{anonymous_id}" if anonymous_id else ""
