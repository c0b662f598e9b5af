"""Privacy over HTTP: what a tenant decided, consents, one person's data told or erased, the report."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path
from fastapi.responses import FileResponse, JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from factbook.access.person_requests import INLINE, receipt
from factbook.access.privacy import id_of_person
from factbook.core.clock import from_epoch_ms
from factbook.core.errors import Kind
from factbook.core.scope import Role, Scope
from factbook.services import Services

from . import privacy_docs as docs
from .access import example, refusals, scope_for

_Person = Annotated[str, Path(description="The id of a user or visitor, as events have it.", examples=["ann"])]
_Request = Annotated[str, Path(description="The id of the request.", examples=["erasure_5f0c3a9b1d2e4f605f0c"])]
_Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_.-]*$")]


class Consent(BaseModel):
    """Purposes that are left out stay as they are."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"purposes": {"analytics": True, "marketing": False}}]}
    )

    purposes: dict[_Name, bool] = Field(
        min_length=1, description="By purpose: given or withdrawn. Without `analytics` nobody is tracked."
    )


class PrivacySettings(BaseModel):
    """Fields that are left out stay as they are."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [docs.CHOSEN]})

    consent: Literal["opt_out", "opt_in", "ignored"] | None = Field(
        default=None,
        description="opt_out: events are refused of who withdrew his consent; opt_in: and of who gave none.",
    )
    signals: bool | None = Field(
        default=None, description="Whether Do Not Track and Global Privacy Control of a browser refuse its events."
    )
    ids: Literal["kept", "fixed", "daily"] | None = Field(
        default=None, description="Ids of people as they come, or as pseudonyms that stay or change every day (UTC)."
    )
    erased: Literal["kept", "refused"] | None = Field(
        default=None, description="What becomes of events of a person that come in after he was erased."
    )


def router(services: Services) -> APIRouter:
    """/api/v1/privacy, but for how long rows are kept."""
    routes = APIRouter(prefix="/api/v1/privacy", tags=["Privacy"])
    admin = Depends(scope_for(services, Role.ADMIN))
    _decided(routes, services, admin)
    _people(routes, services, admin)
    _requests(routes, services, admin)
    return routes


def _decided(routes: APIRouter, services: Services, admin: Any) -> None:
    @routes.get("/settings", summary="What the tenant decided", responses=example(docs.SETTINGS) | refusals())
    def settings(scope: Annotated[Scope, Depends(scope_for(services))]) -> dict[str, Any]:
        """Consents, signals of browsers, ids of people, events of erased people."""
        return _settings(services, scope)

    @routes.put(
        "/settings", summary="Decide", responses=example(docs.SETTINGS) | refusals(Kind.INVALID, Kind.MALFORMED)
    )
    def decide(body: PrivacySettings, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """Holds for events that come in from then on: here at once, on other servers within a quarter of a minute."""
        changes = {name: value for name in body.model_fields_set if (value := getattr(body, name)) is not None}
        services.privacy.change(scope, changes)
        return _settings(services, scope)

    @routes.get("/report", summary="What is kept about people", responses=example(docs.REPORT) | refusals())
    def report(scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """What is kept and for how long, what was erased and given out and when, how many people agreed to what."""
        return services.privacy.report(scope, services.retention.limits(scope))


def _people(routes: APIRouter, services: Services, admin: Any) -> None:
    @routes.get(
        "/users/{user_id:path}/consent",
        summary="What a person agreed to",
        responses=example(docs.CONSENT) | refusals(Kind.INVALID),
    )
    def agreed(user_id: _Person, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """No purposes and no time where nothing was ever said."""
        return _consent(services.privacy.consent(scope, id_of_person(user_id)))

    @routes.put(
        "/users/{user_id:path}/consent",
        summary="Give or withdraw consent",
        responses=example(docs.CONSENT) | refusals(Kind.INVALID, Kind.MALFORMED),
    )
    def agree(user_id: _Person, body: Consent, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """By the id of a user or of a visitor: each stands for itself. Whoever withdrew `analytics` is tracked no more,
        from the next event on."""
        return _consent(services.privacy.set_consent(scope, id_of_person(user_id), body.purposes))

    @routes.get(
        "/users/{user_id:path}",
        summary="All that is kept about a person",
        responses=example(docs.EXPORT) | example(docs.WAITING, status=202) | refusals(Kind.INVALID),
    )
    def export(user_id: _Person, scope: Annotated[Scope, admin]) -> Response:
        """Up to 1,000 events the answer holds everything. Beyond that it is 202, a file is written in the background,
        and `/requests/{request_id}` says how far that has come and when `/requests/{request_id}/file` is there."""
        id_ = id_of_person(user_id)
        if services.person_requests.events(scope, id_) <= INLINE:
            return JSONResponse(services.person_requests.told(scope, id_), headers={"cache-control": "no-store"})
        return JSONResponse(receipt(services.person_requests.export(scope, id_)), 202)

    @routes.delete(
        "/users/{user_id:path}",
        status_code=202,
        summary="Erase a person",
        responses=example(docs.ASKED, status=202) | refusals(Kind.INVALID),
    )
    def erase(user_id: _Person, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """Everything that came in until now about this user and the visitors who turned out to be him: events,
        sessions, joined ids, membership of segments, dead letters, exported files. Counts in roll-ups stay. The answer
        is the receipt; `/requests/{request_id}` proves later what went from where, and that nothing is left."""
        return receipt(services.person_requests.erase(scope, id_of_person(user_id)))


def _requests(routes: APIRouter, services: Services, admin: Any) -> None:
    @routes.get("/requests", summary="Erasures and exports", responses=example({"requests": [docs.DONE]}) | refusals())
    def listed(scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """The newest hundred, newest first. `subject` is the person's pseudonym: his id is not kept."""
        return {"requests": [receipt(one) for one in services.person_requests.all(scope)]}

    @routes.get(
        "/requests/{request_id}", summary="One of them", responses=example(docs.DONE) | refusals(Kind.NOT_FOUND)
    )
    def one(request_id: _Request, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """How far it has come; of an erasure, the rows that went by table, and those counted again at the end."""
        return receipt(services.person_requests.get(scope, request_id))

    @routes.get(
        "/requests/{request_id}/file",
        summary="The file of an export",
        response_class=FileResponse,
        responses=example(docs.EXPORT) | refusals(Kind.NOT_FOUND),
    )
    def file(request_id: _Request, scope: Annotated[Scope, admin]) -> FileResponse:
        """There once the export is done, for 7 days."""
        path = services.person_requests.file(scope, request_id)
        return FileResponse(
            path, media_type="application/json", filename=path.name, headers={"cache-control": "no-store"}
        )


def _settings(services: Services, scope: Scope) -> dict[str, Any]:
    members = asdict(services.privacy.settings(scope))
    return {name: value for name, value in members.items() if name != "classes"}


def _consent(found: dict[str, Any] | None) -> dict[str, Any]:
    if found is None:
        return {"purposes": {}, "updated_at": None}
    return {"purposes": found["purposes"], "updated_at": from_epoch_ms(found["updated_at"]).isoformat()}
