"""Applies the numbered .sql migrations to the warehouse, once each, and checks that none was changed since.

At a server one process at a time does so: it holds the table `migrating`, whose comment says who holds it. One that was
killed holds it no longer: none of its statements runs.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import resources

from factbook.core.errors import FactbookError, Kind

from .engine import Engine, EngineError

_LEDGER = """CREATE TABLE IF NOT EXISTS migrations (name String, digest String, applied_at DateTime DEFAULT now())
ENGINE = MergeTree ORDER BY name SETTINGS fsync_after_insert = 1, fsync_part_directory = 1"""

_CLAIM = "CREATE TABLE migrating (at DateTime DEFAULT now()) ENGINE = MergeTree ORDER BY at COMMENT '{owner}'"
_OWNER = "SELECT comment FROM system.tables WHERE database = currentDatabase() AND name = 'migrating'"
_AT_WORK = """SELECT count() FROM system.processes
WHERE current_database = currentDatabase() AND arrayExists(begin -> startsWith(query, begin), {begins:Array(String)})"""
_TAKEN = 57
PATIENCE = 10.0
"""Seconds without a statement after which whoever holds the table counts as gone."""
_LOOK = 0.2


def migrations() -> list[tuple[str, str]]:
    """(name, SQL text) of every migration, in order."""
    folder = resources.files("factbook.storage.migrations")
    files = sorted((item for item in folder.iterdir() if item.name.endswith(".sql")), key=lambda item: item.name)
    return [(item.name.removesuffix(".sql"), item.read_text()) for item in files]


def statements(sql: str) -> list[str]:
    lines = [line for line in sql.splitlines() if not line.lstrip().startswith("--")]
    return [part.strip() for part in "\n".join(lines).split(";\n") if part.strip().rstrip(";")]


def migrate(engine: Engine, *, patience: float = PATIENCE) -> list[str]:
    """Brings the warehouse to the newest schema; returns the names applied now. Raises CONFLICT on a changed one, and
    where another process took the work over.

    Interrupted between a statement and its ledger row, the next run finds the table there and goes on
    (`CREATE TABLE` becomes `IF NOT EXISTS`). patience: see PATIENCE.
    """
    engine.command(_LEDGER)
    done = _done(engine)
    if engine.embedded or all(name in done for name, _ in migrations()):
        return _applied(engine, done, lambda: None)
    begins = [_sent(part)[:40] for _, sql in migrations() for part in statements(sql)]
    with _alone(engine, begins, patience) as still_ours:
        return _applied(engine, _done(engine), still_ours)


def _done(engine: Engine) -> dict[str, str]:
    return {str(name): str(digest) for name, digest in engine.rows("SELECT name, digest FROM migrations")}


def _sent(statement: str) -> str:
    return statement.replace("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ", 1)


@contextmanager
def _alone(engine: Engine, begins: Sequence[str], patience: float) -> Iterator[Callable[[], None]]:
    """Waits until no other process migrates; gives what raises CONFLICT once another has taken over. begins: how the
    statements begin by which one that is at work is known."""
    owner = secrets.token_hex(8)
    silent_since = time.monotonic()
    while not _claimed(engine, owner):
        [(at_work,)] = engine.rows(_AT_WORK, {"begins": list(begins)})
        if at_work:
            silent_since = time.monotonic()
        elif time.monotonic() - silent_since > patience:
            engine.command("DROP TABLE IF EXISTS migrating SYNC")
            silent_since = time.monotonic()
        time.sleep(min(_LOOK, patience))

    def still_ours() -> None:
        if engine.rows(_OWNER) != [(owner,)]:
            raise FactbookError(
                Kind.CONFLICT, "Another process has taken over migrating this warehouse.", hint="Start this one again."
            )

    try:
        yield still_ours
    finally:
        if engine.rows(_OWNER) == [(owner,)]:
            engine.command("DROP TABLE IF EXISTS migrating SYNC")


def _claimed(engine: Engine, owner: str) -> bool:
    try:
        engine.command(_CLAIM.format(owner=owner))
    except EngineError as error:
        if error.code == _TAKEN:
            return False
        raise
    return True


def _applied(engine: Engine, done: dict[str, str], still_ours: Callable[[], None]) -> list[str]:
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
            still_ours()
            engine.command(_sent(statement))
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
