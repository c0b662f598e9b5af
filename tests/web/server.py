"""A Factbook of its own for browser tests: a process on a free port with a fresh data folder, fed over HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.servers.ports import free_ports, wait_for

ADMIN_KEY = "admin-key-of-the-browser-tests"
WRITE_KEY = "write-key-of-the-browser-tests"
Event = dict[str, Any]


class Server:
    """`factbook serve` on `folder`. zone: the tenant's."""

    def __init__(self, folder: Path, *, zone: str = "Europe/Berlin") -> None:
        self.folder = folder
        self.zone = zone
        (self.port,) = free_ports(1)
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *, write_key: bool = True) -> None:
        """Starts the process, again after `kill` or `stop`; returns when it is ready. write_key: name one to it."""
        environment = {
            **os.environ,
            "FACTBOOK_DATA": str(self.folder / "data"),
            "PORT": str(self.port),
            "FACTBOOK_ADMIN_KEY": ADMIN_KEY,
            "FACTBOOK_SECURITY_RATE_LIMIT": "0",
            "FACTBOOK_SECURITY_RATE_BURST": "0",
            **({"FACTBOOK_WRITE_KEY": WRITE_KEY} if write_key else {}),
            "FACTBOOK_SERVER_TIMEZONE": self.zone,
        }
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "factbook", "serve"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                cwd=self.folder,
            )
        wait_for(self._ready, self._process, "factbook serve")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def send(self, *events: Event) -> dict[str, Any]:
        """Sends events as a client does; returns the answer. Whether they may be read yet is another question."""
        answer = httpx.post(
            f"{self.url}/api/v1/events/batch", json=list(events), headers={"Authorization": f"Bearer {WRITE_KEY}"}
        )
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def keep(self, *events: Event) -> None:
        """Sends events and waits until the warehouse answers with all of them; each needs a `user_id`."""
        self.send(*events)
        self.wait_for(sorted({str(event["user_id"]) for event in events}), len(events))

    def wait_for(self, users: Sequence[str], events: int) -> None:
        """Returns when the warehouse answers with so many events of these users."""
        wait_for(lambda: self._count(users) >= events, self._process, "the warehouse")

    def wait_until(self, holds: Callable[[], bool], what: str) -> None:
        """Returns when `holds` does; `what` was waited for in vain where it never does."""
        wait_for(holds, self._process, what)

    def wait_for_letter(self, mark: str) -> None:
        """Returns when a dead letter whose body holds `mark` can be read."""
        wait_for(lambda: mark in str(self.get("/api/v1/dead-letters")), self._process, "the dead letter")

    def define(self, name: str, schema: dict[str, Any]) -> None:
        """Defines the custom event type, or changes its schema."""
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        body = {"name": name, "display_name": name, "schema": schema}
        answer = httpx.post(f"{self.url}/api/v1/custom-events", json=body, headers=headers)
        if answer.status_code == httpx.codes.CONFLICT:
            answer = httpx.put(f"{self.url}/api/v1/custom-events/{name}", json={"schema": schema}, headers=headers)
        answer.raise_for_status()

    def get(self, path: str, **parameters: str) -> Any:
        answer = httpx.get(self.url + path, params=parameters, headers={"Authorization": f"Bearer {ADMIN_KEY}"})
        return answer.raise_for_status().json()

    def ask(self, **question: Any) -> Any:
        """The answer to a question over metrics."""
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        answer = httpx.post(f"{self.url}/dashboard/metrics", json=question, headers=headers, timeout=30)
        return answer.raise_for_status().json()

    def choose(self, **settings: Any) -> None:
        """Sets what the tenant chooses: currency, rates, …"""
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        httpx.put(f"{self.url}/api/v1/settings", json=settings, headers=headers).raise_for_status()

    def link(self) -> str:
        """A sign-in link, as `factbook keys link` prints."""
        answer = httpx.post(f"{self.url}/api/v1/auth/link", headers={"Authorization": f"Bearer {ADMIN_KEY}"})
        return self.url + str(answer.raise_for_status().json()["path"])

    def make_key(self, role: str) -> str:
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        answer = httpx.post(f"{self.url}/api/v1/admin/api-keys", json={"name": role, "role": role}, headers=headers)
        return str(answer.raise_for_status().json()["key"])

    def _count(self, users: Sequence[str]) -> int:
        asked = {"user_id.in": ",".join(users), "start_time": "1970-01-01", "include_bots": "true", "limit": "10000"}
        return len(self.get("/api/v1/events", **asked)["events"])

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/ready", timeout=2).is_success
        except httpx.HTTPError:
            return False
