"""Who opens a live connection: by header or cookie, or, for clients that can send neither, by `?token=` or protocol."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import WebSocket

from factbook.access.gate import authenticate
from factbook.access.key_sets import KeysNeededError
from factbook.access.keys import Keys
from factbook.access.roles import require
from factbook.core.scope import Role, Scope

PROTOCOL = "factbook"
_BEARER = "bearer."


def scope_of(keys: Keys, websocket: WebSocket, *roles: Role) -> Scope:
    """The caller's Scope. Raises UNAUTHENTICATED or FORBIDDEN; a cookie counts only from a page of this server.

    In a thread: the keys of a token's issuer may have to be read first.
    """
    headers = _headers(websocket)
    try:
        return require(authenticate(keys, headers, websocket=True), *roles)
    except KeysNeededError as needed:
        needed.keys.fetch()
        return require(authenticate(keys, headers, websocket=True), *roles)


def accepted_protocol(websocket: WebSocket) -> str | None:
    """What to answer to the offered subprotocols; never the one that carries the key."""
    return PROTOCOL if PROTOCOL in _offered(websocket) else None


def _headers(websocket: WebSocket) -> Mapping[str, str]:
    headers = dict(websocket.headers)
    if "authorization" in headers or "x-api-key" in headers:
        return headers
    token = websocket.query_params.get("token")
    if not token:
        token = next((one.removeprefix(_BEARER) for one in _offered(websocket) if one.startswith(_BEARER)), None)
    return {**headers, "authorization": f"Bearer {token}"} if token else headers


def _offered(websocket: WebSocket) -> list[str]:
    return [one.strip() for one in websocket.headers.get("sec-websocket-protocol", "").split(",") if one.strip()]
