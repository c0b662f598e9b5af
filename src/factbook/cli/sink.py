"""Which sink a command loads into: a server named by address, the one that holds the data folder, or this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import typer
from rich.console import Console

from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Scope
from factbook.core.settings import Settings, load_settings
from factbook.demo.keeping import keep, keep_there
from factbook.ingest.file_http import HttpSink
from factbook.ingest.file_sink import IntakeSink, Sink

_DRAIN_SECONDS = 600.0
_KEYS = ("FACTBOOK_ADMIN_KEY", "FACTBOOK_WRITE_KEY")


@dataclass(frozen=True, slots=True)
class Server:
    """A running Factbook and the key to use with it."""

    address: str
    key: str


def server(settings: Settings, to: str | None, key: str | None) -> Server | None:
    """The server to use, or None where nobody serves the data folder. Raises UNAUTHENTICATED without a key."""
    from factbook.storage.folder import read_holder

    holder = read_holder(settings.server.data)
    if to is None and not holder:
        return None
    address = to or str(holder.get("address") or "")
    if not address:
        who = f"process {holder.get('pid', '?')}"
        raise FactbookError(
            Kind.CONFLICT,
            f"The data folder {settings.server.data} is in use by {who}, which serves nothing.",
            hint="Wait until it has ended, or stop it.",
        )
    found = key or next((os.environ[name] for name in _KEYS if os.environ.get(name)), "") or _preset(settings)
    if not found:
        raise FactbookError(
            Kind.UNAUTHENTICATED,
            f"Factbook at {address} wants a key.",
            hint="Give it with --key or FACTBOOK_ADMIN_KEY; the first start printed one, `factbook keys` makes more.",
        )
    return Server(address if "://" in address else f"http://{address}", found)


def _preset(settings: Settings) -> str:
    """A key from the configuration file."""
    for secret in (settings.security.admin_key, settings.security.write_key):
        if secret is not None:
            return secret.get_secret_value()
    return ""


@contextmanager
def opened_sink(to: str | None, key: str | None, *, origin: str) -> Iterator[Sink]:
    """A sink, closed at the end; in this process, all that was accepted is in the warehouse before it closes."""
    settings = load_settings()
    running = server(settings, to, key)
    if running:
        if origin == "demo" and not keep_there(running.address, running.key):
            typer.echo("Older demo events go with that server's retention: the key may not change it.", err=True)
        with HttpSink(running.address, running.key, notice=_waiting) as sink:
            yield sink
        return
    from factbook.app import build

    with build(settings) as services:
        for new in services.made:
            typer.echo(f"{new.row.role} key, shown this once: {new.key}", err=True)
        if origin == "demo":
            keep(services.retention, Scope.system())
        yield IntakeSink(services.intake, Scope.system(zone=settings.server.timezone), origin=origin)
        waiting = services.intake.state().depth
        if waiting:
            with Console(stderr=True).status(f"Moving the last {waiting:,} events from the journal to the warehouse"):
                services.intake.drain(timeout=_DRAIN_SECONDS)


def _waiting(error: FactbookError) -> None:
    typer.echo(f"waiting: {error.message}", err=True)
