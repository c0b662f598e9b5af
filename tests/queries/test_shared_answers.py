"""Answers of several processes at one warehouse: what one of them found all serve, and none serves what is stale."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from factbook.core.scope import Scope
from factbook.storage.engine import Engine
from factbook.storage.redis_cache import RedisCache
from factbook.storage.redis_link import PAUSE, RedisLink
from factbook.storage.redis_versions import RedisVersions
from tests.servers.valkey import Valkey

from .answering import TODAY, Asking, appear, process

Start = Callable[..., Asking]


@pytest.fixture
def start(engine: Engine, scope: Scope, redis_url: str) -> Iterator[Start]:
    """Starts a process at the warehouse, with a Redis of a namespace of its own, or at `address`."""
    space = f"test-{uuid.uuid4().hex}"
    with ExitStack() as stack:

        def started(address: str = redis_url, clock: Callable[[], float] | None = None) -> Asking:
            link = RedisLink(address, clock=clock) if clock else RedisLink(address)
            stack.callback(link.close)
            cache = RedisCache(link, space, life=60, patience=30)
            made = process(engine, scope, RedisVersions(link, space), shared=cache)
            stack.callback(made.reads.close)
            return made

        yield started


def test_what_one_process_found_costs_the_others_nothing(engine: Engine, start: Start) -> None:
    async def body() -> None:
        one, other = start(), start()
        appear(engine, one, f"{TODAY}T09:00")
        assert (await one.orders(), await other.orders(), await other.orders()) == (1, 1, 1)
        assert (one.warehouse.statements, other.warehouse.statements) == (1, 0)
        assert (one.looked, other.looked) == ([False], [True, True])

    asyncio.run(body())


def test_an_event_that_one_process_wrote_makes_the_answers_of_all_stale(engine: Engine, start: Start) -> None:
    async def body() -> None:
        one, other = start(), start()
        for each in (one, other):
            assert (await each.orders(), await each.orders(period="yesterday")) == (0, 0)
        appear(engine, one, "2026-03-09T09:00")
        for each in (other, one):
            each.looked.clear()
            assert (await each.orders(), await each.orders(period="yesterday")) == (0, 1)
        assert other.looked == [True, False]
        assert one.looked == [True, True]

    asyncio.run(body())


def test_a_thousand_equal_questions_to_two_processes_at_once_cost_one_query(start: Start) -> None:
    async def body() -> None:
        processes = start(), start()
        for each in processes:
            each.warehouse.gate.clear()
        asked = [asyncio.create_task(processes[n % 2].orders()) for n in range(1000)]
        async with asyncio.timeout(30):
            while not any(each.warehouse.statements for each in processes):
                await asyncio.sleep(0.001)  # the period of the poll
        await asyncio.wait(asked, timeout=0.2)
        for each in processes:
            each.warehouse.gate.set()
        assert await asyncio.gather(*asked) == [0] * 1000
        assert sum(each.warehouse.statements for each in processes) == 1
        assert sum(each.looked.count(False) for each in processes) == 1

    asyncio.run(body())


def test_an_event_that_appears_during_anothers_query_makes_its_answer_stale_here(engine: Engine, start: Start) -> None:
    async def body() -> None:
        one, other = start(), start()
        one.warehouse.gate.clear()
        early = asyncio.create_task(one.orders())
        await asyncio.to_thread(one.warehouse.began.wait, 30)
        appear(engine, other, f"{TODAY}T09:00")
        assert await other.orders() == 1
        one.warehouse.gate.set()
        await early
        assert (await one.orders(), await other.orders()) == (1, 1)

    asyncio.run(body())


def test_without_redis_every_answer_is_asked_for_and_with_it_again_none_is_stale(
    engine: Engine, start: Start, own_redis: Valkey
) -> None:
    now = [0.0]

    async def body() -> None:
        one, other = (start(own_redis.url, lambda: now[0]) for _ in range(2))
        for each in (one, other):
            assert await each.orders() == 0
        own_redis.kill()
        appear(engine, one, f"{TODAY}T09:00")
        for each in (one, other):
            each.looked.clear()
            assert (await each.orders(), await each.orders()) == (1, 1)
            assert each.looked == [False, False]
        own_redis.start()
        now[0] += PAUSE
        appear(engine, other, f"{TODAY}T10:00")
        one.looked.clear()
        assert (await one.orders(), await other.orders()) == (2, 2)
        assert one.looked == [False]  # it owes what it wrote while Redis was away
        for each in (one, other):
            each.versions.settle()
            now[0] += PAUSE
            each.looked.clear()
            assert (await each.orders(), await each.orders()) == (2, 2)
            assert each.looked[-1]

    asyncio.run(body())
