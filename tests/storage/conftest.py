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


@pytest.fixture
def empty(clickhouse_url: str) -> Iterator[Engine]:
    """An engine on a database without any table (a server's: a process can hold one embedded folder only)."""
    remote = Engine(clickhouse_url, Path("/nowhere"), connections=1)
    yield remote
    remote.close()
