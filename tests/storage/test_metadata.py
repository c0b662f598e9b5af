"""The metadata database: made, upgraded and taken back; scoped; one truth for many threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role, Scope
from factbook.storage.database import Database, database_url
from factbook.storage.metadata import Metadata
from factbook.storage.rows import ApiKey, EventType, JobRun, LetterOutcome
from factbook.storage.tables import SCHEMA

SHOP, OTHER = Scope("shop", "ann", Role.ADMIN), Scope("other", "bob", Role.ADMIN)


@pytest.fixture
def metadata(database_address: str, tmp_path: Path) -> Iterator[Metadata]:
    opened = Metadata.open(database_address, tmp_path)
    for tenant in ("shop", "other"):
        opened.ensure_tenant_of_system(tenant, now=1)
    yield opened
    opened.close()


@pytest.fixture
def bare(bare_address: str, tmp_path: Path) -> Iterator[Database]:
    database = Database(bare_address, tmp_path)
    yield database
    database.close()


def _key(tenant: str = "shop", number: int = 1) -> ApiKey:
    return ApiKey(f"key_{number}", tenant, "k", "writer", f"{number:064}", "fb_", "", "ann", number)


def _type(name: str = "trial", tenant: str = "shop") -> EventType:
    return EventType(tenant, name, "Trial", "", "{}", True, 1, 5, 5)


# Migrations


def test_the_migrations_make_what_the_tables_say(bare: Database) -> None:
    database = bare
    database.upgrade()
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SCHEMA) == []


def test_migrations_go_both_ways(bare: Database) -> None:
    database = bare
    for _ in range(2):
        database.upgrade()
        with database.reading() as connection:
            assert {"tenants", "api_keys"} <= set(sa.inspect(connection).get_table_names())
        database.downgrade("base")
        with database.reading() as connection:
            assert sa.inspect(connection).get_table_names() == ["alembic_version"]


def test_a_tenant_of_before_the_settings_keeps_his_zone_both_ways(bare: Database) -> None:
    database = bare
    database.upgrade("0001")
    values = {"id": "shop", "name": "shop", "zone": "Asia/Tokyo", "tier": "free", "created_at": 1, "raw_events": 7}
    with database.writing() as connection:
        columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in values]
        connection.execute(sa.insert(sa.table("tenants", *columns)).values(**values))
    database.upgrade()
    tenant = Metadata(database).tenant(SHOP)
    assert (tenant.zone, tenant.own_zone, tenant.currency, tenant.raw_events) == ("Asia/Tokyo", None, None, 7)
    database.downgrade("0001")
    with database.reading() as connection:
        assert connection.execute(sa.text("SELECT zone, raw_events FROM tenants")).one() == ("Asia/Tokyo", 7)


def test_opening_again_keeps_everything(metadata: Metadata, database_address: str, tmp_path: Path) -> None:
    again = Metadata.open(database_address, tmp_path)
    assert [tenant.id for tenant in again.tenants_of_system()] == ["other", "shop"]
    again.close()


def test_the_database_of_a_newer_factbook_is_refused_plainly(bare: Database, bare_address: str, tmp_path: Path) -> None:
    bare.upgrade()
    with bare.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(FactbookError) as refusal:
        Metadata.open(bare_address, tmp_path)
    assert refusal.value.kind is Kind.CONFLICT
    assert "newer Factbook" in (refusal.value.hint or "")


@pytest.mark.parametrize("address", ["mysql://a/b", "nonsense", "postgresql+asyncpg://h/db"])
def test_an_address_that_cannot_be_used_is_refused_without_its_password(address: str, tmp_path: Path) -> None:
    with pytest.raises(FactbookError) as refusal:
        Database(address.replace("//", "//user:hunter2@", 1) if "//" in address else address, tmp_path)
    assert (refusal.value.kind, refusal.value.field) == (Kind.INVALID, "DATABASE_URL")
    assert "hunter2" not in refusal.value.message


def test_postgres_addresses_take_the_installed_driver(tmp_path: Path) -> None:
    for address in ("postgres://u@h/db", "postgresql://u@h/db"):
        assert database_url(address, tmp_path).drivername == "postgresql+psycopg"


def test_a_database_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(FactbookError) as refusal:
        Metadata.open(f"sqlite:///{tmp_path}/none/metadata.db", tmp_path)
    assert refusal.value.kind is Kind.UNAVAILABLE


def test_sqlite_is_durable_and_checks_references(tmp_path: Path) -> None:
    database = Database("", tmp_path)
    with database.reading() as connection:
        pragma = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragma == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


def test_a_failed_transaction_leaves_nothing(metadata: Metadata) -> None:
    metadata.add_event_type(SHOP, _type(), {})
    with pytest.raises(FactbookError):
        metadata.add_event_type(SHOP, _type(), {})
    assert len(metadata.event_type_history(SHOP, "trial")) == 1


def test_writers_in_many_threads_wait_for_each_other(metadata: Metadata) -> None:
    failures: list[Exception] = []

    def add(start: int) -> None:
        try:
            for number in range(start, start + 10):
                metadata.add_api_key(SHOP, _key(number=number))
                metadata.change_api_key(SHOP, f"key_{number}", name="renamed")
        except FactbookError as error:
            failures.append(error)

    threads = [threading.Thread(target=add, args=(start,)) for start in (100, 200, 300, 400)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [row.name for row in metadata.api_keys(SHOP)] == ["renamed"] * 40


# Scopes


def test_a_scope_sees_its_own_tenant_only(metadata: Metadata) -> None:
    metadata.add_api_key(SHOP, _key())
    metadata.add_event_type(SHOP, _type(), {})
    metadata.set_letter_outcome(SHOP, LetterOutcome("shop", "l1", "accepted", "e1", "", 1))
    metadata.set_retention(SHOP, {"raw_events": 7})
    assert metadata.api_keys(OTHER) == []
    assert metadata.event_types(OTHER) == []
    assert metadata.letter_outcome(OTHER, "l1") is None
    assert metadata.tenant(OTHER).raw_events is None
    for call in (
        lambda: metadata.change_api_key(OTHER, "key_1", name="stolen"),
        lambda: metadata.event_type(OTHER, "trial"),
        lambda: metadata.event_type_history(OTHER, "trial"),
        lambda: metadata.change_event_type(OTHER, "trial", "changed", {"is_active": False}, {}),
    ):
        with pytest.raises(FactbookError) as refusal:
            call()
        assert refusal.value.kind is Kind.NOT_FOUND
    assert metadata.api_keys(SHOP)[0].name == "k"


def test_a_row_of_another_tenant_is_never_written(metadata: Metadata) -> None:
    with pytest.raises(AssertionError):
        metadata.add_api_key(OTHER, _key())
    with pytest.raises(AssertionError):
        metadata.add_event_type(OTHER, _type(), {})


def test_a_key_in_use_is_a_conflict(metadata: Metadata) -> None:
    metadata.add_api_key(SHOP, _key())
    with pytest.raises(FactbookError) as refusal:
        metadata.add_api_key(OTHER, ApiKey("key_2", "other", "k", "admin", f"{1:064}", "fb_", "", "bob", 2))
    assert refusal.value.kind is Kind.CONFLICT


def test_every_change_of_an_event_type_is_kept(metadata: Metadata) -> None:
    metadata.add_event_type(SHOP, _type(), {"step": 1})
    changed = metadata.change_event_type(SHOP, "trial", "changed", {"display_name": "T", "updated_at": 6}, {"step": 2})
    assert (changed.version, changed.display_name) == (2, "T")
    history = metadata.event_type_history(SHOP, "trial")
    assert [(h.version, h.change, h.actor, h.changed_at, h.definition["step"]) for h in history] == [
        (2, "changed", "ann", 6, 2),
        (1, "created", "ann", 5, 1),
    ]


def test_retention_is_set_level_by_level_and_null_is_the_default_again(metadata: Metadata) -> None:
    metadata.set_retention(SHOP, {"raw_events": 7, "daily_aggregates": 30})
    row = metadata.set_retention(SHOP, {"raw_events": None})
    assert (row.raw_events, row.daily_aggregates, row.hour_aggregates) == (None, 30, None)
    with pytest.raises(ValueError, match="no such level"):
        metadata.set_retention(SHOP, {"zone": 1})


def test_a_tenants_settings_are_set_one_by_one_and_null_is_the_default_again(metadata: Metadata) -> None:
    metadata.set_settings(SHOP, {"own_zone": "Asia/Tokyo", "currency": "EUR", "rates": '{"USD": 0.92}'})
    row = metadata.set_settings(SHOP, {"currency": None, "week_start": 7})
    assert (row.zone, row.currency, row.rates, row.week_start) == ("Asia/Tokyo", None, '{"USD": 0.92}', 7)
    assert metadata.tenant(OTHER).zone == "UTC"
    with pytest.raises(ValueError, match="no such setting"):
        metadata.set_settings(SHOP, {"zone": "UTC"})


def test_a_zone_of_the_tenants_own_wins_until_it_is_taken_back(metadata: Metadata) -> None:
    metadata.set_settings(SHOP, {"own_zone": "Asia/Tokyo"})
    assert metadata.ensure_tenant_of_system("shop", now=99, zone="Europe/Berlin").zone == "Asia/Tokyo"
    assert [tenant.zone for tenant in metadata.tenants_of_system()] == ["UTC", "Asia/Tokyo"]
    assert metadata.set_settings(SHOP, {"own_zone": None}).zone == "Europe/Berlin"


# What the service keeps for itself


def test_a_secret_is_made_once(metadata: Metadata) -> None:
    assert metadata.secret_of_system("s", "first", now=1) == "first"
    assert metadata.secret_of_system("s", "second", now=2) == "first"
    assert metadata.secret_of_system("s", "third", now=3, replace=True) == "third"
    assert metadata.secret_of_system("s", "fourth", now=4) == "third"


def test_an_ended_session_is_forgotten_when_it_would_have_expired(metadata: Metadata) -> None:
    metadata.end_session_of_system("a", expires_at=10, now=1)
    metadata.end_session_of_system("a", expires_at=10, now=1)
    assert metadata.ended_sessions_of_system(now=10) == {"a"}
    assert metadata.ended_sessions_of_system(now=11) == frozenset()


def test_a_tenant_keeps_its_name_and_follows_the_zone(metadata: Metadata) -> None:
    again = metadata.ensure_tenant_of_system("shop", now=99, zone="Europe/Berlin")
    assert (again.created_at, again.zone) == (1, "Europe/Berlin")
    assert metadata.ensure_tenant_of_system("shop", now=100).zone == "Europe/Berlin"


def test_old_outcomes_are_forgotten(metadata: Metadata) -> None:
    for at in (1, 5):
        metadata.set_letter_outcome(SHOP, LetterOutcome("shop", f"l{at}", "accepted", "e", "", at))
    assert metadata.forget_letter_outcomes_of_system(before=5) == 1
    assert metadata.letter_outcome(SHOP, "l1") is None
    assert metadata.letter_outcome(SHOP, "l5") is not None


def test_the_newest_run_of_a_job_is_kept(metadata: Metadata) -> None:
    assert metadata.job_run_of_system("retention") is None
    for at in (1, 2):
        metadata.note_job_run_of_system(JobRun("retention", at, at + 1, "", f"run {at}"))
    run = metadata.job_run_of_system("retention")
    assert run is not None
    assert run.detail == "run 2"
