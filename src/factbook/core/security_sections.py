"""The sections about who may come in and how much of everything he may use: keys, tokens of others, sign-in, limits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from .scope import Role
from .section import Section
from .values import SECRET, Allowed, Env, Seconds, Words, networks, origins, pairs, url_of

KEY_LENGTH = Allowed("16 to 512 characters")
_ROLES = ", ".join(Role)
_HTTP = Allowed("https://… (http://… inside a private network)")


def _algorithms(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names or not set(names) <= {"RS256", "ES256", "EdDSA"}:
        raise ValueError("must be of RS256, ES256, EdDSA")
    return names


def _role(name: str) -> str:
    if name and name not in list(Role):
        raise ValueError("must be a role")
    return name


def _roles(given: tuple[str, ...]) -> tuple[str, ...]:
    for pair in pairs(given):
        _role(pair.rpartition("=")[2].strip())
    return given


Algorithms = Annotated[Words, AfterValidator(_algorithms), Allowed("a list of RS256, ES256, EdDSA")]


class Claims(Section):
    """How the claims of an issuer's tokens say whose they are; a dotted name leads into an object."""

    tenant_claim: str = Field(default="tenant", description="Claim that names the tenant.")
    role_claim: str = Field(
        default="role", description="Claim that names the role, or several of which the highest counts."
    )
    actor_claim: str = Field(default="sub", min_length=1, description="Claim that names who it is.")
    tenants: Annotated[Words, AfterValidator(pairs), Allowed("a list such as theirs=ours")] = Field(
        default=(), description="Their names of tenants and ours; empty where they are the same."
    )
    roles: Annotated[Words, AfterValidator(_roles), Allowed(f"a list such as theirs=ours; ours: {_ROLES}")] = Field(
        default=(), description="Their names of roles and ours; empty where they are the same."
    )
    default_tenant: str = Field(default="", description="Tenant of a token that names none; empty refuses it.")
    default_role: Annotated[str, AfterValidator(_role), Allowed(f"{_ROLES}, or empty")] = Field(
        default="", description="Role of a token that names none of ours; empty refuses it."
    )
    rows_claim: str = Field(
        default="", description="Claim with the conditions on the rows this token may see, as filters are written."
    )
    masked_claim: str = Field(default="", description="Claim that is true where personal data are hidden.")


class Jwt(Claims):
    """Tokens that an API gateway or an identity provider signs."""

    issuer: str = Field(default="", description="Issuer (`iss`) whose tokens are taken; empty takes none.")
    audience: str = Field(default="factbook", min_length=1, description="What `aud` must name.")
    jwks_url: Annotated[str, url_of("https", "http"), _HTTP] = Field(
        default="", description="Where the issuer publishes its public keys."
    )
    jwks_file: Path | None = Field(default=None, description="File with the public keys (JWKS), in place of a URL.")
    secret: Annotated[SecretStr | None, SECRET, Allowed("32 characters or more")] = Field(
        default=None, min_length=32, description="Shared secret for HS256, where there are no public keys."
    )
    algorithms: Algorithms = Field(
        default=("RS256", "ES256", "EdDSA"), description="Signatures that are taken by public key."
    )
    leeway: Seconds = Field(default=30, ge=0, le=300, description="How far the clocks may be apart.")
    refresh: Seconds = Field(default=3600, ge=10, le=86_400, description="How often the public keys are read anew.")
    retry: Seconds = Field(
        default=30, ge=1, le=3600, description="Shortest time between two fetches because of an unknown key."
    )
    private_network: bool = Field(default=True, description="Whether jwks_url may lead into a private network.")


class Oidc(Claims):
    """Signing in to the pages at an identity provider."""

    issuer: Annotated[str, url_of("https", "http"), _HTTP] = Field(
        default="", description="Address of the OpenID provider; empty offers no such sign-in."
    )
    client_id: str = Field(default="", description="What the provider knows this server as.")
    client_secret: Annotated[SecretStr | None, SECRET] = Field(
        default=None, description="Secret of this server at the provider; none for a public client."
    )
    scopes: Words = Field(default=("openid", "email", "profile"), description="Scopes asked for.")
    label: str = Field(default="Single sign-on", min_length=1, max_length=60, description="Text of the button.")
    public_url: Annotated[str, url_of("https", "http"), Allowed("https://facts.example")] = Field(
        default="", description="Address of this server as browsers see it; empty takes that of the request."
    )
    algorithms: Algorithms = Field(default=("RS256", "ES256", "EdDSA"), description="Signatures that are taken.")
    session: Seconds = Field(default=43_200, ge=300, le=604_800, description="How long such a sign-in lasts.")
    private_network: bool = Field(default=True, description="Whether the provider may be in a private network.")


class Tokens(Section):
    """Tokens that this server signs for others (`POST /api/v1/auth/token`)."""

    algorithm: Literal["HS256", "EdDSA", "RS256"] = Field(
        default="HS256", description="EdDSA and RS256 can be verified by others, with /.well-known/jwks.json."
    )
    issuer: str = Field(default="factbook", min_length=1, description="What `iss` says in these tokens.")
    rotate: Annotated[int, Field(ge=1, le=3650)] = Field(
        default=90, description="Days after which a fresh key signs; the one before is published while it is needed."
    )


class Quotas(Section):
    """Of each tenant; 0 takes what its tier has (docs/limits.md)."""

    events_per_day: int = Field(default=0, ge=0, le=10**12, description="Events taken in a day, UTC.")
    events_per_month: int = Field(default=0, ge=0, le=10**13, description="Events taken in a month, UTC.")
    query_seconds: int = Field(default=0, ge=0, le=10**6, description="Seconds of queries in an hour.")
    rows_read: int = Field(default=0, ge=0, le=10**15, description="Rows that queries read in an hour.")


class Security(Section):
    admin_key: Annotated[SecretStr | None, Env("FACTBOOK_ADMIN_KEY"), SECRET, KEY_LENGTH] = Field(
        default=None,
        min_length=16,
        max_length=512,
        description="Preset key of the administrator, taken at first start; else one is made.",
    )
    write_key: Annotated[SecretStr | None, Env("FACTBOOK_WRITE_KEY"), SECRET, KEY_LENGTH] = Field(
        default=None,
        min_length=16,
        max_length=512,
        description="Preset write-only key for senders, taken at first start; else one is made.",
    )
    secret_key: Annotated[SecretStr | None, Env("FACTBOOK_SECRET_KEY"), SECRET, KEY_LENGTH] = Field(
        default=None,
        min_length=16,
        max_length=512,
        description="Seals the secrets in the metadata database; of several with commas the first seals, all open.",
    )
    rate_limit: int = Field(
        default=1000, ge=0, le=10_000_000, description="Requests a minute by key or person; 0 for any number."
    )
    rate_burst: int = Field(
        default=100, ge=0, le=1_000_000, description="Of them in one second at most; 0 for any number."
    )
    tenant_rate_limit: int = Field(
        default=0, ge=0, le=10_000_000, description="Requests a minute by tenant; 0 takes what its tier has."
    )
    cors_origins: Annotated[Words, AfterValidator(origins), Allowed("a list such as https://shop.example, or *")] = (
        Field(
            default=(), description="Sites whose pages may call the API, with keys alone, never by cookie; `*` for all."
        )
    )
    cors_methods: Words = Field(default=("GET", "POST", "PUT", "DELETE"), description="Methods such pages may use.")
    outgoing_allowed: Annotated[Words, AfterValidator(networks), Allowed("a list such as 10.1.0.0/16")] = Field(
        default=(), description="Private networks that this server may call all the same."
    )
    quotas: Quotas = Quotas()
    tokens: Tokens = Tokens()
    jwt: Jwt = Jwt()
    oidc: Oidc = Oidc()
