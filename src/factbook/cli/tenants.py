"""`factbook tenants`: add, list and suspend tenants in the metadata of the data folder, and tell what each uses."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from factbook.core.errors import FactbookError, Kind, unavailable
from factbook.core.scope import Role, Tier
from factbook.core.settings import Settings, load_settings

from .ownership import owned

tenants = typer.Typer(
    help="Add, list and suspend tenants; tell what each uses.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_PATIENCE = 60.0
_Id = Annotated[str, typer.Argument(help="The id that `factbook tenants list` shows.")]
_Json = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]


@tenants.command("add")
def add(
    tenant: Annotated[str, typer.Argument(help="Its id: lower case letters, digits, - and _; never changes.")],
    name: Annotated[str | None, typer.Option("--name", help="How it is called; its id by default.")] = None,
    tier: Annotated[Tier, typer.Option("--tier", help="What it may use.")] = Tier.FREE,
    owner: Annotated[str | None, typer.Option("--owner", help="Invites the first owner: an e-mail address.")] = None,
) -> None:
    """Add a tenant; with --owner, print the link that sets the owner's password."""
    from factbook.access.tenancy import Tenancy

    settings = load_settings()
    with owned(settings) as place:
        row = Tenancy(place.metadata, place.keys).create(place.scope, tenant, name or tenant, tier=tier)
        place.enter("tenant.create", row.id)
        typer.echo(f"The tenant {row.id} ({row.name}), {row.tier}.", err=bool(owner))
        if place.note:
            typer.echo(place.note, err=True)
    if owner:
        from .people import add as add_person

        add_person(owner, Role.OWNER, "", row.id)


@tenants.command("list")
def list_tenants(as_json: _Json = False) -> None:
    """List the tenants and whether each is suspended."""
    from factbook.access.tenancy import Tenancy
    from factbook.core.clock import from_epoch_ms

    with owned(load_settings()) as place:
        found = [
            {
                "id": row.id,
                "name": row.name,
                "tier": row.tier,
                "state": "removing" if row.removing_at else "suspended" if row.suspended_at else "active",
                "zone": row.zone,
                "created_at": from_epoch_ms(row.created_at).isoformat(),
            }
            for row in Tenancy(place.metadata, place.keys).all(place.scope)
        ]
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("id", "name", "tier", "state", "zone", "made", box=None)
    for one in found:
        table.add_row(one["id"], one["name"], one["tier"], one["state"], one["zone"], one["created_at"][:10])
    Console(width=None if typer.get_text_stream("stdout").isatty() else 160).print(table)


@tenants.command("suspend")
def suspend(
    tenant: _Id, end: Annotated[bool, typer.Option("--end", help="Instead: let its people and keys in again.")] = False
) -> None:
    """Refuse everybody of a tenant; its data is kept."""
    from factbook.access.tenancy import Tenancy

    with owned(load_settings()) as place:
        row = Tenancy(place.metadata, place.keys).change(place.scope, tenant, {"suspended": not end})
        place.enter("tenant.change", row.id)
        typer.echo(f"The tenant {row.id} ({row.name}) is {'active again' if end else 'suspended; its data is kept'}.")
        if place.note:
            typer.echo(place.note, err=True)


@tenants.command("usage")
def usage(tenant: _Id, as_json: _Json = False) -> None:
    """Tell what a tenant uses: events, keys, people. Beside a running server, that one is asked."""
    from factbook.storage.folder import read_holder

    settings = load_settings()
    holder = read_holder(settings.server.data)
    address = str(holder.get("address") or "")
    if holder and not address:
        raise FactbookError(
            Kind.CONFLICT,
            f"The data folder {settings.server.data} is in use by process {holder.get('pid', 'unknown')}.",
            hint="Wait until it has ended, or stop it.",
        )
    found = _asked(address, settings, tenant) if address else _here(settings, tenant)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for name, value in found.items():
        typer.echo(f"{name.replace('_', ' '):<18} {value:,}" if isinstance(value, int) else f"{name:<18} {value}")


def _asked(address: str, settings: Settings, tenant: str) -> dict[str, Any]:
    import httpx

    from .token import local_token

    headers = {"Authorization": f"Bearer {local_token(settings, Role.OWNER)}"}
    try:
        with httpx.Client(base_url=address, headers=headers, timeout=_PATIENCE, trust_env=False) as client:
            answer = client.get(f"/api/v1/admin/tenants/{tenant}/usage")
            body: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise unavailable(
            f"The server at {address} does not answer: {error}.", hint="Run `factbook doctor`."
        ) from error
    if not answer.is_success:
        raise FactbookError(Kind.NOT_FOUND, str(body.get("detail")), hint="`factbook tenants list`.")
    return body


def _here(settings: Settings, tenant: str) -> dict[str, Any]:
    from factbook.access.tenancy import Tenancy
    from factbook.access.tenant_usage import usage
    from factbook.core.clock import system_clock
    from factbook.storage.engine import Engine
    from factbook.storage.folder import Folder
    from factbook.storage.migrate import migrate
    from factbook.storage.warehouse import Warehouse

    data = settings.server.data
    with owned(settings) as place:
        inside = Tenancy(place.metadata, place.keys).within(place.scope, tenant)
        folder = Folder(data)
        try:
            engine = Engine(settings.warehouse.url, data, connections=2, key=settings.warehouse.key)
            try:
                migrate(engine)
                return usage(inside, Warehouse(engine), place.keys, system_clock())
            finally:
                engine.close()
        finally:
            folder.release()
