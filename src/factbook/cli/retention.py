"""`factbook retention`: removes now what is older than its retention; the server does the same once a day."""

from __future__ import annotations

from collections.abc import Iterable

import typer

from factbook.core.errors import FactbookError, Kind, unavailable
from factbook.core.settings import Settings, load_settings

from .token import local_token

_PATIENCE = 3600.0

Removed = tuple[str, int, int]
"""Level, days and rows of what went."""


def retention() -> None:
    """Remove what is older than its retention, now, and say how many rows went.

    The server does this once a day by itself, and is asked to do it where it runs. Interrupted, the same command goes
    on.
    """
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
    total = 0
    for level, days, rows in _asked(address, settings) if address else _here(settings):
        typer.echo(f"{rows:,} rows of {level} older than {days} days")
        total += rows
    typer.echo(f"{total:,} rows removed.")


def _asked(address: str, settings: Settings) -> Iterable[Removed]:
    """Lets the running server do it."""
    import httpx

    headers = {"Authorization": f"Bearer {local_token(settings)}"}
    try:
        with httpx.Client(base_url=address, headers=headers, timeout=_PATIENCE, trust_env=False) as client:
            answer = client.post("/api/v1/privacy/retention/run")
            body = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise unavailable(
            f"The server at {address} does not answer: {error}.", hint="Run `factbook doctor`."
        ) from error
    if not answer.is_success:
        raise FactbookError(
            Kind.CONFLICT, str(body.get("detail")), hint=next(iter(body.get("suggested_actions", [])), None)
        )
    return [(item["level"], item["days"], item["rows"]) for item in body["removed"]]


def _here(settings: Settings) -> Iterable[Removed]:
    from factbook.core.clock import system_clock
    from factbook.ingest.retention import run_retention
    from factbook.storage.engine import Engine
    from factbook.storage.folder import Folder
    from factbook.storage.metadata import Metadata
    from factbook.storage.migrate import migrate
    from factbook.storage.sharing import sharing

    data = settings.server.data
    folder = Folder(data)
    try:
        metadata = Metadata.open(settings.database.address, data, settings.security.secret_key)
        try:
            engine = Engine(settings.warehouse.url, data, connections=2, key=settings.warehouse.key)
            try:
                migrate(engine)
                others = sharing(engine, settings.redis.address, life=0, patience=0)
                report = run_retention(
                    engine,
                    metadata,
                    system_clock,
                    defaults=settings.analytics.retention,
                    changed=others.versions.changed,
                )
                others.close()
            finally:
                engine.close()
        finally:
            metadata.close()
    finally:
        folder.release()
    return [(f"{item.level} of {item.tenant}", item.days, item.rows) for item in report.removed]
