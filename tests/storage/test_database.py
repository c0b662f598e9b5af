"""The connection to the metadata database: lost and found again, writers in turn, what it cannot keep."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa

from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role, Scope
from factbook.storage.database import Database
from factbook.storage.metadata import Metadata
from factbook.storage.rows import ApiKey
from tests.servers import postgres

SHOP = Scope("shop", "ann", Role.ADMIN)


@pytest.fixture
def metadata(database_address: str, tmp_path: Path) -> Iterator[Metadata]:
    opened = Metadata.open(database_address, tmp_path)
    opened.ensure_tenant_of_system("shop", now=1)
    yield opened
    opened.close()


def _key(**changed: Any) -> ApiKey:
    plain: dict[str, Any] = {"id": "key_1", "tenant": "shop", "name": "k", "role": "writer", "digest": "0" * 64}
    plain |= {"prefix": "fb_", "preset": "", "created_by": "ann", "created_at": 1}
    return ApiKey(**plain | changed)


def test_a_lost_server_is_unavailable_until_it_is_back(own_postgres: postgres.Postgres, tmp_path: Path) -> None:
    metadata = Metadata.open(own_postgres.create(), tmp_path)
    metadata.ensure_tenant_of_system("shop", now=1)
    own_postgres.kill()
    for call in (metadata.ping, metadata.tenants_of_system, lambda: metadata.set_retention(SHOP, {"raw_events": 7})):
        with pytest.raises(FactbookError) as refused:
            cast(Any, call)()
        assert refused.value.kind is Kind.UNAVAILABLE
        assert refused.value.retry_after
    own_postgres.start()
    assert metadata.set_retention(SHOP, {"raw_events": 7}).raw_events == 7
    metadata.close()


def test_a_server_lost_within_a_transaction_keeps_nothing_of_it(
    own_postgres: postgres.Postgres, tmp_path: Path
) -> None:
    address = own_postgres.create()
    Metadata.open(address, tmp_path).close()
    database = Database(address, tmp_path)

    def cut_off() -> None:
        with database.writing() as connection:
            connection.execute(sa.text("INSERT INTO secrets VALUES ('half', 'x', 1)"))
            own_postgres.kill()
            connection.execute(sa.text("INSERT INTO secrets VALUES ('other half', 'x', 1)"))

    with pytest.raises(FactbookError) as refused:
        cut_off()
    assert refused.value.kind is Kind.UNAVAILABLE
    own_postgres.start()
    with database.reading() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM secrets")).scalar_one() == 0
    database.close()


_COUNTING = """
import sys
from pathlib import Path
import sqlalchemy as sa
from factbook.storage.database import Database
database = Database(sys.argv[1], Path(sys.argv[2]))
for _ in range(25):
    with database.writing() as connection:
        seen = int(connection.execute(sa.text("SELECT value FROM secrets WHERE name = 'count'")).scalar_one())
        connection.execute(sa.text("UPDATE secrets SET value = :next WHERE name = 'count'"), {"next": str(seen + 1)})
"""


def test_what_a_writer_has_read_no_other_process_changes_before_he_is_done(
    metadata: Metadata, database_address: str, tmp_path: Path
) -> None:
    database = Database(database_address, tmp_path)
    with database.writing() as connection:
        connection.execute(sa.text("INSERT INTO secrets VALUES ('count', '0', 1)"))
    arguments = [sys.executable, "-c", _COUNTING, database_address, str(tmp_path)]
    processes = [subprocess.Popen(arguments) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    with database.reading() as connection:
        assert connection.execute(sa.text("SELECT value FROM secrets")).scalar_one() == "50"
    database.close()


def test_processes_that_start_at_the_same_moment_migrate_once(bare_address: str, tmp_path: Path) -> None:
    failures: list[Exception] = []

    def start() -> None:
        try:
            Metadata.open(bare_address, tmp_path).close()
        except FactbookError as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    Metadata.open(bare_address, tmp_path).close()


def test_a_new_file_is_opened_by_many_at_the_same_moment(tmp_path: Path) -> None:
    failures: list[Exception] = []

    def read(folder: Path, gate: threading.Barrier) -> None:
        database = Database("", folder)
        gate.wait()
        try:
            with database.reading():
                pass
        except FactbookError as error:
            failures.append(error)
        database.close()

    for number in range(60):
        gate = threading.Barrier(6)
        threads = [threading.Thread(target=read, args=(tmp_path / str(number), gate)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []


def test_more_readers_than_connections_are_told_to_come_again(
    postgres_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("factbook.storage.database._POOL", {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.01})
    database = Database(postgres_address, tmp_path)
    with database.reading(), pytest.raises(FactbookError) as refused, database.reading():
        pass
    assert (refused.value.kind, refused.value.retry_after) == (Kind.UNAVAILABLE, 2.0)
    database.close()


@pytest.mark.parametrize("changed", [{"name": "a\ud800"}, {"created_at": 10**30}], ids=["half a letter", "big number"])
def test_what_no_database_keeps_is_the_callers_mistake(metadata: Metadata, changed: dict[str, Any]) -> None:
    with pytest.raises(FactbookError) as refused:
        metadata.add_api_key(SHOP, _key(**changed))
    assert refused.value.kind is Kind.INVALID
    assert metadata.api_keys(SHOP) == []


@pytest.mark.parametrize("changed", [{"name": "a\0b"}, {"role": "r" * 99}], ids=["NUL", "too long"])
def test_what_postgresql_alone_does_not_keep_is_the_callers_mistake_there(
    postgres_address: str, tmp_path: Path, changed: dict[str, Any]
) -> None:
    metadata = Metadata.open(postgres_address, tmp_path)
    metadata.ensure_tenant_of_system("shop", now=1)
    with pytest.raises(FactbookError) as refused:
        metadata.add_api_key(SHOP, _key(**changed))
    assert refused.value.kind is Kind.INVALID
    metadata.close()
