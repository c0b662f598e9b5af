"""Every test of this folder starts, breaks and restarts a server of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from factbook.bench.server import Served


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.faults)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A running server on a folder of its own; its log is shown when the test fails."""
    server = Served(tmp_path / "data")
    server.start()
    yield server
    if server.running:
        server.kill()
    print(server.last_words())
