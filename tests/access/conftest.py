"""Keys on a database of their own, and the clock they go by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from factbook.access.keys import Keys
from factbook.core.scope import Role, Scope
from factbook.storage.metadata import Metadata
from tests.clocks import SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def metadata(database_address: str, tmp_path: Path) -> Iterator[Metadata]:
    opened = Metadata.open(database_address, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def keys(metadata: Metadata, clock: SetClock) -> Keys:
    """The keys of the tenant of `scope`, none yet."""
    metadata.ensure_tenant_of_system("shop", now=1, zone="Europe/Berlin")
    return Keys(metadata, clock)


@pytest.fixture
def scope() -> Scope:
    return Scope("shop", "test", Role.ADMIN)
