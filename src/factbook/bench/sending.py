"""Starts the sender process and reads what it measured."""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType
from typing import IO, Self

import msgspec

from factbook.core.errors import unavailable

from .load import Sent, Spec


class Sending:
    """A sender whose requests are made; `go` starts the clock, `result` waits for the end."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self._process = subprocess.Popen(  # noqa: S603 (our own command line)
            [sys.executable, "-m", "factbook.bench.load", msgspec.json.encode(spec).decode()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        if self._read().readline() != b"ready\n":
            raise unavailable("The sender did not start.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def go(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.write(b"go\n")
            self._process.stdin.flush()

    @property
    def under_way(self) -> bool:
        return self._process.poll() is None

    def result(self) -> Sent:
        line = self._read().readline()
        if not line:
            raise unavailable("The sender ended without a result.")
        return msgspec.json.decode(line, type=Sent)

    def _read(self) -> IO[bytes]:
        if self._process.stdout is None:
            raise unavailable("The sender did not start.")
        return self._process.stdout
