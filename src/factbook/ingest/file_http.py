"""The other side of a load: a running Factbook, reached over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event as Signal
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from factbook.core.errors import FactbookError, Kind, unavailable

from .file_sink import PATIENCE_SECONDS, Refused, Sent, patiently

_KINDS = {
    400: Kind.MALFORMED,
    401: Kind.UNAUTHENTICATED,
    403: Kind.FORBIDDEN,
    404: Kind.NOT_FOUND,
    409: Kind.CONFLICT,
    413: Kind.TOO_LARGE,
    415: Kind.UNSUPPORTED,
    422: Kind.INVALID,
    429: Kind.LIMITED,
}
_FIRST_CONTACT_SECONDS = 10.0


class HttpSink:
    """Sends batches to POST /api/v1/events/batch of the server at `address`; the server remembers how far a load is."""

    def __init__(
        self,
        address: str,
        key: str,
        *,
        patience: float = PATIENCE_SECONDS,
        stop: Signal | None = None,
        notice: Callable[[FactbookError], None] | None = None,
    ) -> None:
        self.address = address.rstrip("/")
        self._client = httpx.Client(
            base_url=self.address, headers={"Authorization": f"Bearer {key}"}, timeout=httpx.Timeout(60.0, connect=5.0)
        )
        self._patience = patience
        self._stop = stop or Signal()
        self._notice = notice

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def position(self, source: str) -> int:
        def attempt() -> int:
            answer = self._answered("GET", f"/api/v1/loads/{quote(source, safe='')}")
            return 0 if answer.status_code == 404 else int(_ok(answer)["position"])

        return patiently(attempt, min(self._patience, _FIRST_CONTACT_SECONDS), self._stop)

    def send(self, body: bytes, source: str, position: int) -> Sent:
        headers = {
            "Content-Type": "application/json",
            "X-Factbook-History": "true",
            "X-Factbook-Load": source,
            "X-Factbook-Position": str(position),
        }

        def attempt() -> Sent:
            return _sent(self._answered("POST", "/api/v1/events/batch", content=body, headers=headers))

        return patiently(attempt, self._patience, self._stop, self._notice)

    def _answered(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            return self._client.request(method, path, **request)
        except httpx.TransportError as error:
            raise unavailable(
                f"Factbook at {self.address} does not answer ({error or type(error).__name__}).",
                hint="Start it with `factbook serve`, or name another address with --to.",
            ) from error


def _sent(answer: httpx.Response) -> Sent:
    """A batch in which every event is bad may come back as 4xx, with the errors of each beside."""
    content = _json(answer)
    if "processed_count" not in content:
        content = _ok(answer)
    refused = tuple(
        Refused(int(e["index"]), str(e.get("field") or ""), str(e.get("reason") or ""), str(e.get("message") or ""))
        for e in content.get("errors", ())
    )
    return Sent(int(content["processed_count"]), int(content.get("duplicates", 0)), refused)


def _ok(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_success:
        return _json(answer)
    raise refusal(answer)


def refusal(answer: httpx.Response) -> FactbookError:
    """The error that a problem answer (RFC 9457) tells."""
    content = _json(answer)
    kind = _KINDS.get(answer.status_code, Kind.UNAVAILABLE)
    message = content.get("detail") or content.get("title") or f"Factbook answered {answer.status_code}."
    return FactbookError(
        kind, str(message), field=content.get("field"), hint=content.get("hint"), retry_after=_retry_after(answer)
    )


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        content = answer.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _retry_after(answer: httpx.Response) -> float | None:
    """Seconds from the Retry-After header; its date form is not used here."""
    try:
        return max(0.0, float(answer.headers.get("Retry-After", "")))
    except ValueError:
        return None
