"""Custom event types: define, list, change, retire, with history."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from factbook.core.clock import from_epoch_ms
from factbook.core.errors import Kind, invalid
from factbook.core.scope import Role, Scope
from factbook.ingest.event_types import Definition
from factbook.services import Services
from factbook.storage.rows import EventType

from .access import example, refusals, scope_for

_SCHEMA = {
    "type": "object",
    "properties": {"plan": {"type": "string", "enum": ["basic", "plus"]}, "seats": {"type": "integer", "minimum": 1}},
    "required": ["plan"],
}
_BODY: dict[str, Any] = {
    "name": "trial_started",
    "display_name": "Trial started",
    "description": "Somebody began a trial.",
    "schema": _SCHEMA,
    "is_active": True,
}
_RECORD = {
    **_BODY,
    "version": 1,
    "created_at": "2026-03-01T09:30:00Z",
    "updated_at": "2026-03-01T09:30:00Z",
    "retired_at": None,
}
_HISTORY = {
    "name": "trial_started",
    "changes": [
        {
            "version": 1,
            "change": "created",
            "actor": "key_0a1b2c3d4e5f6071",
            "changed_at": "2026-03-01T09:30:00Z",
            "definition": {name: value for name, value in _BODY.items() if name != "name"},
        }
    ],
}


class ChangedType(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
        json_schema_extra={"examples": [{name: value for name, value in _BODY.items() if name != "name"}]},
    )

    name: str | None = Field(default=None, description="As in the path, where it is sent.")
    display_name: str = Field(default="", max_length=200, description="For people; the name when left out.")
    description: str = Field(default="", max_length=2000, description="What such an event says.")
    properties_schema: dict[str, Any] = Field(
        default_factory=dict, alias="schema", description="JSON Schema (draft 2020-12) of the event's properties."
    )
    is_active: bool = Field(default=True, description="Whether events of this type are checked.")


class NewType(ChangedType):
    model_config = ConfigDict(extra="forbid", populate_by_name=True, json_schema_extra={"examples": [_BODY]})

    name: str = Field(
        min_length=1, max_length=128, description="The `event_type` it stands for: letters, digits and . _ - :"
    )


def router(services: Services) -> APIRouter:
    """/api/v1/custom-events."""
    routes = APIRouter(prefix="/api/v1/custom-events", tags=["Custom event types"])
    _reading(routes, services)
    _changing(routes, services)
    return routes


def _reading(routes: APIRouter, services: Services) -> None:
    reader = Depends(scope_for(services))

    @routes.get("", summary="Custom event types", responses=example({"custom_events": [_RECORD]}) | refusals())
    def list_types(scope: Annotated[Scope, reader], is_active: bool | None = None) -> dict[str, Any]:
        """By name; retired ones too, unless `is_active` asks for one kind."""
        rows = [row for row in services.types.all(scope) if is_active is None or row.is_active is is_active]
        return {"custom_events": [shown(row) for row in rows]}

    @routes.get("/{name}", summary="One custom event type", responses=example(_RECORD) | refusals(Kind.NOT_FOUND))
    def one_type(name: str, scope: Annotated[Scope, reader]) -> dict[str, Any]:
        """The definition as it is now, retired or not."""
        return shown(services.types.get(scope, name))

    @routes.get(
        "/{name}/history",
        summary="How a custom event type changed",
        responses=example(_HISTORY) | refusals(Kind.NOT_FOUND),
    )
    def history(name: str, scope: Annotated[Scope, reader]) -> dict[str, Any]:
        """Every change, newest first: who, when, and the definition after it."""
        changes = services.types.history(scope, name)
        return {
            "name": name,
            "changes": [
                {
                    "version": change.version,
                    "change": change.change,
                    "actor": change.actor,
                    "changed_at": from_epoch_ms(change.changed_at),
                    "definition": change.definition,
                }
                for change in changes
            ],
        }


def _changing(routes: APIRouter, services: Services) -> None:
    admin = Depends(scope_for(services, Role.ADMIN))

    @routes.post(
        "",
        status_code=201,
        summary="Define an event type",
        responses=example(_RECORD, status=201) | refusals(Kind.CONFLICT, Kind.INVALID, Kind.MALFORMED),
    )
    def define(body: NewType, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """From now on, events of this type that break the schema are refused with the field and the reason."""
        return shown(services.types.define(scope, _definition(body.name, body)))

    @routes.put(
        "/{name}",
        summary="Change an event type",
        responses=example(_RECORD) | refusals(Kind.NOT_FOUND, Kind.INVALID, Kind.MALFORMED),
    )
    def change(name: str, body: ChangedType, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """Replaces the definition; the earlier one stays in the history. A retired type is in use again."""
        if body.name not in (None, name):
            raise invalid("An event type keeps its name.", field="name", hint="Define a new type, and retire this one.")
        return shown(services.types.change(scope, _definition(name, body)))

    @routes.delete("/{name}", summary="Retire an event type", responses=example(_RECORD) | refusals(Kind.NOT_FOUND))
    def retire(name: str, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """Events of this type are taken unchecked from now on; those that came, and its history, stay."""
        return shown(services.types.retire(scope, name))


def _definition(name: str, body: ChangedType) -> Definition:
    return Definition(name, body.display_name, body.description, body.properties_schema, body.is_active)


def shown(row: EventType) -> dict[str, Any]:
    return {
        "name": row.name,
        "display_name": row.display_name,
        "description": row.description,
        "schema": json.loads(row.schema),
        "is_active": row.is_active,
        "version": row.version,
        "created_at": from_epoch_ms(row.created_at),
        "updated_at": from_epoch_ms(row.updated_at),
        "retired_at": from_epoch_ms(row.retired_at) if row.retired_at is not None else None,
    }
