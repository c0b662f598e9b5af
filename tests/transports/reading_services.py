"""The reading half of the service for tests: its routes over the session's engine, one tenant and its keys a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry

from factbook.access.audit import Audit
from factbook.access.keys import Keys
from factbook.access.shares import Shares
from factbook.access.tenant_settings import TenantSettings
from factbook.core.scope import Role, Scope
from factbook.core.sections import Settings
from factbook.core.telemetry import Telemetry
from factbook.ingest.feed import Feed
from factbook.ingest.retention import Retention
from factbook.metrics.catalog import built_in
from factbook.metrics.definitions import Definitions
from factbook.queries.answers import Answers
from factbook.queries.behaviour.funnels.kept import KeptFunnels
from factbook.queries.behaviour.segments.kept import KeptSegments
from factbook.queries.benchmarks.kept import KeptBenchmarks
from factbook.queries.reads import Reads
from factbook.queries.systems.kept import KeptObjectives
from factbook.queries.tenants import Tenants
from factbook.queries.turns import Limits as TurnLimits
from factbook.services import Services
from factbook.storage.cache import Cache
from factbook.storage.engine import Engine
from factbook.storage.metadata import Metadata
from factbook.storage.segment_members import SegmentMembers
from factbook.storage.versions import UnknownVersions
from factbook.storage.warehouse import Warehouse
from factbook.transports.http import (
    catalog,
    cohorts,
    dashboard,
    events,
    funnels,
    lifecycle,
    metrics,
    named_funnels,
    problems,
    realtime,
)
from factbook.transports.websocket import feed
from tests.unlimited import UNLIMITED

NOW = datetime(2026, 3, 1, 12, 0, 30, 250_000, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reading:
    """client: with an admin's key. keys: by role."""

    client: TestClient
    services: Services
    keys: dict[Role, str]

    def get(self, path: str, role: Role | None = Role.ANALYST, **parameters: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.keys[role]}"} if role else {}
        return self.client.get(path, params=parameters or None, headers=headers)  # {} would drop what the path asks


@contextmanager
def reading(warehouse: Warehouse, scope: Scope, data: Path, engine: Engine | None = None) -> Iterator[Reading]:
    """engine: where segments are frozen."""
    metadata = Metadata.open(f"sqlite:///{data / 'metadata.db'}", data)
    clock = lambda: NOW  # noqa: E731
    metadata.ensure_tenant_of_system(scope.tenant, now=0, tier=scope.tier)
    keys = Keys(metadata, clock)
    made = {role: keys.create(scope, role.value, role).key for role in Role}
    settings = TenantSettings(metadata, keys)
    definitions = Definitions(metadata, built_in(), clock)
    members = SegmentMembers(cast(Any, engine))
    segments = KeptSegments(metadata.segments, members, warehouse, definitions.catalog, settings.of, clock)
    kept = Retention(cast(Any, None), metadata, clock)
    reads = Reads(warehouse.running, TurnLimits(threads=2))
    services = cast(
        Services,
        SimpleNamespace(
            settings=Settings(),
            clock=clock,
            warehouse=warehouse,
            running=warehouse.running,
            keys=keys,
            rate_limits=UNLIMITED,
            tenant_settings=settings,
            definitions=definitions,
            segments=segments,
            funnels=KeptFunnels(metadata.funnels, clock),
            benchmarks=KeptBenchmarks(metadata.benchmarks, clock),
            objectives=KeptObjectives(metadata.objectives, clock),
            shares=Shares(metadata, clock),
            audit=Audit(metadata.audit, clock),
            tenants=Tenants(definitions.catalog, settings.of, kept.limits, clock, segments.of),
            reads=reads,
            answers=Answers(warehouse, reads, UnknownVersions(), Cache(0, 0)),
            feed=Feed(room=10),
            retention=kept,
            telemetry=Telemetry(CollectorRegistry()),
        ),
    )
    app = FastAPI()
    problems.install(app)
    for part in (events, metrics, realtime, catalog, dashboard, cohorts, lifecycle, funnels, named_funnels):
        app.include_router(part.router(services))
    app.include_router(feed.router(services))
    try:
        with TestClient(app) as client:
            yield Reading(client, services, made)
    finally:
        services.reads.close()
        metadata.close()
