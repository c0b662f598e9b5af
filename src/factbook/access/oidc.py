"""Signing in at an OpenID provider: the way there, the way back, and what the provider says who came back is."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import msgspec

from factbook.core.clock import Clock
from factbook.core.errors import FactbookError, Kind, unavailable
from factbook.core.outgoing import Outgoing
from factbook.core.security_sections import Oidc

from .claims import Bearer, bearer
from .issuer import fetched, verified
from .key_sets import KeySet, KeysNeededError

KIND = "oidc"
"""What the actors' names of such sign-ins begin with."""
AWAY_SECONDS = 600
"""How long somebody may be at the provider before he comes back."""

_KNOWN_SECONDS = 3600.0
"""For which the provider's description is believed."""
_KEYS_SECONDS = 10.0
_LEEWAY = 60.0


@dataclass(frozen=True, slots=True)
class Away:
    """What is remembered of somebody at the provider, in a cookie of his browser. next: where he wanted to go."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    next: str

    def told(self) -> dict[str, str]:
        return asdict(self)


class _Description(msgspec.Struct, frozen=True):
    """What the provider publishes of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _Token(msgspec.Struct, frozen=True):
    id_token: str
    access_token: str = ""


class Provider:
    """Any thread; `begin`, `finish` and `leaving` may call the provider and wait for it."""

    def __init__(self, settings: Oidc, clock: Clock, outgoing: Outgoing) -> None:
        self._settings = settings
        self._clock = clock
        self._outgoing = outgoing
        self._turn = threading.Lock()
        self._known: tuple[float, _Description, KeySet] | None = None

    @property
    def label(self) -> str:
        return self._settings.label

    @property
    def session_seconds(self) -> int:
        return int(self._settings.session)

    def redirect_uri(self, base: str) -> str:
        """Where the provider sends people back to. base: the address of this server as the request saw it."""
        return (self._settings.public_url or base).rstrip("/") + "/auth/oidc/callback"

    def begin(self, base: str, next_: str) -> tuple[str, Away]:
        """Where to send the browser, and what to remember until it is back."""
        described, _ = self._described()
        verifier = secrets.token_urlsafe(48)
        away = Away(secrets.token_urlsafe(24), secrets.token_urlsafe(24), verifier, self.redirect_uri(base), next_)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": away.redirect_uri,
            "scope": " ".join(dict.fromkeys(("openid", *self._settings.scopes))),
            "state": away.state,
            "nonce": away.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return _with(described.authorization_endpoint, asked), away

    def finish(self, away: Away, answer: Mapping[str, str]) -> Bearer:
        """Who came back. answer: the parameters he came back with.

        UNAUTHENTICATED where this is not the answer to that sign-in or the provider refused, FORBIDDEN where he is
        nobody here, UNAVAILABLE where the provider does not answer.
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), away.state.encode()):
            raise _refused("This is no answer to a sign-in that was begun in this browser.")
        described, keys = self._described()
        if answer.get("iss", described.issuer) != described.issuer:
            raise _refused("The answer is of another provider.")
        if "error" in answer or not answer.get("code"):
            raise _refused(f"The provider refused the sign-in: {_plain(answer.get('error', 'no code'))}.")
        token = self._token(described, answer["code"], away)
        claims = self._verified(token.id_token, keys)
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), away.nonce.encode()):
            raise _refused("The provider's token belongs to another sign-in.")
        if claims.get("azp", self._settings.client_id) != self._settings.client_id:
            raise _refused("The provider's token was made for somebody else.")
        return bearer(self._completed(claims, described, token.access_token), self._settings, kind=KIND)

    def leaving(self, base: str) -> str:
        """Where a browser signs out at the provider too; empty where that has no such place."""
        described, _ = self._described()
        if not described.end_session_endpoint:
            return ""
        back = (self._settings.public_url or base).rstrip("/") + "/sign-in?reason=signed-out"
        asked = {"client_id": self._settings.client_id, "post_logout_redirect_uri": back}
        return _with(described.end_session_endpoint, asked)

    def _described(self) -> tuple[_Description, KeySet]:
        """What the provider says of itself, asked for once an hour."""
        with self._turn:
            now = self._clock().timestamp()
            if self._known is None or now - self._known[0] >= _KNOWN_SECONDS:
                self._known = now, *self._asked()
            return self._known[1], self._known[2]

    def _asked(self) -> tuple[_Description, KeySet]:
        issuer = self._settings.issuer
        private = self._settings.private_network
        text = fetched(self._outgoing, f"{issuer.rstrip('/')}/.well-known/openid-configuration", private=private)
        try:
            described = msgspec.json.decode(text, type=_Description)
        except msgspec.DecodeError:
            raise unavailable("The provider does not describe itself as OpenID providers do.") from None
        if described.issuer != issuer:
            raise unavailable(
                f"The provider calls itself {_plain(described.issuer)}, not {_plain(issuer)}.",
                hint="security.oidc.issuer is what the provider calls itself, to the letter.",
            )
        keys = KeySet(
            lambda: fetched(self._outgoing, described.jwks_uri, private=private),
            self._clock,
            algorithms=self._settings.algorithms,
            retry=_KEYS_SECONDS,
            refresh=_KNOWN_SECONDS,
        )
        return described, keys

    def _token(self, described: _Description, code: str, away: Away) -> _Token:
        secret = self._settings.client_secret.get_secret_value() if self._settings.client_secret else ""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": away.redirect_uri,
            "client_id": self._settings.client_id,
            "code_verifier": away.verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if secret and "client_secret_basic" in described.token_endpoint_auth_methods_supported:
            pair = f"{quote(self._settings.client_id, safe='')}:{quote(secret, safe='')}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        elif secret:
            form["client_secret"] = secret
        answer = self._outgoing.call(
            "POST",
            described.token_endpoint,
            private=self._settings.private_network,
            headers=headers,
            content=urlencode(form).encode(),
        )
        if answer.status >= 500:
            raise unavailable("The provider does not give out tokens just now.")
        try:
            return msgspec.json.decode(answer.body, type=_Token)
        except msgspec.DecodeError:
            raise _refused(f"The provider gave no token ({answer.status}).") from None

    def _verified(self, token: str, keys: KeySet) -> dict[str, Any]:
        def key(algorithm: str, key_id: str) -> Any:
            if algorithm not in self._settings.algorithms:
                raise _refused(f"Tokens signed with {_plain(algorithm)} are not taken here.")
            try:
                return keys.find(key_id, algorithm)
            except KeysNeededError:
                keys.fetch()
                return keys.find(key_id, algorithm)

        return verified(
            token,
            key,
            now=self._clock().timestamp(),
            issuer=self._settings.issuer,
            audience=self._settings.client_id,
            leeway=_LEEWAY,
        )

    def _completed(self, claims: dict[str, Any], described: _Description, access: str) -> dict[str, Any]:
        """With what the provider tells of the person apart from the token, where that alone does not say enough."""
        wanted = (self._settings.tenant_claim, self._settings.role_claim, self._settings.actor_claim)
        missing = [claim for claim in wanted if claim not in claims and claim.partition(".")[0] not in claims]
        if not missing or not described.userinfo_endpoint or not access:
            return claims
        headers = {"Authorization": f"Bearer {access}", "Accept": "application/json"}
        answer = self._outgoing.call(
            "GET", described.userinfo_endpoint, private=self._settings.private_network, headers=headers
        )
        try:
            told = msgspec.json.decode(answer.body, type=dict[str, Any]) if answer.status == 200 else {}
        except msgspec.DecodeError:
            told = {}
        return {**told, **claims} if told.get("sub") == claims.get("sub") else claims


def provider_of(settings: Oidc, clock: Clock, outgoing: Outgoing) -> Provider | None:
    """None where no provider is configured."""
    return Provider(settings, clock, outgoing) if settings.issuer else None


def _with(url: str, more: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *more.items()])
    return urlunsplit(parts._replace(query=query))


def _plain(text: str) -> str:
    return "".join(character for character in str(text)[:100] if character.isprintable())


def _refused(message: str) -> FactbookError:
    return FactbookError(Kind.UNAUTHENTICATED, message, hint="Begin the sign-in again.")
