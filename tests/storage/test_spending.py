"""What a statement cost is told when it ends: seconds on every engine, rows where the engine says how many it read."""

from __future__ import annotations

from pathlib import Path

import pytest

from factbook.core.errors import FactbookError
from factbook.core.scope import Scope
from factbook.storage.engine import Engine
from factbook.storage.running import Running
from factbook.storage.warehouse import Warehouse

SQL = "SELECT sum(number) FROM numbers(50000) WHERE {tenant:String} != '' GROUP BY number % 10"


def spent(engine: Engine, scope: Scope, *statements: str) -> list[tuple[str, float, int]]:
    found: list[tuple[str, float, int]] = []
    running = Running(engine, spend=lambda scope, seconds, rows: found.append((scope.tenant, seconds, rows)))
    warehouse = Warehouse(engine, running=running)
    for sql in statements:
        warehouse.rows(scope, sql)
    return found


def test_the_embedded_engine_tells_seconds_alone(engine: Engine, scope: Scope) -> None:
    [(tenant, seconds, rows)] = spent(engine, scope, SQL)
    assert (tenant, seconds > 0, rows) == (scope.tenant, True, 0)


def test_a_server_tells_the_rows_it_read_too(clickhouse_url: str, tmp_path: Path, scope: Scope) -> None:
    server = Engine(clickhouse_url, tmp_path, connections=1)
    try:
        found = spent(server, scope, SQL, "SELECT {tenant:String}")
    finally:
        server.close()
    assert found[0][2] == 50_000
    assert found[1][2] <= 1


def test_a_statement_that_fails_costs_its_seconds(engine: Engine, scope: Scope) -> None:
    found: list[float] = []
    running = Running(engine, spend=lambda scope, seconds, rows: found.append(seconds))
    with pytest.raises(FactbookError):
        Warehouse(engine, running=running).rows(scope, "SELECT nothing FROM nowhere WHERE {tenant:String} = ''")
    assert len(found) == 1
