"""Signing in and out of the page, passwords, tokens, and what the caller is."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from factbook.access.gate import COOKIE, authenticate, credential, require_same_origin, session_cookie
from factbook.access.passwords import LONGEST, SHORTEST
from factbook.access.people import Person
from factbook.access.sign_in import LINK_SECONDS, SESSION_SECONDS, TOKEN_SECONDS
from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role, Scope
from factbook.events.row_filters import told
from factbook.services import Services

from .access import example, refusals, scope_for

_ME = {
    "tenant": "default",
    "actor": "person_5f0c3a9b1d2e4f60",
    "role": "analyst",
    "tier": "free",
    "timezone": "UTC",
    "email": "ada@example.com",
    "name": "Ada",
    "row_filter": [{"field": "country", "operator": "in", "value": ["DE", "FR"]}],
    "masked": False,
}
_Password = Annotated[str, Field(min_length=1, max_length=2 * LONGEST)]
_NEW_PASSWORD = f"The new password, {SHORTEST} to {LONGEST} characters."


class _Credentials(BaseModel):
    email: str | None = Field(default=None, max_length=320, description="A person's e-mail address, in any case.")
    password: _Password | None = Field(default=None, description="That person's password.")
    tenant: str | None = Field(
        default=None,
        max_length=64,
        description="Where the address is known in several tenants: the one to sign in to. Else the default tenant's, "
        "or the oldest.",
    )

    def person(self, services: Services) -> Person | None:
        """None where no e-mail address was sent."""
        if self.email is None or self.password is None:
            return None
        return services.keys.people.sign_in(self.email, self.password, tenant=self.tenant)


class SignIn(_Credentials):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"email": "ada@example.com", "password": "…"}, {"token": "eyJhbGciOi…"}]},
    )

    token: str | None = Field(
        default=None,
        min_length=1,
        max_length=4096,
        description="Instead: the token of a sign-in line, or an API key that may read.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> "SignIn":
        by_password = self.email is not None and self.password is not None
        if by_password == (self.token is not None):
            raise ValueError("send email and password, or token")
        return self


class TokenRequest(_Credentials):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"api_key": "fb_analyst_…", "seconds": 3600}]},
    )

    api_key: str | None = Field(
        default=None, max_length=512, description="An API key; may be sent as a header instead."
    )
    seconds: int = Field(default=TOKEN_SECONDS, ge=60, le=86_400, description="How long the token is good.")

    @model_validator(mode="after")
    def _whole(self) -> "TokenRequest":
        if (self.email is None) != (self.password is None):
            raise ValueError("email and password belong together")
        return self


class NewPassword(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"old_password": "…", "new_password": "…"}]}
    )

    old_password: _Password = Field(description="The password until now.")
    new_password: _Password = Field(description=_NEW_PASSWORD)


class FirstPassword(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"token": "n0Vw…", "password": "four unrelated words here"}]}
    )

    token: str = Field(min_length=1, max_length=200, description="What stands behind the hash of the link.")
    password: _Password = Field(description=_NEW_PASSWORD)


def router(services: Services) -> APIRouter:
    """/api/v1/auth/*."""
    routes = APIRouter(prefix="/api/v1/auth", tags=["Access"])
    _sessions(routes, services)
    _passwords(routes, services)
    _tokens(routes, services)
    return routes


def _sessions(routes: APIRouter, services: Services) -> None:
    @routes.post(
        "/sign-in",
        summary="Sign in to the page",
        responses=example(_ME) | refusals(Kind.INVALID, Kind.MALFORMED, Kind.LIMITED),
    )
    def sign_in(body: SignIn, request: Request, response: Response) -> dict[str, Any]:
        """Takes e-mail address and password (or the token of a sign-in line, or an API key that may read) and sets the
        session cookie.

        Five wrong passwords within 15 minutes lock the address for 15 minutes: 429 with Retry-After, whether anybody
        has it or not.
        """
        _require_own_page(request)
        person = body.person(services)
        session = _session_of(services, person) if person else session_for(services, body.token or "")
        set_session(response, session, secure=request.url.scheme == "https")
        if person:
            return _me(services, person.scope)
        return _me(services, authenticate(services.keys, {"cookie": f"{COOKIE}={session}"}))

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
        """The tenant, role and time zone of the key, token or session that was sent, whose it is where that is a
        person, and which part of the data it sees."""
        return _me(services, scope)


def _passwords(routes: APIRouter, services: Services) -> None:
    @routes.put(
        "/password",
        summary="Change one's own password",
        responses=example(_ME) | refusals(Kind.INVALID, Kind.MALFORMED, Kind.LIMITED),
    )
    def change_password(
        body: NewPassword,
        request: Request,
        response: Response,
        scope: Annotated[Scope, Depends(scope_for(services, *Role))],
    ) -> dict[str, Any]:
        """Needs the password until now. Ends every session and token of the person; a page goes on with a new one."""
        person = services.keys.people.change_password(scope, body.old_password, body.new_password)
        if session_cookie(request.headers) is not None:
            set_session(response, _session_of(services, person), secure=request.url.scheme == "https")
        return _me(services, person.scope)

    @routes.post(
        "/set-password",
        summary="Set a password by a link",
        responses=example(_ME) | refusals(Kind.INVALID, Kind.MALFORMED),
    )
    def set_password(body: FirstPassword, request: Request, response: Response) -> dict[str, Any]:
        """Takes the token of a link that an admin made, good once and for 48 hours, and signs in. Ends every session
        and token of the person."""
        _require_own_page(request)
        person = services.keys.people.set_password(body.token, body.password)
        set_session(response, _session_of(services, person), secure=request.url.scheme == "https")
        return _me(services, person.scope)


def _tokens(routes: APIRouter, services: Services) -> None:
    @routes.post(
        "/token",
        summary="Exchange a password or an API key for a short token",
        responses=example({"access_token": "eyJhbGciOi…", "token_type": "bearer", "expires_in": 3600})
        | refusals(Kind.INVALID, Kind.MALFORMED, Kind.LIMITED),
    )
    def token(request: Request, body: Annotated[TokenRequest | None, Body()] = None) -> dict[str, Any]:
        """A token to send as `Authorization: Bearer`; it may do what the person or key may, and ends at the latest when
        the key does, or the person's sessions do."""
        wanted = body or TokenRequest()
        person = wanted.person(services)
        if person:
            made = services.keys.sign_in.api_token(person.scope, generation=person.generation, seconds=wanted.seconds)
            return {"access_token": made, "token_type": "bearer", "expires_in": wanted.seconds}
        key = wanted.api_key or credential(request.headers)
        if not key:
            raise FactbookError(
                Kind.UNAUTHENTICATED,
                "This needs a password or an API key.",
                hint='Send {"email": "…", "password": "…"}, {"api_key": "…"} or `X-API-Key: KEY`.',
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
        generation = services.keys.people.generation(scope)
        made = services.keys.sign_in.link_token(scope, key_id=key_id, generation=generation)
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


def set_session(response: Response, session: str, *, secure: bool, seconds: int = SESSION_SECONDS) -> None:
    """Puts the session into its cookie; `secure` where the page came over https."""
    response.set_cookie(COOKIE, session, max_age=seconds, path="/", httponly=True, samesite="lax", secure=secure)


def _session_of(services: Services, person: Person) -> str:
    return services.keys.sign_in.session_token(person.scope, generation=person.generation)


def _require_own_page(request: Request) -> None:
    """Where a browser sent it: a page elsewhere must not sign a visitor in as somebody else."""
    if "origin" in request.headers or "sec-fetch-site" in request.headers:
        require_same_origin(request.headers)


def _me(services: Services, scope: Scope) -> dict[str, Any]:
    row = services.keys.people.find(scope)
    return {
        "tenant": scope.tenant,
        "actor": scope.actor,
        "role": str(scope.role),
        "tier": str(scope.tier),
        "timezone": scope.zone,
        "email": row.email if row else None,
        "name": row.name if row else None,
        "row_filter": told(scope.rows),
        "masked": scope.masked,
    }
