"""The public keys of an issuer (JWKS): read from a file or fetched, kept, and read anew when one is not among them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
import msgspec
import structlog

from factbook.core.clock import Clock
from factbook.core.errors import FactbookError, Kind, unavailable

log = structlog.get_logger()

MAX_KEYS = 50
_KTY = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}


class KeysNeededError(FactbookError):
    """The issuer's keys have to be fetched first (`KeySet.fetch`), which the caller may do where it can wait."""

    def __init__(self, keys: KeySet) -> None:
        super().__init__(
            Kind.UNAVAILABLE,
            "The keys of the token's issuer are being read.",
            retry_after=1.0,
            hint="Send the same request again.",
        )
        self.keys = keys


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """One reading of the set. number: counts the readings that found other keys than the one before."""

    number: int = 0
    at: float = float("-inf")
    by_id: Mapping[str, jwt.PyJWK] = field(default_factory=dict)
    anonymous: tuple[jwt.PyJWK, ...] = ()
    """Keys without an id."""


class KeySet:
    """Any thread. read: brings the JSON text. retry: seconds between two fetches because of an unknown key; refresh:
    seconds after which it is fetched anyway, by `fetch_if_old`."""

    def __init__(
        self, read: Callable[[], bytes], clock: Clock, *, algorithms: tuple[str, ...], retry: float, refresh: float
    ) -> None:
        self._read = read
        self._clock = clock
        self._algorithms = algorithms
        self._retry = retry
        self._refresh = refresh
        self._fetching = threading.Lock()
        self._tried = float("-inf")
        self.keys = PublicKeys()

    def find(self, key_id: str, algorithm: str) -> jwt.PyJWK:
        """The key that a token names. KeysNeededError where it may be among keys that are not fetched yet;
        UNAUTHENTICATED where the issuer has no such key; UNAVAILABLE while its keys cannot be had at all."""
        kept = self.keys
        found = [kept.by_id[key_id]] if key_id in kept.by_id else [*kept.anonymous]
        if not key_id and not found:
            found = [*kept.by_id.values()]
        fitting = [key for key in found if _fits(key, algorithm)]
        if len(fitting) == 1:
            return fitting[0]
        if self._now() - self._tried >= self._retry:
            raise KeysNeededError(self)
        if kept.at == float("-inf"):
            raise unavailable("The keys of the token's issuer cannot be had just now.", retry_after=self._retry)
        raise FactbookError(
            Kind.UNAUTHENTICATED,
            "The token is signed with a key that its issuer does not publish.",
            hint="Ask the issuer for a fresh token.",
        )

    def fetch(self) -> None:
        """Reads the set anew, unless somebody just did; a failure is logged and leaves the keys there are."""
        asked = self._now()
        with self._fetching:
            if self._tried >= asked - min(self._retry, 1.0):
                return
            self._tried = self._now()
            try:
                by_id, anonymous = self._parsed(self._read())
            except FactbookError as error:
                log.warning("the keys of an issuer cannot be read", reason=error.message)
                return
            same = _told(by_id, anonymous) == _told(self.keys.by_id, self.keys.anonymous)
            self.keys = PublicKeys(self.keys.number + (not same), self._tried, by_id, anonymous)

    def count(self) -> int:
        """How many keys there are now that sign what is taken. UNAVAILABLE where they cannot be read."""
        by_id, anonymous = self._parsed(self._read())
        return len(by_id) + len(anonymous)

    def fetch_if_old(self) -> None:
        """For a table of background work."""
        if self._now() - self.keys.at >= self._refresh and self._now() - self._tried >= self._retry:
            self.fetch()

    def _parsed(self, text: bytes) -> tuple[dict[str, jwt.PyJWK], tuple[jwt.PyJWK, ...]]:
        try:
            listed = msgspec.json.decode(text)["keys"]
            assert isinstance(listed, list)
        except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, AssertionError):
            raise unavailable("What the issuer publishes is no set of keys (JWKS).", retry_after=self._retry) from None
        keys = [key for key in map(self._key, listed[:MAX_KEYS]) if key is not None]
        return {key.key_id: key for key in keys if key.key_id}, tuple(key for key in keys if not key.key_id)

    def _key(self, told: Any) -> jwt.PyJWK | None:
        """None for a key that signs nothing we take: another kind, a shared secret, one for encryption."""
        if not isinstance(told, dict) or told.get("use", "sig") != "sig":
            return None
        algorithm = told.get("alg") or next((a for a in self._algorithms if _KTY[a] == told.get("kty")), "")
        if algorithm not in self._algorithms or _KTY[algorithm] != told.get("kty"):
            return None
        try:
            return jwt.PyJWK(told, algorithm)
        except (jwt.PyJWTError, ValueError, TypeError):
            return None

    def _now(self) -> float:
        return self._clock().timestamp()


def _fits(key: jwt.PyJWK, algorithm: str) -> bool:
    return key.algorithm_name == algorithm


def _told(by_id: Mapping[str, jwt.PyJWK], anonymous: tuple[jwt.PyJWK, ...]) -> list[Any]:
    return sorted(str(sorted(key._jwk_data.items(), key=str)) for key in (*by_id.values(), *anonymous))
