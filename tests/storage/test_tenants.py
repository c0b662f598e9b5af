"""Tenants in the metadata: made once, changed, and removed with every row of theirs and none of another's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role, Scope
from factbook.storage.metadata import Metadata
from factbook.storage.people import PersonRow
from factbook.storage.rows import ApiKey, EventType, Tenant

SHOP, BANK = (Scope(tenant, "test", Role.OWNER) for tenant in ("shop", "bank"))


@pytest.fixture
def metadata(database_address: str, tmp_path: Path) -> Iterator[Metadata]:
    opened = Metadata.open(database_address, tmp_path)
    yield opened
    opened.close()


def furnish(metadata: Metadata, scope: Scope) -> None:
    """A row in tables that hang on each other."""
    tenant = scope.tenant
    metadata.tenants.add_of_system(Tenant(tenant, tenant, "UTC", "free", 1))
    metadata.add_api_key(scope, ApiKey(f"key_{tenant}", tenant, "x", "viewer", tenant, "fb", "", "test", 1))
    person = PersonRow(f"person_{tenant}", tenant, "a@b.c", "a@b.c", "", "viewer", 1, "test", 1)
    metadata.people.add(scope, person)
    metadata.add_event_type(scope, EventType(tenant, "order", "Order", "", "{}", True, 1, 1, 1), {"schema": {}})


def test_an_id_is_made_once(metadata: Metadata) -> None:
    furnish(metadata, SHOP)
    with pytest.raises(FactbookError) as refusal:
        metadata.tenants.add_of_system(Tenant("shop", "again", "UTC", "free", 1))
    assert refusal.value.kind is Kind.CONFLICT


def test_what_is_not_there_is_not_changed(metadata: Metadata) -> None:
    with pytest.raises(FactbookError) as refusal:
        metadata.tenants.change_of_system("shop", {"suspended_at": 1})
    assert refusal.value.kind is Kind.NOT_FOUND


def test_removing_takes_every_row_of_the_tenant_and_can_be_repeated(metadata: Metadata) -> None:
    furnish(metadata, SHOP)
    furnish(metadata, BANK)
    kept = metadata.tenants.holdings(BANK)
    gone = metadata.tenants.remove_of_system("shop")
    assert {name for name, rows in gone.items() if rows} == {
        "tenants",
        "api_keys",
        "people",
        "event_types",
        "event_type_history",
    }
    assert set(metadata.tenants.holdings(SHOP).values()) == {0}
    assert metadata.tenants.holdings(BANK) == kept
    assert not any(metadata.tenants.remove_of_system("shop").values())
    assert [tenant.id for tenant in metadata.tenants_of_system()] == ["bank"]
