"""`factbook privacy`: all that is kept about a person, erasing him with a proof, and the report on privacy.

A running server is asked over HTTP; else the data folder is opened here, and what is journalled goes in first.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol
from urllib.parse import quote

import typer

from factbook.core.errors import FactbookError, Kind, unavailable
from factbook.core.settings import Settings, load_settings

privacy = typer.Typer(
    help="Tell all that is kept about a person, erase him, report.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_PATIENCE = 3600.0
_PAUSE = 0.25


class Place(Protocol):
    """Where it is done. Each is JSON-able; `erase` returns when it is done."""

    def told(self, user_id: str) -> dict[str, Any]: ...

    def erase(self, user_id: str) -> dict[str, Any]: ...

    def report(self) -> dict[str, Any]: ...


_Person = Annotated[str, typer.Argument(help="The id of a user or visitor, as events have it.")]


@privacy.command("export")
def export(
    user_id: _Person,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file to write; stdout by default.")] = None,
) -> None:
    """Write all that is kept about a person, as JSON."""
    with _place(load_settings()) as place:
        told = place.told(user_id)
    text = json.dumps(told, indent=2, ensure_ascii=False)
    if output is None:
        typer.echo(text)
        return
    output.write_text(text + "\n", encoding="utf-8")
    typer.echo(f"{len(told['events'])} events written to {output}.")


@privacy.command("erase")
def erase(
    user_id: _Person,
    yes: Annotated[bool, typer.Option("--yes", help="Without asking: what is erased does not come back.")] = False,
) -> None:
    """Erase a person everywhere, and print the receipt: what went from where, and that nothing is left.

    Interrupted, it goes on by itself when the server runs next, or with the next such command.
    """
    if not yes:
        typer.confirm(f"Erase all that is kept about {user_id!r}?", abort=True)
    with _place(load_settings()) as place:
        typer.echo(json.dumps(place.erase(user_id), indent=2))


@privacy.command("report")
def report() -> None:
    """Print what is kept and for how long, what was erased and when, who agreed to what; as JSON."""
    with _place(load_settings()) as place:
        typer.echo(json.dumps(place.report(), indent=2, ensure_ascii=False))


@contextmanager
def _place(settings: Settings) -> Iterator[Place]:
    from factbook.storage.folder import read_holder

    holder = read_holder(settings.server.data)
    address = str(holder.get("address") or "")
    if holder and not address:
        raise FactbookError(
            Kind.CONFLICT,
            f"The data folder {settings.server.data} is in use by process {holder.get('pid', 'unknown')}.",
            hint="Wait until it has ended, or stop it.",
        )
    with _served(address, settings) if address else _here(settings) as place:
        yield place


@contextmanager
def _served(address: str, settings: Settings) -> Iterator[Place]:
    import httpx

    from .token import local_token

    headers = {"Authorization": f"Bearer {local_token(settings)}"}
    with httpx.Client(base_url=address, headers=headers, timeout=_PATIENCE, trust_env=False) as client:
        yield _Server(client)


@contextmanager
def _here(settings: Settings) -> Iterator[Place]:
    from factbook.app import build
    from factbook.core import logs
    from factbook.core.scope import DEFAULT_TENANT, Role, Scope

    logs.configure("WARNING", settings.logging.format)
    with build(settings) as services:
        yield _Folder(services, Scope(DEFAULT_TENANT, "cli", Role.OWNER, zone=settings.server.timezone))


@dataclass(frozen=True, slots=True)
class _Folder:
    """Every part, opened in this process without a port."""

    services: Any
    scope: Any

    def told(self, user_id: str) -> dict[str, Any]:
        told: dict[str, Any] = self.services.person_requests.told(self.scope, user_id)
        self._enter("person.export", user_id)
        return told

    def erase(self, user_id: str) -> dict[str, Any]:
        from factbook.access.person_requests import receipt

        requests = self.services.person_requests
        asked = requests.erase(self.scope, user_id)
        self._enter("person.erase", user_id)
        while requests.get(self.scope, asked.id).state != "done":
            requests.work()
            time.sleep(_PAUSE)
        return receipt(requests.get(self.scope, asked.id))

    def report(self) -> dict[str, Any]:
        limits = self.services.retention.limits(self.scope)
        told: dict[str, Any] = self.services.privacy.report(self.scope, limits)
        return told

    def _enter(self, action: str, user_id: str) -> None:
        self.services.audit.note(self.scope, action, self.services.privacy.subject(self.scope, user_id))


@dataclass(frozen=True, slots=True)
class _Server:
    """A running server, over HTTP."""

    client: Any

    def told(self, user_id: str) -> dict[str, Any]:
        told = self._call("GET", f"/users/{quote(user_id, safe='')}")
        return self._call("GET", f"/requests/{self._done(told)}/file") if told.get("kind") == "export" else told

    def erase(self, user_id: str) -> dict[str, Any]:
        asked = self._call("DELETE", f"/users/{quote(user_id, safe='')}")
        return self._call("GET", f"/requests/{self._done(asked)}")

    def report(self) -> dict[str, Any]:
        return self._call("GET", "/report")

    def _done(self, request: dict[str, Any]) -> str:
        """Its id, once it is done."""
        deadline = time.monotonic() + _PATIENCE
        while request["state"] != "done":
            if time.monotonic() > deadline:
                raise unavailable(f"{request['id']} is not done: {request['failure'] or request['state']}.")
            time.sleep(_PAUSE)
            request = self._call("GET", f"/requests/{request['id']}")
        return str(request["id"])

    def _call(self, method: str, path: str) -> dict[str, Any]:
        import httpx

        try:
            answer = self.client.request(method, f"/api/v1/privacy{path}")
            body: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise unavailable(f"The server does not answer: {error}.", hint="Run `factbook doctor`.") from error
        if not answer.is_success:
            actions = body.get("suggested_actions") or [None]
            raise FactbookError(Kind.CONFLICT, str(body.get("detail")), hint=actions[0])
        return body
