"""The metadata of the data folder, opened as an owner: whoever may write the folder may administer it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from factbook.core.settings import Settings

if TYPE_CHECKING:
    from factbook.access.keys import Keys
    from factbook.core.scope import Scope
    from factbook.storage.metadata import Metadata

_SOON = "The running server takes this over within 15 seconds."


@dataclass(frozen=True, slots=True)
class Owned:
    """scope: of the tenant. address: where the server is, or would be. note: what to know while one runs beside."""

    metadata: Metadata
    keys: Keys
    scope: Scope
    address: str
    note: str

    def enter(self, action: str, thing: str = "") -> None:
        """Into the audit trail, that it was done at the command line."""
        from factbook.access.audit import Audit
        from factbook.core.clock import system_clock

        Audit(self.metadata.audit, system_clock).note(self.scope, action, thing)


@contextmanager
def owned(settings: Settings, tenant: str | None = None) -> Iterator[Owned]:
    """tenant: the operating one where none is named. NOT_FOUND for one that is not there."""
    from factbook.access.keys import Keys
    from factbook.core.clock import epoch_ms, system_clock
    from factbook.core.scope import DEFAULT_TENANT, Role, Scope
    from factbook.storage.folder import read_holder
    from factbook.storage.metadata import Metadata
    from factbook.storage.tenants import unknown

    address = str(read_holder(settings.server.data).get("address", ""))
    metadata = Metadata.open(settings.database.address, settings.server.data, settings.security.secret_key)
    try:
        metadata.ensure_tenant_of_system(DEFAULT_TENANT, now=epoch_ms(system_clock()))
        keys = Keys(metadata, system_clock)
        found = keys.tenant(tenant or DEFAULT_TENANT)
        if found is None:
            raise unknown(tenant or "")
        scope = Scope(found.id, "cli", Role.OWNER, zone=found.zone)
        where = address or f"http://127.0.0.1:{settings.server.port}"
        yield Owned(metadata, keys, scope, where, _SOON if address else "")
    finally:
        metadata.close()
