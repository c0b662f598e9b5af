"""People and their attempts to sign in, row by row."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from factbook.core.errors import FactbookError, Kind, not_found
from factbook.core.scope import Scope

from .database import Database
from .people_tables import PEOPLE, SIGN_IN_ATTEMPTS

Leads = Mapping[str, frozenset[str]]
"""Role → roles, of which somebody who is not disabled must be left when one of that role goes."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """email_key: as it is compared. password: its hash, None until one is set. row_filter: JSON text.

    generation: sessions and tokens of an earlier one have ended. link_digest: of the one link that sets a password.
    """

    id: str
    tenant: str
    email: str
    email_key: str
    name: str
    role: str
    generation: int
    created_by: str
    created_at: int
    password: str | None = None
    disabled_at: int | None = None
    last_sign_in_at: int | None = None
    row_filter: str | None = None
    masked: bool = False
    link_digest: str | None = None
    link_expires_at: int | None = None


class PeopleRows:
    """Every method is one short transaction, from any thread. UNAVAILABLE when the database is down."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all_of_system(self) -> list[PersonRow]:
        with self._database.reading() as connection:
            return _read(connection, sa.select(PEOPLE))

    def by_email_of_system(self, email_key: str) -> list[PersonRow]:
        """In every tenant, oldest first."""
        same = sa.select(PEOPLE).where(PEOPLE.c.email_key == email_key)
        with self._database.reading() as connection:
            return _read(connection, same.order_by(PEOPLE.c.created_at, PEOPLE.c.id))

    def by_link_of_system(self, digest: str) -> PersonRow | None:
        with self._database.reading() as connection:
            found = _read(connection, sa.select(PEOPLE).where(PEOPLE.c.link_digest == digest))
        return found[0] if found else None

    def listed(self, scope: Scope) -> list[PersonRow]:
        """Oldest first."""
        mine = sa.select(PEOPLE).where(PEOPLE.c.tenant == scope.tenant)
        with self._database.reading() as connection:
            return _read(connection, mine.order_by(PEOPLE.c.created_at, PEOPLE.c.id))

    def get(self, scope: Scope, person_id: str) -> PersonRow:
        """NOT_FOUND when the tenant has no such person."""
        with self._database.reading() as connection:
            return _one(connection, scope, person_id)

    def add(self, scope: Scope, row: PersonRow) -> PersonRow:
        """CONFLICT where the e-mail address is taken."""
        if row.tenant != scope.tenant:
            raise AssertionError(f"a row of {row.tenant!r} in the scope of {scope.tenant!r}")
        try:
            with self._database.writing() as connection:
                connection.execute(sa.insert(PEOPLE).values(asdict(row)))
        except IntegrityError as error:
            raise _taken() from error
        return row

    def change(self, scope: Scope, person_id: str, values: Mapping[str, Any], *, leads: Leads) -> PersonRow:
        """Sets columns. CONFLICT where nobody would be left who leads, or where the e-mail address is taken."""
        try:
            with self._database.writing() as connection:
                self._locked(connection, scope)
                before = _one(connection, scope, person_id)
                connection.execute(sa.update(PEOPLE).where(_mine(scope, person_id)).values(**values))
                after = _one(connection, scope, person_id)
                self._keep_one(connection, scope, before, leads)
        except IntegrityError as error:
            raise _taken() from error
        return after

    def remove(self, scope: Scope, person_id: str, *, leads: Leads) -> PersonRow:
        """As `change`; returns what was there."""
        with self._database.writing() as connection:
            self._locked(connection, scope)
            before = _one(connection, scope, person_id)
            connection.execute(sa.delete(PEOPLE).where(_mine(scope, person_id)))
            self._keep_one(connection, scope, before, leads)
        return before

    def spend_link_of_system(self, digest: str, values: Mapping[str, Any], *, now: int) -> bool:
        """Sets columns of whose link it is, and spends it; False where it is spent, or has expired."""
        good = (PEOPLE.c.link_digest == digest) & (PEOPLE.c.link_expires_at > now)
        spent = {**values, "link_digest": None, "link_expires_at": None, "generation": PEOPLE.c.generation + 1}
        with self._database.writing() as connection:
            return connection.execute(sa.update(PEOPLE).where(good).values(**spent)).rowcount == 1

    def attempt_of_system(self, account: str, *, now: int, window: int, most: int) -> int | None:
        """Notes an attempt; or where `most` came within `window` ms of each other less than `window` ago, notes none
        and returns when the next one counts."""

        def noted(times: list[int]) -> tuple[list[int], int | None]:
            if times and now - times[-1] < window and sum(times[-1] - at < window for at in times) >= most:
                return times, times[-1] + window
            return [*(at for at in times if now - at < window), now], None

        return self._counted(account, now, now - 2 * window, noted)

    def withdraw_attempt_of_system(self, account: str, at: int) -> None:
        """The attempt was a good one."""

        def withdrawn(times: list[int]) -> tuple[list[int], None]:
            return [each for i, each in enumerate(times) if each != at or at in times[:i]], None

        self._counted(account, at, 0, withdrawn)

    def note_sign_in(self, scope: Scope, person_id: str, *, at: int, password: str, fresh: str | None) -> None:
        """fresh: a new hash in place of `password`, where that still is the one kept."""
        mine = _mine(scope, person_id)
        with self._database.writing() as connection:
            connection.execute(sa.update(PEOPLE).where(mine).values(last_sign_in_at=at))
            if fresh:
                same = sa.and_(mine, PEOPLE.c.password == password)
                connection.execute(sa.update(PEOPLE).where(same).values(password=fresh))

    def _counted(
        self, account: str, now: int, forget: int, turn: Callable[[list[int]], tuple[list[int], int | None]]
    ) -> int | None:
        """Exact beside other processes: the account's row is held while it is read and written."""
        table = SIGN_IN_ATTEMPTS
        mine = table.c.account == account
        while True:
            try:
                with self._database.writing() as connection:
                    found = connection.execute(sa.select(table.c.times).where(mine).with_for_update()).scalar()
                    times, answer = turn(json.loads(found or "[]"))
                    values = {"times": json.dumps(times), "newest": now}
                    if found is None:
                        connection.execute(sa.delete(table).where(table.c.newest < forget))
                        connection.execute(sa.insert(table).values(account=account, **values))
                    elif answer is None:
                        connection.execute(sa.update(table).where(mine).values(**values))
                    return answer
            except IntegrityError:  # another process was the first to note one
                continue

    def _locked(self, connection: Connection, scope: Scope) -> None:
        """Changes of one tenant's people come one after the other, so that of two leaders one is left."""
        mine = sa.select(PEOPLE.c.id).where(PEOPLE.c.tenant == scope.tenant).order_by(PEOPLE.c.id)
        connection.execute(mine.with_for_update()).all()

    def _keep_one(self, connection: Connection, scope: Scope, before: PersonRow, leads: Leads) -> None:
        if before.role not in leads or before.disabled_at is not None:
            return
        others = sa.select(sa.func.count()).where(
            PEOPLE.c.tenant == scope.tenant, PEOPLE.c.role.in_(leads[before.role]), PEOPLE.c.disabled_at.is_(None)
        )
        if not connection.execute(others).scalar_one():
            raise FactbookError(
                Kind.CONFLICT,
                f"This is the last {before.role} of the tenant.",
                hint=f"Make another person {before.role} first.",
            )


def _read(connection: Connection, statement: sa.Select[Any]) -> list[PersonRow]:
    return [PersonRow(**row) for row in connection.execute(statement).mappings()]


def _mine(scope: Scope, person_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(PEOPLE.c.tenant == scope.tenant, PEOPLE.c.id == person_id)


def _one(connection: Connection, scope: Scope, person_id: str) -> PersonRow:
    found = _read(connection, sa.select(PEOPLE).where(_mine(scope, person_id)))
    if not found:
        raise not_found(f"There is no person {person_id[:40]!r}.", hint="GET /api/v1/admin/users lists them.")
    return found[0]


def _taken() -> FactbookError:
    return FactbookError(
        Kind.CONFLICT, "Somebody of this tenant has this e-mail address already.", field="email", hint="Use another."
    )
