"""What the claims of an issuer's token mean here: whose it is, which tenant's, in which role, what of it he sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role, Rows, Scope, Tier
from factbook.core.security_sections import Claims
from factbook.events.row_filters import rows_of
from factbook.storage.rows import Tenant

from .role_rules import Rule, rule_for
from .suspension import require_open

LONGEST = 200
"""Characters of a name that a claim gives."""

_RANK = (Role.WRITER, Role.VIEWER, Role.ANALYST, Role.CONTENT_MANAGER, Role.ADMIN, Role.OWNER)


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a token stands for. actor: `jwt:` and what the issuer calls him."""

    tenant: str
    actor: str
    role: Role
    rows: Rows = ()
    masked: bool = False


def bearer(claims: Mapping[str, Any], rules: Claims, *, kind: str = "jwt") -> Bearer:
    """UNAUTHENTICATED where nobody is named, FORBIDDEN where the token names no tenant or role that means something.

    kind: what an actor's name begins with, apart from keys and people of our own.
    """
    who = _named(claims, rules.actor_claim)
    if not who:
        raise FactbookError(
            Kind.UNAUTHENTICATED,
            f"The token names nobody: the claim {rules.actor_claim!r} is missing.",
            hint="Ask whoever gives out the tokens.",
        )
    return Bearer(
        tenant=_tenant(claims, rules),
        actor=f"{kind}:{who}",
        role=_role(claims, rules),
        rows=_rows(claims, rules),
        masked=bool(rules.masked_claim) and _at(claims, rules.masked_claim) in (True, "true", 1, "1"),
    )


def scope_of(found: Bearer, tenant: Tenant | None) -> Scope:
    """What he may do and see. FORBIDDEN where the tenant is none of ours or is suspended."""
    if tenant is None:
        raise _no_tenant(f"the tenant {found.tenant!r}, which is none here")
    require_open(tenant)
    rule = rule_for(tenant.role_rules, found.role) & Rule(found.rows, found.masked)
    return Scope(tenant.id, found.actor, found.role, Tier(tenant.tier), tenant.zone, rule.rows, rule.masked)


def _tenant(claims: Mapping[str, Any], rules: Claims) -> str:
    named = _named(claims, rules.tenant_claim)
    known = _mapping(rules.tenants)
    tenant = known.get(named, "") if known else named
    tenant = tenant or (rules.default_tenant if not named else "")
    if not tenant:
        told = f"the tenant {named!r}, which is none here" if named else f"no tenant (claim {rules.tenant_claim!r})"
        raise _no_tenant(told)
    return tenant


def _no_tenant(told: str) -> FactbookError:
    return FactbookError(
        Kind.FORBIDDEN,
        f"The token names {told}.",
        hint="Ask whoever gives out the tokens; the configuration says which of their tenants are which of ours.",
    )


def _role(claims: Mapping[str, Any], rules: Claims) -> Role:
    found = _at(claims, rules.role_claim)
    names = found.split() if isinstance(found, str) else found if isinstance(found, list) else []
    known = _mapping(rules.roles)
    meant = [known.get(str(name), "") if known else str(name) for name in [*names, found] if isinstance(name, str)]
    roles = [role for role in _RANK if role.value in meant]
    if roles:
        return roles[-1]
    if rules.default_role:
        return Role(rules.default_role)
    raise FactbookError(
        Kind.FORBIDDEN,
        f"The token names no role that means something here (claim {rules.role_claim!r}).",
        hint="Ask whoever gives out the tokens; the configuration says which of their roles are which of ours.",
    )


def _rows(claims: Mapping[str, Any], rules: Claims) -> Rows:
    """A claim that cannot be read hides everything rather than nothing: the token is refused."""
    if not rules.rows_claim:
        return ()
    try:
        return rows_of(_at(claims, rules.rows_claim), field=rules.rows_claim)
    except FactbookError as error:
        raise FactbookError(
            Kind.FORBIDDEN, f"The token's claim {error.field} cannot be used: {error.message}", hint=error.hint
        ) from None


def _named(claims: Mapping[str, Any], claim: str) -> str:
    found = _at(claims, claim)
    return found.strip()[:LONGEST] if isinstance(found, str) and found.isprintable() else ""


def _at(claims: Mapping[str, Any], claim: str) -> Any:
    """A claim whose name has dots (`https://facts.example/tenant`) is looked for as a whole first."""
    if claim in claims:
        return claims[claim]
    found: Any = claims
    for part in claim.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _mapping(pairs: tuple[str, ...]) -> dict[str, str]:
    return {theirs.strip(): ours.strip() for theirs, _, ours in (pair.rpartition("=") for pair in pairs)}
