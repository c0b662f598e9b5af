"""Running queries: told to their tenant's administrator alone, and stopped wherever they are."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role, Scope
from factbook.storage.engine import Engine
from factbook.storage.running import CURRENT, Running
from factbook.storage.warehouse import Warehouse

ENDLESS = "SELECT sum(sipHash64(number)) FROM numbers(1000000000000) WHERE {tenant:String} != ''"


@pytest.fixture(params=["embedded", "server"])
def either(request: pytest.FixtureRequest, engine: Engine, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "embedded":
        yield engine
        return
    server = Engine(request.getfixturevalue("clickhouse_url"), tmp_path, connections=1)
    yield server
    server.close()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def seen(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.01)  # the period of the poll
    return found


def asked(running: Running, scope: Scope, what: str, read: Callable[[], Any]) -> Any:
    query = running.opened(scope, what)
    before = CURRENT.set(query)
    try:
        return read()
    finally:
        CURRENT.reset(before)
        running.closed(query)


def endless(running: Running, warehouse: Warehouse, scope: Scope, threads: ThreadPoolExecutor) -> Future[Any]:
    return threads.submit(asked, running, scope, "revenue by category", lambda: warehouse.rows(scope, ENDLESS))


def test_a_running_query_is_told_with_what_it_has_read(
    either: Engine, scope: Scope, threads: ThreadPoolExecutor
) -> None:
    running = Running(either)
    future = endless(running, Warehouse(either, running=running), scope, threads)
    try:
        shown = seen(lambda: [each for each in running.listed(scope) if each.rows_read])[0]
        assert (shown.actor, shown.what, shown.state) == ("test", "revenue by category", "running")
        assert shown.rows_read > 0
        assert shown.seconds >= 0
        stranger = replace(scope, tenant=f"other-{scope.tenant}")
        assert running.listed(stranger) == []
    finally:
        for each in running.listed(scope):
            running.stop(scope, each.id)
    with pytest.raises(FactbookError) as raised:
        future.result(30)
    assert raised.value.kind is Kind.UNAVAILABLE
    assert "administrator stopped" in raised.value.message
    assert raised.value.hint
    assert running.listed(scope) == []


def test_another_tenants_query_is_not_there(either: Engine, scope: Scope, threads: ThreadPoolExecutor) -> None:
    running = Running(either)
    future = endless(running, Warehouse(either, running=running), scope, threads)
    try:
        [shown] = seen(lambda: running.listed(scope))
        for who in (running, Running(either)):
            with pytest.raises(FactbookError) as raised:
                who.stop(replace(scope, tenant="other"), shown.id)
            assert raised.value.kind is Kind.NOT_FOUND
        assert not future.done()
    finally:
        running.stop(scope, shown.id)
    assert future.exception(30)


@pytest.mark.parametrize("id_", ["", "query_none", '",', "query_%", "query_0' OR 1 = 1"])
def test_an_id_of_nothing_is_not_there_and_stops_nothing(
    engine: Engine, scope: Scope, threads: ThreadPoolExecutor, id_: str
) -> None:
    running = Running(engine)
    future = endless(running, Warehouse(engine, running=running), scope, threads)
    [shown] = seen(lambda: [each for each in running.listed(scope) if each.rows_read])
    with pytest.raises(FactbookError) as raised:
        running.stop(scope, id_)
    assert raised.value.kind is Kind.NOT_FOUND
    assert not future.done()
    running.stop(scope, shown.id)


def test_another_process_at_the_same_warehouse_tells_and_stops_it_too(
    either: Engine, scope: Scope, threads: ThreadPoolExecutor
) -> None:
    here, there = Running(either), Running(either)
    future = endless(here, Warehouse(either, running=here), scope, threads)
    shown = seen(lambda: there.listed(scope))[0]
    assert (shown.actor, shown.what, shown.state) == ("test", "revenue by category", "running")
    there.stop(scope, shown.id)
    with pytest.raises(FactbookError) as raised:
        future.result(30)
    assert "administrator stopped" in raised.value.message


def test_a_query_between_two_statements_begins_no_other(engine: Engine, scope: Scope) -> None:
    running = Running(engine)
    warehouse = Warehouse(engine, running=running)
    between, stopped = threading.Event(), threading.Event()

    def two() -> None:
        warehouse.rows(scope, "SELECT 1 WHERE {tenant:String} != ''")
        between.set()
        assert stopped.wait(30)
        warehouse.rows(scope, "SELECT 2 WHERE {tenant:String} != ''")

    with ThreadPoolExecutor(2) as threads:
        future = threads.submit(asked, running, scope, "two", two)
        assert between.wait(30)
        [query] = running._queries.values()
        ending = threads.submit(running.end, query)
        seen(lambda: query.stopped)
        stopped.set()
        with pytest.raises(FactbookError) as raised:
            future.result(30)
        ending.result(30)
    assert "administrator stopped" in raised.value.message


@pytest.mark.parametrize(
    "text", ["it's", "back\\slash", "a', max_threads = 'x", "{p0:String}", "%s\n\0\u2028é", '"],[']
)
def test_text_of_a_caller_stays_text(either: Engine, scope: Scope, text: str) -> None:
    running = Running(either)
    hostile = Scope(tenant=f"{scope.tenant}{text}", actor=text, role=Role.VIEWER)
    sql = "SELECT getSetting('log_comment') WHERE {tenant:String} != ''"
    rows = asked(running, hostile, text, lambda: Warehouse(either, running=running).rows(hostile, sql))
    assert rows[0][0].startswith('["factbook","query_')
    assert rows[0][0].endswith(running.opened(hostile, text).comment[40:])
