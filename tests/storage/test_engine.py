"""A statement that fails leaves nothing behind for the next one on its connection, whoever asks."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from factbook.core.errors import FactbookError
from factbook.core.scope import Scope
from factbook.storage.engine import Engine, EngineError
from factbook.storage.warehouse import Warehouse

from .rows import START, events

FAILS_MIDWAY = "SELECT number AS n, throwIf(number = 5) FROM numbers(10) SETTINGS max_block_size = 1"
READS: list[tuple[Callable[[Engine], Any], Any]] = [
    (lambda engine: engine.rows("SELECT 7 AS n"), [(7,)]),
    (lambda engine: engine.counted("SELECT 7 AS n")[0], [(7,)]),
    (lambda engine: engine.records("SELECT 7 AS n"), [{"n": 7}]),
    (lambda engine: engine.table("SELECT 7 AS n").to_pylist(), [{"n": 7}]),
    (lambda engine: engine.command("SELECT 7"), "7"),
]


@pytest.mark.parametrize(("read", "answer"), READS)
@pytest.mark.parametrize("fails", ["rows", "records", "table", "command"])
def test_what_a_failed_statement_had_put_out_is_in_no_other_answer(
    either: Engine, fails: str, read: Callable[[Engine], Any], answer: Any
) -> None:
    with pytest.raises(EngineError):
        getattr(either, fails)(FAILS_MIDWAY)
    assert read(either) == answer


def test_one_tenants_stopped_query_is_in_no_answer_of_another(engine: Engine, scope: Scope) -> None:
    """The same columns, so that nothing but the rows would tell."""
    comment = uuid4().hex
    endless = (
        "SELECT toUInt64(number) AS n, sleepEachRow(0.001) AS s FROM numbers(1000000)"
        f" SETTINGS max_block_size = 1, log_comment = '{comment}'"
    )
    with ThreadPoolExecutor(1) as pool:
        for _ in range(3):
            future = pool.submit(engine.rows, endless)
            end = time.monotonic() + 60
            while not any(rows > 50 for _, _, rows in engine.running(comment)):
                assert time.monotonic() < end
                time.sleep(0.01)  # the period of the poll
            engine.kill(comment)
            with pytest.raises(FactbookError):
                future.result(60)
            sql = "SELECT toUInt64(7) AS n, toUInt8(0) AS s WHERE {tenant:String} != ''"
            assert Warehouse(engine).rows(scope, sql) == [(7, 0)]


def test_a_refused_insert_leaves_nothing_behind(either: Engine, scope: Scope) -> None:
    with pytest.raises(EngineError):
        either.insert("events", events("", [START]), token=scope.tenant)
    assert either.rows("SELECT 7") == [(7,)]
