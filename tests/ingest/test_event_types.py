"""Custom event types: enforced from the moment they are defined, by tenant, with history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role, Scope
from factbook.ingest.event_types import Definition, EventTypes
from factbook.storage.metadata import Metadata
from tests.clocks import SetClock
from tests.databases import execute

SHOP, OTHER = Scope("shop", "ann", Role.ADMIN), Scope("other", "bob", Role.ADMIN)
SEATS = {"properties": {"seats": {"type": "integer", "minimum": 1}}, "required": ["seats"]}


@pytest.fixture
def metadata(database_address: str, tmp_path: Path) -> Iterator[Metadata]:
    opened = Metadata.open(database_address, tmp_path)
    for tenant in ("shop", "other"):
        opened.ensure_tenant_of_system(tenant, now=1)
    yield opened
    opened.close()


@pytest.fixture
def types(metadata: Metadata) -> EventTypes:
    return EventTypes(metadata, SetClock())


def _trial(**changes: object) -> Definition:
    return Definition(**{"name": "trial", "display_name": "", "description": "", "schema": SEATS, **changes})  # type: ignore[arg-type]


def _refuses(types: EventTypes, tenant: str = "shop") -> bool:
    validator = types.validator(tenant, "trial")
    return validator is not None and validator.check({"seats": 0}) is not None


def test_a_definition_holds_at_once_and_for_its_tenant_only(types: EventTypes) -> None:
    assert not _refuses(types)
    row = types.define(SHOP, _trial())
    assert (row.version, row.display_name) == (1, "trial")
    assert _refuses(types)
    assert not _refuses(types, "other")


def test_definitions_survive_a_restart(types: EventTypes, metadata: Metadata) -> None:
    types.define(SHOP, _trial())
    assert _refuses(EventTypes(metadata, SetClock()))


def test_a_definition_of_another_process_holds_after_refresh(types: EventTypes, metadata: Metadata) -> None:
    EventTypes(metadata, SetClock()).define(SHOP, _trial())
    assert not _refuses(types)
    types.refresh()
    assert _refuses(types)


def test_an_inactive_type_is_not_enforced(types: EventTypes) -> None:
    types.define(SHOP, _trial(is_active=False))
    assert not _refuses(types)
    types.change(SHOP, _trial())
    assert _refuses(types)


def test_retiring_ends_enforcement_and_keeps_the_type(types: EventTypes) -> None:
    types.define(SHOP, _trial())
    retired = types.retire(SHOP, "trial")
    assert types.retire(SHOP, "trial") == retired
    assert not _refuses(types)
    assert retired.retired_at is not None
    assert [change.change for change in types.history(SHOP, "trial")] == ["retired", "created"]
    assert types.change(SHOP, _trial()).retired_at is None


def test_history_holds_the_definition_after_each_change(types: EventTypes) -> None:
    types.define(SHOP, _trial())
    types.change(SHOP, _trial(schema={}, description="Any seats."))
    newest, first = types.history(SHOP, "trial")
    assert (newest.definition["schema"], newest.definition["description"], newest.actor) == ({}, "Any seats.", "ann")
    assert first.definition["schema"] == SEATS


def test_a_name_is_defined_once_for_each_tenant(types: EventTypes) -> None:
    types.define(SHOP, _trial())
    types.define(OTHER, _trial())
    with pytest.raises(FactbookError) as refusal:
        types.define(SHOP, _trial())
    assert refusal.value.kind is Kind.CONFLICT


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "has space"}, "name"),
        ({"name": "-dash"}, "name"),
        ({"name": "x" * 129}, "name"),
        ({"name": "newline\n"}, "name"),
        ({"display_name": "x" * 201}, "display_name"),
        ({"schema": {"type": "strin"}}, "schema.type"),
    ],
)
def test_what_cannot_be_taken_is_refused_naming_the_field(
    types: EventTypes, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(FactbookError) as refusal:
        types.define(SHOP, _trial(**changes))
    assert (refusal.value.kind, refusal.value.field) == (Kind.INVALID, field)
    assert types.all(SHOP) == []


def test_a_refused_change_leaves_everything_as_it_was(types: EventTypes) -> None:
    types.define(SHOP, _trial())
    with pytest.raises(FactbookError):
        types.change(SHOP, _trial(schema={"$ref": "#"}))
    with pytest.raises(FactbookError) as refusal:
        types.change(SHOP, _trial(name="unknown"))
    assert refusal.value.kind is Kind.NOT_FOUND
    assert types.get(SHOP, "trial").version == 1
    assert _refuses(types)


def test_a_kept_schema_that_is_refused_now_does_not_stop_the_start(
    types: EventTypes, metadata: Metadata, database_address: str, tmp_path: Path
) -> None:
    types.define(SHOP, _trial())
    types.define(SHOP, _trial(name="other"))
    execute(
        database_address, tmp_path, """UPDATE event_types SET schema = '{"type": "nonsense"}' WHERE name = 'other'"""
    )
    assert _refuses(EventTypes(metadata, SetClock()))


def test_known_types_keep_their_category(types: EventTypes) -> None:
    assert (types.category("purchase"), types.category("trial")) == ("commerce", "custom")
