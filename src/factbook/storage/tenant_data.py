"""What a tenant has in the warehouse, counted and removed from every table that names tenants."""

from __future__ import annotations

from .engine import Engine, quoted

_TABLES = """
SELECT DISTINCT name FROM system.tables
WHERE database = currentDatabase() AND endsWith(engine, 'MergeTree')
    AND name IN (SELECT table FROM system.columns WHERE database = currentDatabase() AND name = 'tenant')
ORDER BY name
"""


def tables(engine: Engine) -> tuple[str, ...]:
    return tuple(str(name) for (name,) in engine.rows(_TABLES))


def count(engine: Engine, tenant: str) -> dict[str, int]:
    """Rows by table, those without any left out."""
    found = {}
    for table in tables(engine):
        [(rows,)] = engine.rows(
            f"SELECT count() FROM {quoted(table)} WHERE tenant = {{tenant:String}}", {"tenant": tenant}
        )
        if rows:
            found[table] = int(rows)
    return found


def remove(engine: Engine, tenant: str) -> dict[str, int]:
    """Waits until the rows are gone; returns how many there were, by table. Safe to repeat."""
    found = count(engine, tenant)
    for table in found:
        statement = f"ALTER TABLE {quoted(table)} DELETE WHERE tenant = {{tenant:String}} SETTINGS mutations_sync = 2"
        engine.command(statement, {"tenant": tenant})
    return found
