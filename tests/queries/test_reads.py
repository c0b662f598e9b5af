"""Shared reads: one query for many equal callers, an answer that lives shortly, and no query that nobody waits for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import pytest

from factbook.core.errors import FactbookError, unavailable
from factbook.core.scope import Scope
from factbook.queries.callers import CALLER
from factbook.queries.reads import Reads
from factbook.queries.turns import Limits
from factbook.storage.engine import Engine
from factbook.storage.running import Running
from factbook.storage.warehouse import Warehouse

ENDLESS = "SELECT sum(sipHash64(number)) FROM numbers(1000000000000) WHERE {tenant:String} != ''"


class Counted:
    """A read that counts its calls and waits until it is let go."""

    def __init__(self, open_: bool = True) -> None:
        self.calls = 0
        self.gate = threading.Event()
        if open_:
            self.gate.set()

    def __call__(self) -> int:
        self.calls += 1
        assert self.gate.wait(10)
        return self.calls


class Line:
    """A caller who can hang up."""

    def __init__(self) -> None:
        self.cut: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def gone(self) -> asyncio.Future[None]:
        return self.cut


@pytest.fixture
def running(engine: Engine) -> Running:
    return Running(engine)


def run(body: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(body())


async def until(condition: Callable[[], Any]) -> Any:
    async with asyncio.timeout(60):
        while not (found := await asyncio.to_thread(condition)):
            await asyncio.sleep(0.01)  # the period of the poll
    return found


def test_a_thousand_equal_reads_at_once_cost_one_query(running: Running, scope: Scope) -> None:
    async def body() -> None:
        reads, read = Reads(running, Limits(threads=2)), Counted(open_=False)
        callers = [asyncio.create_task(reads.shared(scope, "key", 1, read)) for _ in range(1000)]
        await asyncio.sleep(0)
        read.gate.set()
        assert set(await asyncio.gather(*callers)) == {1}
        assert read.calls == 1
        reads.close()

    run(body)


def test_an_answer_lives_as_long_as_it_may_and_no_longer(running: Running, scope: Scope) -> None:
    async def body() -> None:
        now = [0.0]
        hits: list[bool] = []
        reads, read = Reads(running, clock=lambda: now[0], looked=hits.append), Counted()
        assert await reads.shared(scope, "key", 1, read) == 1
        now[0] = 0.99
        assert await reads.shared(scope, "key", 1, read) == 1
        now[0] = 1.0
        assert await reads.shared(scope, "key", 1, read) == 2
        assert await reads.shared(scope, "other", 1, read) == 3
        assert hits == [False, True, False, False]
        reads.close()

    run(body)


def test_a_tenant_is_served_nothing_of_another(running: Running, scope: Scope) -> None:
    async def body() -> None:
        reads, read = Reads(running), Counted()
        assert await reads.shared(scope, "key", 60, read) == 1
        assert await reads.shared(Scope("other", scope.actor, scope.role), "key", 60, read) == 2
        reads.close()

    run(body)


def test_a_failure_reaches_every_caller_and_is_not_kept(running: Running, scope: Scope) -> None:
    async def body() -> None:
        reads, calls = Reads(running), []

        def failing() -> int:
            calls.append(1)
            raise unavailable("gone")

        every = (reads.shared(scope, "key", 60, failing) for _ in range(3))
        answers = await asyncio.gather(*every, return_exceptions=True)
        assert all(isinstance(answer, FactbookError) for answer in answers)
        assert len(calls) == 1
        with pytest.raises(FactbookError):
            await reads.shared(scope, "key", 60, failing)
        assert len(calls) == 2
        reads.close()

    run(body)


def test_a_caller_who_leaves_takes_the_answer_from_nobody(running: Running, scope: Scope) -> None:
    async def body() -> None:
        reads, read = Reads(running), Counted(open_=False)
        first = asyncio.create_task(reads.shared(scope, "key", 1, read))
        second = asyncio.create_task(reads.shared(scope, "key", 1, read))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        read.gate.set()
        assert await second == 1
        reads.close()

    run(body)


@pytest.mark.parametrize("leaving", ["cancelled", "hung up"])
def test_a_query_that_nobody_waits_for_is_stopped(running: Running, engine: Engine, scope: Scope, leaving: str) -> None:
    warehouse = Warehouse(engine, running=running)

    async def body() -> None:
        reads, line = Reads(running), Line()
        CALLER.set(line)
        callers = [
            asyncio.create_task(reads.shared(scope, "key", 60, partial(warehouse.rows, scope, ENDLESS)))
            for _ in range(2)
        ]
        await until(lambda: [each for each in running.listed(scope) if each.rows_read])
        if leaving == "cancelled":
            for caller in callers:
                caller.cancel()
        else:
            line.cut.set_result(None)
        left = await asyncio.gather(*callers, return_exceptions=True)
        assert [type(each) for each in left] == [
            asyncio.CancelledError if leaving == "cancelled" else FactbookError
        ] * 2
        await until(lambda: not running.listed(scope))
        CALLER.set(None)
        again = Counted()
        assert await reads.shared(scope, "key", 60, again) == 1
        reads.close()

    run(body)


def test_what_runs_is_told_in_words(running: Running, scope: Scope) -> None:
    async def body() -> None:
        reads, read = Reads(running), Counted(open_=False)
        reading = asyncio.create_task(reads.run(scope, read, "revenue by category"))
        [shown] = await until(lambda: running.listed(scope))
        assert (shown.what, shown.actor) == ("revenue by category", scope.actor)
        read.gate.set()
        await reading
        assert running.listed(scope) == []
        reads.close()

    run(body)
