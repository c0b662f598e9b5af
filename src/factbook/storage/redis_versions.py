"""Versions in Redis, for several processes at one warehouse: each tells there what it wrote, all of them look there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from .redis_link import LostError, RedisLink, Script
from .versions import MAX_DAYS, Days, Range, days_of

KEPT_SECONDS = 7 * 86_400
"""Versions of a tenant go when nothing of his changed for so long: much longer than an answer is kept."""
MAX_NEWS = 10_000
"""Days and tenants that are noted while Redis is away; beyond them, everything counts as changed."""

# A tenant's versions are a sorted set of days by the number of their last change; `floor` is that of every other day.
# Numbers are microseconds of Redis's clock or more, so that they only grow, whatever is lost; a restart, which may
# bring back an older state, and another server in its place are told by the id of the run.
_NEXT = """
local function number(clock)
  local time = redis.call('TIME')
  local found = math.max(time[1] * 1000000 + time[2], tonumber(redis.call('GET', clock) or '0') + 1)
  local text = string.format('%.0f', found)
  redis.call('SET', clock, text)
  return text
end
"""

_TOKENS = Script(
    _NEXT
    + """
local clock, all, tokens = KEYS[1], KEYS[2], {}
if string.find(redis.call('INFO', 'replication'), 'role:slave', 1, true) then return tokens end
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
local floor = redis.call('GET', all) or '0'
for k = 3, #KEYS do
  local versions, days = KEYS[k], {}
  for day in string.gmatch(ARGV[k - 1], '[^,]+') do days[#days + 1] = tonumber(day) end
  if redis.call('EXISTS', versions) == 0 then
    redis.call('ZADD', versions, number(clock), 'floor')
    redis.call('EXPIRE', versions, ARGV[1])
  end
  local newest, place = nil, 0
  while not newest do
    local found = redis.call('ZREVRANGE', versions, place, place + 31, 'WITHSCORES')
    if #found == 0 then
      newest = number(clock)
      redis.call('ZADD', versions, newest, 'floor')
    end
    for i = 1, #found, 2 do
      local day = tonumber(found[i])
      if not newest and not day then newest = found[i + 1] end
      for j = 1, #days, 2 do
        if not newest and day >= days[j] and day <= days[j + 1] then newest = found[i + 1] end
      end
    end
    place = place + 32
  end
  if tonumber(floor) > tonumber(newest) then newest = floor end
  tokens[#tokens + 1] = run .. '.' .. newest
end
return tokens
"""
)

_APPEARED = Script(
    _NEXT
    + """
local clock, now = KEYS[1], number(KEYS[1])
for i = 2, #KEYS do
  local versions = KEYS[i]
  if redis.call('EXISTS', versions) == 0 then redis.call('ZADD', versions, now, 'floor') end
  for day in string.gmatch(ARGV[i + 1], '[^,]+') do redis.call('ZADD', versions, now, day) end
  local over = redis.call('ZCARD', versions) - 1 - tonumber(ARGV[2])
  if over > 0 then
    local gone = redis.call('ZPOPMIN', versions, over + 1)
    redis.call('ZADD', versions, 'GT', gone[#gone], 'floor')
  end
  redis.call('EXPIRE', versions, ARGV[1])
end
return now
"""
)

_CHANGED = Script(
    _NEXT
    + """
local now = number(KEYS[1])
for i = 2, #KEYS do
  redis.call('DEL', KEYS[i])
  redis.call('ZADD', KEYS[i], now, 'floor')
  redis.call('EXPIRE', KEYS[i], ARGV[1])
end
if #KEYS == 1 then redis.call('SET', ARGV[2], now) end
return now
"""
)


class RedisVersions:
    """namespace: of the warehouse, the same in every process that uses it and in no other.

    What a process could not tell Redis it owes: it tells it at the next `settle`, and until then takes nothing out of a
    cache itself.
    """

    def __init__(self, link: RedisLink, namespace: str) -> None:
        self._link = link
        self._space = f"{{{namespace}}}:versions"
        self._clock, self._all = f"{self._space}:clock", f"{self._space}:all"
        self._lock, self._telling = threading.Lock(), threading.Lock()
        self._news = _News()
        self._owes = False
        self._asked: list[_Asked] = []
        self._looking: asyncio.Task[None] | None = None

    def appeared(self, days: Days) -> None:
        self._note(_News({tenant: set(numbers) for tenant, numbers in days.items()}))

    def changed(self, tenant: str | None = None) -> None:
        self._note(_News(everything=True) if tenant is None else _News(changed={tenant}))

    def settle(self) -> None:
        if self._owes:
            self._tell()

    async def token(self, tenant: str, ranges: Sequence[Range]) -> str | None:
        """All who ask while Redis is being asked are answered together, by the next look."""
        if self._owes:
            return None
        loop = asyncio.get_running_loop()
        days = ",".join(str(day) for each in ranges for day in days_of(each))
        asked = _Asked(self._key(tenant), days, loop.create_future())
        if self._looking is not None and self._looking.get_loop() is not loop:
            self._looking, self._asked = None, []
        self._asked.append(asked)
        if self._looking is None or self._looking.done():
            self._looking = loop.create_task(self._look())
        return await asked.token

    async def _look(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, []
            found: list[bytes] = []
            try:
                keys = (self._clock, self._all, *(each.key for each in asked))
                found = await self._link.ask(_TOKENS, keys, (KEPT_SECONDS, *(each.days for each in asked)))
            except LostError:
                pass
            finally:
                for each, token in zip_longest(asked, found):
                    if not each.token.done():
                        each.token.set_result(token.decode() if token else None)

    def _key(self, tenant: str) -> str:
        return f"{self._space}:of:{tenant}"

    def _note(self, news: _News) -> None:
        with self._lock:
            self._news.add(news)
        if not self._owes:  # whoever waits for Redis then is not the writer
            self._tell()

    def _tell(self) -> None:
        """What is told twice, because the answer was lost, changes versions once more than needed."""
        with self._telling:
            while True:
                with self._lock:
                    news, self._news = self._news, _News()
                    if not news:
                        self._owes = False
                        return
                try:
                    self._send(news)
                except LostError:
                    with self._lock:
                        news.add(self._news)
                        self._news, self._owes = news, True
                    return

    def _send(self, news: _News) -> None:
        if news.everything:
            self._link.run(_CHANGED, [self._clock], (KEPT_SECONDS, self._all))
            return
        if news.changed:
            self._link.run(_CHANGED, [self._clock, *map(self._key, news.changed)], (KEPT_SECONDS,))
        if news.days:
            keys = [self._clock, *map(self._key, news.days)]
            listed = [",".join(map(str, days)) for days in news.days.values()]
            self._link.run(_APPEARED, keys, (KEPT_SECONDS, MAX_DAYS, *listed))


@dataclass(frozen=True, slots=True)
class _Asked:
    """days: first and last of each range. token: what is waited for."""

    key: str
    days: str
    token: asyncio.Future[str | None]


@dataclass(slots=True)
class _News:
    """What Redis is to be told: days by tenant in which something appeared, tenants of whom anything changed."""

    days: dict[str, set[int]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    everything: bool = False

    def add(self, later: _News) -> None:
        for tenant, numbers in later.days.items():
            self.days.setdefault(tenant, set()).update(numbers)
        self.changed |= later.changed
        self.everything |= later.everything or sum(map(len, self.days.values())) + len(self.changed) > MAX_NEWS
        if self.everything:
            self.days, self.changed = {}, set()

    def __bool__(self) -> bool:
        return bool(self.days or self.changed or self.everything)
