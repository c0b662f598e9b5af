"""Signing in and out of the page, and what the caller is."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from factbook.access.gate import COOKIE, credential, require_same_origin, session_cookie
from factbook.access.sign_in import LINK_SECONDS, SESSION_SECONDS, TOKEN_SECONDS
from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role, Scope
from factbook.services import Services

from .access import example, refusals, scope_for

_ME = {"tenant": "default", "actor": "key_5f0c3a9b1d2e4f60", "role": "admin", "tier": "free", "timezone": "UTC"}


class SignIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"token": "eyJhbGciOi…"}]})

    token: str = Field(
        min_length=1, max_length=4096, description="The token of a sign-in line, or an API key that may read."
    )


class TokenRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"api_key": "fb_analyst_…", "seconds": 3600}]}
    )

    api_key: str | None = Field(
        default=None, max_length=512, description="An API key; may be sent as a header instead."
    )
    seconds: int = Field(default=TOKEN_SECONDS, ge=60, le=86_400, description="How long the token is good.")


def router(services: Services) -> APIRouter:
    """/api/v1/auth/*."""
    routes = APIRouter(prefix="/api/v1/auth", tags=["Access"])
    _sessions(routes, services)
    _tokens(routes, services)
    return routes


def _sessions(routes: APIRouter, services: Services) -> None:
    @routes.post(
        "/sign-in",
        summary="Sign in to the page",
        responses=example(_ME) | refusals(Kind.INVALID),
    )
    def sign_in(body: SignIn, request: Request, response: Response) -> dict[str, Any]:
        """Takes the token of a sign-in line (or an API key that may read) and sets the session cookie."""
        if "origin" in request.headers or "sec-fetch-site" in request.headers:
            require_same_origin(request.headers)
        session = session_for(services, body.token)
        set_session(response, session, secure=request.url.scheme == "https")
        ticket = services.keys.sign_in.session(session)
        tenant = services.keys.tenant(ticket.tenant)
        return _me(Scope(ticket.tenant, ticket.actor, ticket.role, zone=tenant.zone if tenant else "UTC"))

    @routes.post(
        "/sign-out",
        summary="Sign out of the page",
        responses=example({"signed_out": True}) | refusals(signed_in=False),
    )
    def sign_out(request: Request, response: Response) -> dict[str, Any]:
        """Ends the session of the cookie for good, wherever a copy of it may be, and clears the cookie."""
        session = session_cookie(request.headers)
        if session is not None:
            require_same_origin(request.headers)
            services.keys.sign_in.end(session)
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
        return {"signed_out": True}

    @routes.get("/me", summary="What the caller is", responses=example(_ME) | refusals())
    async def me(scope: Annotated[Scope, Depends(scope_for(services, *Role))]) -> dict[str, Any]:
        """The tenant, role and time zone of the key, token or session that was sent."""
        return _me(scope)


def _tokens(routes: APIRouter, services: Services) -> None:
    @routes.post(
        "/token",
        summary="Exchange an API key for a short token",
        responses=example({"access_token": "eyJhbGciOi…", "token_type": "bearer", "expires_in": 3600})
        | refusals(Kind.INVALID),
    )
    def token(request: Request, body: Annotated[TokenRequest | None, Body()] = None) -> dict[str, Any]:
        """A token to send as `Authorization: Bearer`; it may do what the key may, and ends with it at the latest."""
        wanted = body or TokenRequest()
        key = wanted.api_key or credential(request.headers)
        if not key:
            raise FactbookError(
                Kind.UNAUTHENTICATED, "This needs an API key.", hint='Send {"api_key": "…"} or `X-API-Key: KEY`.'
            )
        scope = services.keys.scope(key)
        made = services.keys.sign_in.api_token(scope, key_id=scope.actor, seconds=wanted.seconds)
        return {"access_token": made, "token_type": "bearer", "expires_in": wanted.seconds}

    @routes.post(
        "/link",
        summary="Make a sign-in token",
        responses=example({"token": "eyJhbGciOi…", "path": "/?token=eyJhbGciOi…", "expires_in": LINK_SECONDS})
        | refusals(),
    )
    def link(scope: Annotated[Scope, Depends(scope_for(services, Role.ADMIN))]) -> dict[str, Any]:
        """A token that signs a browser in as the caller within a quarter of an hour: open `path` on this server."""
        key_id = scope.actor if scope.actor.startswith("key_") else ""
        made = services.keys.sign_in.link_token(scope, key_id=key_id)
        return {"token": made, "path": f"/?token={made}", "expires_in": LINK_SECONDS}


def session_for(services: Services, token: str) -> str:
    """The session of a sign-in token or of an API key that may read; UNAUTHENTICATED or FORBIDDEN otherwise."""
    if token.startswith("eyJ"):
        return services.keys.sign_in.exchange(token)
    scope = services.keys.scope(token)
    if scope.role is Role.WRITER:
        raise FactbookError(
            Kind.FORBIDDEN, "A write-only key does not sign in.", hint="Use a key with the role viewer or above."
        )
    return services.keys.sign_in.session_token(scope, key_id=scope.actor)


def set_session(response: Response, session: str, *, secure: bool) -> None:
    """Puts the session into its cookie; `secure` where the page came over https."""
    response.set_cookie(
        COOKIE, session, max_age=SESSION_SECONDS, path="/", httponly=True, samesite="lax", secure=secure
    )


def _me(scope: Scope) -> dict[str, Any]:
    return {
        "tenant": scope.tenant,
        "actor": scope.actor,
        "role": str(scope.role),
        "tier": str(scope.tier),
        "timezone": scope.zone,
    }
