"""`factbook keys`: list, make, revoke and rotate API keys, and print a fresh line to sign in with.

Beside a running server the calls go to it with the admin key, where that is known; else to the metadata database
itself, which the server reads anew every few seconds: whoever may write the data folder may administer it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Protocol

import typer

from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role
from factbook.core.settings import Settings, load_settings

from .ownership import Owned, owned

keys = typer.Typer(
    help="Make, list and revoke keys.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_TIMEOUT_SECONDS = 10.0


class KeyStore(Protocol):
    """Keys as JSON-able dicts, as the API shows them; `create` and `rotate` with the member `key`."""

    @property
    def note(self) -> str: ...

    def all(self) -> list[dict[str, Any]]: ...

    def create(self, name: str, role: Role, expires_at: datetime | None) -> dict[str, Any]: ...

    def rotate(self, key_id: str, overlap_seconds: int) -> dict[str, Any]: ...

    def revoke(self, key_id: str) -> dict[str, Any]: ...

    def link(self) -> str: ...


@dataclass(frozen=True, slots=True)
class _Database:
    """The metadata database itself. note: what to know when a server runs beside."""

    place: Owned

    @property
    def keys(self) -> Any:
        return self.place.keys

    @property
    def scope(self) -> Any:
        return self.place.scope

    @property
    def note(self) -> str:
        return self.place.note

    def all(self) -> list[dict[str, Any]]:
        return [_shown(row) for row in self.keys.all(self.scope)]

    def create(self, name: str, role: Role, expires_at: datetime | None) -> dict[str, Any]:
        expires = round(expires_at.timestamp() * 1000) if expires_at else None
        return self._new("key.create", self.keys.create(self.scope, name, role, expires_at=expires))

    def rotate(self, key_id: str, overlap_seconds: int) -> dict[str, Any]:
        return self._new("key.rotate", self.keys.rotate(self.scope, key_id, overlap_seconds=overlap_seconds))

    def revoke(self, key_id: str) -> dict[str, Any]:
        row = self.keys.revoke(self.scope, key_id)
        self.place.enter("key.revoke", key_id)
        return _shown(row)

    def link(self) -> str:
        self.place.enter("sign_in.link")
        return str(self.keys.sign_in.link_token(replace(self.scope, role=Role.ADMIN)))

    def _new(self, action: str, new: Any) -> dict[str, Any]:
        self.place.enter(action, new.row.id)
        return {**_shown(new.row), "key": new.key}


@dataclass(frozen=True, slots=True)
class _Server:
    """A running server, over HTTP."""

    client: Any
    note: str = ""

    def all(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._call("GET", "/api/v1/admin/api-keys")["api_keys"]
        return found

    def create(self, name: str, role: Role, expires_at: datetime | None) -> dict[str, Any]:
        body = {"name": name, "role": str(role), "expires_at": expires_at.isoformat() if expires_at else None}
        return self._call("POST", "/api/v1/admin/api-keys", body)

    def rotate(self, key_id: str, overlap_seconds: int) -> dict[str, Any]:
        return self._call("POST", f"/api/v1/admin/api-keys/{key_id}/rotate", {"overlap_seconds": overlap_seconds})

    def revoke(self, key_id: str) -> dict[str, Any]:
        return self._call("DELETE", f"/api/v1/admin/api-keys/{key_id}")

    def link(self) -> str:
        return str(self._call("POST", "/api/v1/auth/link")["token"])

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        import httpx

        try:
            answer = self.client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise FactbookError(
                Kind.UNAVAILABLE, f"The server at {self.client.base_url} does not answer: {error}."
            ) from error
        if answer.is_success:
            found: dict[str, Any] = answer.json()
            return found
        try:
            problem = answer.json()
        except ValueError:
            problem = {}
        actions = problem.get("suggested_actions") or [None]
        detail = problem.get("detail", f"The server answered {answer.status_code}.")
        raise FactbookError(Kind.INVALID, detail, hint=actions[0])


@contextmanager
def store(settings: Settings) -> Iterator[tuple[KeyStore, str]]:
    """Where the keys are, and the address to sign in at."""
    from factbook.storage.folder import read_holder

    address = str(read_holder(settings.server.data).get("address", ""))
    admin = settings.security.admin_key
    if address and admin is not None:
        import httpx

        headers = {"X-API-Key": admin.get_secret_value()}
        with httpx.Client(base_url=address, headers=headers, timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
            yield _Server(client), address
        return
    with _database(settings) as found:
        yield found


@contextmanager
def _database(settings: Settings) -> Iterator[tuple[_Database, str]]:
    with owned(settings) as place:
        yield _Database(place), place.address


def _shown(row: Any) -> dict[str, Any]:
    from factbook.transports.http.keys import shown

    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in shown(row).items()}


@keys.command("list")
def list_keys(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Revoked and expired ones too.")] = False,
) -> None:
    """List the keys: what each is for, what it may do, when it was used."""
    with store(load_settings()) as (kept, _):
        found = [key for key in kept.all() if every or _good(key)]
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("id", "name", "role", "begins with", "made", "used last", "ends", box=None)
    for key in found:
        ends = f"revoked {_day(key['revoked_at'])}" if key["revoked_at"] else _day(key["expires_at"]) or "never"
        used = _day(key["last_used_at"]) or "never"
        table.add_row(key["id"], key["name"], key["role"], key["prefix"] + "…", _day(key["created_at"]), used, ends)
    Console(width=None if typer.get_text_stream("stdout").isatty() else 160).print(table)


@keys.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the key is for, as in 'web shop'.")],
    role: Annotated[Role, typer.Option("--role", help="What it may do; writer sends events and reads nothing.")] = (
        Role.WRITER
    ),
    days: Annotated[int | None, typer.Option("--days", min=1, help="Ends by itself after so many days.")] = None,
) -> None:
    """Make a key and print it, this once: only a digest of it is kept."""
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    # An admin key makes no owners; whoever may write the data folder does.
    place = _database if role is Role.OWNER else store
    with place(load_settings()) as (kept, _):
        _show_new(kept, kept.create(name, role, expires_at))


@keys.command("rotate")
def rotate(
    key_id: Annotated[str | None, typer.Argument(help="The id that `factbook keys list` shows.")] = None,
    overlap: Annotated[int, typer.Option("--overlap", min=0, help="Seconds the old key stays good.")] = 0,
    sign_ins: Annotated[
        bool, typer.Option("--sign-ins", help="Instead: end every session, sign-in line and token.")
    ] = False,
) -> None:
    """Replace a key by a fresh one with the same name and role, and print it."""
    if sign_ins == (key_id is not None):
        raise FactbookError(
            Kind.INVALID, "Name a key to rotate, or --sign-ins.", hint="`factbook keys list` shows ids."
        )
    settings = load_settings()
    if key_id is None:
        _end_sign_ins(settings)
        return
    with store(settings) as (kept, _):
        _show_new(kept, kept.rotate(key_id, overlap))


@keys.command("revoke")
def revoke(key_id: Annotated[str, typer.Argument(help="The id that `factbook keys list` shows.")]) -> None:
    """End a key at once and for good, with the sessions and tokens made from it."""
    with store(load_settings()) as (kept, _):
        key = kept.revoke(key_id)
        typer.echo(f"{key['id']} ({key['name']}) is revoked.")
        _tell(kept.note)


@keys.command("link")
def link() -> None:
    """Print a fresh line to sign in with: good for a quarter of an hour."""
    with store(load_settings()) as (kept, address):
        typer.echo(f"{address}/?token={kept.link()}")


def _end_sign_ins(settings: Settings) -> None:
    with _database(settings) as (database, _):
        database.keys.sign_in.end_all()
        database.place.enter("sign_in.end_all")
        typer.echo("Every session, sign-in line and token made so far has ended.")
        _tell(database.note)


def _show_new(kept: KeyStore, key: dict[str, Any]) -> None:
    """The key alone on stdout, for `KEY=$(factbook keys create …)`; the rest on stderr."""
    typer.echo(f"{key['id']}: {key['name']}, role {key['role']}. The key, shown this once:", err=True)
    typer.echo(key["key"])
    _tell(kept.note)


def _tell(note: str) -> None:
    if note:
        typer.echo(note, err=True)


def _good(key: dict[str, Any]) -> bool:
    expires_at = key["expires_at"]
    ended = expires_at is not None and datetime.fromisoformat(expires_at) <= datetime.now(UTC)
    return key["revoked_at"] is None and not ended


def _day(time: str | None) -> str:
    return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M") if time else ""
