"""The whole application for tests, on the folder of the session's engine, and one tenant's calls to it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from fastapi.testclient import TestClient

from factbook import app
from factbook.app import build, http_app
from factbook.core.clock import Clock, system_clock
from factbook.core.scope import Role, Scope
from factbook.core.sections import Settings
from factbook.services import Services
from factbook.storage.engine import Engine


@dataclass(frozen=True, slots=True)
class Whole:
    services: Services
    client: TestClient


@dataclass(frozen=True, slots=True)
class Caller:
    """One tenant's. keys: by role."""

    services: Services
    client: TestClient
    keys: dict[Role, str]
    scope: Scope

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        role: Role | None = Role.ADMIN,
        status: int = 200,
        **more: str,
    ) -> Any:
        """The JSON of the answer, which has this status. more: headers."""
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        if role:
            headers["X-API-Key"] = self.keys[role]
        answer = self.client.request(method, path, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return (
            answer.json()
            if answer.content and answer.headers.get("content-type", "").endswith(("/json", "+json"))
            else answer
        )

    def send(self, *events: dict[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Any:
        """As a batch, in the warehouse when this returns."""
        body = {"events": list(events)}
        answer = self.call("POST", "/api/v1/events/batch", body, role=Role.WRITER, status=status, **(headers or {}))
        assert self.services.intake.drain(30)
        return answer

    def events(self, **filters: str) -> list[dict[str, Any]]:
        query = "&".join(f"{name}={value}" for name, value in {"limit": "1000", **filters}.items())
        found: list[dict[str, Any]] = self.call("GET", f"/api/v1/analytics/events?{query}")["events"]
        return found


@contextmanager
def whole(data: Path, clock: Clock = system_clock, *, database: str = "") -> Iterator[Whole]:
    """On a database of the embedded engine of its own: what is erased is looked for in all events. database:
    DATABASE_URL; empty is SQLite in `data`."""
    settings = Settings.model_validate(
        {
            "server": {"data": data},
            "database": {"url": database},
            "analytics": {"ingestion": {"batch_timeout": 0.05}},
            "security": {"rate_limit": 0, "rate_burst": 0},
        }
    )
    own = partial(Engine, database=f"whole_{uuid.uuid4().hex}")
    with (
        mock.patch.object(app, "Engine", own),
        build(settings, clock) as services,
        TestClient(http_app(services, lambda: True), "http://127.0.0.1:8005") as client,
    ):
        yield Whole(services, client)


def caller(served: Whole, scope: Scope) -> Caller:
    """A tenant that no other test knows, with a key of each role."""
    services = served.services
    services.metadata.ensure_tenant_of_system(scope.tenant, now=0)
    keys = {role: services.keys.create(scope, role.value, role).key for role in Role}
    return Caller(services, served.client, keys, scope)
