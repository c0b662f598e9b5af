"""Applies the numbered .sql migrations to the warehouse, once each, and checks that none was changed since."""

from __future__ import annotations

import hashlib
from importlib import resources

from factbook.core.errors import FactbookError, Kind

from .engine import Engine

_LEDGER = """CREATE TABLE IF NOT EXISTS migrations (name String, digest String, applied_at DateTime DEFAULT now())
ENGINE = MergeTree ORDER BY name SETTINGS fsync_after_insert = 1, fsync_part_directory = 1"""


def migrations() -> list[tuple[str, str]]:
    """(name, SQL text) of every migration, in order."""
    folder = resources.files("factbook.storage.migrations")
    files = sorted((item for item in folder.iterdir() if item.name.endswith(".sql")), key=lambda item: item.name)
    return [(item.name.removesuffix(".sql"), item.read_text()) for item in files]


def statements(sql: str) -> list[str]:
    lines = [line for line in sql.splitlines() if not line.lstrip().startswith("--")]
    return [part.strip() for part in "\n".join(lines).split(";\n") if part.strip().rstrip(";")]


def migrate(engine: Engine) -> list[str]:
    """Brings the warehouse to the newest schema; returns the names applied now. Raises CONFLICT on a changed one.

    Interrupted between a statement and its ledger row, the next run finds the table there and goes on
    (`CREATE TABLE` becomes `IF NOT EXISTS`).
    """
    engine.command(_LEDGER)
    done = {str(name): str(digest) for name, digest in engine.rows("SELECT name, digest FROM migrations")}
    applied = []
    for name, sql in migrations():
        digest = hashlib.sha256(sql.encode()).hexdigest()
        if name in done:
            if done[name] != digest:
                raise FactbookError(
                    Kind.CONFLICT,
                    f"Migration {name} was changed after it had been applied to this warehouse.",
                    hint="Install the version of Factbook that made this warehouse, or add a new migration instead.",
                )
            continue
        for statement in statements(sql):
            engine.command(statement.replace("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ", 1))
        engine.command(
            "INSERT INTO migrations (name, digest) VALUES ({name:String}, {digest:String})",
            {"name": name, "digest": digest},
        )
        applied.append(name)
    unknown = sorted(set(done) - {name for name, _ in migrations()})
    if unknown:
        raise FactbookError(
            Kind.CONFLICT,
            f"This warehouse was made by a newer Factbook: it has the migration {unknown[-1]}.",
            hint="Install that version or a newer one.",
        )
    return applied
