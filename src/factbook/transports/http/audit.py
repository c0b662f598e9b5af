"""The audit trail over HTTP: searched, as a file, and where it ends."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import AwareDatetime

from factbook.access.audit import shown
from factbook.core.clock import epoch_ms, from_epoch_ms
from factbook.core.errors import Kind, invalid
from factbook.core.scope import Role, Scope
from factbook.services import Services
from factbook.storage.audit_rows import Entry, Sought

from .access import example, refusals, scope_for
from .rows_as_csv import rows_as_csv

_MOST = 1_000
_MOST_IN_FILE = 100_000
_COLUMNS = ("number", "at", "actor", "action", "thing", "result", "detail", "previous", "hash")
_ENTRY = {
    "number": 42,
    "at": "2026-03-01T09:30:00.123000+00:00",
    "actor": "key_5f0c3a9b1d2e4f60",
    "action": "settings.change",
    "thing": "shop",
    "result": "done",
    "detail": {"status": 200, "before": {"currency": "EUR"}, "after": {"currency": "USD"}},
    "previous": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "hash": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
}
_HEAD = {"number": 42, "hash": _ENTRY["hash"], "sound": True}

_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"example": ",".join(_COLUMNS)}}, "description": "CSV."}
}

Since = Annotated[AwareDatetime | None, Query(alias="from", description="Entries from this time on (RFC 3339).")]
Until = Annotated[AwareDatetime | None, Query(alias="to", description="Entries before this time (RFC 3339).")]
Actor = Annotated[str, Query(max_length=128, description="By this key or person alone.", examples=["key_5f0c3a9b"])]
Action = Annotated[str, Query(max_length=64, description="Of this action alone.", examples=["key.create"])]
Thing = Annotated[str, Query(max_length=256, description="Done to this thing alone.", examples=["active_buyers"])]
Result = Annotated[str, Query(max_length=16, description="done, failed or refused.", examples=["refused"])]
Cursor = Annotated[str, Query(max_length=20, description="`next_cursor` of the page before.", examples=["1207"])]


def router(services: Services) -> APIRouter:
    """/api/v1/admin/audit."""
    routes = APIRouter(prefix="/api/v1/admin", tags=["Access"])
    admin = Depends(scope_for(services, Role.ADMIN))

    @routes.get(
        "/audit",
        summary="Who did what",
        responses=example({"entries": [_ENTRY], "next_cursor": "42"}) | refusals(Kind.INVALID),
    )
    def found(
        scope: Annotated[Scope, admin],
        since: Since = None,
        until: Until = None,
        actor: Actor = "",
        action: Action = "",
        thing: Thing = "",
        result: Result = "",
        cursor: Cursor = "",
        limit: Annotated[int, Query(ge=1, le=_MOST, description="Entries on a page.")] = 100,
    ) -> dict[str, Any]:
        """Sign-ins, changes with what was before and after, exports, erasures and refusals, newest first. Ids of the
        people whom events are about stand in it as pseudonyms. What events came in is counted, and not told here."""
        sought = _sought(since, until, actor, action, thing, result, cursor)
        entries = services.audit.found(scope, sought, limit + 1)
        following = str(entries[limit - 1].number) if len(entries) > limit else None
        return {"entries": [_told(entry) for entry in entries[:limit]], "next_cursor": following}

    @routes.get(
        "/audit.csv",
        summary="Who did what, as a file",
        response_class=Response,
        responses=_FILE | refusals(Kind.INVALID),
    )
    def as_file(
        scope: Annotated[Scope, admin],
        since: Since = None,
        until: Until = None,
        actor: Actor = "",
        action: Action = "",
        thing: Thing = "",
        result: Result = "",
    ) -> Response:
        """As above, the newest 100,000, with the hashes by which the chain can be followed."""
        sought = _sought(since, until, actor, action, thing, result, "")
        entries = services.audit.found(scope, sought, _MOST_IN_FILE)
        rows = [{**_told(entry), "detail": entry.detail} for entry in entries]
        return rows_as_csv(rows, _COLUMNS, "audit")

    @routes.get("/audit/head", summary="Where the trail ends", responses=example(_HEAD) | refusals())
    def head(scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """The newest entry's number and hash, to be kept elsewhere: they prove what stood here until then. The whole
        chain is read; `sound` is false where an entry is not as it was written, and `broken` then names the first."""
        broken = services.audit.broken(scope)
        end = services.audit.head(scope)
        told = {"number": end.number, "hash": end.hash, "sound": broken is None}
        return told if broken is None else {**told, "broken": {"number": broken.number, "why": broken.why}}

    return routes


def _sought(since: Any, until: Any, actor: str, action: str, thing: str, result: str, cursor: str) -> Sought:
    if cursor and not cursor.isdigit():
        raise invalid("This cursor is none of ours.", field="cursor", hint="Send `next_cursor` as it came.")
    return Sought(
        epoch_ms(since) if since else None,
        epoch_ms(until) if until else None,
        actor,
        action,
        thing,
        result,
        int(cursor) if cursor else None,
    )


def _told(entry: Entry) -> dict[str, Any]:
    return {**shown(entry), "at": from_epoch_ms(entry.at).isoformat()}
