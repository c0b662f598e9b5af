"""Shared reads: one query for many equal callers, an answer that lives shortly, a bounded queue."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from factbook.core.errors import FactbookError, Kind, unavailable
from factbook.queries.reads import Reads


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


def run(body: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(body())


def test_a_thousand_equal_reads_at_once_cost_one_query() -> None:
    async def body() -> None:
        reads, read = Reads(threads=2), Counted(open_=False)
        callers = [asyncio.create_task(reads.shared("key", 1, read)) for _ in range(1000)]
        await asyncio.sleep(0)
        read.gate.set()
        assert set(await asyncio.gather(*callers)) == {1}
        assert read.calls == 1
        reads.close()

    run(body)


def test_an_answer_lives_as_long_as_it_may_and_no_longer() -> None:
    async def body() -> None:
        now = [0.0]
        hits: list[bool] = []
        reads, read = Reads(clock=lambda: now[0], looked=hits.append), Counted()
        assert await reads.shared("key", 1, read) == 1
        now[0] = 0.99
        assert await reads.shared("key", 1, read) == 1
        now[0] = 1.0
        assert await reads.shared("key", 1, read) == 2
        assert await reads.shared("other", 1, read) == 3
        assert hits == [False, True, False, False]
        reads.close()

    run(body)


def test_a_failure_reaches_every_caller_and_is_not_kept() -> None:
    async def body() -> None:
        reads, calls = Reads(), []

        def failing() -> int:
            calls.append(1)
            raise unavailable("gone")

        answers = await asyncio.gather(*(reads.shared("key", 60, failing) for _ in range(3)), return_exceptions=True)
        assert all(isinstance(answer, FactbookError) for answer in answers)
        assert len(calls) == 1
        with pytest.raises(FactbookError):
            await reads.shared("key", 60, failing)
        assert len(calls) == 2
        reads.close()

    run(body)


def test_a_caller_who_leaves_takes_the_answer_from_nobody() -> None:
    async def body() -> None:
        reads, read = Reads(), Counted(open_=False)
        first = asyncio.create_task(reads.shared("key", 1, read))
        second = asyncio.create_task(reads.shared("key", 1, read))
        await asyncio.sleep(0)
        first.cancel()
        read.gate.set()
        assert await second == 1
        reads.close()

    run(body)


def test_more_reads_than_may_wait_are_told_to_come_again() -> None:
    async def body() -> None:
        reads, read = Reads(threads=1, waiting=2), Counted(open_=False)
        waiting = [asyncio.create_task(reads.run(read)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(FactbookError) as refused:
            await reads.run(read)
        assert refused.value.kind is Kind.LIMITED
        assert refused.value.retry_after
        read.gate.set()
        await asyncio.gather(*waiting)
        assert await reads.run(read) == 3
        reads.close()

    run(body)
