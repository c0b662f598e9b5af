"""A frozen record of the wired parts; no logic."""

from __future__ import annotations

from dataclasses import dataclass

from factbook.access.audit import Audit
from factbook.access.keys import Keys, NewKey
from factbook.access.oidc import Provider
from factbook.access.person_requests import PersonRequests
from factbook.access.privacy import Privacy
from factbook.access.query_costs import QueryCosts
from factbook.access.quotas import Quotas
from factbook.access.rate_limits import RateLimits
from factbook.access.shares import Shares
from factbook.access.tenancy import Tenancy
from factbook.access.tenant_removal import TenantRemoval
from factbook.access.tenant_settings import TenantSettings
from factbook.core.clock import Clock
from factbook.core.outgoing import Outgoing
from factbook.core.settings import Settings
from factbook.core.telemetry import Telemetry
from factbook.ingest.event_types import EventTypes
from factbook.ingest.feed import Feed
from factbook.ingest.intake import Intake
from factbook.ingest.personal import Personal
from factbook.ingest.retention import Retention
from factbook.ingest.sessions import Sessions
from factbook.ingest.telemetry.counters import Counters
from factbook.metrics.definitions import Definitions
from factbook.queries.answers import Answers
from factbook.queries.behaviour.funnels.kept import KeptFunnels
from factbook.queries.behaviour.segments.kept import KeptSegments
from factbook.queries.benchmarks.kept import KeptBenchmarks
from factbook.queries.reads import Reads
from factbook.queries.systems.kept import KeptObjectives
from factbook.queries.tenants import Tenants
from factbook.storage.engine import Engine
from factbook.storage.metadata import Metadata
from factbook.storage.running import Running
from factbook.storage.sharing import Sharing
from factbook.storage.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class Services:
    """made: keys that this start made, to be shown once. sessions: None where they are switched off."""

    settings: Settings
    clock: Clock
    engine: Engine
    warehouse: Warehouse
    metadata: Metadata
    keys: Keys
    outgoing: Outgoing
    provider: Provider | None
    rate_limits: RateLimits
    quotas: Quotas
    query_costs: QueryCosts
    made: tuple[NewKey, ...]
    tenancy: Tenancy
    tenant_removal: TenantRemoval
    tenant_settings: TenantSettings
    types: EventTypes
    intake: Intake
    counters: Counters
    sessions: Sessions | None
    feed: Feed
    definitions: Definitions
    segments: KeptSegments
    funnels: KeptFunnels
    benchmarks: KeptBenchmarks
    objectives: KeptObjectives
    shares: Shares
    tenants: Tenants
    reads: Reads
    answers: Answers
    sharing: Sharing
    running: Running
    retention: Retention
    telemetry: Telemetry
    audit: Audit
    personal: Personal
    privacy: Privacy
    person_requests: PersonRequests
