"""A real ClickHouse server over HTTP, from the wheel that also holds the embedded engine."""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from .ports import free_ports, wait_for

USER, PASSWORD = "factbook", "p@ss word/1"

_CONFIG = """<clickhouse>
  <listen_host>127.0.0.1</listen_host>
  <http_port>{http}</http_port>
  <tcp_port>{tcp}</tcp_port>
  <max_server_memory_usage>4000000000</max_server_memory_usage>
  <user_directories><users_xml><path>users.xml</path></users_xml></user_directories>
</clickhouse>
"""

_USERS = f"""<clickhouse>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <users>
    <default><password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default>
    <{USER}>
      <password>{PASSWORD}</password><networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile><quota>default</quota>
    </{USER}>
  </users>
</clickhouse>
"""

_PROCESS = Path(__file__).resolve().with_name("clickhouse_process.py")


class ClickHouseServer:
    """One server process on free ports; its data lies in a temporary folder and goes with it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="factbook-clickhouse-"))
        self.port, native = free_ports(2)
        (self.folder / "config.xml").write_text(_CONFIG.format(http=self.port, tcp=native))
        (self.folder / "users.xml").write_text(_USERS)
        self.start()

    def start(self) -> None:
        """Starts the process, again after `kill`; returns when it answers."""
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(_PROCESS), str(self.folder)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_for(self._answers, self._process, "the ClickHouse server")

    def kill(self) -> None:
        """Ends the process as a crash would; what it had acknowledged stays in its folder."""
        self._process.kill()
        self._process.wait()

    def url(self, database: str, *, user: str = USER, password: str = PASSWORD) -> str:
        return f"clickhouse://{quote(user, safe='')}:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().read() == b"Ok.\n"
        except OSError:
            return False
        finally:
            connection.close()


class GivenServer:
    """A server that somebody else runs, named by FACTBOOK_TEST_CLICKHOUSE_URL."""

    def __init__(self, address: str) -> None:
        self._base = address.rstrip("/")
        if self._base.count("/") > 2:
            self._base = self._base.rsplit("/", 1)[0]

    def url(self, database: str) -> str:
        return f"{self._base}/{database}"

    def stop(self) -> None:
        """Leaves the server as it is."""


def start() -> ClickHouseServer | GivenServer:
    given = os.environ.get("FACTBOOK_TEST_CLICKHOUSE_URL")
    return GivenServer(given) if given else ClickHouseServer()


def fresh_database() -> str:
    return f"factbook_{uuid.uuid4().hex}"


def drop(address: str) -> None:
    """Drops the database that `address` names, if it is there."""
    import clickhouse_connect

    url = urlsplit(address)
    client = clickhouse_connect.get_client(
        host=url.hostname, port=url.port, username=unquote(url.username or ""), password=unquote(url.password or "")
    )
    client.command(f"DROP DATABASE IF EXISTS `{url.path.strip('/')}` SYNC")
    client.close()
