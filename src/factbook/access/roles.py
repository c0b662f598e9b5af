"""Which role may do what."""

from __future__ import annotations

from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import DEFAULT_TENANT, Role, Scope

SENDERS = (Role.WRITER, Role.ADMIN)
"""Who may send events."""


def allowed(role: Role, roles: tuple[Role, ...]) -> bool:
    """No `roles` is every role that may read. An owner may do whatever an admin may."""
    if not roles:
        return role is not Role.WRITER
    return role in roles or (role is Role.OWNER and Role.ADMIN in roles)


def require(scope: Scope, *roles: Role) -> Scope:
    """`scope`, when its role is one of `roles` (none: any role that may read); else FORBIDDEN."""
    if allowed(scope.role, roles):
        return scope
    needed = " or ".join(roles) if roles else "a role that may read"
    message = "A write-only key sends events and reads nothing." if scope.role is Role.WRITER else None
    raise FactbookError(
        Kind.FORBIDDEN,
        message or f"The role {scope.role} may not do this.",
        hint=f"Use a key or a sign-in with the role {needed}."
        if roles
        else "Use an API key with the role viewer, analyst or admin.",
    )


def require_rank(scope: Scope, role: Role) -> None:
    """FORBIDDEN where `role` is the owner's and `scope` is none: nobody lifts himself above his rank."""
    if role is Role.OWNER and scope.role is not Role.OWNER:
        raise FactbookError(
            Kind.FORBIDDEN,
            "Only an owner makes or changes owners and their keys.",
            hint="On the server's machine, `factbook people add --role owner` makes one.",
        )


def is_operator(scope: Scope) -> bool:
    """Whether this is an owner of the tenant that operates the server: makes, suspends and removes tenants."""
    return scope.tenant == DEFAULT_TENANT and scope.role is Role.OWNER
