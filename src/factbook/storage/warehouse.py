"""Reads of the warehouse, always for one Scope: a statement that does not name the tenant is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from factbook.core.scope import Scope

from .engine import READ_SETTINGS, Engine

TENANT = "{tenant:String}"
"""The placeholder every statement must hold; bound from the scope and from nothing else."""


class Warehouse:
    """Scoped reads; every method takes the Scope first and may be called from any thread."""

    def __init__(
        self,
        engine: Engine,
        *,
        seconds: float = READ_SETTINGS["max_execution_time"],
        memory_bytes: int = READ_SETTINGS["max_memory_usage"],
    ) -> None:
        """seconds, memory_bytes: the bounds of one read, past which it is LIMITED."""
        self._engine = engine
        self._settings = f"\nSETTINGS max_execution_time = {float(seconds)}, max_memory_usage = {int(memory_bytes)}"

    def records(self, scope: Scope, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Rows as dicts. Raises LIMITED past the bounds of a read, UNAVAILABLE when the engine is down."""
        return self._engine.records(sql + self._settings, _bound(scope, sql, parameters))

    def rows(self, scope: Scope, sql: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        return self._engine.rows(sql + self._settings, _bound(scope, sql, parameters))

    def counted(
        self, scope: Scope, sql: str, parameters: Mapping[str, Any] | None = None
    ) -> tuple[list[tuple[Any, ...]], int | None]:
        """The rows, and how many rows of the tables were read for them, where the engine says so."""
        return self._engine.counted(sql + self._settings, _bound(scope, sql, parameters))

    def table(self, scope: Scope, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """The result as an Arrow table."""
        return self._engine.table(sql + self._settings, _bound(scope, sql, parameters))


def _bound(scope: Scope, sql: str, parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    if TENANT not in sql:
        raise AssertionError(f"a statement without the tenant: {sql[:80]}")
    if parameters and "tenant" in parameters:
        raise AssertionError("the tenant is bound from the scope alone")
    return {**(parameters or {}), "tenant": scope.tenant}
