"""What is kept for privacy, row by row: settings of tenants, consents, requests about one person, salts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from factbook.core.errors import FactbookError, Kind, not_found
from factbook.core.scope import Scope

from .database import Database
from .privacy_tables import CONSENTS, PERSON_REQUESTS, PRIVACY_SALTS, PRIVACY_SETTINGS
from .sealing import Seal

OPEN = ("waiting", "running")
"""States of a request that is not done with."""


@dataclass(frozen=True, slots=True)
class PrivacySettings:
    """consent: opt_out (tracking is refused where it was withdrawn), opt_in (and where it was not given), or ignored.
    signals: whether Do Not Track and Global Privacy Control refuse tracking. ids: of people, kept, fixed or daily (as
    pseudonyms). erased: what becomes of later events of an erased id, kept or refused. classes: days to keep, by
    class of data."""

    consent: str = "opt_out"
    signals: bool = False
    ids: str = "kept"
    erased: str = "kept"
    classes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Consent:
    """subject: the pseudonym of the person's id. purposes: given or not."""

    tenant: str
    subject: str
    purposes: Mapping[str, bool]
    actor: str
    updated_at: int


@dataclass(frozen=True, slots=True)
class PersonRequest:
    """An erasure or an export. sealed: the person's id, empty once it is not needed. report: what came of it.
    done and total: steps. state: waiting, running, done or failed."""

    id: str
    tenant: str
    kind: str
    subject: str
    sealed: str | None
    state: str
    actor: str
    done: int
    total: int
    report: Mapping[str, Any]
    failure: str
    created_at: int
    started_at: int | None = None
    finished_at: int | None = None


class PrivacyRows:
    """Every method is one short transaction, from any thread. UNAVAILABLE when the database is down."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self.seal = seal

    # Settings

    def settings_of_system(self) -> dict[str, PrivacySettings]:
        """Of the tenants that chose something."""
        with self._database.reading() as connection:
            return {row.tenant: _settings(row) for row in connection.execute(sa.select(PRIVACY_SETTINGS))}

    def settings(self, scope: Scope) -> PrivacySettings:
        mine = sa.select(PRIVACY_SETTINGS).where(PRIVACY_SETTINGS.c.tenant == scope.tenant)
        with self._database.reading() as connection:
            row = connection.execute(mine).one_or_none()
        return _settings(row) if row else PrivacySettings()

    def put_settings(self, scope: Scope, settings: PrivacySettings, *, now: int) -> None:
        values = {
            "tenant": scope.tenant,
            "consent": settings.consent,
            "signals": settings.signals,
            "ids": settings.ids,
            "erased": settings.erased,
            "classes": json.dumps(dict(settings.classes), sort_keys=True),
            "updated_at": now,
        }
        self._replace(PRIVACY_SETTINGS, values, "tenant")

    # Consents

    def consents_of_system(self, *, since: int = 0) -> list[Consent]:
        """Those given or withdrawn since then, of every tenant."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(CONSENTS).where(CONSENTS.c.updated_at >= since))
            return [_consent(row) for row in rows]

    def consent(self, scope: Scope, subject: str) -> Consent | None:
        mine = sa.select(CONSENTS).where(CONSENTS.c.tenant == scope.tenant, CONSENTS.c.subject == subject)
        with self._database.reading() as connection:
            row = connection.execute(mine).one_or_none()
        return _consent(row) if row else None

    def consents(self, scope: Scope) -> list[Consent]:
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(CONSENTS).where(CONSENTS.c.tenant == scope.tenant))
            return [_consent(row) for row in rows]

    def put_consent(self, scope: Scope, consent: Consent) -> None:
        if consent.tenant != scope.tenant:
            raise AssertionError(f"a row of {consent.tenant!r} in the scope of {scope.tenant!r}")
        values = {
            "tenant": consent.tenant,
            "subject": consent.subject,
            "purposes": json.dumps(dict(consent.purposes), sort_keys=True),
            "actor": consent.actor,
            "updated_at": consent.updated_at,
        }
        self._replace(CONSENTS, values, "tenant", "subject")

    # Requests about one person

    def add_request(self, scope: Scope, request: PersonRequest) -> PersonRequest:
        """As it is kept: its id sealed."""
        if request.tenant != scope.tenant:
            raise AssertionError(f"a row of {request.tenant!r} in the scope of {scope.tenant!r}")
        values = _values(request)
        values["sealed"] = self.seal.close(request.sealed or "", request.id)
        with self._database.writing() as connection:
            connection.execute(sa.insert(PERSON_REQUESTS).values(values))
        return request

    def change_request(self, scope: Scope, id_: str, **values: Any) -> PersonRequest:
        if "report" in values:
            values["report"] = json.dumps(values["report"], sort_keys=True)
        mine = (PERSON_REQUESTS.c.tenant == scope.tenant) & (PERSON_REQUESTS.c.id == id_)
        with self._database.writing() as connection:
            connection.execute(sa.update(PERSON_REQUESTS).where(mine).values(**values))
        return self.request(scope, id_)

    def claim_request(self, scope: Scope, request: PersonRequest, *, now: int) -> bool:
        """Whether this process is the one to work on it: nobody has begun since `request` was read."""
        table = PERSON_REQUESTS
        seen = table.c.started_at.is_(None) if request.started_at is None else table.c.started_at == request.started_at
        mine = (table.c.tenant == scope.tenant) & (table.c.id == request.id) & table.c.state.in_(OPEN) & seen
        with self._database.writing() as connection:
            changed = connection.execute(sa.update(table).where(mine).values(state="running", started_at=now))
            return changed.rowcount == 1

    def request(self, scope: Scope, id_: str) -> PersonRequest:
        """NOT_FOUND."""
        mine = (PERSON_REQUESTS.c.tenant == scope.tenant) & (PERSON_REQUESTS.c.id == id_)
        with self._database.reading() as connection:
            row = connection.execute(sa.select(PERSON_REQUESTS).where(mine)).one_or_none()
        if row is None:
            raise not_found(f"There is no request {id_[:60]!r}.", hint="GET /api/v1/privacy/requests lists them.")
        return self._request(row)

    def requests(self, scope: Scope, *, limit: int = 1000) -> list[PersonRequest]:
        """Newest first."""
        mine = sa.select(PERSON_REQUESTS).where(PERSON_REQUESTS.c.tenant == scope.tenant)
        newest = mine.order_by(PERSON_REQUESTS.c.created_at.desc(), PERSON_REQUESTS.c.id.desc()).limit(limit)
        with self._database.reading() as connection:
            return [self._request(row) for row in connection.execute(newest)]

    def open_requests_of_system(self) -> list[PersonRequest]:
        """Of every tenant, oldest first."""
        mine = sa.select(PERSON_REQUESTS).where(PERSON_REQUESTS.c.state.in_(OPEN))
        with self._database.reading() as connection:
            return [self._request(row) for row in connection.execute(mine.order_by(PERSON_REQUESTS.c.created_at))]

    def finished_exports_of_system(self, *, before: int) -> list[PersonRequest]:
        mine = sa.select(PERSON_REQUESTS).where(
            PERSON_REQUESTS.c.kind == "export",
            PERSON_REQUESTS.c.state == "done",
            PERSON_REQUESTS.c.finished_at < before,
        )
        with self._database.reading() as connection:
            return [self._request(row) for row in connection.execute(mine)]

    def erased_of_system(self) -> dict[str, set[str]]:
        """The pseudonyms of erased ids, by tenant."""
        found: dict[str, set[str]] = {}
        wanted = sa.select(PERSON_REQUESTS.c.tenant, PERSON_REQUESTS.c.subject, PERSON_REQUESTS.c.report)
        with self._database.reading() as connection:
            for row in connection.execute(wanted.where(PERSON_REQUESTS.c.kind == "erasure")):
                joined = json.loads(row.report).get("joined", [])
                found.setdefault(row.tenant, set()).update((row.subject, *joined))
        return found

    # Salts

    def salts(self, scope: Scope) -> dict[str, str]:
        """The tenant's salts by name."""
        mine = sa.select(PRIVACY_SALTS).where(PRIVACY_SALTS.c.tenant == scope.tenant)
        with self._database.reading() as connection:
            rows = connection.execute(mine).all()
        return {row.name: self.seal.open(row.value, f"{scope.tenant}/{row.name}") for row in rows}

    def salt(self, scope: Scope, name: str, fresh: str, *, now: int) -> str:
        """The tenant's salt of that name; `fresh` is kept as it when there is none yet."""
        place = f"{scope.tenant}/{name}"
        mine = (PRIVACY_SALTS.c.tenant == scope.tenant) & (PRIVACY_SALTS.c.name == name)
        wanted = sa.select(PRIVACY_SALTS.c.value).where(mine)
        with self._database.reading() as connection:
            kept = connection.execute(wanted).scalar_one_or_none()
        if kept is None:
            try:
                with self._database.writing() as connection:
                    value = self.seal.close(fresh, place)
                    row = {"tenant": scope.tenant, "name": name, "value": value, "created_at": now}
                    connection.execute(sa.insert(PRIVACY_SALTS).values(row))
                return fresh
            except IntegrityError:  # another process was first, or there is no such tenant
                with self._database.reading() as connection:
                    kept = connection.execute(wanted).scalar_one_or_none()
                if kept is None:
                    raise not_found(f"There is no tenant {scope.tenant!r}.") from None
        value = self.seal.open(str(kept), place)
        if not self.seal.is_fresh(str(kept)):
            with self._database.writing() as connection:
                connection.execute(sa.update(PRIVACY_SALTS).where(mine).values(value=self.seal.close(value, place)))
        return value

    def forget_salts_of_system(self, names: list[str], *, before: int) -> int:
        """Removes salts made before then, but those of `names`."""
        gone = PRIVACY_SALTS.c.name.not_in(names) & (PRIVACY_SALTS.c.created_at < before)
        with self._database.writing() as connection:
            return connection.execute(sa.delete(PRIVACY_SALTS).where(gone)).rowcount

    def _replace(self, table: sa.Table, values: Mapping[str, Any], *key: str) -> None:
        mine = sa.and_(*(table.c[name] == values[name] for name in key))
        try:
            with self._database.writing() as connection:
                if not connection.execute(sa.update(table).where(mine).values(**values)).rowcount:
                    connection.execute(sa.insert(table).values(**values))
        except IntegrityError as error:
            raise FactbookError(Kind.CONFLICT, "This was changed meanwhile.", hint="Send it again.") from error

    def _request(self, row: Any) -> PersonRequest:
        values = dict(row._mapping)
        sealed = values["sealed"]
        values["sealed"] = self.seal.open(sealed, row.id) if sealed and row.state in OPEN else None
        return PersonRequest(**{**values, "report": json.loads(row.report)})


def _settings(row: Any) -> PrivacySettings:
    return PrivacySettings(row.consent, row.signals, row.ids, row.erased, json.loads(row.classes))


def _consent(row: Any) -> Consent:
    return Consent(row.tenant, row.subject, json.loads(row.purposes), row.actor, row.updated_at)


def _values(request: PersonRequest) -> dict[str, Any]:
    values = {name: getattr(request, name) for name in PersonRequest.__dataclass_fields__}
    return {**values, "report": json.dumps(dict(request.report), sort_keys=True)}
