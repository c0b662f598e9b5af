"""What a tenant has in the warehouse, counted and removed from every table that names tenants."""

from __future__ import annotations

from .engine import Engine, quoted

_TABLES = """
SELECT DISTINCT name FROM system.tables
WHERE database = currentDatabase() AND endsWith(engine, 'MergeTree')
    AND name IN (SELECT table FROM system.columns WHERE database = currentDatabase() AND name = 'tenant')
ORDER BY name
"""


class TenantData:
    """Of any tenant: for removing one, and for nothing else."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count(self, tenant: str) -> dict[str, int]:
        """Rows by table, those without any left out."""
        found = {}
        for (table,) in self._engine.rows(_TABLES):
            counted = f"SELECT count() FROM {quoted(table)} WHERE tenant = {{tenant:String}}"
            [(rows,)] = self._engine.rows(counted, {"tenant": tenant})
            if rows:
                found[str(table)] = int(rows)
        return found

    def remove(self, tenant: str) -> dict[str, int]:
        """Waits until the rows are gone; returns how many there were, by table. Safe to repeat."""
        found = self.count(tenant)
        for table in found:
            gone = f"ALTER TABLE {quoted(table)} DELETE WHERE tenant = {{tenant:String}} SETTINGS mutations_sync = 2"
            self._engine.command(gone, {"tenant": tenant})
        return found
