"""Answers kept in Redis for every process at one warehouse, which also agree there on who of them asks it."""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import suppress

from .cache import Kept
from .redis_link import LostError, RedisLink, Script

HOLD = 3.0
"""Seconds after which a process that found no answer and went silent is waited for no more."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.1

_TAKE = Script("""
local answer, lock = KEYS[1], KEYS[2]
local found = redis.call('GET', answer)
if found then return {found, redis.call('PTTL', answer)} end
if redis.call('SET', lock, ARGV[1], 'NX', 'PX', ARGV[2]) or redis.call('GET', lock) == ARGV[1] then return 1 end
return 0
""")

_HOLD = Script("""
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
""")

_KEEP = Script("""
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
return 1
""")

_LEAVE = Script("""
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
""")


class RedisCache:
    """Use from one event loop. life: seconds that an answer is kept. patience: longest wait for another process.

    Whoever finds no answer holds a short lock on it, which it renews until it keeps one or leaves it to others. Without
    Redis nothing is found and nothing kept.
    """

    def __init__(self, link: RedisLink, namespace: str, *, life: float, patience: float) -> None:
        self._link = link
        self._space = f"{{{namespace}}}:answers"
        self._life = life
        self._patience = patience
        self._name = secrets.token_hex(8)
        self._held: dict[str, asyncio.Task[None]] = {}

    async def found(self, key: str) -> Kept | None:
        if not self._life:
            return None
        deadline, pause = time.monotonic() + self._patience, _FIRST_PAUSE
        with suppress(LostError):
            while True:
                found = await self._link.ask(_TAKE, self._keys(key), (self._name, int(HOLD * 1000)))
                if isinstance(found, list):
                    return Kept(found[0], max(found[1], 0) / 1000)
                if found:
                    self._held[key] = asyncio.create_task(self._renew(key))
                    return None
                if time.monotonic() + pause > deadline:
                    return None
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        return None

    async def keep(self, key: str, body: bytes) -> None:
        self._release(key)
        if not self._life:
            return
        with suppress(LostError):
            await self._link.ask(_KEEP, self._keys(key), (self._name, body, int(self._life * 1000)))

    async def leave(self, key: str) -> None:
        if self._release(key):
            with suppress(LostError):
                await self._link.ask(_LEAVE, self._keys(key)[1:], (self._name,))

    def _keys(self, key: str) -> tuple[str, str]:
        return f"{self._space}:{key}", f"{self._space}:{key}:lock"

    def _release(self, key: str) -> bool:
        task = self._held.pop(key, None)
        if task is not None:
            task.cancel()
        return task is not None

    async def _renew(self, key: str) -> None:
        while True:
            await asyncio.sleep(HOLD / 3)
            with suppress(LostError):
                await self._link.ask(_HOLD, self._keys(key)[1:], (self._name, int(HOLD * 1000)))
