"""Who may call: the FastAPI dependency that turns a request's headers into a Scope, and how refusals are documented."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request, Security
from fastapi.security import APIKeyCookie, APIKeyHeader, HTTPBearer

from factbook.access import gate
from factbook.access.gate import COOKIE
from factbook.access.key_sets import KeysNeededError
from factbook.access.rate_limits import LimitedError
from factbook.access.roles import require
from factbook.core.errors import Kind
from factbook.core.scope import Role, Scope
from factbook.services import Services

from .audited import before
from .problems import CONTENT_TYPE, STATUS, TITLE
from .rate_headers import STANDING
from .sight import look

_BEARER = HTTPBearer(auto_error=False, scheme_name="Bearer key", description="An API key, or a token made with one.")
_HEADER = APIKeyHeader(name="X-API-Key", auto_error=False, scheme_name="X-API-Key", description="An API key.")
_COOKIE = APIKeyCookie(
    name=COOKIE, auto_error=False, scheme_name="Session", description="The cookie of a signed-in page."
)


def authenticate(
    services: Services, headers: Mapping[str, str], *, method: str = "GET", websocket: bool = False
) -> Scope:
    """For raw ASGI handlers and WebSockets: the Scope of these headers, else UNAUTHENTICATED or FORBIDDEN."""
    return gate.authenticate(services.keys, headers, method=method, websocket=websocket)


async def let_in(
    services: Services, headers: Mapping[str, str], *, method: str = "GET", websocket: bool = False
) -> Scope:
    """As `authenticate`, waiting for the keys of a token's issuer where they have to be read first."""
    try:
        return authenticate(services, headers, method=method, websocket=websocket)
    except KeysNeededError as needed:
        await asyncio.to_thread(needed.keys.fetch)
        return authenticate(services, headers, method=method, websocket=websocket)


def scope_for(services: Services, *roles: Role) -> Callable[..., Coroutine[Any, Any, Scope]]:
    """A dependency that gives the caller's Scope, refusing all but `roles` (none: every role that may read)."""

    async def scope(
        request: Request,
        _bearer: Any = Security(_BEARER),
        _header: Any = Security(_HEADER),
        _cookie: Any = Security(_COOKIE),
    ) -> Scope:
        caller = require(await _known(services, request), *roles)
        look(request.method, str(getattr(request.scope.get("route"), "path_format", "")), caller)
        await before(services, request, caller)
        return caller

    return scope


async def _known(services: Services, request: Request) -> Scope:
    """Who calls: told to the audit trail, whether he may do what he asks or not."""
    caller = await let_in(services, request.headers, method=request.method)
    request.state.caller = caller
    if not hasattr(request.state, STANDING):
        await _count(services, caller, request)
    return caller


async def _count(services: Services, caller: Scope, request: Request) -> None:
    """One request of this caller. LIMITED past one of his limits."""
    try:
        standing = await services.rate_limits.hit(caller)
    except LimitedError as error:
        setattr(request.state, STANDING, error.standing)
        raise
    setattr(request.state, STANDING, standing)


_ANYBODY = (Kind.UNAUTHENTICATED, Kind.FORBIDDEN, Kind.LIMITED, Kind.UNAVAILABLE)


def refusals(*kinds: Kind, signed_in: bool = True) -> dict[int | str, dict[str, Any]]:
    """OpenAPI responses for these kinds of error, and for what any caller may get where one must be signed in."""
    told = {*_ANYBODY, *kinds} if signed_in else set(kinds)
    return {
        STATUS[kind]: {
            "description": f"{TITLE[kind]}.",
            "content": {
                CONTENT_TYPE: {
                    "example": {
                        "type": f"urn:factbook:problem:{kind.value}",
                        "title": TITLE[kind],
                        "status": STATUS[kind],
                        "detail": "One sentence that says what is wrong.",
                        "correlation_id": "01a3f6c27d7e4b0a",
                        "suggested_actions": ["One sentence that says what to do."],
                    }
                }
            },
        }
        for kind in sorted(told, key=STATUS.__getitem__)
    }


def example(value: Any, *, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI response of this status with this example."""
    return {status: {"content": {"application/json": {"example": value}}}}
