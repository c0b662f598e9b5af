"""The way to Redis (or Valkey): scripts run from threads and from the event loop, and a pause after a failure."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import redis
import redis.asyncio
import structlog
from redis.asyncio.retry import Retry as LaterRetry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as CutError
from redis.exceptions import NoScriptError, RedisError
from redis.retry import Retry

from factbook.core.errors import FactbookError, Kind, unavailable

log = structlog.get_logger()

CONNECTIONS = 16
PATIENCE = 1.0
"""Seconds that Redis has to answer."""
PAUSE = 1.0
"""Seconds after a failure for which it is not asked again."""

_FAILURES = (RedisError, OSError, TimeoutError)
_ONCE_MORE = (NoBackoff(), 1, (CutError,))
"""A connection that was cut while nobody used it; every script may run twice."""


class LostError(Exception):
    """Redis does not answer just now."""


@dataclass(frozen=True, slots=True)
class Script:
    """Lua, run as one step; Redis knows it by its digest once it has run."""

    text: str
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest())


class RedisLink:
    """`run` from any thread, `ask` from one event loop. Both raise LostError, at once where Redis failed lately."""

    def __init__(self, address: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        options: dict[str, Any] = {
            "max_connections": CONNECTIONS,
            "timeout": PATIENCE,
            "socket_timeout": PATIENCE,
            "socket_connect_timeout": PATIENCE,
        }
        try:
            self._pool = redis.BlockingConnectionPool.from_url(address, retry=Retry(*_ONCE_MORE), **options)
        except ValueError as error:
            raise FactbookError(
                Kind.INVALID,
                f"REDIS_URL is not an address of Redis: {str(error)[:200]}.",
                field="REDIS_URL",
                hint="Use redis://:password@host:6379/0.",
            ) from None
        self._address = address
        self._options = options
        self._clock = clock
        self._now = redis.Redis(connection_pool=self._pool)
        self._later: tuple[asyncio.AbstractEventLoop, redis.asyncio.Redis] | None = None
        self._turn = threading.Lock()
        self._resting_until = 0.0
        self._is_lost = False

    def run(self, script: Script, keys: Sequence[str], arguments: Sequence[Any] = ()) -> Any:
        self._rest()
        given = (len(keys), *keys, *arguments)
        try:
            try:
                found = self._now.evalsha(script.digest, *given)
            except NoScriptError:
                found = self._now.eval(script.text, *given)
        except _FAILURES as error:
            raise self._lost(error) from error
        self._back()
        return found

    async def ask(self, script: Script, keys: Sequence[str], arguments: Sequence[Any] = ()) -> Any:
        self._rest()
        given = (len(keys), *keys, *arguments)
        client = self._client()
        try:
            try:
                found = await cast(Any, client.evalsha(script.digest, *given))
            except NoScriptError:
                found = await cast(Any, client.eval(script.text, *given))
        except _FAILURES as error:
            raise self._lost(error) from error
        self._back()
        return found

    def ping(self) -> None:
        """UNAVAILABLE when Redis does not answer."""
        try:
            self._now.ping()
        except _FAILURES as error:
            raise unavailable(f"Redis does not answer: {_reason(error)}.") from error

    def close(self) -> None:
        self._now.close()
        self._pool.disconnect()

    def _client(self) -> redis.asyncio.Redis:
        loop = asyncio.get_running_loop()
        if self._later is None or self._later[0] is not loop:
            pool = redis.asyncio.BlockingConnectionPool.from_url(
                self._address, retry=LaterRetry(*_ONCE_MORE), **self._options
            )
            self._later = loop, redis.asyncio.Redis(connection_pool=pool)
        return self._later[1]

    def _rest(self) -> None:
        with self._turn:
            now = self._clock()
            if now < self._resting_until:
                raise LostError
            if self._is_lost:  # one call tries whether it is back, the others go on without
                self._resting_until = now + PAUSE

    def _lost(self, error: BaseException) -> LostError:
        with self._turn:
            is_new, self._is_lost = not self._is_lost, True
            self._resting_until = self._clock() + PAUSE
        if is_new:
            log.warning("Redis does not answer; answers come from the warehouse alone", reason=_reason(error))
        return LostError()

    def _back(self) -> None:
        if not self._is_lost:
            return
        with self._turn:
            self._is_lost, self._resting_until = False, 0.0
        log.info("Redis answers again")


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:200]}"
