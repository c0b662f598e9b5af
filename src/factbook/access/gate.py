"""From a request's headers to a Scope: key, API token or session cookie; a cookie is good from our own page alone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Scope

from . import claims
from .issuer import Known
from .keys import Grant, Keys
from .people import PREFIX
from .sign_in import Ticket, scope_of
from .suspension import require_open

COOKIE = "factbook_session"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def authenticate(keys: Keys, headers: Mapping[str, str], *, method: str = "GET", websocket: bool = False) -> Scope:
    """Who sent these headers (names in any case, or a case-insensitive mapping).

    An API key or token wins over the cookie, and a bad one is refused even beside a good cookie. By cookie, calls that
    change something and WebSockets must come from the page itself (FORBIDDEN otherwise). UNAUTHENTICATED without any.
    """
    key = credential(headers)
    if key is not None:
        return _by_token(keys, key) if is_token(key) else keys.scope(key)
    session = session_cookie(headers)
    if session is None:
        raise FactbookError(
            Kind.UNAUTHENTICATED,
            "This needs an API key or a sign-in.",
            hint="Send `Authorization: Bearer KEY` or `X-API-Key: KEY`; in a browser, open the line that "
            "`factbook keys link` prints.",
        )
    scope = _by_ticket(keys, keys.sign_in.session(session))
    if websocket or method.upper() not in _READING:
        require_same_origin(headers)
    return scope


def credential(headers: Mapping[str, str]) -> str | None:
    """The API key or token that was sent, if any; an Authorization header of another scheme is none."""
    direct = _header(headers, "x-api-key")
    if direct:
        return _text(direct.strip())
    scheme, _, rest = (_header(headers, "authorization") or "").partition(" ")
    return _text(rest.strip()) if scheme.lower() == "bearer" and rest.strip() else None


def is_token(credential: str) -> bool:
    """Whether it is a signed token (JWT), and not a key."""
    return credential.startswith("eyJ") and credential.count(".") == 2


def session_cookie(headers: Mapping[str, str]) -> str | None:
    try:
        morsel = SimpleCookie(_header(headers, "cookie") or "").get(COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel is not None and morsel.value else None


def require_same_origin(headers: Mapping[str, str]) -> None:
    """FORBIDDEN unless the browser says that a page of this server made the call (OWASP: verify the origin)."""
    site = _header(headers, "sec-fetch-site")
    origin = _header(headers, "origin")
    if site is not None:
        same = site == "same-origin"
    else:  # Browsers leave it out on plain http other than this machine's own.
        host = _header(headers, "host")
        same = bool(origin and host and _authority(origin) == _authority(f"//{host}", origin))
    if not same:
        raise FactbookError(
            Kind.FORBIDDEN,
            "A signed-in page of this server did not make this call.",
            hint="From a script, send an API key instead of the cookie.",
        )


def _authority(url: str, like: str | None = None) -> tuple[str, int] | None:
    """(host, port) of a URL; without a scheme, the port that goes with the scheme of `like`."""
    try:
        parts = urlsplit(url)
        scheme = parts.scheme or (urlsplit(like).scheme if like else "")
        return (parts.hostname, parts.port or _PORTS.get(scheme, 0)) if parts.hostname else None
    except ValueError:
        return None


def granted(keys: Keys, credential: str) -> Grant | None:
    """What `Keys.renewed` needs to let `credential` in again, which was let in just now; None for our own tokens."""
    if not is_token(credential):
        return keys.grant(credential)
    known = keys.issuer.bearer(credential) if keys.issuer else None
    return keys.grant_of(partial(_borne, keys, known), round(known.until * 1000)) if known else None


def _by_token(keys: Keys, token: str) -> Scope:
    known = keys.issuer.bearer(token) if keys.issuer else None
    return _borne(keys, known) if known else _by_ticket(keys, keys.sign_in.api(token))


def _borne(keys: Keys, known: Known) -> Scope:
    return claims.scope_of(known.bearer, keys.tenant(known.bearer.tenant))


def _by_ticket(keys: Keys, ticket: Ticket) -> Scope:
    if ticket.key_id:
        return keys.scope_of_id(ticket.key_id)
    if ticket.actor.startswith(PREFIX):
        return keys.people.scope(ticket.actor, ticket.generation)
    tenant = keys.tenant(ticket.tenant)
    if tenant is None:
        raise FactbookError(Kind.UNAUTHENTICATED, "The tenant of this sign-in is gone.")
    require_open(tenant)
    return scope_of(ticket, tenant)


def _header(headers: Mapping[str, str], name: str) -> str | None:
    found = headers.get(name)
    if found is None:
        found = next((value for key, value in headers.items() if key.lower() == name), None)
    return found


def _text(value: str) -> str:
    """Header bytes reach Python as Latin-1; a key beyond ASCII was written in UTF-8."""
    try:
        return value if value.isascii() else value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value
