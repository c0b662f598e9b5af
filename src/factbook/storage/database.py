"""The connection to the metadata database: SQLite in the data folder or PostgreSQL by address, and its migrations."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as NoneFreeError

from factbook.core.errors import FactbookError, Kind, unavailable

_WRITE = "factbook_write"
_BUSY_MS = 10_000
_POOL: dict[str, Any] = {"pool_pre_ping": True, "pool_timeout": _BUSY_MS / 1000}
_SERVER: dict[str, Any] = {"connect_timeout": 5, "tcp_user_timeout": _BUSY_MS, "keepalives_idle": 30}
_PATIENCE = f"SET lock_timeout = {_BUSY_MS}; SET idle_in_transaction_session_timeout = {6 * _BUSY_MS}"
_ONE_WRITER = "SELECT pg_advisory_xact_lock(4022250974)"
"""Held to the end of the transaction by whoever writes at PostgreSQL, as BEGIN IMMEDIATE is at SQLite: what a writer
reads is what he changes, in every process."""


def database_url(address: str, data: Path) -> URL:
    """`address` as SQLAlchemy reads it; empty is SQLite in `data`. INVALID for what cannot be opened here."""
    if not address:
        return URL.create("sqlite", database=str(data / "metadata.db"))
    try:
        url = sa.make_url(address)
    except ArgumentError:
        raise _bad_address("it cannot be read") from None
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise _bad_address(f"{url.get_backend_name()} is not supported")
    return url


def _bad_address(why: str) -> FactbookError:
    return FactbookError(
        Kind.INVALID,
        f"DATABASE_URL is not an address of a metadata database: {why}.",
        field="DATABASE_URL",
        hint="Leave it empty for SQLite in the data folder, or use postgresql://user:password@host:5432/database.",
    )


class Database:
    """Short transactions from any thread, those that write one after another in all processes.

    SQLite runs in WAL mode, synced at every commit, foreign keys on.
    """

    def __init__(self, address: str, data: Path) -> None:
        url = database_url(address, data)
        if not address:
            data.mkdir(parents=True, exist_ok=True)
        is_server = url.get_backend_name() != "sqlite"
        options = {"connect_args": {name: _SERVER[name] for name in _SERVER.keys() - url.query}, **_POOL}
        try:
            self._engine = sa.create_engine(url, **(options if is_server else {}))
        except (ImportError, NoSuchModuleError) as error:
            raise _bad_address(f"its driver is not there ({error})") from None
        sa.event.listen(self._engine, "connect", _prepare_server if is_server else _prepare)
        sa.event.listen(self._engine, "begin", _begin_server if is_server else _begin)
        self.name = f"PostgreSQL at {url.host}:{url.port or 5432}" if is_server else "SQLite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with _explained(self.name), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of it or nothing. IntegrityError passes through, for the caller to name."""
        with _explained(self.name), self._engine.execution_options(**{_WRITE: True}).begin() as connection:
            yield connection

    def upgrade(self, revision: str = "head") -> None:
        """Brings the schema to `revision`; nothing happens when it is there. CONFLICT for a newer Factbook's schema."""
        self._migrate(command.upgrade, revision)

    def downgrade(self, revision: str) -> None:
        """Back to `revision` (`base` is an empty database): what later revisions hold is lost."""
        self._migrate(command.downgrade, revision)

    def _migrate(self, direction: Any, revision: str) -> None:
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "alembic").replace("%", "%%"))
        try:
            with self.writing() as connection:
                config.attributes["connection"] = connection
                direction(config, revision)
        except CommandError as error:
            raise FactbookError(
                Kind.CONFLICT,
                f"The metadata database cannot be migrated: {error}.",
                hint="It was made by a newer Factbook: install that version or a newer one.",
            ) from error

    def close(self) -> None:
        self._engine.dispose()


def _prepare(connection: Any, _record: Any) -> None:
    # Transactions are opened by `_begin`: the driver's own habit of opening them late breaks BEGIN IMMEDIATE and DDL.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    _write_ahead(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _write_ahead(connection: Any) -> None:
    """Switches the file to WAL, once for all. SQLite waits for nobody who does so too, whatever busy_timeout says."""
    end = time.monotonic() + _BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)


def _begin(connection: Connection) -> None:
    # A write that begins as a read fails at once, whatever busy_timeout says, when another wrote in between.
    write = connection.get_execution_options().get(_WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _prepare_server(connection: Any, _record: Any) -> None:
    connection.execute(_PATIENCE)
    connection.commit()


def _begin_server(connection: Connection) -> None:
    if connection.get_execution_options().get(_WRITE, False):
        connection.exec_driver_sql(_ONE_WRITER)


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except (DataError, UnicodeError, OverflowError) as error:
        raise FactbookError(
            Kind.INVALID,
            "Something cannot be kept: a text is too long, or holds NUL or half a character, or a number is too big.",
            hint="Look at the texts and numbers that were sent.",
        ) from error
    except NoneFreeError as error:
        raise unavailable(f"The metadata database ({name}) is too busy just now.", retry_after=2.0) from error
    except DBAPIError as error:
        raise unavailable(
            f"The metadata database ({name}) does not answer: {str(error.orig).strip()[:200]}.", retry_after=2.0
        ) from error
