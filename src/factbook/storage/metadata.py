"""The metadata database, row by row: tenants, API keys, custom event types, secrets, outcomes.

Methods take a Scope; those that serve the service itself, across tenants, say so in their names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from factbook.core.errors import FactbookError, Kind, not_found
from factbook.core.scope import Scope

from .audit_rows import AuditRows
from .database import Database
from .definition_forms import METRICS, OWN_BENCHMARKS, OWN_FUNNELS, OWN_OBJECTIVES, OWN_SEGMENTS, OWN_SHARES
from .definitions import DefinitionRows
from .people import PeopleRows
from .privacy_rows import PrivacyRows
from .rows import (
    RETENTION_LEVELS,
    TENANT_SETTINGS,
    ApiKey,
    EventType,
    EventTypeChange,
    JobRun,
    LetterOutcome,
    Tenant,
)
from .sealing import Seal, seal_for
from .tables import (
    API_KEYS,
    ENDED_SESSIONS,
    EVENT_TYPE_HISTORY,
    EVENT_TYPES,
    JOB_RUNS,
    LETTER_OUTCOMES,
    SECRETS,
    TENANTS,
)
from .tenants import TenantRows
from .usage_rows import UsageRows

_Row = TypeVar("_Row", Tenant, ApiKey, EventType, LetterOutcome, JobRun)

_ZONE = sa.func.coalesce(TENANTS.c.own_zone, TENANTS.c.zone).label("zone")
_TENANTS = sa.select(_ZONE, *(column for column in TENANTS.c if column is not TENANTS.c.zone))


def _read(connection: Connection, kind: type[_Row], statement: sa.Select[Any]) -> list[_Row]:
    return [kind(**row) for row in connection.execute(statement).mappings()]


def _values(row: Any) -> dict[str, Any]:
    return {item.name: getattr(row, item.name) for item in fields(row)}


class Metadata:
    """Every method is one short transaction, from any thread. UNAVAILABLE when the database is down."""

    def __init__(self, database: Database, seal: Seal | None = None) -> None:
        self._database = database
        self._seal = seal or Seal()
        self.audit = AuditRows(database)
        self.privacy = PrivacyRows(database, self._seal)
        self.metric_definitions = DefinitionRows(database, METRICS)
        self.segments = DefinitionRows(database, OWN_SEGMENTS)
        self.funnels = DefinitionRows(database, OWN_FUNNELS)
        self.benchmarks = DefinitionRows(database, OWN_BENCHMARKS)
        self.objectives = DefinitionRows(database, OWN_OBJECTIVES)
        self.shares = DefinitionRows(database, OWN_SHARES)
        self.people = PeopleRows(database)
        self.tenants = TenantRows(database)
        self.usage = UsageRows(database)

    @classmethod
    def open(cls, address: str, data: Path, sealing: SecretStr | None = None) -> Metadata:
        """Opens (and makes or upgrades) the database at `address`; empty is SQLite in the folder `data`.

        sealing: the keys that secrets are sealed under (see `seal_for`).
        """
        seal = seal_for(data, sealing.get_secret_value() if sealing else "", alone=not address)
        database = Database(address, data)
        database.upgrade()
        return cls(database, seal)

    def close(self) -> None:
        self._database.close()

    def ping(self) -> None:
        """Raises UNAVAILABLE when the database does not answer."""
        with self._database.reading() as connection:
            connection.execute(sa.text("SELECT 1"))

    # Tenants

    def tenants_of_system(self) -> list[Tenant]:
        with self._database.reading() as connection:
            return _read(connection, Tenant, _TENANTS.order_by(TENANTS.c.id))

    def ensure_tenant_of_system(self, tenant: str, *, now: int, zone: str | None = None, tier: str = "free") -> Tenant:
        """The tenant called `tenant`, made when there is none yet; `zone` holds until it has its own.

        zone: None leaves it as it stands, UTC for a new one.
        """
        with self._database.writing() as connection:
            if zone is not None:
                connection.execute(sa.update(TENANTS).where(TENANTS.c.id == tenant).values(zone=zone))
            found = _read(connection, Tenant, _TENANTS.where(TENANTS.c.id == tenant))
            if found:
                return found[0]
            made = Tenant(tenant, tenant, zone or "UTC", tier, now)
            connection.execute(sa.insert(TENANTS).values(_values(made)))
            return made

    def tenant(self, scope: Scope) -> Tenant:
        with self._database.reading() as connection:
            found = _read(connection, Tenant, _TENANTS.where(TENANTS.c.id == scope.tenant))
        if not found:
            raise not_found(f"There is no tenant {scope.tenant!r}.")
        return found[0]

    def set_retention(self, scope: Scope, days: Mapping[str, int | None]) -> Tenant:
        """Days to keep by level (RETENTION_LEVELS); None is the default again; levels not named stay as they are."""
        if not set(days) <= set(RETENTION_LEVELS):
            raise ValueError(f"no such level: {sorted(set(days) - set(RETENTION_LEVELS))}")
        return self._changed(scope, days)

    def set_settings(self, scope: Scope, values: Mapping[str, str | int | None]) -> Tenant:
        """By name (TENANT_SETTINGS); None is the default again; those not named stay as they are."""
        if not set(values) <= set(TENANT_SETTINGS):
            raise ValueError(f"no such setting: {sorted(set(values) - set(TENANT_SETTINGS))}")
        return self._changed(scope, values)

    def _changed(self, scope: Scope, values: Mapping[str, str | int | None]) -> Tenant:
        if values:
            with self._database.writing() as connection:
                connection.execute(sa.update(TENANTS).where(TENANTS.c.id == scope.tenant).values(**values))
        return self.tenant(scope)

    # API keys

    def keys_of_system(self) -> list[ApiKey]:
        with self._database.reading() as connection:
            return _read(connection, ApiKey, sa.select(API_KEYS).order_by(API_KEYS.c.created_at, API_KEYS.c.id))

    def api_keys(self, scope: Scope) -> list[ApiKey]:
        """Every key of the tenant, revoked ones too, oldest first."""
        mine = sa.select(API_KEYS).where(API_KEYS.c.tenant == scope.tenant)
        with self._database.reading() as connection:
            return _read(connection, ApiKey, mine.order_by(API_KEYS.c.created_at, API_KEYS.c.id))

    def add_api_key(self, scope: Scope, key: ApiKey) -> ApiKey:
        _own(scope, key.tenant)
        try:
            with self._database.writing() as connection:
                connection.execute(sa.insert(API_KEYS).values(_values(key)))
        except IntegrityError as error:
            raise FactbookError(Kind.CONFLICT, "This key is already in use.", hint="Choose another key.") from error
        return key

    def change_api_key(self, scope: Scope, key_id: str, **values: Any) -> ApiKey:
        """Sets columns of one key of the tenant. NOT_FOUND when it has no such key."""
        mine = (API_KEYS.c.tenant == scope.tenant) & (API_KEYS.c.id == key_id)
        with self._database.writing() as connection:
            if values:
                connection.execute(sa.update(API_KEYS).where(mine).values(**values))
            found = _read(connection, ApiKey, sa.select(API_KEYS).where(mine))
        if not found:
            raise not_found(f"There is no API key {key_id!r}.", hint="GET /api/v1/admin/api-keys lists them.")
        return found[0]

    def note_key_uses_of_system(self, uses: Mapping[str, int]) -> None:
        """uses: key id → when it was used last."""
        with self._database.writing() as connection:
            for key_id, at in uses.items():
                connection.execute(sa.update(API_KEYS).where(API_KEYS.c.id == key_id).values(last_used_at=at))

    # Custom event types

    def event_types_of_system(self) -> list[EventType]:
        with self._database.reading() as connection:
            return _read(connection, EventType, sa.select(EVENT_TYPES))

    def event_types(self, scope: Scope) -> list[EventType]:
        """By name, retired ones too."""
        mine = sa.select(EVENT_TYPES).where(EVENT_TYPES.c.tenant == scope.tenant).order_by(EVENT_TYPES.c.name)
        with self._database.reading() as connection:
            return _read(connection, EventType, mine)

    def event_type(self, scope: Scope, name: str) -> EventType:
        with self._database.reading() as connection:
            return _event_type(connection, scope, name)

    def add_event_type(self, scope: Scope, row: EventType, history: Mapping[str, Any]) -> EventType:
        """CONFLICT when the tenant has a type of that name, retired or not."""
        _own(scope, row.tenant)
        try:
            with self._database.writing() as connection:
                connection.execute(sa.insert(EVENT_TYPES).values(_values(row)))
                _record(connection, scope, row, "created", history)
        except IntegrityError as error:
            raise FactbookError(
                Kind.CONFLICT,
                f"The event type {row.name!r} is already defined.",
                field="name",
                hint=f"PUT /api/v1/custom-events/{row.name} changes it.",
            ) from error
        return row

    def change_event_type(
        self, scope: Scope, name: str, change: str, values: Mapping[str, Any], history: Mapping[str, Any]
    ) -> EventType:
        """Sets `values`, counts the version up and keeps `history` (the definition after the change)."""
        with self._database.writing() as connection:
            before = _event_type(connection, scope, name)
            mine = (EVENT_TYPES.c.tenant == scope.tenant) & (EVENT_TYPES.c.name == name)
            connection.execute(sa.update(EVENT_TYPES).where(mine).values(**values, version=before.version + 1))
            after = _event_type(connection, scope, name)
            _record(connection, scope, after, change, history)
        return after

    def event_type_history(self, scope: Scope, name: str) -> list[EventTypeChange]:
        """Every change, newest first."""
        mine = (EVENT_TYPE_HISTORY.c.tenant == scope.tenant) & (EVENT_TYPE_HISTORY.c.name == name)
        statement = sa.select(EVENT_TYPE_HISTORY).where(mine).order_by(EVENT_TYPE_HISTORY.c.version.desc())
        with self._database.reading() as connection:
            _event_type(connection, scope, name)
            rows = connection.execute(statement).mappings().all()
        return [
            EventTypeChange(
                row["version"], row["change"], row["actor"], row["changed_at"], json.loads(row["definition"])
            )
            for row in rows
        ]

    # What the service keeps for itself

    def secret_of_system(self, name: str, fresh: str, *, now: int, replace: bool = False) -> str:
        """The secret called `name`; `fresh` is kept as it when there is none yet, or in place of it with `replace`.

        Kept sealed where there is a key; one that is not, or under an older key, is sealed when it is read.
        """
        wanted = sa.select(SECRETS.c.value).where(SECRETS.c.name == name)
        with self._database.reading() as connection:
            kept = connection.execute(wanted).scalar_one_or_none()
        if kept is not None and not replace and self._seal.is_fresh(kept):
            return self._seal.open(kept, name)
        with self._database.writing() as connection:
            kept = connection.execute(wanted).scalar_one_or_none()
            value = fresh if kept is None or replace else self._seal.open(kept, name)
            connection.execute(sa.delete(SECRETS).where(SECRETS.c.name == name))
            sealed = self._seal.close(value, name)
            connection.execute(sa.insert(SECRETS).values(name=name, value=sealed, created_at=now))
            return value

    def ended_sessions_of_system(self, *, now: int) -> frozenset[str]:
        """Ids of sessions that were signed out of and would still be good."""
        ended = sa.select(ENDED_SESSIONS.c.id).where(ENDED_SESSIONS.c.expires_at >= now)
        with self._database.reading() as connection:
            return frozenset(connection.execute(ended).scalars())

    def end_session_of_system(self, session: str, *, expires_at: int, now: int) -> None:
        """Keeps that the session was signed out of; forgets those that have expired since."""
        gone = (ENDED_SESSIONS.c.id == session) | (ENDED_SESSIONS.c.expires_at < now)
        with self._database.writing() as connection:
            connection.execute(sa.delete(ENDED_SESSIONS).where(gone))
            connection.execute(sa.insert(ENDED_SESSIONS).values(id=session, expires_at=expires_at))

    def letter_outcome(self, scope: Scope, letter_id: str) -> LetterOutcome | None:
        mine = (LETTER_OUTCOMES.c.tenant == scope.tenant) & (LETTER_OUTCOMES.c.letter_id == letter_id)
        with self._database.reading() as connection:
            found = _read(connection, LetterOutcome, sa.select(LETTER_OUTCOMES).where(mine))
        return found[0] if found else None

    def letter_outcomes(self, scope: Scope) -> list[str]:
        """Ids of the tenant's letters that have an outcome."""
        mine = sa.select(LETTER_OUTCOMES.c.letter_id).where(LETTER_OUTCOMES.c.tenant == scope.tenant)
        with self._database.reading() as connection:
            return list(connection.execute(mine).scalars())

    def set_letter_outcome(self, scope: Scope, outcome: LetterOutcome) -> None:
        _own(scope, outcome.tenant)
        mine = (LETTER_OUTCOMES.c.tenant == scope.tenant) & (LETTER_OUTCOMES.c.letter_id == outcome.letter_id)
        with self._database.writing() as connection:
            connection.execute(sa.delete(LETTER_OUTCOMES).where(mine))
            connection.execute(sa.insert(LETTER_OUTCOMES).values(_values(outcome)))

    def forget_letter_outcomes_of_system(self, *, before: int) -> int:
        with self._database.writing() as connection:
            return connection.execute(sa.delete(LETTER_OUTCOMES).where(LETTER_OUTCOMES.c.at < before)).rowcount

    def job_run_of_system(self, name: str) -> JobRun | None:
        """The newest run of the job called `name`."""
        with self._database.reading() as connection:
            found = _read(connection, JobRun, sa.select(JOB_RUNS).where(JOB_RUNS.c.name == name))
        return found[0] if found else None

    def note_job_run_of_system(self, run: JobRun) -> None:
        with self._database.writing() as connection:
            connection.execute(sa.delete(JOB_RUNS).where(JOB_RUNS.c.name == run.name))
            connection.execute(sa.insert(JOB_RUNS).values(_values(run)))


def _own(scope: Scope, tenant: str) -> None:
    if tenant != scope.tenant:
        raise AssertionError(f"a row of {tenant!r} in the scope of {scope.tenant!r}")


def _event_type(connection: Connection, scope: Scope, name: str) -> EventType:
    mine = (EVENT_TYPES.c.tenant == scope.tenant) & (EVENT_TYPES.c.name == name)
    found: Sequence[EventType] = _read(connection, EventType, sa.select(EVENT_TYPES).where(mine))
    if not found:
        raise not_found(
            f"The event type {name[:128]!r} is not defined.", hint="GET /api/v1/custom-events lists what is."
        )
    return found[0]


def _record(connection: Connection, scope: Scope, row: EventType, change: str, definition: Mapping[str, Any]) -> None:
    connection.execute(
        sa.insert(EVENT_TYPE_HISTORY).values(
            tenant=row.tenant,
            name=row.name,
            version=row.version,
            change=change,
            actor=scope.actor,
            changed_at=row.updated_at,
            definition=json.dumps(definition),
        )
    )
