"""Liveness, readiness, health and metrics, on the main port and on ports of their own where configured."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response

from factbook import __version__
from factbook.access.gate import credential, session_cookie
from factbook.core.errors import unavailable
from factbook.core.scope import Role
from factbook.core.telemetry import CONTENT_TYPE
from factbook.services import Services

from . import problems
from .access import let_in
from .health import UNHEALTHY, Health
from .request_id import RequestId

Ready = Callable[[], bool]
"""Whether the service takes requests: false while it starts and once it stops."""

_NO_STORE = {"cache-control": "no-store"}
_HEALTHZ: dict[str, Any] = {
    "service": "factbook",
    "status": "healthy",
    "version": __version__,
    "timestamp": "2026-03-01T09:30:00Z",
    "parts": {"warehouse": {"state": "up", "milliseconds": 1.9}, "brokers": {"state": "not configured"}},
    "journal": {"depth": 0, "bytes": 0, "oldest_age_seconds": 0.0, "lag_seconds": 0.0, "last_error": None},
    "sessions": {"waiting_events": 12, "lag_seconds": 2.1},
    "average_query_time_ms": 3.1,
    "processing_success_rate": 1.0,
    "data_completeness": 1.0,
}


def router(services: Services, ready: Ready) -> APIRouter:
    """/health, /ready, /healthz and /metrics."""
    operations = APIRouter(tags=["Operations"])
    _liveness(operations, "/health")
    _readiness(operations, ready)
    _detail(operations, services, ready)
    _metrics(operations, services, "/metrics")
    return operations


def own_ports(services: Services, ready: Ready) -> dict[int, FastAPI]:
    """The applications for `metrics.port` and `health.port`, by port; empty where neither is set.

    They are meant for machines inside the same network. Both may share one port.
    """
    apps: dict[int, FastAPI] = {}

    def on(port: int) -> FastAPI:
        if port not in apps:
            apps[port] = FastAPI(title="Factbook operations", version=__version__, docs_url=None, redoc_url=None)
            apps[port].add_middleware(RequestId)
            problems.install(apps[port])
        return apps[port]

    metrics, health = services.settings.metrics, services.settings.health
    if metrics.port is not None:
        inner = APIRouter()
        _metrics(inner, services, metrics.path)
        on(metrics.port).include_router(inner)
    if health.port is not None:
        inner = APIRouter()
        _liveness(inner, health.path)
        _readiness(inner, ready)
        _detail(inner, services, ready)
        on(health.port).include_router(inner)
    return apps


def _liveness(operations: APIRouter, path: str) -> None:
    @operations.get(
        path,
        summary="Is the process alive",
        responses={200: {"content": {"application/json": {"example": {"status": "ok", "version": __version__}}}}},
    )
    async def health() -> JSONResponse:
        """Answers without asking any part: a restart is only due when this does not answer."""
        return JSONResponse({"status": "ok", "service": "factbook", "version": __version__}, headers=_NO_STORE)


def _readiness(operations: APIRouter, ready: Ready) -> None:
    @operations.get(
        "/ready",
        summary="Can it serve",
        responses={
            200: {"content": {"application/json": {"example": {"status": "ready"}}}},
            503: {"description": "It is starting or stopping; `Retry-After` says when to ask again."},
        },
    )
    async def readiness() -> JSONResponse:
        """200 once migrations are done and what was left in the journal is taken up; 503 before and when it stops."""
        if not ready():
            raise unavailable("Factbook is starting or stopping.", retry_after=1.0)
        return JSONResponse({"status": "ready"}, headers=_NO_STORE)


def _detail(operations: APIRouter, services: Services, ready: Ready) -> None:
    health = Health(services)

    @operations.get(
        "/healthz",
        summary="How every part is",
        responses={
            200: {"content": {"application/json": {"example": _HEALTHZ}}},
            503: {"description": "`status` is unhealthy: events cannot be taken."},
        },
    )
    async def healthz(request: Request) -> JSONResponse:
        """Signed in: every part and every figure, null where nothing was measured. Otherwise the states alone."""
        described = health.full if await _may_read(services, request) else health.short
        body = await described(ready=ready())
        if body["status"] == UNHEALTHY:
            return JSONResponse(body, 503, headers={**_NO_STORE, "retry-after": "5"})
        return JSONResponse(body, headers=_NO_STORE)


def _metrics(operations: APIRouter, services: Services, path: str) -> None:
    @operations.get(
        path,
        summary="Prometheus metrics",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"example": "analytics_events_ingested_total 1024.0\n"}}}},
    )
    async def metrics() -> Response:
        """The Prometheus text; `metrics.port` serves it on a port of its own as well."""
        return Response(await asyncio.to_thread(services.telemetry.text), media_type=CONTENT_TYPE)


async def _may_read(services: Services, request: Request) -> bool:
    if credential(request.headers) is None and session_cookie(request.headers) is None:
        return False
    return (await let_in(services, request.headers)).role is not Role.WRITER
