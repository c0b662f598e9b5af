"""Tenants as whoever operates the server sees them: made, suspended, and removed with every row of theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from factbook.core.errors import FactbookError, Kind, not_found
from factbook.core.scope import Scope

from .database import Database
from .rows import Tenant
from .tables import SCHEMA, TENANTS


class TenantRows:
    """Every method is one short transaction, from any thread. UNAVAILABLE when the database is down."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_of_system(self, row: Tenant) -> None:
        """CONFLICT where the id is taken."""
        try:
            with self._database.writing() as connection:
                connection.execute(sa.insert(TENANTS).values(asdict(row)))
        except IntegrityError as error:
            raise FactbookError(
                Kind.CONFLICT, f"There is a tenant {row.id!r} already.", field="id", hint="Choose another id."
            ) from error

    def change_of_system(self, tenant: str, values: Mapping[str, Any]) -> None:
        """NOT_FOUND when there is none."""
        with self._database.writing() as connection:
            changed = connection.execute(sa.update(TENANTS).where(TENANTS.c.id == tenant).values(**values))
        if not changed.rowcount:
            raise unknown(tenant)

    def remove_of_system(self, tenant: str) -> dict[str, int]:
        """Every row of the tenant in every table, itself last; returns how many went, by table. Safe to repeat."""
        gone = {}
        with self._database.writing() as connection:
            for table in reversed(SCHEMA.sorted_tables):
                column = table.c.get("tenant") if table is not TENANTS else table.c.id
                if column is not None:
                    gone[table.name] = connection.execute(sa.delete(table).where(column == tenant)).rowcount
        return gone

    def holdings(self, scope: Scope) -> dict[str, int]:
        """Rows of the tenant by table."""
        with self._database.reading() as connection:
            return {
                table.name: connection.execute(
                    sa.select(sa.func.count()).select_from(table).where(table.c.tenant == scope.tenant)
                ).scalar_one()
                for table in SCHEMA.sorted_tables
                if "tenant" in table.c
            }


def unknown(tenant: str) -> FactbookError:
    return not_found(f"There is no tenant {tenant[:64]!r}.")
