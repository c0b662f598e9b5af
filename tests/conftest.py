"""What every test may ask for: the embedded engine, a real server, and a tenant of its own."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from factbook.core.scope import Role, Scope
from factbook.queries.seen import seen_sql
from factbook.storage.database import Database
from factbook.storage.engine import Engine
from factbook.storage.migrate import migrate
from factbook.storage.warehouse import Warehouse
from tests.servers import clickhouse, postgres, valkey

LONG = (
    "tests/ingest/test_retention.py",
    "tests/transports/test_retention.py",
    "tests/faults/",
    "tests/web/",
    "tests/client/test_killed.py",
    "tests/cli/",
)
"""What takes longest comes first, or one worker waits for the other at the end; what goes over whole tables before
others have filled them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        return next((i for i, path in enumerate(LONG) if item.nodeid.startswith(path)), len(LONG))

    items.sort(key=place)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of `engine`."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
def engine(data: Path) -> Iterator[Engine]:
    """The embedded engine, migrated; a process can have only one, so every test of this worker shares it."""
    embedded = Engine("chdb", data)
    try:
        migrate(embedded)
        yield embedded
    finally:
        embedded.close()


@pytest.fixture(scope="module")
def apart(engine: Engine, data: Path) -> Iterator[Engine]:
    """The embedded engine on a database of its own, for work on all events: these are of one file of tests."""
    own = Engine("chdb", data, database=f"apart_{uuid.uuid4().hex}")
    migrate(own)
    yield own
    own.close()


@pytest.fixture(scope="session")
def warehouse(engine: Engine) -> Warehouse:
    return Warehouse(engine, seen=seen_sql)


@pytest.fixture
def scope() -> Scope:
    """A tenant that no other test knows: what one test writes, no other reads."""
    return Scope(tenant=f"tenant-{uuid.uuid4().hex}", actor="test", role=Role.OWNER)


@pytest.fixture(scope="session")
def clickhouse_server() -> Iterator[clickhouse.ClickHouseServer | clickhouse.GivenServer]:
    server = clickhouse.start()
    yield server
    server.stop()


@pytest.fixture
def clickhouse_url(clickhouse_server: clickhouse.ClickHouseServer | clickhouse.GivenServer) -> Iterator[str]:
    """The address of a database that does not exist yet, on a real server; dropped at the end."""
    address = clickhouse_server.url(clickhouse.fresh_database())
    yield address
    clickhouse.drop(address)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Valkey server; tests take a namespace of their own there."""
    server = valkey.start(tmp_path_factory.mktemp("valkey"))
    yield server.url
    server.kill()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[valkey.Valkey]:
    """A Valkey server that the test may kill and start again."""
    (tmp_path / "valkey").mkdir()
    server = valkey.Valkey(tmp_path / "valkey")
    yield server
    server.kill()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.GivenServer]:
    server = postgres.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def _migrated(postgres_server: postgres.GivenServer) -> Iterator[str]:
    address = postgres_server.create()
    database = Database(address, Path("/nowhere"))
    database.upgrade()
    database.close()
    yield address
    postgres_server.drop(address)


@pytest.fixture
def postgres_address(_migrated: str) -> Iterator[str]:
    """The address of a database with all tables and no row, on a real server."""
    yield _migrated
    postgres.empty(_migrated)


@pytest.fixture(scope="session")
def _migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("metadata")
    database = Database("", folder)
    database.upgrade()
    database.close()
    return folder / "metadata.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """DATABASE_URL of a metadata database of the test's own, with all tables and no row, once of each kind.

    Empty is SQLite in `tmp_path`, the data folder to open it with.
    """
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_address"))
    shutil.copy(request.getfixturevalue("_migrated_file"), tmp_path)
    return ""


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_address(request: pytest.FixtureRequest) -> Iterator[str]:
    """As `database_address`, without any table."""
    if request.param == "sqlite":
        yield ""
        return
    server: postgres.GivenServer = request.getfixturevalue("postgres_server")
    address = server.create()
    yield address
    server.drop(address)


@pytest.fixture
def own_postgres() -> Iterator[postgres.Postgres]:
    """A PostgreSQL server that the test may kill and start again."""
    server = postgres.Postgres()
    yield server
    server.stop()
