"""The ways in as OpenAPI shows them (the raw handlers of `ingest` answer them), and how far a load has come."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from factbook.access.roles import SENDERS
from factbook.core.errors import Kind
from factbook.core.scope import Scope
from factbook.services import Services

from .access import example, refusals, scope_for
from .ways_in import BATCH, SHORTHAND, SINGLE, load_source

_EVENT = {
    "event_id": "0197b1a2-7c3d-7e4f-8a5b-6c7d8e9f0a1b",
    "event_type": "purchase",
    "timestamp": "2026-03-01T09:30:00Z",
    "user_id": "u-42",
    "session_id": "s-7",
    "properties": {"amount": 49.9, "currency": "EUR", "category": "shoes"},
}
_ACCEPTED = {
    "success": True,
    "event_id": _EVENT["event_id"],
    "duplicate": False,
    "batch_id": "0197b1a2-7c3e-7000-8000-6c7d8e9f0a1c",
    "real_time_updates": 1,
}
_BATCHED = {
    "success": True,
    "batch_id": "0197b1a2-7c3e-7000-8000-6c7d8e9f0a1c",
    "processed_count": 998,
    "duplicates": 1,
    "real_time_updates": 998,
    "errors": [
        {
            "index": 17,
            "field": "timestamp",
            "reason": "too_old",
            "message": "The time lies more than 90 days back; load history with `factbook load`.",
            "event_id": "",
            "letter_id": "0197b1a2-7c3f-7000-8000-6c7d8e9f0a1d",
        }
    ],
}
_REFUSALS = (Kind.MALFORMED, Kind.TOO_LARGE, Kind.UNSUPPORTED, Kind.INVALID, Kind.LIMITED, Kind.UNAVAILABLE)

_EVENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["event_type"],
    "additionalProperties": True,
    "description": "Unknown fields at the top level become properties.",
    "properties": {
        "event_type": {"type": "string", "maxLength": 128},
        "event_id": {"type": "string", "description": "Yours, for safe repeats (also `id`); a UUID is kept as it is."},
        "event_category": {"type": "string"},
        "timestamp": {"type": "string", "format": "date-time", "description": "Default: the time of arrival."},
        **{
            name: {"type": "string", "maxLength": 512}
            for name in (
                "user_id", "anonymous_id", "session_id", "content_id", "resource_type", "resource_id", "ip_address",
                "user_agent", "referrer", "country", "region", "city", "source", "correlation_id",
            )
        },
        "data_class": {"type": "string", "enum": ["public", "internal", "confidential", "personal"]},
        "properties": {"type": "object", "additionalProperties": True},
    },
}  # fmt: skip
_ONE = {"schema": _EVENT_SCHEMA, "example": _EVENT}
_MANY = {
    "schema": {
        "oneOf": [
            {"type": "array", "items": _EVENT_SCHEMA},
            {"type": "object", "properties": {"events": {"type": "array", "items": _EVENT_SCHEMA}}},
        ]
    },
    "example": {"events": [_EVENT]},
}


class Position(BaseModel):
    source: str = Field(description="The load's name.")
    position: int = Field(description="Everything before this is in; 0 for a load that never began.")


def router(services: Services) -> APIRouter:
    """Documents every way in; GET /api/v1/loads/{source} is answered here."""
    routes = APIRouter(tags=["Events"])
    sender = Depends(scope_for(services, *SENDERS))
    for path in SINGLE:
        _document(routes, path, sender, "Take one event", _SINGLE_TEXT, {"application/json": _ONE}, _ACCEPTED)
    bodies = {"application/json": _MANY, "application/x-ndjson": {"schema": {"type": "string"}}}
    for path in BATCH:
        _document(routes, path, sender, "Take many events", _BATCH_TEXT, bodies, _BATCHED)
    for path, event_type in SHORTHAND.items():
        named = f"Take a `{event_type}` event" if event_type else "Take a user action, named by `action`"
        fields = {key: value for key, value in _EVENT.items() if key != "event_type"}
        shown = {"schema": {"type": "object"}, "example": fields if event_type else {"action": "share", **fields}}
        _document(routes, path, sender, named, _SINGLE_TEXT, {"application/json": shown}, _ACCEPTED)

    @routes.get(
        "/api/v1/loads/{source:path}",
        summary="How far a load has come",
        responses=refusals(),
    )
    def position(source: str, scope: Scope = sender) -> Position:
        """Where to go on: kept in the transaction of the events, so nothing is lost or doubled by resuming here."""
        return Position(source=source, position=services.intake.position(load_source(scope, source)))

    return routes


_SINGLE_TEXT = (
    "A 200 promises: the event is synced to disk, survives a crash, is counted once, and is visible in every answer "
    "within about a second. Sending the same `event_id` again within 24 hours is answered `duplicate: true` and counts "
    "nothing. An event that breaks a rule is a 422 naming the field, and is kept as a dead letter."
)
_BATCH_TEXT = (
    'A JSON array, `{"events": [...]}` or one event a line (NDJSON), plain, gzip or zstd. Good events are kept, bad '
    "ones are listed in `errors` with their index, field and reason (and kept as dead letters); 422 when none is good. "
    "A 200 promises the same as for a single event. `return_ids=true` adds the id of every event."
)


def _document(
    routes: APIRouter,
    path: str,
    sender: Any,
    summary: str,
    text: str,
    bodies: dict[str, Any],
    answer: dict[str, Any],
) -> None:
    def handled_ahead_of_the_framework(scope: Scope = sender) -> dict[str, Any]:
        raise AssertionError(f"{path} is answered by transports.http.ways_in")

    routes.add_api_route(
        path,
        handled_ahead_of_the_framework,
        methods=["POST"],
        name=f"{summary} {path}",
        summary=summary,
        description=text,
        responses={**example(answer), **refusals(*_REFUSALS)},
        openapi_extra={"requestBody": {"required": True, "content": bodies}},
    )
