"""The rows of the metadata database as values; times are epoch milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

RETENTION_LEVELS = ("raw_events", "minute_aggregates", "hour_aggregates", "daily_aggregates")
TENANT_SETTINGS = (
    "name",
    "branding",
    "role_rules",
    "own_zone",
    "currency",
    "rates",
    "week_start",
    "fiscal_year_start",
)


@dataclass(frozen=True, slots=True)
class Tenant:
    """Days to keep, and what the tenant chose himself (TENANT_SETTINGS), are None where the default applies.

    zone: his own, else that of the settings. rates: JSON text, by currency. branding, role_rules: JSON text.
    removing_at: since when the data is being removed.
    """

    id: str
    name: str
    zone: str
    tier: str
    created_at: int
    raw_events: int | None = None
    minute_aggregates: int | None = None
    hour_aggregates: int | None = None
    daily_aggregates: int | None = None
    own_zone: str | None = None
    currency: str | None = None
    rates: str | None = None
    week_start: int | None = None
    fiscal_year_start: int | None = None
    branding: str | None = None
    role_rules: str | None = None
    suspended_at: int | None = None
    removing_at: int | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """digest: hex SHA-256 of the key. prefix: its first characters, to know it by. preset: the variable naming it.
    row_filter: JSON text."""

    id: str
    tenant: str
    name: str
    role: str
    digest: str
    prefix: str
    preset: str
    created_by: str
    created_at: int
    last_used_at: int | None = None
    expires_at: int | None = None
    revoked_at: int | None = None
    row_filter: str | None = None
    masked: bool = False


@dataclass(frozen=True, slots=True)
class EventType:
    """schema: JSON text of the JSON Schema of its properties; version counts up from 1 with every change."""

    tenant: str
    name: str
    display_name: str
    description: str
    schema: str
    is_active: bool
    version: int
    created_at: int
    updated_at: int
    retired_at: int | None = None


@dataclass(frozen=True, slots=True)
class EventTypeChange:
    version: int
    change: str
    actor: str
    changed_at: int
    definition: dict[str, Any]


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    """kind: metric or dimension. definition: as it is written in a pack. version counts up with every change."""

    tenant: str
    id: str
    kind: str
    definition: dict[str, Any]
    version: int
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class Change:
    """Of something that a tenant defines. change: created, changed or removed. actor: empty where it was made before
    changes were kept. before: what it was until then, None where it is created. definition: as it is since, or as it
    was removed."""

    version: int
    change: str
    actor: str
    changed_at: int
    before: dict[str, Any] | None
    definition: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FunnelRow:
    """definition: the fields of a question that the name stands for. version counts up with every change."""

    tenant: str
    id: str
    label: str
    description: str
    definition: dict[str, Any]
    version: int
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class BenchmarkRow:
    """definition: metric, value, quantiles, source, period. version counts up with every change."""

    tenant: str
    id: str
    label: str
    description: str
    definition: dict[str, Any]
    version: int
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """rule: as it was given. freezing: by which its members are kept, None where it is live. version counts up with
    every change."""

    tenant: str
    id: str
    label: str
    description: str
    rule: dict[str, Any]
    freezing: int | None
    version: int
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class LetterOutcome:
    """What became of a dead letter that was sent in again. result: accepted, duplicate or superseded.

    event_id: the event it became, empty when superseded. successor: the letter that holds what was refused again.
    """

    tenant: str
    letter_id: str
    result: str
    event_id: str
    successor: str
    at: int


@dataclass(frozen=True, slots=True)
class JobRun:
    name: str
    started_at: int
    finished_at: int | None
    failure: str
    detail: str
