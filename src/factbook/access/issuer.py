"""Tokens that somebody else signed: checked once, remembered until they expire or their key is withdrawn."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt
import msgspec

from factbook.core.clock import Clock
from factbook.core.errors import FactbookError, Kind, unavailable
from factbook.core.outgoing import Outgoing
from factbook.core.security_sections import Jwt

from .claims import Bearer, bearer
from .key_sets import KeySet

LONGEST = 8192
"""Characters of a token."""
MOST_REMEMBERED = 10_000
_REQUIRED = ["exp", "iss", "aud"]


@dataclass(frozen=True, slots=True)
class Known:
    """A token that was found good. until: epoch seconds. keys: number of the key set that it was checked with."""

    bearer: Bearer
    until: float
    keys: int


class Issuer:
    """One issuer. Any thread; no call to the issuer but by `fetch` (see KeysNeededError)."""

    def __init__(self, settings: Jwt, clock: Clock, keys: KeySet | None) -> None:
        self._settings = settings
        self._clock = clock
        self.keys = keys
        self._secret = settings.secret.get_secret_value() if settings.secret else ""
        self._remembered: dict[bytes, Known] = {}

    def bearer(self, token: str) -> Known | None:
        """Whom `token` stands for, None where this issuer did not make it. UNAUTHENTICATED, FORBIDDEN,
        KeysNeededError."""
        mark = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        known = self._remembered.get(mark)
        now = self._clock().timestamp()
        if known is not None and known.keys == self._keys_number():
            if now >= known.until:
                raise _refused("The token has expired.")
            return known
        if _unchecked_issuer(token) != self._settings.issuer:
            return None
        number = self._keys_number()
        claims = verified(
            token,
            self._key,
            now=now,
            issuer=self._settings.issuer,
            audience=self._settings.audience,
            leeway=self._settings.leeway,
        )
        found = Known(bearer(claims, self._settings), float(claims["exp"]) + self._settings.leeway, number)
        if len(self._remembered) >= MOST_REMEMBERED:
            self._forget(now)
        self._remembered[mark] = found
        return found

    def _keys_number(self) -> int:
        return self.keys.keys.number if self.keys else 0

    def _key(self, algorithm: str, key_id: str) -> Any:
        if algorithm == "HS256" and self._secret:
            return self._secret
        if algorithm in self._settings.algorithms and self.keys is not None:
            return self.keys.find(key_id, algorithm)
        raise _refused(f"Tokens signed with {algorithm[:20]!r} are not taken here.")

    def _forget(self, now: float) -> None:
        """Those that have expired, else the older half."""
        kept = {mark: one for mark, one in self._remembered.items() if one.until > now}
        self._remembered = kept if len(kept) < MOST_REMEMBERED else dict(list(kept.items())[MOST_REMEMBERED // 2 :])


def issuer_of(settings: Jwt, clock: Clock, outgoing: Outgoing) -> Issuer | None:
    """None where no issuer is configured."""
    if not settings.issuer:
        return None
    reading = _reading(settings, outgoing)
    keys = (
        KeySet(reading, clock, algorithms=settings.algorithms, retry=settings.retry, refresh=settings.refresh)
        if reading
        else None
    )
    return Issuer(settings, clock, keys)


def verified(
    token: str,
    key_of: Callable[[str, str], Any],
    *,
    now: float,
    issuer: str,
    audience: str,
    leeway: float,
) -> dict[str, Any]:
    """The claims of `token`, whose signature, issuer, audience and times are good. UNAUTHENTICATED otherwise.

    key_of: from algorithm and key id to the key, raising for an algorithm that is not taken: the key decides which
    algorithm is used, never the token. Times are checked against `now` (epoch seconds).
    """
    if len(token) > LONGEST:
        raise _refused("The token is too long.")
    try:
        header = jwt.get_unverified_header(token)
        algorithm, key_id = header.get("alg"), header.get("kid", "")
        if not isinstance(algorithm, str) or not isinstance(key_id, str) or "crit" in header:
            raise _refused("The token's header is not one that is taken here.")
        claims: dict[str, Any] = jwt.decode(
            token,
            key_of(algorithm, key_id),
            algorithms=[algorithm],
            audience=audience,
            issuer=issuer,
            options={"require": _REQUIRED, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
    except jwt.InvalidAudienceError:
        raise _refused(f"The token is for another audience than {audience!r}.") from None
    except jwt.InvalidIssuerError:
        raise _refused("The token is of another issuer.") from None
    except jwt.MissingRequiredClaimError as error:
        raise _refused(f"The token lacks the claim {error.claim!r}.") from None
    except (jwt.PyJWTError, ValueError, TypeError):
        raise _refused("The token's signature is not good.") from None
    _in_time(claims, now, leeway)
    return claims


def _in_time(claims: dict[str, Any], now: float, leeway: float) -> None:
    try:
        expires, begins = float(claims["exp"]), float(claims.get("nbf", 0))
        made = float(claims.get("iat", 0))
    except (TypeError, ValueError):
        raise _refused("The token's times are no numbers.") from None
    if not now < expires + leeway:
        raise _refused("The token has expired.")
    if not (begins <= now + leeway and made <= now + leeway):
        raise _refused("The token is not good yet.")


def _reading(settings: Jwt, outgoing: Outgoing) -> Callable[[], bytes] | None:
    url, file = settings.jwks_url, settings.jwks_file
    if file is not None:
        return lambda: _of_file(file)
    if url:
        return lambda: fetched(outgoing, url, private=settings.private_network)
    return None


def _of_file(file: Any) -> bytes:
    try:
        content: bytes = file.read_bytes()
    except OSError as error:
        raise unavailable(f"security.jwt.jwks_file cannot be read: {error.strerror}.") from None
    return content


def fetched(outgoing: Outgoing, url: str, *, private: bool) -> bytes:
    """A document of an issuer. UNAVAILABLE without it."""
    answer = outgoing.call("GET", url, private=private, headers={"Accept": "application/json"})
    if answer.status != 200:
        raise unavailable(f"The issuer answers {answer.status}.", retry_after=30.0)
    return answer.body


class _Named(msgspec.Struct):
    iss: str = ""


def _unchecked_issuer(token: str) -> str:
    """Whom `token` says it is of; nothing is checked."""
    try:
        body = token.split(".")[1].encode()
        return msgspec.json.decode(base64.urlsafe_b64decode(body + b"==="), type=_Named).iss
    except (IndexError, ValueError):
        return ""


def _refused(message: str) -> FactbookError:
    return FactbookError(Kind.UNAUTHENTICATED, message, hint="Ask the issuer for a fresh token, or send an API key.")
