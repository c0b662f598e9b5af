"""Reads of the warehouse, always for one Scope: a statement that does not name the tenant is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pyarrow as pa

from factbook.core.scope import Rows, Scope
from factbook.core.sql import text

from .confined import confined, refused
from .engine import READ_SETTINGS, Engine, too_long
from .running import Running

T = TypeVar("T")


def _none(rows: Rows) -> str:
    raise refused()


MAX_CELLS = 400_000
_PLANNED = "optimize_functions_to_subcolumns = 0, use_uncompressed_cache = 1"
"""A map that is looked into is read once: else its keys are read a second time by themselves (measured: 91 ms in place
of 115 for a condition on a number, 155 in place of 299 for eighteen metrics at once). And what small reads unpacked,
the states of roll-ups first of all, stays so for a while."""
_LEAST_SECONDS = 0.001
"""Below it the bound would round to 0, which is none."""

TENANT = "{tenant:String}"
"""The placeholder every statement must hold; bound from the scope and from nothing else."""


class Warehouse:
    """Scoped reads; every method takes the Scope first and may be called from any thread.

    Raises LIMITED past the bounds of a read, UNAVAILABLE when the engine is down or the read was stopped.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        seconds: float = READ_SETTINGS["max_execution_time"],
        memory_bytes: int = READ_SETTINGS["max_memory_usage"],
        rows_read: int = 0,
        cells: int = MAX_CELLS,
        running: Running | None = None,
        seen: Callable[[Rows], str] = _none,
    ) -> None:
        """seconds: the bound of a query, of all its reads together. memory_bytes, rows_read (0: any number): the bounds
        of one read; past half of the memory its groups, and rows to be sorted, go to disk. cells: most numbers in one
        answer.

        running: where the reads are told of and stopped. seen: SQL, without parameters, that is true for the events
        that such `Scope.rows` allow; without it, whoever may not see all of them reads nothing.
        """
        self._engine = engine
        self.running = running or Running(engine)
        self._seen = seen
        self._seconds = float(seconds)
        half = int(memory_bytes) // 2
        self._bounds = f"{_PLANNED}, max_memory_usage = {int(memory_bytes)}"
        self._bounds += f", max_bytes_before_external_group_by = {half}, max_bytes_before_external_sort = {half}"
        if rows_read:
            self._bounds += f", max_rows_to_read = {int(rows_read)}"
        self.cells = cells

    def records(self, scope: Scope, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Rows as dicts."""
        return self._read(self._engine.records, scope, sql, parameters)

    def rows(self, scope: Scope, sql: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        return self._read(self._engine.rows, scope, sql, parameters)

    def counted(
        self, scope: Scope, sql: str, parameters: Mapping[str, Any] | None = None
    ) -> tuple[list[tuple[Any, ...]], int | None]:
        """The rows, and how many rows of the tables were read for them, where the engine says so."""
        return self._read(self._engine.counted, scope, sql, parameters)

    def table(self, scope: Scope, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """The result as an Arrow table."""
        return self._read(self._engine.table, scope, sql, parameters)

    def _read(self, read: Callable[..., T], scope: Scope, sql: str, parameters: Mapping[str, Any] | None) -> T:
        bound = _bound(scope, sql, parameters)
        with self.running.statement(scope) as statement:
            left = self._seconds - statement.spent
            if left < _LEAST_SECONDS:
                raise too_long()
            settings = f"{self._bounds}, max_execution_time = {left:.3f}, log_comment = {text(statement.comment)}"
            if scope.rows:
                sql, filters = confined(sql, self._engine.database, self._seen(scope.rows))
                settings += f", {filters}"
            found = read(f"{sql}\nSETTINGS {settings}", bound, query_id=statement.id)
            statement.rows_read = self._engine.rows_read()
            return found


def _bound(scope: Scope, sql: str, parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    if TENANT not in sql:
        raise AssertionError(f"a statement without the tenant: {sql[:80]}")
    if parameters and "tenant" in parameters:
        raise AssertionError("the tenant is bound from the scope alone")
    return {**(parameters or {}), "tenant": scope.tenant}
