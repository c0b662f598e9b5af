"""`factbook people`: add, list, change and disable who may sign in, in the metadata of the data folder."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role
from factbook.core.settings import load_settings

from .ownership import Owned, owned

people = typer.Typer(
    help="Add, list, change and disable who may sign in.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_Tenant = Annotated[str | None, typer.Option("--tenant", help="Of which tenant; the operating one by default.")]
_Who = Annotated[str, typer.Argument(help="E-mail address, or the id that `factbook people list` shows.")]


@people.command("add")
def add(
    email: Annotated[str, typer.Argument(help="E-mail address, as in ada@example.com.")],
    role: Annotated[Role, typer.Option("--role", help="What the person may do.")] = Role.VIEWER,
    name: Annotated[str, typer.Option("--name", help="How the person is called.")] = "",
    tenant: _Tenant = None,
) -> None:
    """Add a person, and print the link that sets a password: good once and for 48 hours."""
    with owned(load_settings(), tenant) as place:
        row, link = place.keys.people.invite(place.scope, email, name, role)
        place.enter("user.invite", row.id)
        _tell_link(place, f"{row.id}: {row.email}, {row.role} of {row.tenant}.", link.path)


@people.command("list")
def list_people(
    tenant: _Tenant = None, as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False
) -> None:
    """List the people: what each may do, and when he signed in last."""
    from factbook.transports.http.people import shown

    with owned(load_settings(), tenant) as place:
        found = [shown(row) for row in place.keys.people.all(place.scope)]
    if as_json:
        typer.echo(json.dumps(found, indent=2, default=_time))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("id", "e-mail", "name", "role", "state", "sees", "signed in last", box=None)
    for one in found:
        last = one["last_sign_in_at"]
        seen = f"{len(one['row_filter'])} conditions" if one["row_filter"] else "every event"
        seen += ", masked" if one["masked"] else ""
        signed = last.astimezone().strftime("%Y-%m-%d %H:%M") if last else "never"
        table.add_row(one["id"], one["email"], one["name"], one["role"], one["state"], seen, signed)
    Console(width=None if typer.get_text_stream("stdout").isatty() else 160).print(table)


@people.command("role")
def role(
    who: _Who, role: Annotated[Role, typer.Argument(help="What the person may do from now on.")], tenant: _Tenant = None
) -> None:
    """Change what a person may do."""
    with owned(load_settings(), tenant) as place:
        row = place.keys.people.change(place.scope, _found(place, who), {"role": role})
        place.enter("user.change", row.id)
        _tell(place, f"{row.email} is {row.role} of {row.tenant}.")


@people.command("disable")
def disable(
    who: _Who,
    tenant: _Tenant = None,
    end: Annotated[bool, typer.Option("--end", help="Instead: let the person in again.")] = False,
) -> None:
    """Keep a person out, and end every session and token of his."""
    with owned(load_settings(), tenant) as place:
        row = place.keys.people.change(place.scope, _found(place, who), {"disabled": not end})
        place.enter("user.change", row.id)
        _tell(place, f"{row.email} {'may sign in again' if end else 'is kept out'}.")


@people.command("reset")
def reset(who: _Who, tenant: _Tenant = None) -> None:
    """Print a fresh link that sets a password: good once and for 48 hours."""
    with owned(load_settings(), tenant) as place:
        row, link = place.keys.people.reset(place.scope, _found(place, who))
        place.enter("user.reset", row.id)
        _tell_link(place, f"A password for {row.email} of {row.tenant}.", link.path)


def _found(place: Owned, who: str) -> str:
    from factbook.access.people import email_key

    for row in place.keys.people.all(place.scope):
        if who == row.id or email_key(who) == row.email_key:
            return row.id
    raise FactbookError(
        Kind.NOT_FOUND, f"There is no person {who[:80]!r} in {place.scope.tenant}.", hint="`factbook people list`."
    )


def _tell_link(place: Owned, about: str, path: str) -> None:
    """The link alone on stdout; the rest on stderr."""
    typer.echo(f"{about} The link that sets the password, once, within 48 hours:", err=True)
    typer.echo(place.address + path)
    if place.note:
        typer.echo(place.note, err=True)


def _tell(place: Owned, said: str) -> None:
    typer.echo(said)
    if place.note:
        typer.echo(place.note, err=True)


def _time(value: Any) -> str:
    return str(value.isoformat())
