"""`factbook retention`: removes now what is older than its retention; the server does the same once a day."""

from __future__ import annotations

import typer

from factbook.core.errors import FactbookError, Kind
from factbook.core.settings import load_settings


def retention() -> None:
    """Remove what is older than its retention, now, and say how many rows went.

    The server does this once a day by itself. Interrupted, the same command goes on.
    """
    from factbook.core.clock import system_clock
    from factbook.ingest.retention import run_retention
    from factbook.storage.engine import Engine
    from factbook.storage.folder import Folder, read_holder
    from factbook.storage.metadata import Metadata
    from factbook.storage.migrate import migrate

    settings = load_settings()
    data = settings.server.data
    if holder := read_holder(data):
        raise FactbookError(
            Kind.CONFLICT,
            f"The data folder {data} is in use by process {holder.get('pid', 'unknown')}.",
            hint="A running server removes what is too old once a day; stop it to do so from here.",
        )
    folder = Folder(data)
    try:
        metadata = Metadata.open(settings.database.address, data)
        try:
            engine = Engine(settings.warehouse.url, data, connections=2)
            try:
                migrate(engine)
                report = run_retention(engine, metadata, system_clock, defaults=settings.analytics.retention)
            finally:
                engine.close()
        finally:
            metadata.close()
    finally:
        folder.release()
    for gone in report.removed:
        typer.echo(f"{gone.tenant}: {gone.rows:,} rows of {gone.level} older than {gone.days} days")
    typer.echo(f"{report.rows:,} rows removed.")
