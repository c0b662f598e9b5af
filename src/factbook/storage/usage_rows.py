"""What tenants use and may use, row by row: events by day, and limits set for one tenant."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from factbook.core.errors import unavailable
from factbook.core.scope import Scope

from .database import Database
from .tables import TENANTS
from .usage_tables import TENANT_EVENTS, TENANT_LIMITS

KEPT_DAYS = 400
"""For which the counts of days are kept."""


class UsageRows:
    """Every method is one short transaction, from any thread. UNAVAILABLE when the database is down."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_events_of_system(self, counts: Mapping[tuple[str, int], int]) -> None:
        """counts: events taken since the last call, by tenant and day. A tenant that is gone is left out.

        All or none; UNAVAILABLE also where another process began the same day at the same moment.
        """
        if not counts:
            return
        try:
            with self._database.writing() as connection:
                known = set(connection.execute(sa.select(TENANTS.c.id)).scalars())
                for (tenant, day), events in counts.items():
                    if tenant in known:
                        _add(connection, tenant, day, events)
                oldest = max(day for _, day in counts) - KEPT_DAYS
                connection.execute(sa.delete(TENANT_EVENTS).where(TENANT_EVENTS.c.day < oldest))
        except IntegrityError as error:
            raise unavailable("Another process counts the same day.") from error

    def events_of_system(self, since: int) -> dict[tuple[str, int], int]:
        """By tenant and day, from the day `since` on."""
        found = sa.select(TENANT_EVENTS).where(TENANT_EVENTS.c.day >= since)
        with self._database.reading() as connection:
            return {(row.tenant, row.day): int(row.events) for row in connection.execute(found)}

    def limits_of_system(self) -> dict[str, dict[str, int]]:
        """What is set, by tenant and name."""
        limits: dict[str, dict[str, int]] = {}
        with self._database.reading() as connection:
            for row in connection.execute(sa.select(TENANT_LIMITS)):
                limits.setdefault(row.tenant, {})[row.name] = int(row.value)
        return limits

    def set_limits(self, scope: Scope, values: Mapping[str, int | None]) -> None:
        """By name; None is the default again, what is not named stays."""
        table = TENANT_LIMITS
        with self._database.writing() as connection:
            mine = (table.c.tenant == scope.tenant) & table.c.name.in_(list(values))
            connection.execute(sa.delete(table).where(mine))
            for name, value in values.items():
                if value is not None:
                    connection.execute(sa.insert(table).values(tenant=scope.tenant, name=name, value=value))


def _add(connection: Connection, tenant: str, day: int, events: int) -> None:
    table = TENANT_EVENTS
    mine = (table.c.tenant == tenant) & (table.c.day == day)
    changed = connection.execute(sa.update(table).where(mine).values(events=table.c.events + events))
    if not changed.rowcount:
        connection.execute(sa.insert(table).values(tenant=tenant, day=day, events=events))
