"""Tenants that are suspended or being removed: nobody of theirs gets in."""

from __future__ import annotations

from factbook.core.errors import FactbookError, Kind
from factbook.storage.rows import Tenant


def is_open(tenant: Tenant) -> bool:
    return tenant.suspended_at is None and tenant.removing_at is None


def require_open(tenant: Tenant) -> None:
    """FORBIDDEN while the tenant is suspended, UNAUTHENTICATED once it is being removed."""
    if tenant.removing_at is not None:
        raise FactbookError(Kind.UNAUTHENTICATED, "The tenant of these credentials is gone.")
    if tenant.suspended_at is not None:
        raise FactbookError(
            Kind.FORBIDDEN,
            f"The tenant {tenant.name} is suspended; its data is kept.",
            hint="Whoever operates this server can end the suspension.",
        )
