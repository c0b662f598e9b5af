"""The HTTP connection to one Factbook server: requests with the key, answers as JSON or as a ClientError."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from . import forks
from .answers import content_of, no_answer, refusal
from .errors import ClientError
from .patience import delay

_TRIES = 4
_LONGEST_WAIT_SECONDS = 10.0
"""A question is asked again while nobody answers, but a caller waits no longer than this for a next try."""

Parameters = Mapping[str, str]


class Connection:
    """Opened by the first request, in each process anew; any thread may use it."""

    def __init__(self, url: str, key: str, timeout: float) -> None:
        if not url.startswith(("http://", "https://")):
            raise ClientError(f"{url!r} is no address of a server.", field="url", hint="It begins with https://.")
        self.url = url.rstrip("/")
        self._key = key
        self._timeout = timeout
        self._lock = threading.Lock()
        self._http: httpx.Client | None = None
        forks.follow(self)

    def request(
        self,
        method: str,
        path: str,
        *,
        parameters: Parameters | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The decoded answer to one try."""
        given = {"Content-Type": "application/json", **(headers or {})} if content is not None else {}
        try:
            answer = self._opened().request(method, path, params=parameters, content=content, headers=given)
        except httpx.TransportError as error:
            raise no_answer(self.url, error) from error
        return content_of(answer)

    def ask(self, method: str, path: str, *, parameters: Parameters | None = None, content: bytes | None = None) -> Any:
        """The decoded answer, tried again while the server is away or busy; for what may be asked twice."""
        for tries in range(1, _TRIES):
            try:
                return self.request(method, path, parameters=parameters, content=content)
            except ClientError as error:
                wait = delay(tries, error.retry_after)
                if not error.passing or error.status == 500 or wait > _LONGEST_WAIT_SECONDS:
                    raise
            time.sleep(wait)
        return self.request(method, path, parameters=parameters, content=content)

    @contextmanager
    def stream(self, path: str, parameters: Parameters) -> Iterator[Iterator[bytes]]:
        """The pieces of a long answer; an answer that ends too early raises ClientError."""
        try:
            with self._opened().stream("GET", path, params=parameters) as answer:
                if not answer.is_success:
                    answer.read()
                    raise refusal(answer)
                yield answer.iter_bytes()
        except httpx.TransportError as error:
            raise no_answer(self.url, error) from error

    def close(self) -> None:
        with self._lock:
            if self._http is not None:
                self._http.close()
            self._http = None

    def after_fork(self) -> None:
        forks.leave(self._http)
        self._http = None
        self._lock = threading.Lock()

    def _opened(self) -> httpx.Client:
        with self._lock:
            if self._http is None:
                headers = {"Authorization": f"Bearer {self._key}"}
                timeout = httpx.Timeout(self._timeout, connect=min(self._timeout, 5.0))
                self._http = httpx.Client(base_url=self.url, headers=headers, timeout=timeout)
            return self._http
