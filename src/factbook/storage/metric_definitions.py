"""The metrics and dimensions that tenants define, row by row, with every change kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from factbook.core.errors import FactbookError, Kind, not_found
from factbook.core.scope import Scope

from .database import Database
from .rows import MetricChange, MetricDefinition
from .tables import METRIC_DEFINITION_HISTORY, METRIC_DEFINITIONS

_ROWS, _CHANGES = METRIC_DEFINITIONS, METRIC_DEFINITION_HISTORY


class MetricDefinitions:
    """Every method is one short transaction, from any thread. UNAVAILABLE when the database is down."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def listed(self, scope: Scope) -> list[MetricDefinition]:
        """By id."""
        mine = sa.select(_ROWS).where(_ROWS.c.tenant == scope.tenant).order_by(_ROWS.c.id)
        with self._database.reading() as connection:
            return [_row(found) for found in connection.execute(mine).mappings()]

    def get(self, scope: Scope, id_: str) -> MetricDefinition:
        with self._database.reading() as connection:
            return _one(connection, scope, id_)

    def put(self, scope: Scope, rows: Mapping[str, tuple[str, Mapping[str, Any]]], *, now: int, new: bool) -> None:
        """Keeps `rows` (id → kind and definition), all or none. new: CONFLICT where an id is defined already."""
        with self._database.writing() as connection:
            for id_, (kind, definition) in rows.items():
                _put(connection, scope, id_, kind, json.dumps(definition), now=now, new=new)

    def remove(self, scope: Scope, id_: str, *, now: int) -> None:
        """Takes the definition away; its history stays. NOT_FOUND when there is none."""
        with self._database.writing() as connection:
            row = _one(connection, scope, id_)
            connection.execute(sa.delete(_ROWS).where(_mine(_ROWS, scope, id_)))
            _note(connection, scope, row.id, row.version + 1, "removed", json.dumps(row.definition), now)

    def history(self, scope: Scope, id_: str) -> list[MetricChange]:
        """Every change, newest first. NOT_FOUND when there was never such a definition."""
        changes = sa.select(_CHANGES).where(_mine(_CHANGES, scope, id_)).order_by(_CHANGES.c.version.desc())
        with self._database.reading() as connection:
            found = [
                MetricChange(
                    row["version"], row["change"], row["actor"], row["changed_at"], json.loads(row["definition"])
                )
                for row in connection.execute(changes).mappings()
            ]
        if not found:
            raise _unknown(id_)
        return found


def _mine(table: sa.Table, scope: Scope, id_: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.tenant == scope.tenant, table.c.id == id_)


def _row(found: Any) -> MetricDefinition:
    return MetricDefinition(**{**found, "definition": json.loads(found["definition"])})


def _one(connection: Connection, scope: Scope, id_: str) -> MetricDefinition:
    found = connection.execute(sa.select(_ROWS).where(_mine(_ROWS, scope, id_))).mappings().one_or_none()
    if found is None:
        raise _unknown(id_)
    return _row(found)


def _unknown(id_: str) -> FactbookError:
    return not_found(
        f"There is no definition {id_[:60]!r} of your own.", hint="GET /api/v1/metrics/definitions lists them."
    )


def _put(connection: Connection, scope: Scope, id_: str, kind: str, definition: str, *, now: int, new: bool) -> None:
    versions = sa.select(sa.func.max(_CHANGES.c.version)).where(_mine(_CHANGES, scope, id_))
    version = int(connection.execute(versions).scalar() or 0) + 1
    values = {"kind": kind, "definition": definition, "version": version, "updated_at": now}
    changed = sa.update(_ROWS).where(_mine(_ROWS, scope, id_)).values(**values)
    there = 0 if new else connection.execute(changed).rowcount
    if not there:
        row = {"tenant": scope.tenant, "id": id_, **values, "created_at": now}
        try:
            connection.execute(sa.insert(_ROWS).values(**row))
        except IntegrityError as error:
            raise FactbookError(
                Kind.CONFLICT,
                f"{id_!r} is defined already.",
                field="id",
                hint=f"PUT /api/v1/metrics/definitions/{id_} changes it.",
            ) from error
    _note(connection, scope, id_, version, "changed" if there else "created", definition, now)


def _note(connection: Connection, scope: Scope, id_: str, version: int, change: str, definition: str, now: int) -> None:
    connection.execute(
        sa.insert(_CHANGES).values(
            tenant=scope.tenant,
            id=id_,
            version=version,
            change=change,
            actor=scope.actor,
            changed_at=now,
            definition=definition,
        )
    )
