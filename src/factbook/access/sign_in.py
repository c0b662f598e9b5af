"""Signing in to the page: links with a token, session cookies and short API tokens, all signed with one kept secret."""

from __future__ import annotations

import hmac
import secrets
import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import jwt

from factbook.core.clock import Clock, epoch_ms
from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import DEFAULT_TENANT, Role, Rows, Scope, Tier
from factbook.events.row_filters import rows_of, told
from factbook.storage.metadata import Metadata
from factbook.storage.rows import Tenant

from .role_rules import Rule, rule_for
from .token_keys import TokenKeys, end_tokens

LINK_SECONDS = 15 * 60
SESSION_SECONDS = 7 * 86400
TOKEN_SECONDS = 60 * 60

_KEY_NAME = "signing_key"
_ALGORITHM = "HS256"


class Purpose(StrEnum):
    """What a token is for; one made for one purpose is refused for another."""

    LINK = "factbook:link"
    SESSION = "factbook:session"
    API = "factbook:api"
    SLIP = "factbook:slip"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A token's content. key_id: the API key it was made with and ends with, empty for none. expires_at: epoch ms.

    generation: of the person's sessions; it ends with that. rows, masked: what a provider said that he may see.
    """

    id: str
    tenant: str
    actor: str
    role: Role
    key_id: str
    expires_at: int
    generation: int = 0
    rows: Rows = ()
    masked: bool = False


class SignIn:
    """Makes and reads tokens. The signing key is made at first use and survives restarts, so sessions do too."""

    def __init__(self, metadata: Metadata, clock: Clock, tokens: TokenKeys | None = None) -> None:
        """tokens: the keys that sign API tokens, where others verify them too."""
        self.tokens = tokens
        self._metadata = metadata
        self._clock = clock
        self._lock = threading.Lock()
        self._key = ""
        self._lines: dict[str, tuple[str, str]] = {}  # token → tenant, and the signing key it was made under
        self._ended: frozenset[str] = frozenset()

    def refresh(self) -> None:
        """Reads the signing key and the sessions that were ended, as another process may have changed them."""
        if self.tokens:
            self.tokens.refresh()
        now = epoch_ms(self._clock())
        key = self._metadata.secret_of_system(_KEY_NAME, secrets.token_hex(32), now=now)
        ended = self._metadata.ended_sessions_of_system(now=now)
        with self._lock:
            self._key, self._ended = key, ended

    def sign_in_token(self, tenant: str = DEFAULT_TENANT) -> str:
        """For the line that `serve` prints: signs in as an admin, as often as wanted, until this process ends."""
        token = secrets.token_urlsafe(24)
        self._lines[token] = (tenant, self._key)
        return token

    def link_token(self, scope: Scope, *, key_id: str = "", generation: int = 0, seconds: int = LINK_SECONDS) -> str:
        """Signs in as `scope` for the next `seconds`, on whichever process serves this database."""
        return self._signed(Purpose.LINK, scope, key_id, generation, seconds)

    def exchange(self, token: str) -> str:
        """A link's token for a session's, which goes into the cookie. UNAUTHENTICATED when it is not good any more."""
        for line, (tenant, key) in self._lines.items():
            if hmac.compare_digest(line.encode(), token.encode("utf-8", "replace")) and key == self._key:
                return self.session_token(Scope(tenant, "link", Role.ADMIN))
        ticket = self._read(Purpose.LINK, token)
        scope = Scope(ticket.tenant, ticket.actor, ticket.role, rows=ticket.rows, masked=ticket.masked)
        return self.session_token(scope, key_id=ticket.key_id, generation=ticket.generation)

    def session_token(
        self, scope: Scope, *, key_id: str = "", generation: int = 0, seconds: int = SESSION_SECONDS
    ) -> str:
        return self._signed(Purpose.SESSION, scope, key_id, generation, seconds)

    def slip(self, content: dict[str, str], seconds: int) -> str:
        """`content`, signed, for a browser to bring back within `seconds`."""
        claims = {"aud": str(Purpose.SLIP), "exp": int(self._clock().timestamp()) + seconds, "slip": content}
        return jwt.encode(claims, self._key, _ALGORITHM)

    def read_slip(self, slip: str) -> dict[str, str]:
        """What `slip` was made of. UNAUTHENTICATED where it is not good any more."""
        try:
            claims = self._claims(Purpose.SLIP, slip)
            content, expires = claims["slip"], float(claims["exp"])
        except (jwt.InvalidTokenError, ValueError, KeyError, TypeError):
            raise _refused("This browser has begun no sign-in.") from None
        if expires <= self._clock().timestamp():
            raise _refused("The sign-in took too long.")
        return dict(content)

    def api_token(self, scope: Scope, *, key_id: str = "", generation: int = 0, seconds: int = TOKEN_SECONDS) -> str:
        """A short token that stands for a key or person in `Authorization: Bearer`, and ends with the key or with the
        person's sessions."""
        return self._signed(Purpose.API, scope, key_id, generation, seconds)

    def session(self, token: str) -> Ticket:
        ticket = self._read(Purpose.SESSION, token)
        if ticket.id in self._ended:
            raise _refused("This session was signed out.")
        return ticket

    def api(self, token: str) -> Ticket:
        return self._read(Purpose.API, token)

    def end(self, token: str) -> None:
        """Signs a session out for good; a token that is not good any more needs nothing."""
        try:
            ticket = self.session(token)
        except FactbookError:
            return
        self._metadata.end_session_of_system(ticket.id, expires_at=ticket.expires_at, now=epoch_ms(self._clock()))
        self.refresh()

    def end_all(self) -> None:
        """A new signing key: every link, session and API token made so far is refused from now on."""
        now = epoch_ms(self._clock())
        end_tokens(self._metadata, now=now)
        self._metadata.secret_of_system(_KEY_NAME, secrets.token_hex(32), now=now, replace=True)
        self.refresh()

    def _signed(self, purpose: Purpose, scope: Scope, key_id: str, generation: int, seconds: int) -> str:
        claims: dict[str, Any] = {
            "aud": str(purpose),
            "jti": secrets.token_hex(12),
            "exp": int(self._clock().timestamp()) + seconds,
            "tenant": scope.tenant,
            "sub": scope.actor,
            "role": str(scope.role),
        }
        if key_id:
            claims["key"] = key_id
        if generation:
            claims["generation"] = generation
        if not (key_id or generation) and (scope.rows or scope.masked):
            claims |= {"rows": told(scope.rows), "masked": scope.masked}
        if self.tokens and purpose is Purpose.API:
            return self.tokens.signed(claims)
        return jwt.encode(claims, self._key, _ALGORITHM)

    def _claims(self, purpose: Purpose, token: str) -> dict[str, Any]:
        """Signature and purpose are good; expiry is checked against the clock that was passed in, by the caller."""
        if self.tokens and purpose is Purpose.API:
            return self.tokens.verified(token, str(purpose))
        claims: dict[str, Any] = jwt.decode(
            token, self._key, [_ALGORITHM], audience=str(purpose), options={"verify_exp": False}
        )
        return claims

    def _read(self, purpose: Purpose, token: str) -> Ticket:
        try:
            claims = self._claims(purpose, token)
            ticket = Ticket(
                claims["jti"],
                claims["tenant"],
                claims["sub"],
                Role(claims["role"]),
                claims.get("key", ""),
                int(claims["exp"]) * 1000,
                int(claims.get("generation", 0)),
                rows_of(claims.get("rows")),
                claims.get("masked") is True,
            )
        except (jwt.InvalidTokenError, ValueError, KeyError, TypeError):
            raise _refused("The sign-in token is not good.") from None
        if ticket.expires_at <= epoch_ms(self._clock()):
            raise _refused("The sign-in token has expired.")
        return ticket


def scope_of(ticket: Ticket, tenant: Tenant) -> Scope:
    rule = rule_for(tenant.role_rules, ticket.role) & Rule(ticket.rows, ticket.masked)
    return Scope(tenant.id, ticket.actor, ticket.role, Tier(tenant.tier), tenant.zone, rule.rows, rule.masked)


def _refused(message: str) -> FactbookError:
    return FactbookError(
        Kind.UNAUTHENTICATED, message, hint="Run `factbook keys link` for a fresh sign-in line, or send an API key."
    )
