"""Tenants: made, suspended and removed by whoever operates the server; each sees and changes his own alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from factbook.core.clock import Clock, epoch_ms, system_clock
from factbook.core.errors import FactbookError, Kind, invalid
from factbook.core.scope import DEFAULT_TENANT, Role, Scope, Tier
from factbook.storage.metadata import Metadata
from factbook.storage.rows import Tenant
from factbook.storage.tenants import unknown

from .branding import branding_of
from .keys import Keys
from .role_rules import rules_of
from .roles import is_operator
from .tenant_settings import FIELDS, TenantSettings

OPERATORS = ("tier", "suspended")
"""What only the operator changes."""

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}\Z")
_LONGEST_NAME = 200


class Tenancy:
    """Every method may be called from any thread. NOT_FOUND for a tenant that is neither the caller's own nor, for the
    operator, there at all."""

    def __init__(self, metadata: Metadata, keys: Keys, clock: Clock = system_clock) -> None:
        self._metadata = metadata
        self._keys = keys
        self._settings = TenantSettings(metadata, keys)
        self._clock = clock

    def all(self, scope: Scope) -> list[Tenant]:
        """By id. FORBIDDEN but for the operator."""
        _require_operator(scope)
        return self._metadata.tenants_of_system()

    def get(self, scope: Scope, tenant: str) -> Tenant:
        return self._metadata.tenant(self.within(scope, tenant))

    def within(self, scope: Scope, tenant: str) -> Scope:
        """The caller's scope in `tenant`: his own, or the operator's in another's."""
        if tenant == scope.tenant:
            return scope
        found = self._keys.tenant(tenant) if is_operator(scope) else None
        if found is None:
            raise unknown(tenant)
        return Scope(found.id, scope.actor, Role.OWNER, Tier(found.tier), found.zone)

    def create(
        self, scope: Scope, tenant: str, name: str, *, tier: Tier = Tier.FREE, zone: str | None = None
    ) -> Tenant:
        """FORBIDDEN but for the operator; CONFLICT where the id is taken, INVALID for one that cannot be."""
        _require_operator(scope)
        if not _ID.match(tenant):
            raise invalid(
                "An id has 1 to 63 lower case letters, digits, - and _, and begins with a letter or digit.", field="id"
            )
        default = self._metadata.tenant(Scope.system()).zone
        row = Tenant(tenant, _name(name), default, str(tier), epoch_ms(self._clock()))
        self._metadata.tenants.add_of_system(row)
        if zone is not None:
            self._metadata.set_settings(Scope.system(tenant), {"own_zone": zone})
        self._keys.refresh()
        return self.get(scope, tenant)

    def change(self, scope: Scope, tenant: str, changes: Mapping[str, Any]) -> Tenant:
        """`changes`: name, branding, role_rules, those of tenant_settings.FIELDS, and the operator's (OPERATORS).

        FORBIDDEN for the operator's from anybody else; CONFLICT for suspending the operating tenant.
        """
        inside = self.within(scope, tenant)
        named = next((name for name in OPERATORS if name in changes), None)
        if named and not is_operator(scope):
            raise FactbookError(
                Kind.FORBIDDEN,
                f"Only whoever operates this server changes the {named if named == 'tier' else 'suspension'}.",
                field=named,
                hint="Ask an owner of the operating tenant.",
            )
        values: dict[str, Any] = {}
        if "name" in changes:
            values["name"] = _name(changes["name"])
        if "branding" in changes:
            values["branding"] = branding_of(changes["branding"] or {})
        if "role_rules" in changes:
            values["role_rules"] = rules_of(changes["role_rules"] or {})
        if "tier" in changes:
            values["tier"] = str(Tier(changes["tier"]))
        if "suspended" in changes:
            values["suspended_at"] = self._suspended_at(tenant, wanted=changes["suspended"])
        counted = {name: value for name, value in changes.items() if name in FIELDS}
        if counted:
            self._settings.change(inside, counted)
        if values:
            self._metadata.tenants.change_of_system(tenant, values)
        self._keys.refresh()
        return self.get(scope, tenant)

    def remove(self, scope: Scope, tenant: str, *, confirm: str) -> Tenant:
        """Nobody of the tenant gets in from now on; the data goes in the background. Repeating changes nothing.

        confirm: the tenant's name. FORBIDDEN but for the operator, CONFLICT for the operating tenant.
        """
        row = self.get(scope, tenant)
        _require_operator(scope)
        if tenant == DEFAULT_TENANT:
            raise FactbookError(Kind.CONFLICT, "The operating tenant cannot be removed.")
        if confirm != row.name:
            raise invalid(
                "The tenant is removed for good, with all its data: confirm it by its name.",
                field="confirm",
                hint=f"Send confirm={row.name!r}.",
            )
        if row.removing_at is None:
            self._metadata.tenants.change_of_system(tenant, {"removing_at": epoch_ms(self._clock())})
            self._keys.refresh()
        return self.get(scope, tenant)

    def _suspended_at(self, tenant: str, *, wanted: bool) -> int | None:
        if wanted and tenant == DEFAULT_TENANT:
            raise FactbookError(Kind.CONFLICT, "The operating tenant cannot be suspended.", field="suspended")
        before = self._metadata.tenant(Scope.system(tenant)).suspended_at
        return (before or epoch_ms(self._clock())) if wanted else None


def _require_operator(scope: Scope) -> None:
    if not is_operator(scope):
        raise FactbookError(
            Kind.FORBIDDEN,
            "Only whoever operates this server makes, lists, suspends and removes tenants.",
            hint="Sign in as an owner of the operating tenant, or see your own at /api/v1/admin/tenants/{your tenant}.",
        )


def _name(name: str) -> str:
    if not name.strip() or len(name) > _LONGEST_NAME or any(ord(character) < 32 for character in name):
        raise invalid(f"A tenant needs a name of 1 to {_LONGEST_NAME} characters, on one line.", field="name")
    return name.strip()
