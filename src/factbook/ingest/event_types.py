"""Custom event types: defined, changed and retired in the metadata, looked up in memory by the way in."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from factbook.core.clock import Clock, epoch_ms
from factbook.core.errors import FactbookError, invalid
from factbook.core.scope import Scope
from factbook.events.schemas import Validator
from factbook.events.types import KNOWN_TYPES, category
from factbook.storage.metadata import Metadata
from factbook.storage.rows import EventType, EventTypeChange

log = structlog.get_logger()

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:\-]{0,127}\Z")


@dataclass(frozen=True, slots=True)
class Definition:
    """What a tenant says about one of his event types. schema: JSON Schema (draft 2020-12) of the properties."""

    name: str
    display_name: str
    description: str
    schema: Mapping[str, Any]
    is_active: bool = True


class EventTypes:
    """The custom event types of every tenant. Look-ups cost a dict access; a change swaps the table whole."""

    def __init__(self, metadata: Metadata, clock: Clock) -> None:
        self._metadata = metadata
        self._clock = clock
        self._changes = threading.Lock()
        self._validators: dict[tuple[str, str], Validator] = {}
        self._compiled: dict[str, Validator] = {}
        self.refresh()

    def refresh(self) -> None:
        """Reads every active type anew, compiling what it has not compiled yet."""
        with self._changes:
            active = [row for row in self._metadata.event_types_of_system() if row.is_active]
            compiled: dict[str, Validator] = {}
            for row in active:
                try:
                    compiled[row.schema] = self._compiled.get(row.schema) or Validator(json.loads(row.schema))
                except FactbookError as error:  # taken by an earlier version, refused by this one
                    log.error("an event type is not enforced", tenant=row.tenant, name=row.name, reason=error.message)
            self._validators = {
                (row.tenant, row.name): compiled[row.schema] for row in active if row.schema in compiled
            }
            self._compiled = compiled

    def category(self, event_type: str) -> str:
        return category(event_type)

    def validator(self, tenant: str, event_type: str) -> Validator | None:
        """The schema to check properties against; None for a type that is not defined or not active."""
        return self._validators.get((tenant, event_type))

    def all(self, scope: Scope) -> list[EventType]:
        """By name, retired ones too."""
        return self._metadata.event_types(scope)

    def get(self, scope: Scope, name: str) -> EventType:
        """NOT_FOUND when the tenant defined no such type."""
        return self._metadata.event_type(scope, name)

    def history(self, scope: Scope, name: str) -> list[EventTypeChange]:
        return self._metadata.event_type_history(scope, name)

    def define(self, scope: Scope, definition: Definition) -> EventType:
        """INVALID naming the field that cannot be taken; CONFLICT when the name is defined already."""
        _check(definition)
        now = epoch_ms(self._clock())
        row = EventType(
            tenant=scope.tenant,
            name=definition.name,
            display_name=definition.display_name or definition.name,
            description=definition.description,
            schema=json.dumps(definition.schema),
            is_active=definition.is_active,
            version=1,
            created_at=now,
            updated_at=now,
        )
        row = self._metadata.add_event_type(scope, row, _history(definition))
        self.refresh()
        return row

    def change(self, scope: Scope, definition: Definition) -> EventType:
        """Replaces the definition of that name; one that was retired is in use again when it is active."""
        _check(definition)
        values = {
            "display_name": definition.display_name or definition.name,
            "description": definition.description,
            "schema": json.dumps(definition.schema),
            "is_active": definition.is_active,
            "updated_at": epoch_ms(self._clock()),
        }
        if definition.is_active:
            values["retired_at"] = None
        row = self._metadata.change_event_type(scope, definition.name, "changed", values, _history(definition))
        self.refresh()
        return row

    def retire(self, scope: Scope, name: str) -> EventType:
        """Takes the type out of use; its events and its history stay. Repeating it changes nothing."""
        row = self.get(scope, name)
        if row.retired_at is not None:
            return row
        now = epoch_ms(self._clock())
        kept = Definition(row.name, row.display_name, row.description, json.loads(row.schema), is_active=False)
        values = {"is_active": False, "retired_at": now, "updated_at": now}
        row = self._metadata.change_event_type(scope, name, "retired", values, _history(kept))
        self.refresh()
        return row


def _check(definition: Definition) -> None:
    if not _NAME.match(definition.name):
        raise invalid(
            "An event type's name has 1 to 128 letters, digits and . _ - :, and begins with none of . - :",
            field="name",
        )
    if len(definition.display_name) > 200:
        raise invalid("A display name has at most 200 characters.", field="display_name")
    if len(definition.description) > 2000:
        raise invalid("A description has at most 2000 characters.", field="description")
    Validator(definition.schema)


def _history(definition: Definition) -> dict[str, Any]:
    return {
        "display_name": definition.display_name or definition.name,
        "description": definition.description,
        "schema": dict(definition.schema),
        "is_active": definition.is_active,
    }


def known_types() -> list[tuple[str, str]]:
    """(event type, category) of the types every tenant has without defining them."""
    return sorted(KNOWN_TYPES.items())
