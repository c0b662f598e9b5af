"""What tenants define under ids of their own (metrics, segments, funnels), row by row, with every change kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any, Generic

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from factbook.core.errors import FactbookError, Kind, not_found
from factbook.core.scope import Scope

from .database import Database
from .definition_forms import Form, Row
from .rows import Change
from .tables import DEFINITION_HISTORY


class DefinitionRows(Generic[Row]):
    """Every method is one short transaction, from any thread. UNAVAILABLE when the database is down.

    Versions are counted here, on through a removal; whoever changes something is the actor of the scope.
    """

    def __init__(self, database: Database, form: Form[Row]) -> None:
        self._database = database
        self._form: Form[Row] = form

    def listed(self, scope: Scope) -> list[Row]:
        """By id."""
        table = self._form.table
        with self._database.reading() as connection:
            found = connection.execute(sa.select(table).where(table.c.tenant == scope.tenant).order_by(table.c.id))
            return [self._row(each) for each in found.mappings()]

    def get(self, scope: Scope, id_: str) -> Row:
        """NOT_FOUND where the tenant has none of that id."""
        with self._database.reading() as connection:
            return self._one(connection, scope, id_)

    def find(self, scope: Scope, id_: str) -> Row | None:
        with self._database.reading() as connection:
            return self._found(connection, scope, id_)

    def add(self, scope: Scope, rows: Iterable[Row]) -> list[Row]:
        """All or none, as they are kept now. CONFLICT where an id is taken."""
        return self._kept(scope, rows, new=True)

    def put(self, scope: Scope, rows: Iterable[Row]) -> list[Row]:
        """All or none, as they are kept now: what there is already is changed, and keeps when it was created."""
        return self._kept(scope, rows, new=False)

    def remove(self, scope: Scope, id_: str, *, now: int) -> None:
        """Its history stays. NOT_FOUND."""
        table = self._form.table
        with self._database.writing() as connection:
            row = self._one(connection, scope, id_)
            connection.execute(sa.delete(table).where(_mine(table, scope, id_)))
            self._note(connection, scope, replace(row, version=row.version + 1, updated_at=now), "removed")

    def history(self, scope: Scope, id_: str) -> list[Change]:
        """Every change, newest first, also of what is removed. NOT_FOUND where there was never one of that id."""
        changes = self._changes(scope, id_)
        with self._database.reading() as connection:
            found = connection.execute(changes.order_by(DEFINITION_HISTORY.c.version)).mappings().all()
        if not found:
            raise self.unknown(id_)
        return list(reversed(_told(found)))

    def unknown(self, id_: str) -> FactbookError:
        return not_found(
            f"There is no {self._form.noun} {id_[:60]!r} of your own.", hint=f"GET {self._form.path} lists them."
        )

    def _kept(self, scope: Scope, rows: Iterable[Row], *, new: bool) -> list[Row]:
        id_ = ""
        kept = []
        try:
            with self._database.writing() as connection:
                for row in rows:
                    id_ = row.id
                    kept.append(self._write(connection, scope, row, new=new))
        except IntegrityError as error:
            message = f"There is a {self._form.noun} {id_!r} already." if new else f"{id_!r} was changed meanwhile."
            hint = f"PUT {self._form.path}/{id_} changes it." if new else "Send it again."
            raise FactbookError(Kind.CONFLICT, message, field="id", hint=hint) from error
        return kept

    def _write(self, connection: Connection, scope: Scope, row: Row, *, new: bool) -> Row:
        if row.tenant != scope.tenant:
            raise AssertionError(f"a row of {row.tenant!r} in the scope of {scope.tenant!r}")
        table = self._form.table
        before = None if new else self._found(connection, scope, row.id)
        counted = self._changes(scope, row.id).with_only_columns(sa.func.max(DEFINITION_HISTORY.c.version))
        row = replace(row, version=int(connection.execute(counted).scalar() or 0) + 1)
        if before is None:
            connection.execute(sa.insert(table).values(**self._values(row)))
        else:
            row = replace(row, created_at=before.created_at)
            connection.execute(sa.update(table).where(_mine(table, scope, row.id)).values(**self._values(row)))
        self._note(connection, scope, row, "changed" if before else "created")
        return row

    def _note(self, connection: Connection, scope: Scope, row: Row, change: str) -> None:
        values = {
            "tenant": scope.tenant,
            "what": self._form.what,
            "id": row.id,
            "version": row.version,
            "change": change,
            "actor": scope.actor,
            "changed_at": row.updated_at,
            "definition": json.dumps(self._form.told(row)),
        }
        connection.execute(sa.insert(DEFINITION_HISTORY).values(**values))

    def _changes(self, scope: Scope, id_: str) -> sa.Select[Any]:
        mine = sa.and_(_mine(DEFINITION_HISTORY, scope, id_), DEFINITION_HISTORY.c.what == self._form.what)
        return sa.select(DEFINITION_HISTORY).where(mine)

    def _one(self, connection: Connection, scope: Scope, id_: str) -> Row:
        row = self._found(connection, scope, id_)
        if row is None:
            raise self.unknown(id_)
        return row

    def _found(self, connection: Connection, scope: Scope, id_: str) -> Row | None:
        table = self._form.table
        found = connection.execute(sa.select(table).where(_mine(table, scope, id_))).mappings().one_or_none()
        return None if found is None else self._row(found)

    def _row(self, found: Any) -> Row:
        name = self._form.json
        row: Row = self._form.row(**{**found, name: json.loads(found[name])})
        return row

    def _values(self, row: Row) -> dict[str, Any]:
        name = self._form.json
        values = asdict(row)
        return {**values, name: json.dumps(values[name])}


def _mine(table: sa.Table, scope: Scope, id_: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.tenant == scope.tenant, table.c.id == id_)


def _told(found: Sequence[Any]) -> list[Change]:
    """Oldest first."""
    changes: list[Change] = []
    for row in found:
        created = row["change"] == "created" or not changes
        before = None if created else changes[-1].definition
        definition = json.loads(row["definition"])
        changes.append(Change(row["version"], row["change"], row["actor"], row["changed_at"], before, definition))
    return changes
