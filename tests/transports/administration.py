"""The administering half of the service for tests: its routes over a metadata database of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
from fastapi import FastAPI
from fastapi.testclient import TestClient

from factbook.access.keys import Keys
from factbook.access.tenancy import Tenancy
from factbook.access.tenant_removal import TenantRemoval
from factbook.access.tenant_settings import TenantSettings
from factbook.core.scope import Role, Scope
from factbook.core.sections import Settings
from factbook.ingest.event_types import EventTypes
from factbook.ingest.retention import Retention
from factbook.services import Services
from factbook.storage.engine import Engine
from factbook.storage.metadata import Metadata
from factbook.storage.tenant_data import TenantData
from factbook.storage.warehouse import Warehouse
from factbook.transports.http import (
    auth,
    custom_events,
    dead_letters,
    keys,
    people,
    problems,
    retention,
    settings,
    tenants,
)
from tests.clocks import SetClock
from tests.unlimited import UNLIMITED


@dataclass(frozen=True, slots=True)
class Administration:
    """keys: by role, of the tenant of `scope`."""

    client: TestClient
    services: Services
    keys: dict[Role, str]
    clock: SetClock
    scope: Scope
    app: FastAPI

    def call(self, method: str, path: str, body: Any = None, *, role: Role | None = Role.ADMIN) -> httpx.Response:
        headers = {"X-API-Key": self.keys[role]} if role else {}
        answer: httpx.Response = self.client.request(method, path, json=body, headers=headers)
        return answer


@contextmanager
def administration(
    engine: Engine, scope: Scope, data: Path, clock: SetClock, *, intake: object = None, database: str = ""
) -> Iterator[Administration]:
    metadata = Metadata.open(database, data)
    metadata.ensure_tenant_of_system(scope.tenant, now=0, zone="Europe/Berlin")
    known = Keys(metadata, clock)
    made = {role: known.create(scope, role.value, role).key for role in Role}
    settings_of = TenantSettings(metadata, known)
    warehouse = Warehouse(engine)
    services = cast(
        Services,
        SimpleNamespace(
            settings=Settings(),
            clock=clock,
            engine=engine,
            warehouse=warehouse,
            metadata=metadata,
            keys=known,
            rate_limits=UNLIMITED,
            tenant_settings=settings_of,
            tenancy=Tenancy(metadata, known, clock),
            tenant_removal=TenantRemoval(TenantData(engine), metadata, known, clock, settle=lambda _: True),
            types=EventTypes(metadata, clock),
            retention=Retention(engine, metadata, clock, settle=lambda _: True),
            intake=intake,
        ),
    )
    app = FastAPI()
    problems.install(app)
    for part in (auth, keys, people, tenants, custom_events, retention, settings, dead_letters):
        app.include_router(part.router(services))
    try:
        with TestClient(app, base_url="http://127.0.0.1:8005") as client:
            yield Administration(client, services, made, clock, scope, app)
    finally:
        metadata.close()
