"""API keys: list, make, rotate, revoke."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from factbook.access.keys import NewKey
from factbook.core.clock import epoch_ms, from_epoch_ms
from factbook.core.errors import Kind
from factbook.core.scope import Role, Scope
from factbook.events.row_filters import read, told
from factbook.services import Services
from factbook.storage.rows import ApiKey

from .access import example, refusals, scope_for
from .people import View

_KEY: dict[str, Any] = {
    "id": "key_5f0c3a9b1d2e4f60",
    "name": "web shop",
    "role": "writer",
    "prefix": "fb_writer_Xq3V",
    "preset": None,
    "created_by": "key_0a1b2c3d4e5f6071",
    "created_at": "2026-03-01T09:30:00Z",
    "last_used_at": None,
    "expires_at": None,
    "revoked_at": None,
    "row_filter": [],
    "masked": False,
}
_NEW = {**_KEY, "key": "fb_writer_Xq3V…"}


class NewApiKey(View):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "web shop", "role": "writer"}]})

    name: str = Field(min_length=1, max_length=200, description="What the key is for.")
    role: Role = Field(default=Role.WRITER, description="What it may do; `writer` sends events and reads nothing.")
    expires_at: AwareDatetime | None = Field(default=None, description="When it ends by itself; never when left out.")


class ApiKeyName(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "web shop, Europe"}]})

    name: str = Field(min_length=1, max_length=200, description="What the key is for.")


class Rotation(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"overlap_seconds": 3600}]})

    overlap_seconds: int = Field(
        default=0, ge=0, le=2_592_000, description="How long the old key stays good beside the new one."
    )


def router(services: Services) -> APIRouter:
    """/api/v1/admin/api-keys."""
    routes = APIRouter(prefix="/api/v1/admin/api-keys", tags=["Access"])
    admin = Depends(scope_for(services, Role.ADMIN))
    _reading(routes, services, admin)
    _making(routes, services, admin)
    return routes


def _reading(routes: APIRouter, services: Services, admin: Any) -> None:
    @routes.get("", summary="API keys", responses=example({"api_keys": [_KEY]}) | refusals())
    def list_keys(scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """Every key of the tenant, oldest first, revoked ones too; never the key itself, only its first characters."""
        return {"api_keys": [shown(row) for row in services.keys.all(scope)]}

    @routes.get("/{key_id}", summary="One API key", responses=example(_KEY) | refusals(Kind.NOT_FOUND))
    def one_key(key_id: str, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """One key of the tenant, revoked or not."""
        return shown(services.keys.get(scope, key_id))


def _making(routes: APIRouter, services: Services, admin: Any) -> None:
    @routes.post(
        "",
        status_code=201,
        summary="Make an API key",
        responses=example(_NEW, status=201) | refusals(Kind.INVALID, Kind.MALFORMED),
    )
    def make_key(body: NewApiKey, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """The answer holds the key itself, this once: only a digest of it is kept."""
        expires_at = epoch_ms(body.expires_at) if body.expires_at else None
        return _with_key(
            services.keys.create(
                scope,
                body.name,
                body.role,
                expires_at=expires_at,
                row_filter=body.row_filter,
                masked=body.masked,
            )
        )

    @routes.put(
        "/{key_id}",
        summary="Rename an API key",
        responses=example(_KEY) | refusals(Kind.NOT_FOUND, Kind.INVALID, Kind.MALFORMED),
    )
    def rename_key(key_id: str, body: ApiKeyName, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """Changes the name alone: what a key may do is fixed when it is made."""
        return shown(services.keys.rename(scope, key_id, body.name))

    @routes.post(
        "/{key_id}/rotate",
        status_code=201,
        summary="Replace an API key",
        responses=example(_NEW, status=201) | refusals(Kind.NOT_FOUND, Kind.CONFLICT, Kind.INVALID, Kind.MALFORMED),
    )
    def rotate_key(key_id: str, scope: Annotated[Scope, admin], body: Rotation | None = None) -> dict[str, Any]:
        """A fresh key with the same name and role; the old one ends at once, or after the overlap."""
        overlap = body.overlap_seconds if body else 0
        return _with_key(services.keys.rotate(scope, key_id, overlap_seconds=overlap))

    @routes.delete(
        "/{key_id}", summary="Revoke an API key", responses=example(_KEY) | refusals(Kind.NOT_FOUND, Kind.CONFLICT)
    )
    def revoke_key(key_id: str, scope: Annotated[Scope, admin]) -> dict[str, Any]:
        """Ends the key at once and for good, with the tokens and sessions made from it. The last admin key stays."""
        return shown(services.keys.revoke(scope, key_id))


def shown(row: ApiKey) -> dict[str, Any]:
    """A key as it may be seen: without its digest, times as times."""
    members = asdict(row)
    del members["digest"], members["tenant"]
    for name in ("created_at", "last_used_at", "expires_at", "revoked_at"):
        members[name] = _time(members[name])
    members["preset"] = row.preset or None
    members["row_filter"] = told(read(row.row_filter))
    return members


def _with_key(new: NewKey) -> dict[str, Any]:
    return {**shown(new.row), "key": new.key}


def _time(ms: int | None) -> datetime | None:
    return from_epoch_ms(ms) if ms is not None else None
