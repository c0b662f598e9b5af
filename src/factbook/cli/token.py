"""A short admin token for the server on this machine's data folder, so that its operator needs no key for commands."""

from __future__ import annotations

from factbook.core.scope import Role
from factbook.core.settings import Settings

SECONDS = 600


def local_token(settings: Settings, role: Role = Role.ADMIN) -> str:
    """Signed with the secret in the metadata database: whoever can read that may do everything anyway.

    Raises UNAVAILABLE when the database cannot be read.
    """
    from factbook.access.sign_in import SignIn
    from factbook.core.clock import system_clock
    from factbook.core.scope import DEFAULT_TENANT, Scope
    from factbook.storage.metadata import Metadata

    metadata = Metadata.open(settings.database.address, settings.server.data, settings.security.secret_key)
    try:
        sign_in = SignIn(metadata, system_clock)
        sign_in.refresh()
        scope = Scope(DEFAULT_TENANT, "cli", role, zone=settings.server.timezone)
        return sign_in.api_token(scope, seconds=SECONDS)
    finally:
        metadata.close()
