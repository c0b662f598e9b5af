"""The keys that sign tokens which others can verify: made here, kept as a secret, followed by a fresh one in time."""

from __future__ import annotations

import json
import secrets
import threading
from dataclasses import dataclass
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from jwt.algorithms import OKPAlgorithm, RSAAlgorithm

from factbook.core.clock import Clock, epoch_ms
from factbook.core.security_sections import Tokens
from factbook.storage.metadata import Metadata

LONGEST_TOKEN = 86_400
"""Seconds for which a token may be good, and a key that signs no more is published."""
LEAD = 900
"""Seconds for which a fresh key is published before it signs, so that whoever verifies knows it by then."""

_NAME = "token_keys"
_DAY = 86_400_000


class _Kept(msgspec.Struct, frozen=True):
    """pem: the private key. made_at: epoch milliseconds."""

    id: str
    algorithm: str
    pem: str
    made_at: int


@dataclass(frozen=True, slots=True)
class _Pair:
    kept: _Kept
    private: Any
    public: Any


class TokenKeys:
    """Any thread. Several processes at one metadata database sign with the same keys."""

    def __init__(self, metadata: Metadata, clock: Clock, settings: Tokens) -> None:
        self._metadata = metadata
        self._clock = clock
        self._settings = settings
        self._turn = threading.Lock()
        self._text = ""
        self._pairs: tuple[_Pair, ...] = ()

    def refresh(self) -> None:
        """Reads the keys, as another process may have changed them; makes one where one is due, and drops those whose
        last token has expired."""
        with self._turn:
            now = epoch_ms(self._clock())
            text = self._metadata.secret_of_system(_NAME, self._text or _text([self._made(now)]), now=now)
            kept = msgspec.json.decode(text, type=list[_Kept])
            due = self._due(kept, now) if kept else [self._made(now)]
            if due != kept:
                text = self._metadata.secret_of_system(_NAME, _text(due), now=now, replace=True)
            self._take(text)

    def signed(self, claims: dict[str, Any]) -> str:
        pair = self._signing()
        claims = {**claims, "iss": self._settings.issuer, "iat": int(self._clock().timestamp())}
        return jwt.encode(claims, pair.private, pair.kept.algorithm, headers={"kid": pair.kept.id})

    def verified(self, token: str, audience: str) -> dict[str, Any]:
        """The claims of a token of ours, its expiry not looked at. Raises jwt.InvalidTokenError."""
        key_id = jwt.get_unverified_header(token).get("kid")
        pair = next((one for one in self._pairs if one.kept.id == key_id), None)
        if pair is None:
            raise jwt.InvalidTokenError("no such key")
        claims: dict[str, Any] = jwt.decode(
            token,
            pair.public,
            algorithms=[pair.kept.algorithm],
            audience=audience,
            issuer=self._settings.issuer,
            options={"verify_exp": False, "verify_iat": False},
        )
        return claims

    def published(self) -> list[dict[str, Any]]:
        """The public halves (JWKS), the newest first."""
        return [_told(pair) for pair in reversed(self._pairs)]

    def _signing(self) -> _Pair:
        """The newest that has been published for long enough; at first there is but one."""
        known = epoch_ms(self._clock()) - LEAD * 1000
        return next((one for one in reversed(self._pairs) if one.kept.made_at <= known), self._pairs[0])

    def _due(self, kept: list[_Kept], now: int) -> list[_Kept]:
        newest = kept[-1]
        if newest.algorithm != self._settings.algorithm or now - newest.made_at >= self._settings.rotate * _DAY:
            kept = [*kept, self._made(now)]
        gone = now - (LONGEST_TOKEN + LEAD) * 1000
        return [one for one, after in zip(kept, [*kept[1:], None], strict=True) if not after or after.made_at > gone]

    def _made(self, now: int) -> _Kept:
        private: Any
        if self._settings.algorithm == "RS256":
            private = rsa.generate_private_key(65537, 2048)
        else:
            private = ed25519.Ed25519PrivateKey.generate()
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        algorithm = "RS256" if self._settings.algorithm == "RS256" else "EdDSA"
        return _Kept(secrets.token_hex(8), algorithm, pem.decode(), now)

    def _take(self, text: str) -> None:
        if text != self._text:
            self._pairs = tuple(map(_pair, msgspec.json.decode(text, type=list[_Kept])))
            self._text = text


def end_tokens(metadata: Metadata, *, now: int) -> None:
    """Every token made so far is refused, by whichever process serves this database, once it refreshes."""
    metadata.secret_of_system(_NAME, _text([]), now=now, replace=True)


def _text(kept: list[_Kept]) -> str:
    return msgspec.json.encode(kept).decode()


def _pair(kept: _Kept) -> _Pair:
    private: Any = serialization.load_pem_private_key(kept.pem.encode(), None)
    return _Pair(kept, private, private.public_key())


def _told(pair: _Pair) -> dict[str, Any]:
    kind: Any = RSAAlgorithm if pair.kept.algorithm == "RS256" else OKPAlgorithm
    public = json.loads(kind.to_jwk(pair.public))
    return {**public, "kid": pair.kept.id, "alg": pair.kept.algorithm, "use": "sig"}


def token_keys(metadata: Metadata, clock: Clock, settings: Tokens) -> TokenKeys | None:
    """None where our tokens are for this server alone."""
    return None if settings.algorithm == "HS256" else TokenKeys(metadata, clock, settings)
