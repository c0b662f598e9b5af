"""What each tier has: its limits and its features, one table that every refusal names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from .errors import FactbookError, Kind
from .scope import DEFAULT_TENANT, Scope, Tier


@dataclass(frozen=True, slots=True)
class Plan:
    """Of one tenant; 0 is without a limit. Days and months are those of UTC, hours are full ones."""

    requests_per_minute: int = 0
    events_per_day: int = 0
    events_per_month: int = 0
    query_seconds: int = 0
    rows_read: int = 0

    def but(self, values: Mapping[str, int]) -> Plan:
        """This plan but for `values`, by field."""
        return replace(self, **values) if values else self


PLANS: Mapping[Tier, Plan] = MappingProxyType(
    {
        Tier.FREE: Plan(
            requests_per_minute=3_000,
            events_per_day=1_000_000,
            events_per_month=10_000_000,
            query_seconds=600,
            rows_read=20_000_000_000,
        ),
        Tier.PRO: Plan(
            requests_per_minute=30_000,
            events_per_day=50_000_000,
            events_per_month=1_000_000_000,
            query_seconds=7_200,
            rows_read=1_000_000_000_000,
        ),
        Tier.ENTERPRISE: Plan(),
    }
)
UNBOUND = Plan()
"""Of the operating tenant: whoever runs the server need not ration himself."""

FIELDS = tuple(Plan.__dataclass_fields__)


class Feature(StrEnum):
    COMPETITIVE_ANALYSIS = "competitive analysis"


FEATURES: Mapping[Feature, Tier] = MappingProxyType({Feature.COMPETITIVE_ANALYSIS: Tier.ENTERPRISE})
"""The lowest tier that has it; metrics name theirs in their packs."""


def plan_of(tenant: str, tier: Tier) -> Plan:
    return UNBOUND if tenant == DEFAULT_TENANT else PLANS[tier]


def require_feature(scope: Scope, feature: Feature) -> None:
    """FORBIDDEN, naming the tier, for a tenant that does not have it."""
    needed = FEATURES[feature]
    if not scope.tier.includes(needed):
        raise FactbookError(
            Kind.FORBIDDEN,
            f"{feature.capitalize()} is part of the {needed} tier; this tenant has {scope.tier}.",
            hint="Change the tenant's tier.",
        )
