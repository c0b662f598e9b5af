"""The one warehouse engine: ClickHouse SQL, embedded (chDB) or on a server, through one driver family."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import clickhouse_connect
import pyarrow as pa
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError
from pydantic import SecretStr

from factbook.core.errors import FactbookError, Kind, unavailable

from .sealed_disk import configuration, key_at_hand

DATABASE = "factbook"

READ_SETTINGS: Mapping[str, Any] = {"max_memory_usage": 4_000_000_000, "max_execution_time": 30}
"""Bounds of one read: bytes and seconds."""

_SESSION: Mapping[str, Any] = {
    "async_insert": 0,
    "compile_expressions": 0,
    "compile_aggregate_expressions": 0,
    "compile_sort_description": 0,
}
"""Of every statement: an insert is in its table when it returns. And nothing is compiled to machine code: statements of
ours are many and short, and take longer with it (docs/decisions/0003)."""

_CALLERS_FAULT = {
    159: "The query took longer than one query may.",
    158: "The query would read more rows than one query may.",
    160: "The query would take longer than one query may.",
    241: "The query needs more memory than one query may use.",
    396: "The query's result is larger than one result may be.",
}

_STOPPED = 394
_OUT_OF_MEMORY = 241
_DRAINS = 3

_REFUSED_LOGIN = frozenset({192, 193, 194, 497, 516})


class EngineError(FactbookError):
    """What the engine refused; `code` is ClickHouse's error number, 0 when it could not be reached."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(Kind.UNAVAILABLE, message, retry_after=1.0)
        self.code = code


def connect_arguments(address: str, data: Path, key: str = "") -> dict[str, Any]:
    """Driver arguments for `chdb` (a folder of `data`, encrypted under `key` where there is one) or
    `clickhouse://user:password@host:port/database`."""
    if address == "chdb":
        folder = data / "warehouse"
        folder.mkdir(parents=True, exist_ok=True)
        options = {"config-file": str(configuration(data, key))}
        return {"interface": "chdb", "path": str(folder), "chdb_options": options, "settings": dict(_SESSION)}
    url = urlsplit(address)
    secure = url.scheme == "clickhouses"
    try:
        port = url.port or (8443 if secure else 8123)
    except ValueError:
        port = 0
    if not (secure or url.scheme == "clickhouse") or not url.hostname or not port:
        raise FactbookError(
            Kind.INVALID,
            f"FACTBOOK_WAREHOUSE is not an address of a warehouse: {address.split('@')[-1]!r}.",
            field="FACTBOOK_WAREHOUSE",
            hint="Use chdb, or clickhouse://user:password@host:8123/database.",
        )
    return {
        "host": url.hostname,
        "port": port,
        "username": unquote(url.username or "default"),
        "password": unquote(url.password or ""),
        "secure": secure,
        "autogenerate_session_id": False,
        "connect_timeout": 10,
        "settings": dict(_SESSION),
    }


class Engine:
    """A bounded pool of connections to one database. Every method may be called from any thread.

    Unscoped: only migrations, the writer and retention use it directly; reads go through `Warehouse`.
    """

    def __init__(
        self,
        address: str,
        data: Path,
        *,
        connections: int = 4,
        database: str | None = None,
        key: SecretStr | None = None,
    ) -> None:
        """key: of the embedded engine's encrypted disk."""
        secret = key.get_secret_value() if key else ""
        arguments = connect_arguments(address, data, secret)
        self.embedded = address == "chdb"
        self.database = database or ("" if self.embedded else urlsplit(address).path.strip("/")) or DATABASE
        self._arguments = arguments
        self._free: queue.LifoQueue[Any] = queue.LifoQueue()
        self._all: list[Any] = []
        self._aside = threading.Lock()
        self._beside: Any = None
        self._closed = threading.Event()
        self._last = threading.local()
        try:
            with key_at_hand(data, secret):
                first = clickhouse_connect.get_client(**arguments, database=None if self.embedded else "default")
            self._all.append(first)
            first.command(f"CREATE DATABASE IF NOT EXISTS {quoted(self.database)}")
            for _ in range(connections):
                client = clickhouse_connect.get_client(**arguments, database=self.database)
                self._all.append(client)
                self._free.put(client)
        except ClickHouseError as error:
            self.close()
            raise _explained(error, arguments) from error

    def close(self) -> None:
        """Waits for running statements and closes; the embedded engine must be closed before the process ends."""
        self._closed.set()
        for client in self._all:
            client.close()

    @contextmanager
    def _client(self, timeout: float = 30.0) -> Iterator[Any]:
        if self._closed.is_set():
            raise unavailable("The warehouse is closed.")
        try:
            client = self._free.get(timeout=timeout)
        except queue.Empty:
            raise unavailable("The warehouse is busy with other queries.", retry_after=2.0) from None
        try:
            with _translating():
                yield client
        except BaseException:
            client = self._drained(client)
            raise
        finally:
            self._free.put(client)

    def _drained(self, client: Any) -> Any:
        """The connection after a failed statement, or a new one in its place.

        chDB keeps what a statement had put out before it failed, and gives it out with the connection's next result,
        whoever asks (docs/decisions/0008).
        """
        if not self.embedded or self._closed.is_set():
            return client
        for _ in range(_DRAINS):
            with suppress(ClickHouseError):
                if client.raw_query("SELECT 'drained'", fmt="TabSeparated") == b"drained\n":
                    return client
        fresh = clickhouse_connect.get_client(**self._arguments, database=self.database)
        self._all.append(fresh)
        return fresh

    def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> str:
        """Runs a statement; returns the text of its result, empty for none."""
        with self._client() as client:
            return str(client.command(sql, parameters=dict(parameters or {})))

    def rows(
        self, sql: str, parameters: Mapping[str, Any] | None = None, *, query_id: str = ""
    ) -> list[tuple[Any, ...]]:
        """query_id: the server's name for the statement; the embedded engine gives its own."""
        with self._client() as client:
            return list(self._asked(client, sql, parameters, query_id).result_rows)

    def counted(
        self, sql: str, parameters: Mapping[str, Any] | None = None, *, query_id: str = ""
    ) -> tuple[list[tuple[Any, ...]], int | None]:
        """The rows, and how many rows were read for them (None where the driver does not say)."""
        with self._client() as client:
            result = self._asked(client, sql, parameters, query_id)
            read = (result.summary or {}).get("read_rows")
            return list(result.result_rows), None if read is None else int(read)

    def records(
        self, sql: str, parameters: Mapping[str, Any] | None = None, *, query_id: str = ""
    ) -> list[dict[str, Any]]:
        """Rows as dicts by column name."""
        with self._client() as client:
            return list(self._asked(client, sql, parameters, query_id).named_results())

    def table(self, sql: str, parameters: Mapping[str, Any] | None = None, *, query_id: str = "") -> pa.Table:
        """The result as an Arrow table (strings as strings)."""
        with self._client() as client:
            result: pa.Table = client.query_arrow(
                sql, parameters=dict(parameters or {}), use_strings=True, settings=_named(query_id)
            )
            return result

    def rows_read(self) -> int:
        """How many rows of tables the last statement of this thread read; 0 where that is not known: the embedded
        engine tells the rows of the result in its place, and a result as Arrow tells nothing."""
        read, self._last.rows_read = getattr(self._last, "rows_read", 0), 0
        return int(read)

    def _asked(self, client: Any, sql: str, parameters: Mapping[str, Any] | None, query_id: str) -> Any:
        result = client.query(sql, parameters=dict(parameters or {}), settings=_named(query_id))
        self._last.rows_read = 0 if self.embedded else (result.summary or {}).get("read_rows", 0)
        return result

    def running(self, comment: str) -> list[tuple[str, float, int]]:
        """(log_comment, seconds, rows read so far) of every running statement whose log_comment begins so."""
        sql = (
            "SELECT Settings['log_comment'], elapsed, read_rows FROM system.processes"
            " WHERE startsWith(Settings['log_comment'], {comment:String})"
        )
        return [(str(a), float(b), int(c)) for a, b, c in self._watching(sql, comment)]

    def kill(self, comment: str) -> int:
        """Asks every running statement whose log_comment begins so to stop; returns how many there were."""
        found = self.running(comment)
        if found:
            self._watching("KILL QUERY WHERE startsWith(Settings['log_comment'], {comment:String}) ASYNC", comment)
        return len(found)

    def _watching(self, sql: str, comment: str) -> list[Any]:
        """On a connection of its own, since those of the pool may all be taken by what is watched."""
        with self._aside, _translating():
            if self._closed.is_set():
                raise unavailable("The warehouse is closed.")
            if self._beside is None:
                self._beside = clickhouse_connect.get_client(**self._arguments, database=self.database)
                self._all.append(self._beside)
            try:
                return list(self._beside.query(sql, parameters={"comment": comment}).result_rows)
            except BaseException:
                self._beside = self._drained(self._beside)
                raise

    def insert(
        self, table: str, rows: pa.RecordBatch | pa.Table, *, token: str, columns: Sequence[str] | None = None
    ) -> None:
        """Inserts `rows` as one block, durable on return; the same `token` again changes nothing.

        The part's files and folder are synced (the table's settings), so a crash after return loses nothing.
        """
        self._insert(table, list(columns or rows.schema.names), rows, {"insert_deduplication_token": token})

    def insert_if(self, condition: str, table: str, rows: pa.Table, *, seconds: int) -> None:
        """On a server: inserts `rows` if the SQL `condition` is true when the statement begins; else nothing.

        It ends within `seconds`, or fails.
        """
        names = rows.schema.names
        sql = "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table:String}"
        types = dict(self.rows(sql, {"table": table}))
        shape = ", ".join(f"{quoted(name)} {types[name]}" for name in names).replace("'", "\\'")
        listed = ", ".join(map(quoted, names))
        into = f"{quoted(table)} ({listed}) SELECT {listed} FROM input('{shape}') WHERE {condition}"
        self._insert(into, None, rows, {"max_execution_time": str(seconds)})

    def _insert(
        self, into: str, columns: list[str] | None, rows: pa.RecordBatch | pa.Table, settings: Mapping[str, str]
    ) -> None:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema) as writer:
            writer.write(rows)
        size = max(rows.num_rows, 1)
        with self._client(timeout=300) as client:
            client.raw_insert(
                into,
                column_names=columns,
                insert_block=sink.getvalue().to_pybytes(),
                fmt="ArrowStream",
                settings={
                    **settings,
                    "async_insert": "0",
                    "max_insert_block_size": str(size),
                    "min_insert_block_size_rows": str(size),
                    "max_partitions_per_insert_block": "0",
                    "log_queries": "0",
                },
            )

    def ping(self) -> None:
        """Raises EngineError when the engine does not answer."""
        self.command("SELECT 1")


def quoted(name: str) -> str:
    """`name` as a quoted identifier, whatever it holds (a database is named by the operator)."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def stopped() -> FactbookError:
    """The answer to whoever waits for a query that an administrator stopped."""
    return unavailable(
        "An administrator stopped this query.",
        retry_after=60.0,
        hint="Ask for a shorter period, fewer cuts or more filters before you ask again.",
    )


def too_long() -> FactbookError:
    return _limited(159)


def _limited(code: int) -> FactbookError:
    return FactbookError(
        Kind.LIMITED,
        _CALLERS_FAULT[code],
        retry_after=5.0,
        hint="Ask for a shorter period, fewer columns or more filters.",
    )


@contextmanager
def _translating() -> Iterator[None]:
    try:
        yield
    except ClickHouseError as error:
        raise _translated(error) from error
    except OSError as error:  # no room for the block's temporary file, or the server hung up
        raise EngineError(0, f"The warehouse could not be reached: {_first_line(error)}") from error


def _named(query_id: str) -> dict[str, str] | None:
    return {"query_id": query_id} if query_id else None


def _translated(error: ClickHouseError) -> FactbookError:
    code = int(getattr(error, "code", 0) or 0) if isinstance(error, DatabaseError) else 0
    if code == _STOPPED:
        return stopped()
    if code == _OUT_OF_MEMORY and "(total)" in str(error):  # of all queries together: no fault of this one
        return unavailable("The warehouse has no memory left for this query now.", retry_after=5.0)
    if code in _CALLERS_FAULT:
        return _limited(code)
    if not code:
        return EngineError(0, f"The warehouse does not answer: {_first_line(error)}")
    return EngineError(code, f"The warehouse refused: {_first_line(error)}")


def _explained(error: ClickHouseError, arguments: Mapping[str, Any]) -> FactbookError:
    text = _first_line(error)
    if "path" in arguments:
        return EngineError(
            0,
            f"The embedded warehouse at {arguments['path']} cannot be opened ({text}). "
            "Another process may be using it, or the folder cannot be written.",
        )
    place = f"{arguments['host']}:{arguments['port']}"
    code = int(getattr(error, "code", 0) or 0)
    if code in _REFUSED_LOGIN:
        return EngineError(code, f"The warehouse at {place} refuses user {arguments['username']!r} or the password.")
    return EngineError(code, f"The warehouse at {place} does not answer ({text}).")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:500] if str(error).strip() else type(error).__name__
