"""The composition root: builds the parts in order, wires them, and takes them down in reverse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import timedelta

import structlog
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from factbook import __version__
from factbook.access.audit import Audit
from factbook.access.issuer import issuer_of
from factbook.access.keys import Keys
from factbook.access.oidc import provider_of
from factbook.access.person_requests import PersonRequests
from factbook.access.privacy import Privacy
from factbook.access.query_costs import QueryCosts
from factbook.access.quotas import Quotas
from factbook.access.rate_limits import RateLimits
from factbook.access.shares import Shares
from factbook.access.tenancy import Tenancy
from factbook.access.tenant_removal import TenantRemoval
from factbook.access.tenant_settings import TenantSettings
from factbook.access.token_keys import token_keys
from factbook.core.clock import Clock, epoch_ms, system_clock
from factbook.core.errors import FactbookError
from factbook.core.outgoing import Outgoing
from factbook.core.security_sections import Security
from factbook.core.settings import Settings
from factbook.core.telemetry import Telemetry
from factbook.ingest.agents import agent
from factbook.ingest.batch import Rules
from factbook.ingest.blocks import warm_up
from factbook.ingest.erasure import Eraser
from factbook.ingest.event_types import EventTypes
from factbook.ingest.feed import Feed
from factbook.ingest.intake import Intake, Limits
from factbook.ingest.journal import SqliteJournal
from factbook.ingest.personal import Personal
from factbook.ingest.places import Places
from factbook.ingest.recall import recall_ids, recall_sessions, recall_waiting
from factbook.ingest.retention import Retention
from factbook.ingest.seen import Seen
from factbook.ingest.session_lease import Lease
from factbook.ingest.session_rule import Rule
from factbook.ingest.sessions import Sessions
from factbook.ingest.telemetry.counters import PREFIX as COUNTERS
from factbook.ingest.telemetry.counters import Counters
from factbook.ingest.visits import Visits
from factbook.ingest.writer import Writer
from factbook.metrics.catalog import built_in
from factbook.metrics.definitions import Definitions
from factbook.queries import turns
from factbook.queries.answers import Answers
from factbook.queries.behaviour.funnels.kept import KeptFunnels
from factbook.queries.behaviour.segments.kept import KeptSegments
from factbook.queries.benchmarks.kept import KeptBenchmarks
from factbook.queries.reads import Reads
from factbook.queries.seen import seen_sql
from factbook.queries.systems.kept import KeptObjectives
from factbook.queries.tenants import Tenants
from factbook.services import Services
from factbook.storage.cache import Cache
from factbook.storage.engine import Engine
from factbook.storage.folder import Folder
from factbook.storage.metadata import Metadata
from factbook.storage.migrate import migrate
from factbook.storage.running import Running
from factbook.storage.segment_members import SegmentMembers
from factbook.storage.sharing import sharing
from factbook.storage.tenant_data import TenantData
from factbook.storage.warehouse import Warehouse
from factbook.transports.http import (
    audit,
    auth,
    behaviour,
    benchmarks,
    catalog,
    cohorts,
    content,
    custom_events,
    dashboard,
    dashboards,
    dead_letters,
    definitions,
    events,
    funnels,
    imports,
    ingest_docs,
    journeys,
    keys,
    lifecycle,
    limits,
    lineage,
    metrics,
    named_funnels,
    objectives,
    oidc,
    operations,
    paths,
    people,
    privacy,
    problems,
    published_keys,
    queries,
    realtime,
    retention,
    segments,
    settings,
    systems,
    telemetry_in,
    tenants,
    trading,
    users,
)
from factbook.transports.http.audited import Audited
from factbook.transports.http.features import needs
from factbook.transports.http.heads import Heads
from factbook.transports.http.ingest import IngestRoutes
from factbook.transports.http.leaving import Leaving
from factbook.transports.http.rate_headers import NAMES, RateHeaders
from factbook.transports.http.request_id import RequestId
from factbook.transports.http.telemetry_in import TelemetryRoutes
from factbook.transports.websocket import feed
from factbook.web import pages
from factbook.web.headers import SecurityHeaders

log = structlog.get_logger()

BUSY = 100.0
"""Events a second, over the last ten, from which on work that can wait does."""
BEHIND = 1.0
"""Seconds that the oldest event waits for the warehouse; from there on the same."""


def http_app(services: Services, ready: Callable[[], bool]) -> ASGIApp:
    """The whole HTTP surface: the ways in as raw ASGI, everything else through FastAPI."""
    api = FastAPI(
        title="Factbook",
        version=__version__,
        summary="Events in, facts out.",
        docs_url=None,
        redoc_url=None,
    )
    problems.install(api)
    features = services.settings.analytics.features
    live = needs(features.realtime, "Real-time analytics", "ENABLE_REALTIME_ANALYTICS")
    cohort = needs(features.cohorts, "Cohort analysis", "ENABLE_COHORT_ANALYSIS")
    funnel = needs(features.funnels, "Funnel analysis", "ENABLE_FUNNEL_ANALYSIS")
    journey = needs(features.journeys, "Journey analysis", "ENABLE_USER_JOURNEY")
    for part, needed in (
        (ingest_docs.router(services), []),
        (telemetry_in.router(services), []),
        (dead_letters.router(services), []),
        (custom_events.router(services), []),
        (events.router(services), []),
        (realtime.router(services), live),
        (metrics.router(services), []),
        (catalog.router(services), []),
        (definitions.router(services), []),
        (dashboard.router(services), []),
        (dashboards.router(services), []),
        (segments.router(services), []),
        (behaviour.router(services), []),
        (cohorts.router(services), cohort),
        (funnels.router(services), funnel),
        (named_funnels.router(services), funnel),
        (journeys.router(services), journey),
        (paths.router(services), journey),
        (lifecycle.router(services), cohort),
        (content.router(services), []),
        (trading.router(services), []),
        (systems.router(services), []),
        (objectives.router(services), []),
        (users.router(services), []),
        (imports.router(services), []),
        (benchmarks.router(services), []),
        (auth.router(services), []),
        (keys.router(services), []),
        (published_keys.router(services), []),
        (oidc.router(services), []),
        (limits.router(services), []),
        (people.router(services), []),
        (tenants.router(services), []),
        (retention.router(services), []),
        (privacy.router(services), []),
        (audit.router(services), []),
        (lineage.router(services), []),
        (settings.router(services), []),
        (feed.router(services), []),
        (queries.router(services), []),
        (operations.router(services, ready), []),
        (pages.router(services), []),
    ):
        api.include_router(part, dependencies=needed)
    app: ASGIApp = TelemetryRoutes(
        RequestId(SecurityHeaders(RateHeaders(Heads(Leaving(Audited(api, services)))))), services
    )
    app = IngestRoutes(app, services)
    security = services.settings.security
    if security.cors_origins:
        sharing = CORSMiddleware(
            app,
            allow_origins=list(security.cors_origins),
            allow_methods=list(security.cors_methods),
            allow_headers=["Authorization", "X-API-Key", "Content-Type", "Content-Encoding", "X-Request-ID"],
            expose_headers=["X-Request-ID", *NAMES],
        )
        app = SecurityHeaders(sharing, method="OPTIONS")  # which are answered before anything below
    return app


@contextmanager
def build(settings: Settings, clock: Clock = system_clock, *, folder: Folder | None = None) -> Iterator[Services]:
    """Everything, started: what an earlier run left in the journal is in the warehouse before this yields.

    Raises CONFLICT when another process holds the data folder, UNAVAILABLE when a part cannot be opened. On the way
    out: takes nothing new, moves what was accepted into the warehouse, closes each part.
    """
    ingestion = settings.analytics.ingestion
    with ExitStack() as stack:
        data = settings.server.data
        if folder is None:
            folder = Folder(data)
            stack.callback(folder.release)
        places = Places(ingestion.geo_database)
        engine = Engine(
            settings.warehouse.url, data, connections=settings.warehouse.connections + 1, key=settings.warehouse.key
        )
        stack.callback(engine.close)
        migrate(engine)
        metadata = Metadata.open(settings.database.address, data, settings.security.secret_key)
        stack.callback(metadata.close)
        outgoing = Outgoing(settings.security.outgoing_allowed)
        security = settings.security
        signing = token_keys(metadata, clock, security.tokens)
        access = Keys(metadata, clock, issuer_of(security.jwt, clock, outgoing), signing)
        made = access.prepare(_presets(settings), zone=settings.server.timezone)
        quotas = Quotas(metadata, clock, _for_all(security), access.tenant)
        costs = QueryCosts(clock, lambda scope: quotas.plan(scope.tenant, scope.tier))
        types = EventTypes(metadata, clock)
        personal = Personal(metadata, clock)
        trail = Audit(metadata.audit, clock)
        stack.callback(trail.flush, all=True)
        telemetry = Telemetry(CollectorRegistry())
        live = Feed()
        journal = SqliteJournal(data / "journal.db")
        stack.callback(journal.close)
        query = settings.analytics.query
        shared = sharing(engine, settings.redis.address, life=query.cache_ttl, patience=query.timeout)
        stack.callback(shared.close)
        if not (engine.embedded or shared.cache):
            log.info("answers are not kept: other processes may write to this warehouse", hint="Set REDIS_URL.")
        versions = shared.versions
        writer = Writer(engine, journal, clock, interval=ingestion.batch_timeout, appeared=versions.appeared)
        _recover(writer)
        session = timedelta(seconds=settings.analytics.realtime.session_timeout)
        window = timedelta(hours=ingestion.dedupe_hours)
        visits = Visits(int(session.total_seconds() * 1000))
        seen = Seen(window.total_seconds())
        recall_ids(engine, seen, clock(), window)
        recall_sessions(engine, visits, clock(), session)
        recall_waiting(journal, seen, visits)
        intake = Intake(
            journal=journal,
            writer=writer,
            feed=live,
            rules=Rules(
                types=types,
                places=places,
                max_age_ms=ingestion.max_event_age_days * 86_400_000,
                max_depth=ingestion.max_depth,
                max_event_bytes=ingestion.max_event_bytes,
                anonymize_ip=ingestion.anonymize_ip,
                personal=personal,
            ),
            visits=visits,
            seen=seen,
            clock=clock,
            recorder=telemetry,
            limits=Limits(max_events=ingestion.max_events, max_journal_bytes=ingestion.journal_max_bytes),
            allowance=quotas,
        )
        telemetry.pipeline_lag(lambda: intake.state().lag_seconds)
        sessions = _sessions(settings, engine, clock, intake, telemetry)
        if sessions:
            stack.callback(sessions.stop)
            telemetry.sessions_lag(lambda: sessions.lag.events, lambda: sessions.lag.seconds)
        running = Running(engine, clock, spend=costs.spend)

        def looked(hit: bool) -> None:
            (telemetry.cache_hit if hit else telemetry.cache_miss)()

        reads = Reads(
            running,
            _turns(settings),
            observe=lambda seconds: telemetry.query("read", seconds),
            looked=looked,
            allow=costs.check,
        )
        stack.callback(reads.close)
        kept = Retention(
            engine,
            metadata,
            clock,
            defaults=settings.analytics.retention,
            settle=intake.drain,
            changed=versions.changed,
        )
        tenant_settings = TenantSettings(metadata, access)
        own_metrics = Definitions(metadata, built_in(), clock)
        warehouse = Warehouse(
            engine,
            seconds=query.timeout,
            memory_bytes=query.max_memory,
            rows_read=query.max_rows_read,
            cells=query.max_cells,
            running=running,
            seen=seen_sql,
        )
        person_requests = PersonRequests(
            Eraser(engine),
            warehouse,
            metadata,
            personal,
            clock,
            data / "exports",
            oldest_waiting=lambda: journal.depth().oldest,
            standing=sessions.standing if sessions else nullcontext,
            changed=versions.changed,
            forget=writer.forget,
            alone=engine.embedded,
        )
        own_segments = KeptSegments(
            metadata.segments, SegmentMembers(engine), warehouse, own_metrics.catalog, tenant_settings.of, clock
        )
        cache = Cache(query.cache_bytes, query.cache_ttl)
        warm_up()
        agent("Mozilla/5.0")  # reads the rules of user agents: 0.1 s that the first event would take
        writer.start()
        stack.callback(_stop_writer, writer)
        intake.start()
        stack.callback(_settle, quotas)
        stack.callback(intake.stop)
        yield Services(
            settings=settings,
            clock=clock,
            engine=engine,
            warehouse=warehouse,
            metadata=metadata,
            keys=access,
            outgoing=outgoing,
            provider=provider_of(security.oidc, clock, outgoing),
            rate_limits=RateLimits(
                security, lambda scope: quotas.plan(scope.tenant, scope.tier), settings.redis.address
            ),
            quotas=quotas,
            query_costs=costs,
            made=made,
            tenancy=Tenancy(metadata, access, clock),
            tenant_removal=TenantRemoval(
                TenantData(engine),
                metadata,
                access,
                clock,
                settle=intake.drain,
                files=person_requests.remove_files,
                changed=versions.changed,
            ),
            tenant_settings=tenant_settings,
            types=types,
            intake=intake,
            counters=Counters(journal.notes(COUNTERS), now=epoch_ms(clock()) * 1_000_000),
            sessions=sessions,
            feed=live,
            definitions=own_metrics,
            segments=own_segments,
            funnels=KeptFunnels(metadata.funnels, clock),
            benchmarks=KeptBenchmarks(metadata.benchmarks, clock),
            objectives=KeptObjectives(metadata.objectives, clock),
            shares=Shares(metadata, clock),
            tenants=Tenants(own_metrics.catalog, tenant_settings.of, kept.limits, clock, own_segments.of),
            reads=reads,
            answers=Answers(warehouse, reads, versions, cache, shared.cache, looked=looked),
            sharing=shared,
            running=running,
            telemetry=telemetry,
            audit=trail,
            personal=personal,
            privacy=Privacy(metadata, personal, warehouse, clock),
            person_requests=person_requests,
            retention=kept,
        )


def _for_all(security: Security) -> dict[str, int]:
    return {**security.quotas.model_dump(), "requests_per_minute": security.tenant_rate_limit}


def _settle(quotas: Quotas) -> None:
    try:
        quotas.settle()
    except FactbookError as error:
        log.warning("what tenants sent lately is not written down", reason=error.message)


def _presets(settings: Settings) -> dict[str, str]:
    secrets = {
        "FACTBOOK_ADMIN_KEY": settings.security.admin_key,
        "FACTBOOK_WRITE_KEY": settings.security.write_key,
    }
    return {name: secret.get_secret_value() for name, secret in secrets.items() if secret}


def _turns(settings: Settings) -> turns.Limits:
    return turns.Limits(
        threads=settings.warehouse.connections,
        all=settings.analytics.query.max_concurrent,
        tenant=settings.analytics.query.tenant_concurrent,
        tenant_waiting=settings.analytics.query.tenant_waiting,
    )


def _sessions(
    settings: Settings, engine: Engine, clock: Clock, intake: Intake, telemetry: Telemetry
) -> Sessions | None:
    """Other processes may be at a warehouse server, and build too."""
    if not settings.analytics.features.journeys:
        return None
    realtime = settings.analytics.realtime

    def busy() -> bool:
        return telemetry.figures().events_per_second >= BUSY or intake.state().oldest_age_seconds >= BEHIND

    return Sessions(
        engine,
        clock,
        Rule.of(realtime.session_timeout, realtime.session_max_hours),
        busy=busy,
        lease=None if engine.embedded else Lease(engine),
    )


def _recover(writer: Writer) -> None:
    try:
        writer.recover()
    except FactbookError as error:  # it stays journalled, and the writer goes on trying
        log.warning("what is journalled cannot be written yet", reason=error.message)


def _stop_writer(writer: Writer) -> None:
    if not writer.stop():
        log.warning("not everything is in the warehouse yet; the rest stays in the journal for the next start")
