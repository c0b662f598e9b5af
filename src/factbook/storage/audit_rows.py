"""The audit trail, row by row: entries are appended, each with the hash of the one before; none changes or goes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from factbook.core.errors import unavailable
from factbook.core.scope import Scope

from .audit_tables import AUDIT, AUDIT_HEADS
from .database import Database

BEGIN = "0" * 64
"""What stands for the hash before the first entry."""

_TRIES = 20
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Noted:
    """What is to be entered. actor: a key's or person's id, empty for nobody known. thing: what it was done to.
    detail: JSON-able, without secrets and without ids of the people that events are about."""

    at: int
    actor: str
    action: str
    thing: str
    result: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """number: counts up from 1 within the tenant. hash: SHA-256 of `canonical` of all the other members."""

    tenant: str
    number: int
    at: int
    actor: str
    action: str
    thing: str
    result: str
    detail: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """Where a tenant's trail ends: the number and hash of its newest entry."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Sought:
    """What entries to find: times in epoch milliseconds, half-open; text must be equal, empty is any. before: of
    smaller numbers alone."""

    since: int | None = None
    until: int | None = None
    actor: str = ""
    action: str = ""
    thing: str = ""
    result: str = ""
    before: int | None = None


def canonical(value: Any) -> str:
    """JSON with its members in order and nothing between them: the same text for the same value everywhere."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def hash_of(entry: Entry) -> str:
    members = {name: getattr(entry, name) for name in Entry.__dataclass_fields__ if name != "hash"}
    return hashlib.sha256(canonical(members).encode("utf-8", "surrogatepass")).hexdigest()


class AuditRows:
    """Safe for many threads and processes: whoever appends holds the tenant's head until his entries are in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, scope: Scope, noted: Sequence[Noted]) -> Head:
        """All or none. UNAVAILABLE when the database is down."""
        for _ in range(_TRIES):
            try:
                with self._database.writing() as connection:
                    return self._append(connection, scope.tenant, noted)
            except IntegrityError:  # two began the trail at the same moment
                continue
        raise unavailable("The audit trail cannot be written: others append all the time.")

    def head(self, scope: Scope) -> Head:
        with self._database.reading() as connection:
            found = connection.execute(sa.select(AUDIT_HEADS).where(AUDIT_HEADS.c.tenant == scope.tenant)).one_or_none()
        return Head(found.number, found.hash) if found else Head(0, BEGIN)

    def found(self, scope: Scope, sought: Sought, limit: int) -> list[Entry]:
        """Newest first."""
        statement = sa.select(AUDIT).where(AUDIT.c.tenant == scope.tenant, *_conditions(sought))
        with self._database.reading() as connection:
            rows = connection.execute(statement.order_by(AUDIT.c.number.desc()).limit(limit)).mappings()
            return [Entry(**row) for row in rows]

    def every(self, scope: Scope) -> Iterator[Entry]:
        """Oldest first, a page at a time."""
        last = 0
        mine = AUDIT.c.tenant == scope.tenant
        while True:
            statement = sa.select(AUDIT).where(mine, AUDIT.c.number > last).order_by(AUDIT.c.number).limit(_PAGE)
            with self._database.reading() as connection:
                page = [Entry(**row) for row in connection.execute(statement).mappings()]
            yield from page
            if len(page) < _PAGE:
                return
            last = page[-1].number

    def tenants_of_system(self) -> list[str]:
        """Those who have a trail."""
        with self._database.reading() as connection:
            heads = set(connection.execute(sa.select(AUDIT_HEADS.c.tenant)).scalars())
            return sorted(heads | set(connection.execute(sa.select(AUDIT.c.tenant).distinct()).scalars()))

    def _append(self, connection: Connection, tenant: str, noted: Sequence[Noted]) -> Head:
        mine = AUDIT_HEADS.c.tenant == tenant
        found = connection.execute(sa.select(AUDIT_HEADS).where(mine).with_for_update()).one_or_none()
        number, previous = (found.number, found.hash) if found else (0, BEGIN)
        if found is None:
            connection.execute(sa.insert(AUDIT_HEADS).values(tenant=tenant, number=0, hash=BEGIN))
        rows = []
        for each in noted:
            number += 1
            entry = _linked(tenant, number, previous, each)
            previous = entry.hash
            rows.append({name: getattr(entry, name) for name in Entry.__dataclass_fields__})
        if rows:
            connection.execute(sa.insert(AUDIT), rows)
        connection.execute(sa.update(AUDIT_HEADS).where(mine).values(number=number, hash=previous))
        return Head(number, previous)


def _linked(tenant: str, number: int, previous: str, noted: Noted) -> Entry:
    def text(value: str, most: int) -> str:
        return _storable(value)[:most]

    unsigned = Entry(
        tenant,
        number,
        noted.at,
        text(noted.actor, 128),
        text(noted.action, 64),
        text(noted.thing, 256),
        text(noted.result, 16),
        _storable(canonical(noted.detail)),
        previous,
        "",
    )
    return Entry(
        **{**{name: getattr(unsigned, name) for name in Entry.__dataclass_fields__}, "hash": hash_of(unsigned)}
    )


def _storable(text: str) -> str:
    """Without what a database cannot keep: NUL and half characters."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _conditions(sought: Sought) -> list[sa.ColumnElement[bool]]:
    conditions = [
        AUDIT.c[name] == value for name in ("actor", "action", "thing", "result") if (value := getattr(sought, name))
    ]
    if sought.since is not None:
        conditions.append(AUDIT.c.at >= sought.since)
    if sought.until is not None:
        conditions.append(AUDIT.c.at < sought.until)
    if sought.before is not None:
        conditions.append(AUDIT.c.number < sought.before)
    return conditions
