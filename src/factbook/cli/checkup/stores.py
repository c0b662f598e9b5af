"""Checks of journal, metadata database and warehouse, opened directly; what a running server holds is left to it."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from factbook.core.errors import FactbookError

from .finding import BROKEN, NOTE, OK, Examined, Finding

_SKEW_NOTE, _SKEW_BROKEN = 2.0, 60.0
_MIGRATE = "Run `factbook migrate`, or start the server: it does the same."


def journal(examined: Examined) -> Iterator[Finding]:
    """How many events wait in the journal. Reads beside a running server without disturbing it."""
    path = examined.settings.server.data / "journal.db"
    if not path.exists():
        yield Finding("journal", OK, "empty: no event was taken yet")
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            rows, size, oldest = connection.execute(
                "SELECT coalesce(sum(rows), 0), coalesce(sum(length(body)), 0), min(at) FROM entries"
            ).fetchone()
    except sqlite3.Error as error:
        yield Finding(
            "journal", BROKEN, f"{path} cannot be read: {error}", "Check the disk; restore the file if it is damaged."
        )
        return
    age = max(0.0, time.time() - oldest / 1000) if oldest else 0.0
    message = f"{rows} events wait ({size} bytes), the oldest for {age:.0f} s" if rows else "empty"
    if not examined.running and rows:
        yield Finding("journal", NOTE, message, "They are safe; the next start writes them to the warehouse.")
    elif size >= examined.settings.analytics.ingestion.journal_max_bytes:
        yield Finding("journal", BROKEN, f"{message}: full, events are refused", "See what the warehouse says.")
    else:
        yield Finding("journal", OK, message)


def metadata(examined: Examined) -> Iterator[Finding]:
    """Whether the metadata database answers and has the newest schema."""
    from factbook.storage.database import Database

    address, data = examined.settings.database.address, examined.settings.server.data
    if not address and not (data / "metadata.db").exists():
        yield Finding("metadata", OK, "not there yet; the first start makes it")
        return
    try:
        database = Database(address, data)
    except FactbookError as error:
        yield _broken("metadata", error, "Mend DATABASE_URL.")
        return
    try:
        with database.reading() as connection:
            there = sa.inspect(connection).has_table("alembic_version")
            at = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() if there else None
    except FactbookError as error:
        yield _broken("metadata", error, "Start the database, or mend its address, user and password.")
        return
    finally:
        database.close()
    newest = _newest_revision()
    if at == newest:
        yield Finding("metadata", OK, f"{database.name}, at the newest schema ({at})")
    else:
        yield Finding("metadata", NOTE, f"{database.name}, at schema {at or 'none'}, newest is {newest}", _MIGRATE)


def audit(examined: Examined) -> Iterator[Finding]:
    """Whether the audit trail of every tenant is as it was written."""
    from factbook.access.audit import broken
    from factbook.core.scope import Scope
    from factbook.storage.audit_rows import AuditRows
    from factbook.storage.database import Database

    address, data = examined.settings.database.address, examined.settings.server.data
    if not address and not (data / "metadata.db").exists():
        return
    try:
        database = Database(address, data)
    except FactbookError:  # `metadata` says so
        return
    try:
        with database.reading() as connection:
            if not sa.inspect(connection).has_table("audit_heads"):
                return
        rows = AuditRows(database)
        tenants = rows.tenants_of_system()
        entries, sound = 0, True
        for tenant in tenants:
            scope = Scope.system(tenant)
            found = broken(rows, scope)
            if found is not None:
                message = f"the trail of {tenant} is broken: entry {found.number} {found.why}"
                hint = "Somebody changed the metadata database: compare it with a backup, and exported hashes with it."
                yield Finding("audit", BROKEN, message, hint)
                sound = False
            entries += rows.head(scope).number
        if sound:
            yield Finding("audit", OK, f"{entries} entries of {len(tenants)} tenants follow one another")
    except FactbookError as error:
        yield _broken("audit", error, "Start the database.")
    finally:
        database.close()


def sealing(examined: Examined) -> Iterator[Finding]:
    """Whether the secrets in the metadata database are sealed."""
    from factbook.storage.sealing import KEY_FILE

    settings = examined.settings
    if settings.security.secret_key is not None:
        yield Finding("secrets", OK, "sealed under FACTBOOK_SECRET_KEY")
    elif (settings.server.data / KEY_FILE).exists() or not settings.database.address:
        yield Finding("secrets", OK, f"sealed under {settings.server.data / KEY_FILE}: keep a copy of it elsewhere")
    else:
        yield Finding(
            "secrets",
            NOTE,
            "kept in the metadata database as they are",
            "Set FACTBOOK_SECRET_KEY, the same everywhere.",
        )


def warehouse(examined: Examined) -> Iterator[Finding]:
    """Whether the warehouse answers, its version, its clock and its schema."""
    address, data = examined.settings.warehouse.url, examined.settings.server.data
    if address == "chdb":
        if examined.running:
            yield Finding("warehouse", OK, "embedded, held by the running server, which answers for it above")
            return
        if not (data / "warehouse").exists():
            yield Finding("warehouse", OK, "embedded, not there yet; the first start makes it")
            return
        yield from _embedded(examined)
    else:
        yield from _remote(address, data)


def _embedded(examined: Examined) -> Iterator[Finding]:
    from factbook.storage.engine import Engine
    from factbook.storage.folder import Folder

    data = examined.settings.server.data
    try:
        folder = Folder(data)
    except FactbookError as error:
        yield _broken("warehouse", error, "")
        return
    try:
        engine = Engine("chdb", data, connections=1, key=examined.settings.warehouse.key)
        try:
            version = engine.command("SELECT version()")
            there = engine.rows(
                "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = 'migrations'"
            )
            done = engine.rows("SELECT name, digest FROM migrations") if there[0][0] else []
        finally:
            engine.close()
    except FactbookError as error:
        yield _broken("warehouse", error, "Restore the folder from a backup, or move it away to begin anew.")
        return
    finally:
        folder.release()
    yield Finding("warehouse", OK, f"embedded, ClickHouse {version}")
    yield _schema(dict(done))


def _remote(address: str, data: Path) -> Iterator[Finding]:
    import logging

    import clickhouse_connect
    from clickhouse_connect.driver.exceptions import ClickHouseError

    from factbook.storage.engine import DATABASE, connect_arguments

    logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)  # what it would log stands in the finding
    try:
        arguments: dict[str, Any] = connect_arguments(address, data)
        place = f"{arguments['host']}:{arguments['port']}"
        before = time.time()
        with closing(clickhouse_connect.get_client(**arguments, database="default")) as client:
            version, now = client.query("SELECT version(), toFloat64(now64(6))").result_rows[0]
            skew = float(now) - (before + time.time()) / 2
            name = address.rpartition("/")[2] if address.count("/") > 2 else ""
            known = client.query(
                "SELECT count() FROM system.tables WHERE database = {name:String} AND name = 'migrations'",
                parameters={"name": name or DATABASE},
            ).result_rows[0][0]
            ledger = f"SELECT name, digest FROM `{name or DATABASE}`.migrations"
            done = client.query(ledger).result_rows if known else []
    except FactbookError as error:
        yield _broken("warehouse", error, "Mend FACTBOOK_WAREHOUSE.")
        return
    except (ClickHouseError, OSError) as error:
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        yield Finding(
            "warehouse",
            BROKEN,
            f"{place} does not answer: {reason}",
            "Start the ClickHouse server, or mend the address, user and password in FACTBOOK_WAREHOUSE.",
        )
        return
    yield Finding("warehouse", OK, f"{place}, ClickHouse {version}")
    if abs(skew) >= _SKEW_NOTE:
        state = BROKEN if abs(skew) >= _SKEW_BROKEN else NOTE
        yield Finding("warehouse clock", state, f"{skew:+.1f} s off this machine's", "Keep both clocks with NTP.")
    else:
        yield Finding("warehouse clock", OK, f"{1000 * skew:+.0f} ms off this machine's")
    yield _schema(dict(done))


def _schema(done: dict[str, str]) -> Finding:
    """done: name → digest of every migration that the warehouse says was applied."""
    from factbook.storage.migrate import migrations

    known = {name: hashlib.sha256(sql.encode()).hexdigest() for name, sql in migrations()}
    missing, newer = [name for name in known if name not in done], [name for name in done if name not in known]
    changed = [name for name in known if name in done and done[name] != known[name]]
    topic = "warehouse schema"
    if newer:
        return Finding(topic, BROKEN, f"made by a newer Factbook: {', '.join(newer)}", "Install that version or newer.")
    if changed:
        return Finding(
            topic,
            BROKEN,
            f"changed after it was applied: {', '.join(changed)}",
            "Install the version of Factbook that made this warehouse, or begin with an empty one.",
        )
    if missing:
        return Finding(topic, NOTE, f"not applied yet: {', '.join(missing)}", _MIGRATE)
    return Finding(topic, OK, f"newest ({list(known)[-1]})")


def _newest_revision() -> str | None:
    from alembic.script import ScriptDirectory

    import factbook.storage

    return ScriptDirectory(str(Path(factbook.storage.__file__).parent / "alembic")).get_current_head()


def _broken(topic: str, error: FactbookError, mend: str) -> Finding:
    return Finding(topic, BROKEN, error.message, error.hint or mend)
