"""`factbook migrate`: makes or upgrades the warehouse and the metadata database, and says what it did."""

from __future__ import annotations

import typer

from factbook.core.settings import load_settings


def migrate() -> None:
    """Bring the warehouse and the metadata database to the newest schema.

    `serve` does the same at every start. Interrupted, the same command goes on where it stopped.
    """
    from factbook.storage.database import Database
    from factbook.storage.engine import Engine
    from factbook.storage.folder import Folder
    from factbook.storage.migrate import migrate as migrate_warehouse

    settings = load_settings()
    folder = Folder(settings.server.data)
    try:
        database = Database(settings.database.address, settings.server.data)
        try:
            database.upgrade()
            typer.echo(f"metadata database ({database.name}): at the newest schema")
        finally:
            database.close()
        engine = Engine(settings.warehouse.url, settings.server.data, connections=1, key=settings.warehouse.key)
        try:
            applied = migrate_warehouse(engine)
        finally:
            engine.close()
        done = f"applied {', '.join(applied)}" if applied else "at the newest schema"
        typer.echo(f"warehouse ({'embedded' if settings.warehouse.url == 'chdb' else 'server'}): {done}")
    finally:
        folder.release()
