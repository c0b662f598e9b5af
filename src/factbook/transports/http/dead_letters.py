"""Dead letters: read what could not be kept, count it, send it in again."""

from dataclasses import asdict
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from factbook.core.errors import Kind
from factbook.core.scope import Role, Scope
from factbook.ingest.dead_letters import MAX_LIMIT, DeadLetter, DeadLetters
from factbook.services import Services

from .access import example, refusals, scope_for

_LETTER = {
    "letter_id": "0198f3c0-5b1e-7c43-9f60-6f1d3a52c0de",
    "received_at": "2026-03-01T09:30:00Z",
    "reason": "breaks_schema",
    "field": "properties.seats",
    "message": "The value is less than the minimum of 1.",
    "event_id": "order-1024",
    "source": "http",
    "body": '{"event_type":"trial_started","event_id":"order-1024","properties":{"plan":"basic","seats":0}}',
    "event": {"event_type": "trial_started", "event_id": "order-1024", "properties": {"plan": "basic", "seats": 0}},
}
_STATS = {
    "total": 3,
    "by_reason": [
        {"reason": "breaks_schema", "count": 3, "oldest": "2026-03-01T09:30:00Z", "newest": "2026-03-01T09:31:00Z"}
    ],
}
_DONE = {
    "success": True,
    "letter_id": _LETTER["letter_id"],
    "result": "accepted",
    "event_id": "0198f3c0-5b1e-7c43-9f60-6f1d3a52c0df",
    "repeated": False,
}


class Resubmit(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"event": {"event_type": "trial_started", "properties": {"plan": "basic"}}}]},
    )

    event: dict[str, Any] | None = Field(default=None, description="The corrected event; as it was when left out.")
    history: bool = Field(default=False, description="Take it however old it is.")


def router(services: Services) -> APIRouter:
    """/api/v1/dead-letters."""
    routes = APIRouter(prefix="/api/v1/dead-letters", tags=["Dead letters"])
    letters = DeadLetters(services.engine, services.warehouse, services.metadata, services.intake, services.clock)
    _reading(routes, letters, Depends(scope_for(services, Role.ANALYST, Role.ADMIN)))
    _sending(routes, letters, Depends(scope_for(services, Role.ADMIN)))
    return routes


def _reading(routes: APIRouter, letters: DeadLetters, reader: Any) -> None:
    @routes.get(
        "",
        summary="Dead letters",
        responses=example({"dead_letters": [_LETTER], "next_cursor": None}) | refusals(Kind.INVALID),
    )
    def list_letters(
        scope: Annotated[Scope, reader],
        reason: Annotated[str, Query(max_length=128, description="Only those dropped for this reason.")] = "",
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Letters a page.")] = 100,
        cursor: Annotated[str, Query(max_length=256, description="`next_cursor` of the page before.")] = "",
    ) -> dict[str, Any]:
        """Newest first. Letters are kept for 30 days; one shows within a second of being dropped."""
        page = letters.page(scope, reason=reason, limit=limit, cursor=cursor)
        return {"dead_letters": [shown(letter) for letter in page.letters], "next_cursor": page.next_cursor}

    @routes.get("/stats", summary="Dead letters by reason", responses=example(_STATS) | refusals())
    def stats(scope: Annotated[Scope, reader]) -> dict[str, Any]:
        """How many there are for each reason, the most frequent first."""
        counts = letters.stats(scope)
        return {"total": sum(each.count for each in counts), "by_reason": [asdict(each) for each in counts]}

    @routes.get("/{letter_id}", summary="One dead letter", responses=example(_LETTER) | refusals(Kind.NOT_FOUND))
    def one_letter(letter_id: str, scope: Annotated[Scope, reader]) -> dict[str, Any]:
        """`body` is what was sent, as text; `event` the same as JSON, null where it is none."""
        return shown(letters.get(scope, letter_id))


def _sending(routes: APIRouter, letters: DeadLetters, admin: Any) -> None:
    @routes.post(
        "/{letter_id}/resubmit",
        summary="Send a dead letter in again",
        responses=example(_DONE) | refusals(Kind.NOT_FOUND, Kind.CONFLICT, Kind.INVALID, Kind.UNAVAILABLE),
    )
    def resubmit(letter_id: str, scope: Annotated[Scope, admin], body: Resubmit | None = None) -> dict[str, Any]:
        """As it was, or corrected. Safe to repeat: it is counted once, and the letter is gone once it is accepted.

        Refused again, the answer names the new reason and the letter that stands in place of this one.
        """
        wanted = body or Resubmit()
        event = msgspec.json.encode(wanted.event) if wanted.event is not None else None
        return {"success": True, **asdict(letters.resubmit(scope, letter_id, event, history=wanted.history))}


def shown(letter: DeadLetter) -> dict[str, Any]:
    return {**asdict(letter), "event": _event(letter.body)}


def _event(body: str) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
