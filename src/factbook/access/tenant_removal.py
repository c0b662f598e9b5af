"""Removes the data of tenants that are to go: warehouse first, the metadata a minute later, in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from factbook.core.clock import Clock, epoch_ms
from factbook.core.scope import Scope
from factbook.storage.metadata import Metadata
from factbook.storage.rows import Tenant
from factbook.storage.tenant_data import TenantData

from .keys import Keys

log = structlog.get_logger()

GRACE_SECONDS = 60.0
"""Longer than another process takes in events of a tenant that is being removed."""
_PATIENCE_SECONDS = 10.0


class TenantRemoval:
    """One run at a time; interrupted, the next run goes on."""

    def __init__(
        self,
        data: TenantData,
        metadata: Metadata,
        keys: Keys,
        clock: Clock,
        *,
        settle: Callable[[float], bool],
        files: Callable[[Scope], object] = lambda scope: None,
        changed: Callable[[str | None], None] = lambda tenant: None,
    ) -> None:
        """settle(seconds): waits until all that was accepted is in the warehouse. files: removes the tenant's. changed:
        as for retention."""
        self._data = data
        self._metadata = metadata
        self._keys = keys
        self._clock = clock
        self._settle = settle
        self._files = files
        self._changed = changed
        self._running = threading.Lock()

    def run(self) -> str:
        """What another process took in after the removal was asked for goes too, with the tenant, GRACE_SECONDS
        later."""
        waiting = [tenant for tenant in self._metadata.tenants_of_system() if tenant.removing_at is not None]
        if not waiting or not self._running.acquire(blocking=False):
            return ""
        try:
            self._settle(_PATIENCE_SECONDS)
            return ", ".join(self._remove(tenant) for tenant in waiting)
        finally:
            self._running.release()

    def _remove(self, tenant: Tenant) -> str:
        assert tenant.removing_at is not None
        gone = self._data.remove(tenant.id)
        self._files(Scope.system(tenant.id))
        self._changed(tenant.id)
        if epoch_ms(self._clock()) - tenant.removing_at >= GRACE_SECONDS * 1000:
            gone |= self._metadata.tenants.remove_of_system(tenant.id)
            self._keys.refresh()
        rows = sum(gone.values())
        log.info("tenant data removed", tenant=tenant.id, rows=rows, is_gone="tenants" in gone)
        return f"{rows} rows of {tenant.id}"
