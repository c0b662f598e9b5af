"""Who asks and for whom: nothing reaches the warehouse or the metadata without a Scope."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    WRITER = "writer"  # a write-only key: sends events, reads nothing
    VIEWER = "viewer"
    ANALYST = "analyst"
    CONTENT_MANAGER = "content_manager"
    ADMIN = "admin"
    OWNER = "owner"


class Tier(StrEnum):
    FREE = "free"
    PRO = "pro"
    ENTERPRISE = "enterprise"

    def includes(self, other: Tier) -> bool:
        """Whether this tier has what `other` has."""
        return list(Tier).index(self) >= list(Tier).index(other)


DEFAULT_TENANT = "default"
"""The tenant of whoever operates this server."""

Rows = tuple[tuple[str, tuple[str | float | bool, ...]], ...]
"""Conditions on events that all hold, as `events/filters.py` writes them: key (`country`, `property.price.gte`) →
values. None is every row."""


@dataclass(frozen=True, slots=True)
class Scope:
    """tenant: whose data. actor: who acts (a key's or person's id). zone: the tenant's IANA time zone.

    rows: the events that may be seen. masked: personal data is hidden.
    """

    tenant: str
    actor: str
    role: Role
    tier: Tier = Tier.FREE
    zone: str = "UTC"
    rows: Rows = ()
    masked: bool = False

    @property
    def sight(self) -> tuple[str, Rows, bool]:
        """What an answer depends on beside the question: callers of the same sight may be given the same answer."""
        return self.tenant, self.rows, self.masked

    @classmethod
    def system(cls, tenant: str = DEFAULT_TENANT, zone: str = "UTC") -> Scope:
        """The service itself, for background work on one tenant's data."""
        return cls(tenant=tenant, actor="system", role=Role.OWNER, tier=Tier.ENTERPRISE, zone=zone)
