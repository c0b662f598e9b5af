"""A running server for the whole session, and one that a test may break."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .server import Server


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Shared: a test tells its events by a user or a type that no other test knows."""
    server = Server(tmp_path_factory.mktemp("standing") / "data")
    server.start()
    yield server
    server.stop()
    print(server.last_words())


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    """A server of this test alone, not started yet."""
    server = Server(tmp_path / "data")
    yield server
    if server.running:
        server.kill()
    print(server.last_words())
