"""Requests a minute by caller and by tenant, and how many of them at once: in this process, or in Redis for several."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Scope
from factbook.core.security_sections import Security
from factbook.core.tiers import Plan

log = structlog.get_logger()

PAUSE = 5.0
"""Seconds for which Redis is left alone after a failure; this process counts for itself meanwhile."""
PATIENCE = 0.5
"""Seconds that Redis has to answer."""


@dataclass(frozen=True, slots=True)
class Window:
    """name: key, burst or tenant. whose: what is counted together."""

    name: str
    whose: str
    item: RateLimitItem

    @property
    def limit(self) -> int:
        return int(self.item.amount)

    @property
    def seconds(self) -> int:
        return int(self.item.get_expiry())


@dataclass(frozen=True, slots=True)
class Standing:
    """How a caller stands in the window that he will use up first. reset: seconds until it begins anew."""

    windows: tuple[Window, ...]
    told: Window
    remaining: int
    reset: int


class RateLimits:
    """Use from one event loop. plan: of the caller's tenant. redis: address, empty to count in this process."""

    def __init__(self, settings: Security, plan: Callable[[Scope], Plan], redis: str = "") -> None:
        self._minute = RateLimitItemPerMinute(settings.rate_limit) if settings.rate_limit else None
        self._burst = RateLimitItemPerSecond(settings.rate_burst) if settings.rate_burst else None
        self._plan = plan
        self._here = FixedWindowRateLimiter(MemoryStorage())
        self._redis = redis
        self._shared: Any = None
        self._resting_until = 0.0
        self._is_lost = False

    async def hit(self, scope: Scope) -> Standing | None:
        """Counts one request; None without any limit. LIMITED past one, with the Standing in `standing`."""
        windows = self._windows(scope)
        if not windows:
            return None
        passed, remaining, reset = await self._counted(windows)
        first = min(range(len(windows)), key=lambda at: (passed[at], remaining[at] if _long(windows[at]) else 10**9))
        standing = Standing(windows, windows[first], max(0, remaining[first]), max(1, reset[first]))
        if all(passed):
            return standing
        raise LimitedError(standing, scope)

    def _windows(self, scope: Scope) -> tuple[Window, ...]:
        caller = f"{scope.tenant}/{scope.actor}"
        tenant = self._plan(scope).requests_per_minute
        found = []
        if self._minute:
            found.append(Window("key", caller, self._minute))
        if self._burst:
            found.append(Window("burst", caller, self._burst))
        if tenant:
            found.append(Window("tenant", scope.tenant, RateLimitItemPerMinute(tenant)))
        return tuple(found)

    async def _counted(self, windows: Sequence[Window]) -> tuple[list[bool], list[int], list[int]]:
        if self._redis and time.monotonic() >= self._resting_until:
            try:
                found = await asyncio.wait_for(_shared(self._limiter(), windows), PATIENCE)
            except Exception as error:  # noqa: BLE001 (whatever Redis does: requests go on)
                self._lose(error)
            else:
                self._is_lost = False
                return found
        passed = dict.fromkeys(windows, True)
        for window in _in_order(windows):
            passed[window] = self._here.hit(window.item, window.whose)
            if not passed[window]:
                break
        stats = [self._here.get_window_stats(window.item, window.whose) for window in windows]
        now = time.time()
        return [*passed.values()], [one.remaining for one in stats], [round(one.reset_time - now) for one in stats]

    def _limiter(self) -> Any:
        if self._shared is None:
            from limits.aio.storage import RedisStorage
            from limits.aio.strategies import FixedWindowRateLimiter as Shared

            address = self._redis.replace("unix://", "redis+unix://", 1)
            options: dict[str, Any] = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
            storage = RedisStorage(
                f"async+{address}", implementation="redispy", key_prefix="factbook:limits", **options
            )
            self._shared = Shared(storage)
        return self._shared

    def _lose(self, error: Exception) -> None:
        self._resting_until = time.monotonic() + PAUSE
        if not self._is_lost:
            log.warning("Redis does not answer; each process counts requests for itself", reason=type(error).__name__)
        self._is_lost = True


class LimitedError(FactbookError):
    """A caller or tenant that goes too fast."""

    def __init__(self, standing: Standing, scope: Scope) -> None:
        window = standing.told
        whose = "This tenant sends" if window.name == "tenant" else "This key or session sends"
        span = "second" if window.seconds == 1 else "minute"
        super().__init__(
            Kind.LIMITED,
            f"{whose} more than {window.limit:,} requests a {span}.",
            hint=f"Send the same request again after {standing.reset} seconds."
            + (f" The tenant's tier is {scope.tier}." if window.name == "tenant" else ""),
            retry_after=standing.reset,
            details={"violated-policies": [window.name]},
        )
        self.standing = standing


async def _shared(limiter: Any, windows: Sequence[Window]) -> tuple[list[bool], list[int], list[int]]:
    passed = dict.fromkeys(windows, True)
    for window in _in_order(windows):
        passed[window] = await limiter.hit(window.item, window.whose)
        if not passed[window]:
            break
    stats = await asyncio.gather(*(limiter.get_window_stats(window.item, window.whose) for window in windows))
    now = time.time()
    return [*passed.values()], [one.remaining for one in stats], [round(one.reset_time - now) for one in stats]


def _in_order(windows: Sequence[Window]) -> list[Window]:
    """The shortest first: what one window refuses uses up nothing of a longer one."""
    return sorted(windows, key=lambda window: window.seconds)


def _long(window: Window) -> bool:
    """Whether it is worth telling while it is not used up: a second is over before anybody has read of it."""
    return window.seconds > 1
