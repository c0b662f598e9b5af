"""People: list, invite, change, remove, and the links by which they set a password."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from factbook.access.people import Link
from factbook.core.clock import from_epoch_ms
from factbook.core.errors import Kind
from factbook.core.scope import Role, Scope
from factbook.events.row_filters import read, told
from factbook.services import Services
from factbook.storage.people import PersonRow

from .access import example, refusals, scope_for

_FILTER: Any = [{"field": "country", "operator": "in", "value": ["DE", "FR"]}]
_PERSON: dict[str, Any] = {
    "id": "person_5f0c3a9b1d2e4f60",
    "email": "ada@example.com",
    "name": "Ada",
    "role": "analyst",
    "state": "active",
    "row_filter": _FILTER,
    "masked": False,
    "created_by": "key_0a1b2c3d4e5f6071",
    "created_at": "2026-03-01T09:30:00Z",
    "last_sign_in_at": "2026-03-02T08:00:00Z",
    "disabled_at": None,
    "link_expires_at": None,
}
_LINK = {"path": "/set-password#n0Vw…", "expires_at": "2026-03-03T09:30:00Z"}
_INVITED = {**_PERSON, "state": "invited", "last_sign_in_at": None, "set_password": _LINK}

_ABOUT_ROWS = (
    "Conditions on events that all hold, as `filters` elsewhere: a list of {field, operator, value}. Empty is every "
    "event. Only for viewer, analyst and content_manager."
)


class View(BaseModel):
    """Which part of the data is seen."""

    row_filter: list[dict[str, Any]] = Field(default_factory=list, max_length=50, description=_ABOUT_ROWS)
    masked: bool = Field(default=False, description="Whether personal data is hidden.")


class NewPerson(View):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"email": "ada@example.com", "name": "Ada", "role": "analyst", "row_filter": _FILTER}]
        },
    )

    email: str = Field(min_length=3, max_length=254, description="Known once in a tenant, in any case.")
    name: str = Field(default="", max_length=200, description="How the person is called.")
    role: Role = Field(default=Role.VIEWER, description="What the person may do; `writer` is for keys alone.")


class ChangedPerson(View):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"role": "viewer", "row_filter": [], "masked": True}]}
    )

    email: str = Field(default="", min_length=3, max_length=254, description="Another e-mail address.")
    name: str = Field(default="", max_length=200, description="Another name.")
    role: Role = Field(default=Role.VIEWER, description="What the person may do from the next request on.")
    disabled: bool = Field(default=False, description="Whether the person is kept out; ends every session at once.")


def router(services: Services) -> APIRouter:
    """/api/v1/admin/users."""
    routes = APIRouter(prefix="/api/v1/admin/users", tags=["Access"])
    admin = Depends(scope_for(services, Role.ADMIN))
    _reading(routes, services, admin)
    _changing(routes, services, admin)
    return routes


def _reading(routes: APIRouter, services: Services, admin: Any) -> None:
    @routes.get("", summary="People", responses=example({"users": [_PERSON]}) | refusals())
    def list_people(scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """Everybody of the tenant, oldest first. `state` is invited (no password yet), active or disabled."""
        return {"users": [shown(row) for row in services.keys.people.all(scope)]}

    @routes.get("/{user_id}", summary="One person", responses=example(_PERSON) | refusals(Kind.NOT_FOUND))
    def one_person(user_id: str, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """Somebody of the tenant."""
        return shown(services.keys.people.get(scope, user_id))


def _changing(routes: APIRouter, services: Services, admin: Any) -> None:
    @routes.post(
        "",
        status_code=201,
        summary="Invite a person",
        responses=example(_INVITED, status=201) | refusals(Kind.CONFLICT, Kind.INVALID, Kind.MALFORMED),
    )
    def invite(body: NewPerson, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """Without a password: `set_password` is a path on this server that sets one, good once and for 48 hours, shown
        this once. Only an owner invites owners."""
        row, link = services.keys.people.invite(
            scope, body.email, body.name, body.role, row_filter=body.row_filter, masked=body.masked
        )
        return {**shown(row), "set_password": shown_link(link)}

    @routes.put(
        "/{user_id}",
        summary="Change a person",
        responses=example(_PERSON) | refusals(Kind.NOT_FOUND, Kind.CONFLICT, Kind.INVALID, Kind.MALFORMED),
    )
    def change(user_id: str, body: ChangedPerson, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """Fields that are left out stay as they are. Nobody changes his own role or view or disables himself; only an
        owner changes owners; the last owner and the last admin stay."""
        changes = {name: getattr(body, name) for name in body.model_fields_set}
        return shown(services.keys.people.change(scope, user_id, changes))

    @routes.delete(
        "/{user_id}",
        summary="Remove a person",
        responses=example(_PERSON) | refusals(Kind.NOT_FOUND, Kind.CONFLICT),
    )
    def remove(user_id: str, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """For good, with every session and token. The last owner and the last admin stay."""
        return shown(services.keys.people.remove(scope, user_id))

    @routes.post(
        "/{user_id}/reset",
        status_code=201,
        summary="Make a link that sets a password",
        responses=example(_INVITED, status=201) | refusals(Kind.NOT_FOUND, Kind.CONFLICT),
    )
    def reset(user_id: str, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """A fresh link, good once and for 48 hours; one made before is not good any more. The password, and sessions,
        last until the link is used: disable the person to end them now."""
        row, link = services.keys.people.reset(scope, user_id)
        return {**shown(row), "set_password": shown_link(link)}


def shown(row: PersonRow) -> dict[str, Any]:
    """A person as he may be seen: without the hash of his password and of his link."""
    times = {
        name: from_epoch_ms(ms) if (ms := getattr(row, name)) is not None else None
        for name in ("created_at", "last_sign_in_at", "disabled_at", "link_expires_at")
    }
    state = "disabled" if row.disabled_at is not None else "active" if row.password else "invited"
    plain = {"id": row.id, "email": row.email, "name": row.name, "role": row.role, "state": state}
    view = {"row_filter": told(read(row.row_filter)), "masked": row.masked}
    return {**plain, **view, "created_by": row.created_by, **times}


def shown_link(link: Link) -> dict[str, Any]:
    return {"path": link.path, "expires_at": from_epoch_ms(link.expires_at)}
