"""What /healthz says: the state of every part and the figures that were truly measured, null for the others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import structlog

from factbook import __version__
from factbook.core.errors import FactbookError
from factbook.core.settings import Settings
from factbook.ingest.intake import IntakeState
from factbook.services import Services

HEALTHY, DEGRADED, UNHEALTHY = "healthy", "degraded", "unhealthy"
UP, DOWN, SLOW = "up", "down", "slow"
NOT_CONFIGURED, NOT_USED = "not configured", "configured, not used by this version"

PATIENCE = 2.0
"""Seconds that a part has to answer."""
FRESH = 1.0
"""Seconds for which an answer stands, so that a public path cannot be used to load the parts."""
LATE = 30.0
"""Seconds of lag from which the service counts as degraded: an event is promised to be visible within one."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Part:
    """state: up, down, slow, in process, not configured. milliseconds: of its answer. message: what is wrong."""

    state: str
    milliseconds: float | None = None
    message: str | None = None


class Health:
    """Asks the parts, at most once a second however often it is asked itself."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._turn: asyncio.Lock | None = None
        self._asked = -FRESH
        self._parts: dict[str, Part] = {}
        self._running: dict[str, asyncio.Future[None]] = {}

    async def short(self, *, ready: bool) -> dict[str, Any]:
        """Nothing but words: for callers who are not signed in."""
        parts = await self._states()
        states = {name: {"state": part.state} for name, part in parts.items()}
        return {**self._head(parts, await self._intake(), ready=ready), "parts": states}

    async def full(self, *, ready: bool) -> dict[str, Any]:
        """Every field of the specification; null where nothing was measured."""
        parts = await self._states()
        state = await self._intake()
        figures = self._services.telemetry.figures()
        return {
            **self._head(parts, state, ready=ready),
            "parts": {name: {k: v for k, v in asdict(part).items() if v is not None} for name, part in parts.items()},
            **_ingest(state),
            "sessions": self._sessions(),
            "events_per_second": figures.events_per_second,
            "broker_lag": None,
            "average_query_time_ms": figures.average_query_ms,
            "live_connections": figures.live_connections,
            "cache_hit_rate": figures.cache_hit_rate,
            "data_accuracy": None,
            "reports_24h": None,
            "average_report_time_ms": None,
            "dashboard_queries_24h": None,
        }

    def _sessions(self) -> dict[str, Any] | None:
        sessions = self._services.sessions
        if sessions is None:
            return None
        lag = sessions.lag
        told = {"waiting_events": lag.events, "lag_seconds": round(lag.seconds, 3)}
        return {**told, "message": lag.complaint or None}

    async def _intake(self) -> IntakeState | None:
        try:
            return await asyncio.to_thread(self._services.intake.state)
        except FactbookError:
            return None

    def _head(self, parts: dict[str, Part], intake: IntakeState | None, *, ready: bool) -> dict[str, Any]:
        if not ready or intake is None or parts["database"].state == DOWN:
            status = UNHEALTHY
        elif (
            intake.status != HEALTHY
            or intake.lag_seconds > LATE
            or any(part.state in (DOWN, SLOW) for part in parts.values())
        ):
            status = DEGRADED
        else:
            status = HEALTHY
        return {
            "service": "factbook",
            "status": status,
            "version": __version__,
            "timestamp": self._services.clock().isoformat().replace("+00:00", "Z"),
        }

    async def _states(self) -> dict[str, Part]:
        self._turn = self._turn or asyncio.Lock()
        async with self._turn:
            if time.monotonic() - self._asked >= FRESH:
                services = self._services
                redis = services.sharing.ping
                warehouse, database, journal, cache = await asyncio.gather(
                    self._ask("warehouse", services.engine.ping),
                    self._ask("database", services.metadata.ping),
                    self._ask("journal", services.intake.state),
                    self._ask("cache", redis) if redis else _in_process(),
                )
                self._parts = {
                    "warehouse": warehouse,
                    "database": database,
                    "journal": journal,
                    "cache": cache,
                    **configured(services.settings),
                }
                self._asked = time.monotonic()
            return self._parts

    async def _ask(self, name: str, question: Callable[[], Any]) -> Part:
        start = time.perf_counter()
        running = self._running.get(name)
        if running is not None and not running.done():  # it still has not answered the last time
            return Part(SLOW, message=f"no answer within {PATIENCE:g} seconds")
        asked = self._running[name] = asyncio.ensure_future(asyncio.to_thread(question))
        try:
            await asyncio.wait_for(asyncio.shield(asked), PATIENCE)
        except TimeoutError:
            asked.add_done_callback(lambda done: done.cancelled() or done.exception())
            return Part(SLOW, message=f"no answer within {PATIENCE:g} seconds")
        except FactbookError as error:
            return Part(DOWN, message=error.message)
        except Exception as error:  # a part that fails in a new way is down too
            log.exception("health check failed", part=name)
            return Part(DOWN, message=type(error).__name__)
        return Part(UP, milliseconds=round(1000 * (time.perf_counter() - start), 2))


async def _in_process() -> Part:
    return Part("in process")


def configured(settings: Settings) -> dict[str, Part]:
    """The parts that other versions use: said to be configured or not, never to be up."""
    brokers = bool(settings.kafka.brokers or settings.nats.url)
    return {
        "brokers": Part(NOT_USED if brokers else NOT_CONFIGURED),
        "object_store": Part(NOT_CONFIGURED),
    }


def _ingest(state: IntakeState | None) -> dict[str, Any]:
    if state is None:
        names = ("journal", "events", "processing_success_rate", "data_completeness", "real_time_lag_seconds")
        return dict.fromkeys(names)
    dropped = sum(state.dropped.values())
    return {
        "journal": {
            "depth": state.depth,
            "bytes": state.bytes,
            "oldest_age_seconds": state.oldest_age_seconds,
            "lag_seconds": state.lag_seconds,
            "last_error": state.last_error or None,
        },
        "events": {"accepted": state.accepted, "duplicates": state.duplicates, "dropped": dict(state.dropped)},
        "processing_success_rate": _share(state.accepted + state.duplicates, dropped),
        "data_completeness": _share(state.accepted, dropped),
        "real_time_lag_seconds": state.lag_seconds,
    }


def _share(kept: int, lost: int) -> float | None:
    return round(kept / (kept + lost), 6) if kept + lost else None
