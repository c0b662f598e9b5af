"""The two engines every contract test runs on, and rows for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from factbook.storage.engine import Engine
from factbook.storage.migrate import migrate
from tests.servers import clickhouse

Server = clickhouse.ClickHouseServer | clickhouse.GivenServer


@pytest.fixture(scope="session")
def server_engine(clickhouse_server: Server) -> Iterator[Engine]:
    address = clickhouse_server.url(clickhouse.fresh_database())
    remote = Engine(address, Path("/nowhere"))
    try:
        migrate(remote)
        yield remote
    finally:
        remote.close()
        clickhouse.drop(address)


@pytest.fixture(params=["embedded", "server"])
def either(request: pytest.FixtureRequest) -> Engine:
    """The migrated engine, once embedded and once on a server."""
    engine: Engine = request.getfixturevalue("engine" if request.param == "embedded" else "server_engine")
    return engine


@pytest.fixture(params=["embedded", "server"])
def empty(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine on a database of its own without any table; the embedded one shares the worker's folder."""
    if request.param == "embedded":
        request.getfixturevalue("engine")
        name = clickhouse.fresh_database()
        bare = Engine("chdb", request.getfixturevalue("data"), connections=1, database=name)
    else:
        bare = Engine(request.getfixturevalue("clickhouse_url"), Path("/nowhere"), connections=1)
    yield bare
    if request.param == "embedded":
        bare.command(f"DROP DATABASE `{bare.database}` SYNC")
    bare.close()
