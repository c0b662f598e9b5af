"""Turns: so many queries at once, so many of one tenant, the others in a queue that is fair and bounded."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Scope
from factbook.queries.turns import Limits, Turns
from factbook.storage.engine import Engine
from factbook.storage.running import Running


class Gate:
    """Reads that wait until they are let go; `order` names them as they begin."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.most = self._now = 0
        self._lock = threading.Lock()
        self._open = threading.Event()

    def read(self, name: str) -> Callable[[], str]:
        def read() -> str:
            with self._lock:
                self.order.append(name)
                self._now += 1
                self.most = max(self.most, self._now)
            assert self._open.wait(10)
            with self._lock:
                self._now -= 1
            return name

        return read

    def open(self) -> None:
        self._open.set()


@pytest.fixture
def running(engine: Engine) -> Running:
    return Running(engine)


def run(body: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(body())


async def begun(gate: Gate, count: int) -> None:
    async with asyncio.timeout(30):
        while len(gate.order) < count:
            await asyncio.sleep(0.001)  # the period of the poll


def test_no_more_run_at_once_than_may(running: Running, scope: Scope) -> None:
    async def body() -> None:
        turns, gate = Turns(running, Limits(threads=3, tenant=3)), Gate()
        waiting = [turns.start(scope, "", gate.read(str(n))) for n in range(20)]
        await begun(gate, 3)
        gate.open()
        assert await asyncio.gather(*(turn.future for turn in waiting)) == [str(n) for n in range(20)]
        assert gate.most == 3
        turns.close()

    run(body)


def test_a_tenant_with_many_queries_leaves_room_for_the_others(running: Running, scope: Scope) -> None:
    other = replace(scope, tenant=f"other-{scope.tenant}")

    async def body() -> None:
        turns, gate = Turns(running, Limits(threads=3, tenant=2)), Gate()
        many = [turns.start(scope, "", gate.read("many")) for _ in range(5)]
        await begun(gate, 2)
        one = turns.start(other, "", gate.read("one"))
        await begun(gate, 3)
        assert sorted(gate.order) == ["many", "many", "one"]
        gate.open()
        await asyncio.gather(*(turn.future for turn in [*many, one]))
        turns.close()

    run(body)


def test_those_that_wait_go_tenant_by_tenant(running: Running, scope: Scope) -> None:
    async def body() -> None:
        turns, gate = Turns(running, Limits(threads=1, tenant=1)), Gate()
        given = [(tenant, n) for tenant in "aab" for n in range(2)] + [("c", 0)]
        waiting = [turns.start(replace(scope, tenant=f"{t}-{scope.tenant}"), "", gate.read(t)) for t, _ in given]
        gate.open()
        await asyncio.gather(*(turn.future for turn in waiting))
        assert gate.order == ["a", "a", "b", "c", "a", "b", "a"]
        turns.close()

    run(body)


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        (Limits(threads=2, tenant=1, tenant_waiting=2), "tenant_waiting"),
        (Limits(threads=1, tenant=1, tenant_waiting=2), "tenant_waiting"),
        (Limits(threads=1, tenant=1, all=3), "max_concurrent"),
    ],
)
def test_more_than_may_wait_are_told_which_limit_it_was(
    running: Running, scope: Scope, limits: Limits, named: str
) -> None:
    async def body() -> None:
        turns, gate = Turns(running, limits), Gate()
        waiting = [turns.start(scope, "", gate.read("")) for _ in range(3)]
        with pytest.raises(FactbookError) as refused:
            turns.start(scope, "", gate.read(""))
        assert refused.value.kind is Kind.LIMITED
        assert refused.value.retry_after
        assert named in refused.value.message
        assert len(running.listed(scope)) == 3
        gate.open()
        await asyncio.gather(*(turn.future for turn in waiting))
        assert await turns.start(scope, "", gate.read("again")).future == "again"
        turns.close()

    run(body)


def test_one_that_waits_can_be_stopped_before_it_begins(running: Running, scope: Scope) -> None:
    async def body() -> None:
        turns, gate = Turns(running, Limits(threads=1, tenant=1)), Gate()
        first, second, third = (turns.start(scope, name, gate.read(name)) for name in ("first", "second", "third"))
        await begun(gate, 1)
        assert [each.state for each in running.listed(scope)] == ["running", "waiting", "waiting"]
        await asyncio.to_thread(running.stop, scope, second.query.id)
        with pytest.raises(FactbookError) as raised:
            await second.future
        assert "administrator stopped" in raised.value.message
        turns.abandon(third)
        gate.open()
        assert await first.future == "first"
        assert gate.order == ["first"]
        assert running.listed(scope) == []
        turns.close()

    run(body)


def test_a_tenant_that_is_done_leaves_nothing_behind(running: Running, scope: Scope) -> None:
    async def body() -> None:
        turns, gate = Turns(running, Limits()), Gate()
        gate.open()
        await turns.start(scope, "", gate.read("")).future
        assert not turns._lines
        turns.close()

    run(body)
