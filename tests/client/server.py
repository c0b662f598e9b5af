"""A Factbook in a process of its own, its clients, programs that use one, and what the server has of their events."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from factbook.bench.server import Served
from factbook.client import Client

_HEAD = """
import logging, multiprocessing, os, sys
from factbook.client import Client
url, key, *more = sys.argv[1:]
"""


class Server(Served):
    def __init__(self, folder: Path, **environment: str) -> None:
        super().__init__(folder, environment=environment)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def sender(self, **options: Any) -> Client:
        return Client(self.url, self.write_key, **options)

    def reader(self) -> Client:
        return Client(self.url, self.admin_key)

    def ids(self, event_type: str) -> list[str]:
        """Of the events of this type that are in, however often."""
        self.settle()
        return [event["id"] for event in self.reader().events(event_type=event_type, fields=["id"])]

    def program(self, text: str, *arguments: str) -> subprocess.Popen[str]:
        """Runs Python that knows `Client`, `url`, `key` and, in `more`, the arguments."""
        return subprocess.Popen(
            [sys.executable, "-c", _HEAD + text, self.url, self.write_key, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ran(self, text: str, *arguments: str) -> tuple[int, str, str]:
        """Status, output and errors of a program that ends."""
        program = self.program(text, *arguments)
        output, errors = program.communicate(timeout=120)
        return program.returncode, output, errors
