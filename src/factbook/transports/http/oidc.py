"""The way to an OpenID provider and back: what the browser is sent, and the session it comes back to."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from factbook.access import claims
from factbook.access.oidc import AWAY_SECONDS, Away, Provider
from factbook.access.roles import require
from factbook.core.errors import FactbookError, Kind, not_found
from factbook.services import Services

from .auth import set_session

log = structlog.get_logger()

COOKIE = "factbook_away"
_PATH = "/auth/oidc"
_SEE_OTHER = 303


def router(services: Services) -> APIRouter:
    """/auth/oidc/*, for browsers; not found where no provider is configured."""
    routes = APIRouter(prefix=_PATH, include_in_schema=False)

    @routes.get("/start")
    def start(request: Request, next: str = "/") -> Response:
        provider = _provider(services)
        try:
            address, away = provider.begin(str(request.base_url), _local(next))
        except FactbookError as error:
            return _back(error)
        answer = RedirectResponse(address, _SEE_OTHER, headers={"cache-control": "no-store"})
        slip = services.keys.sign_in.slip(away.told(), AWAY_SECONDS)
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, slip, AWAY_SECONDS, path=_PATH, httponly=True, samesite="lax", secure=secure)
        return answer

    @routes.get("/callback")
    def callback(request: Request) -> Response:
        provider = _provider(services)
        try:
            away = Away(**services.keys.sign_in.read_slip(request.cookies.get(COOKIE, "")))
            found = provider.finish(away, dict(request.query_params))
            scope = require(claims.scope_of(found, services.keys.tenant(found.tenant)))
        except FactbookError as error:
            return _back(error)
        answer = RedirectResponse(away.next, _SEE_OTHER, headers={"cache-control": "no-store"})
        session = services.keys.sign_in.session_token(scope, seconds=provider.session_seconds)
        set_session(answer, session, secure=request.url.scheme == "https", seconds=provider.session_seconds)
        answer.delete_cookie(COOKIE, path=_PATH, httponly=True, samesite="lax")
        return answer

    @routes.get("/sign-out")
    def sign_out(request: Request) -> Response:
        """At the provider; the session here has been ended by then."""
        provider = _provider(services)
        try:
            address = provider.leaving(str(request.base_url))
        except FactbookError as error:
            return _back(error)
        return RedirectResponse(address or "/sign-in?reason=signed-out", _SEE_OTHER)

    return routes


def _provider(services: Services) -> Provider:
    if services.provider is None:
        raise not_found("This server sends nobody to a provider.", hint="Whoever runs it can: security.oidc.issuer.")
    return services.provider


def _back(error: FactbookError) -> Response:
    """To the sign-in page, which says what to do; why is for the operator alone."""
    log.warning("a sign-in at the provider failed", reason=error.message)
    reason = {Kind.FORBIDDEN: "oidc-nobody", Kind.UNAVAILABLE: "oidc-away"}.get(error.kind, "oidc")
    answer = RedirectResponse(f"/sign-in?reason={reason}", _SEE_OTHER, headers={"cache-control": "no-store"})
    answer.delete_cookie(COOKIE, path=_PATH, httponly=True, samesite="lax")
    return answer


def _local(target: str) -> str:
    """`target` where it is a path of this site, else the overview."""
    outside = not target.startswith("/") or target.startswith("//") or "\\" in target or not target.isprintable()
    return "/" if outside else target
