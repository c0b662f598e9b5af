"""Passwords: what may be one, and their slow hashes (argon2id), at most a few worked out at a time."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from factbook.core.errors import invalid, unavailable

SHORTEST = 12
LONGEST = 512

_AT_ONCE = 2
_PATIENCE_SECONDS = 10.0

DECOY = "$argon2id$v=19$m=19456,t=2,p=1$IvlnW98cyq/UlTXlXpq2EQ$F9r+13RB2oj+fO8UUDgqmvMyGcUBhk/m4FhifzKJV5I"
"""Of no password that anybody knows, made as the others: checked where there is no hash, for the same work."""


def argon2id() -> PasswordHasher:
    """19 MiB, two passes, one lane: OWASP's Password Storage Cheat Sheet."""
    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class Passwords:
    """Thread-safe. UNAVAILABLE where too many wait."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or argon2id()
        self._turns = threading.BoundedSemaphore(_AT_ONCE)

    def hashed(self, password: str, *, beside: str = "", field: str = "password") -> str:
        """For keeping. INVALID for what is too short, too long, or the e-mail address (`beside`)."""
        plain = _normal(password)
        if not SHORTEST <= len(plain) <= LONGEST:
            raise invalid(f"A password has {SHORTEST} to {LONGEST} characters.", field=field)
        if plain.casefold() == beside.casefold() or len(set(plain)) == 1:
            raise invalid("This password is too easy to guess.", field=field, hint="Use several unrelated words.")
        return self.again(plain)

    def again(self, password: str) -> str:
        """A fresh hash of one that was taken before."""
        with self._turn():
            return self._hasher.hash(_normal(password))

    def matches(self, password: str, kept: str | None) -> bool:
        """Whether `kept` is of this password; the same work, and False, where there is none."""
        with self._turn():
            try:
                found = self._hasher.verify(kept or DECOY, _normal(password)[: LONGEST + 1])
            except (Argon2Error, InvalidHashError):
                return False
        return found and kept is not None

    def is_stale(self, kept: str) -> bool:
        """Whether it was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(kept)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=_PATIENCE_SECONDS):
            raise unavailable("Too many people sign in at once.", retry_after=5.0)
        try:
            yield
        finally:
            self._turns.release()


def _normal(password: str) -> str:
    """The same from every keyboard (NIST SP 800-63B: NFKC)."""
    return unicodedata.normalize("NFKC", password)
