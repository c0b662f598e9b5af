"""The funnels that tenants name, row by row."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from factbook.core.errors import FactbookError, Kind, not_found
from factbook.core.scope import Scope

from .database import Database
from .rows import FunnelRow
from .tables import FUNNELS as _ROWS


class FunnelRows:
    """Every method is one short transaction, from any thread. UNAVAILABLE when the database is down."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def listed(self, scope: Scope) -> list[FunnelRow]:
        """By id."""
        mine = sa.select(_ROWS).where(_ROWS.c.tenant == scope.tenant).order_by(_ROWS.c.id)
        with self._database.reading() as connection:
            return [_row(found) for found in connection.execute(mine).mappings()]

    def get(self, scope: Scope, id_: str) -> FunnelRow | None:
        with self._database.reading() as connection:
            found = connection.execute(sa.select(_ROWS).where(_mine(scope, id_))).mappings().one_or_none()
        return None if found is None else _row(found)

    def add(self, scope: Scope, row: FunnelRow) -> None:
        """CONFLICT where the tenant has a funnel of that id."""
        try:
            with self._database.writing() as connection:
                connection.execute(sa.insert(_ROWS).values(tenant=scope.tenant, id=row.id, **_values(row)))
        except IntegrityError as error:
            raise FactbookError(
                Kind.CONFLICT,
                f"There is a funnel {row.id!r} already.",
                field="id",
                hint=f"PUT /api/v1/analytics/funnels/{row.id} changes it.",
            ) from error

    def change(self, scope: Scope, row: FunnelRow) -> None:
        """NOT_FOUND where it is gone."""
        with self._database.writing() as connection:
            if not connection.execute(sa.update(_ROWS).where(_mine(scope, row.id)).values(**_values(row))).rowcount:
                raise unknown_funnel(row.id)

    def remove(self, scope: Scope, id_: str) -> None:
        with self._database.writing() as connection:
            if not connection.execute(sa.delete(_ROWS).where(_mine(scope, id_))).rowcount:
                raise unknown_funnel(id_)


def unknown_funnel(id_: str) -> FactbookError:
    return not_found(f"There is no funnel {id_[:60]!r} of your own.", hint="GET /api/v1/analytics/funnels lists them.")


def _mine(scope: Scope, id_: str) -> sa.ColumnElement[bool]:
    return sa.and_(_ROWS.c.tenant == scope.tenant, _ROWS.c.id == id_)


def _row(found: Any) -> FunnelRow:
    return FunnelRow(**{**found, "definition": json.loads(found["definition"])})


def _values(row: FunnelRow) -> dict[str, Any]:
    return {
        "label": row.label,
        "description": row.description,
        "definition": json.dumps(row.definition),
        "version": row.version,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
