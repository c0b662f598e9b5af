"""A warehouse that cannot be had is told in one plain sentence, without secrets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from factbook.core.errors import FactbookError, Kind
from factbook.storage.engine import Engine, connect_arguments
from tests.servers import clickhouse
from tests.servers.ports import free_ports

from .conftest import Server


def refused(address: str, data: Path = Path("/nowhere")) -> FactbookError:
    with pytest.raises(FactbookError) as raised:
        Engine(address, data)
    return raised.value


def test_nobody_at_the_address_is_unavailable() -> None:
    [port] = free_ports(1)
    error = refused(f"clickhouse://factbook:hidden@127.0.0.1:{port}/x")
    assert error.kind is Kind.UNAVAILABLE
    assert f"127.0.0.1:{port} does not answer" in error.message
    assert "hidden" not in error.message


def test_wrong_password_names_the_user_and_no_password(clickhouse_server: Server) -> None:
    if not isinstance(clickhouse_server, clickhouse.ClickHouseServer):
        pytest.skip("only our own server has users with known passwords")
    error = refused(clickhouse_server.url("x", password="wrong-one"))
    assert error.kind is Kind.UNAVAILABLE
    assert "refuses user 'factbook'" in error.message
    assert "wrong-one" not in error.message


@pytest.mark.parametrize("address", ["postgres://host/db", "clickhouse://", "clickhouse://host:port/db", "nonsense"])
def test_what_is_no_address_is_invalid(address: str) -> None:
    error = refused(address)
    assert error.kind is Kind.INVALID
    assert error.field == "FACTBOOK_WAREHOUSE"


def test_password_in_a_bad_address_is_not_repeated() -> None:
    assert "hidden" not in refused("postgres://user:hidden@host/db").message


def test_address_is_read_with_its_escapes() -> None:
    arguments = connect_arguments("clickhouses://us%40er:p%2Fw@db.example.org/facts", Path("/nowhere"))
    assert (arguments["username"], arguments["password"]) == ("us@er", "p/w")
    assert (arguments["host"], arguments["port"], arguments["secure"]) == ("db.example.org", 8443, True)


def test_embedded_folder_in_use_by_another_process_is_told(engine: Engine, data: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from factbook.storage.engine import Engine\n"
        "from factbook.core.errors import FactbookError\n"
        "try:\n    Engine('chdb', pathlib.Path(sys.argv[1]))\n"
        "except FactbookError as error:\n    print(error.kind, error.message)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(data)], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("unavailable The embedded warehouse at "), done.stderr
    assert "Another process may be using it" in done.stdout


def test_server_that_dies_is_unavailable_and_used_again_when_it_is_back() -> None:
    server = clickhouse.ClickHouseServer()
    try:
        remote = Engine(server.url("mortal"), Path("/nowhere"), connections=1)
        remote.ping()
        server.kill()
        with pytest.raises(FactbookError) as raised:
            remote.ping()
        assert raised.value.kind is Kind.UNAVAILABLE
        assert "does not answer" in raised.value.message
        server.start()
        remote.ping()
        remote.close()
    finally:
        server.stop()


def test_closed_engine_refuses_work(clickhouse_url: str) -> None:
    remote = Engine(clickhouse_url, Path("/nowhere"), connections=1)
    remote.close()
    remote.close()
    with pytest.raises(FactbookError, match="closed"):
        remote.ping()
