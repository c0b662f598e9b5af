"""Answers in Redis: one process asks the warehouse, the others wait for it, and for nobody who went silent."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
import redis

from factbook.storage import redis_cache
from factbook.storage.redis_cache import RedisCache
from factbook.storage.redis_link import RedisLink
from tests.servers.valkey import Valkey


@pytest.fixture
def made(redis_url: str) -> Iterator[Callable[..., RedisCache]]:
    """Processes at one warehouse."""
    space, links = f"test-{uuid.uuid4().hex}", []

    def process(*, life: float = 60, patience: float = 30) -> RedisCache:
        links.append(RedisLink(redis_url))
        return RedisCache(links[-1], space, life=life, patience=patience)

    yield process
    for link in links:
        link.close()


def run(body: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(body())


def test_what_one_process_keeps_all_find(made: Callable[..., RedisCache], redis_url: str) -> None:
    async def body() -> None:
        one, other = made(), made()
        assert await one.found("a") is None
        await one.keep("a", b"answer\0")
        kept = await other.found("a")
        assert kept
        assert kept.body == b"answer\0"
        assert 50 < kept.life <= 60
        assert await other.found("b") is None
        await other.leave("b")

    run(body)


def test_the_others_wait_for_the_one_who_asks(made: Callable[..., RedisCache]) -> None:
    async def body() -> None:
        one, others = made(), [made() for _ in range(5)]
        assert await one.found("a") is None
        waiting = [asyncio.create_task(other.found("a")) for other in others]
        done, _ = await asyncio.wait(waiting, timeout=0.2)
        assert not done
        await one.keep("a", b"answer")
        found = await asyncio.gather(*waiting)
        assert [kept and kept.body for kept in found] == [b"answer"] * 5

    run(body)


def test_when_the_one_who_asks_leaves_it_another_asks_and_only_one(made: Callable[..., RedisCache]) -> None:
    async def body() -> None:
        one, others = made(), [made() for _ in range(3)]
        assert await one.found("a") is None
        waiting = [asyncio.create_task(other.found("a")) for other in others]
        await one.leave("a")
        done, left = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        assert [task.result() for task in done] == [None]
        await others[waiting.index(done.pop())].keep("a", b"answer")
        assert {kept and kept.body for kept in await asyncio.gather(*left)} == {b"answer"}

    run(body)


def test_a_process_that_went_silent_is_not_waited_for(
    made: Callable[..., RedisCache], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_cache, "HOLD", 0.2)

    async def body() -> None:
        silent, other = made(), made()
        assert await silent.found("a") is None
        silent._release("a")  # as when its process was killed
        assert await other.found("a") is None
        await silent.leave("a")
        await silent.keep("b", b"late")
        third = made(patience=0.0)
        assert await third.found("a") is None
        await other.keep("a", b"answer")
        kept = await third.found("a")
        assert kept
        assert kept.body == b"answer"

    run(body)


def test_a_lock_is_held_as_long_as_its_query_runs(
    made: Callable[..., RedisCache], redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_cache, "HOLD", 0.3)

    async def body() -> None:
        slow, other = made(), made(patience=1.5)
        assert await slow.found("a") is None
        assert await other.found("a") is None
        client = redis.Redis.from_url(redis_url)
        assert client.get(slow._keys("a")[1]) == slow._name.encode()  # patience was over, the lock was not
        client.close()
        await slow.leave("a")

    run(body)


def test_an_answer_is_kept_no_longer_than_it_may_be(made: Callable[..., RedisCache], redis_url: str) -> None:
    async def body() -> None:
        cache = made(life=5)
        await cache.keep("a", b"answer")
        client = redis.Redis.from_url(redis_url)
        left = client.pttl(cache._keys("a")[0])
        assert isinstance(left, int)
        assert 0 < left <= 5000
        client.close()
        none = made(life=0)
        assert await none.found("a") is None
        await none.keep("b", b"answer")
        assert not client.exists(none._keys("b")[0])

    run(body)


def test_without_redis_nothing_is_found_and_nothing_fails(own_redis: Valkey) -> None:
    link = RedisLink(own_redis.url)
    own_redis.kill()

    async def body() -> None:
        cache = RedisCache(link, "x", life=60, patience=30)
        assert await cache.found("a") is None
        await cache.keep("a", b"answer")
        await cache.leave("a")

    run(body)
    link.close()
