"""A Factbook started as a user would start it, on a folder and a port of its own."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from factbook.core.errors import unavailable


class Served:
    """One `factbook serve` in a process of its own; `start` again after `stop` or `kill` finds the same folder."""

    def __init__(
        self,
        folder: Path,
        *,
        environment: dict[str, str] | None = None,
        before: tuple[str, ...] = (),
        log: Path | None = None,
    ) -> None:
        """before: words of the command line ahead of the server's own (`nice`, `unshare`, …)."""
        self.folder = folder
        self.log = log or folder.with_name(folder.name + ".log")
        self._before = before
        self.port = free_port()
        self.write_key = secrets.token_hex(16)
        self.admin_key = secrets.token_hex(16)
        self.ready_seconds = 0.0
        self._environment = environment or {}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.running:
            self.stop()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise unavailable("The server was not started.")
        return self._process

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        return self.process.pid

    def launch(self) -> None:
        """Starts the process and returns at once."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("FACTBOOK_")},
            "FACTBOOK_DATA": str(self.folder),
            "PORT": str(self.port),
            "FACTBOOK_WRITE_KEY": self.write_key,
            "FACTBOOK_ADMIN_KEY": self.admin_key,
            "FACTBOOK_SECURITY_RATE_LIMIT": "0",
            "FACTBOOK_SECURITY_RATE_BURST": "0",
            **self._environment,
        }
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 (our own command line)
                [*self._before, sys.executable, "-m", "factbook", "serve"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start(self, seconds: float = 120.0) -> None:
        """Starts the server and returns when it is ready; `ready_seconds` tells how long that took."""
        started = time.perf_counter()
        self.launch()
        while self.get("/ready")[0] != 200:
            if not self.running:
                raise unavailable(f"The server ended at once; its last words:\n{self.last_words()}")
            if time.perf_counter() - started > seconds:
                raise unavailable(f"The server was not ready after {seconds:.0f} s:\n{self.last_words()}")
            time.sleep(0.02)
        self.ready_seconds = time.perf_counter() - started

    def stop(self, seconds: float = 60.0) -> int:
        """SIGTERM; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    # -- asking it

    def get(self, path: str) -> tuple[int, Any]:
        """(status, decoded JSON) with the admin key; status 0 when nobody answers."""
        return self.request("GET", path)

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            given = {"Authorization": f"Bearer {self.admin_key}", "Content-Type": "application/json", **(headers or {})}
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # answered before it had all of the body
                connection.request(method, path, body, given)
            answer = connection.getresponse()
            content = answer.read()
            try:
                return answer.status, json.loads(content)
            except ValueError:
                return answer.status, content.decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return 0, None
        finally:
            connection.close()

    def journal_depth(self) -> int:
        """Events that are acknowledged and not yet in the warehouse."""
        status, health = self.get("/healthz")
        if status not in (200, 503) or not isinstance(health, dict):
            raise unavailable(f"/healthz answered {status}.")
        return int(health["journal"]["depth"])

    def settle(self, seconds: float = 300.0) -> None:
        """Waits until the journal is empty."""
        end = time.monotonic() + seconds
        while self.journal_depth():
            if time.monotonic() > end:
                raise unavailable(f"The journal was not empty after {seconds:.0f} s.")
            time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
