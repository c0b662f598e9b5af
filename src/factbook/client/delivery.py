"""One batch to the server, once: encoded, compressed, posted; and what became of each of its events."""

from __future__ import annotations

import gzip
import sys
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

import msgspec

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from .connection import Connection
from .errors import ClientError
from .waiting import Batch

Compression = Literal["zstd", "gzip", "none"]

_PROBLEM = "urn:factbook:problem:"
_WORTH_COMPRESSING = 1024


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that was not taken. index: its place in the request. reason: a typed word, as in docs/client.md.

    letter_id: the dead letter on the server that keeps it, '' for none.
    """

    index: int
    field: str
    reason: str
    message: str
    event: dict[str, Any]
    letter_id: str = ""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a batch, for good: sent and now counted, counted before, refused."""

    sent: int
    duplicates: int
    refused: tuple[Refusal, ...] = ()


class Delivery:
    def __init__(self, connection: Connection, compression: Compression) -> None:
        self._connection = connection
        self._compression = compression

    def deliver(self, batch: Batch) -> Delivered:
        """Raises ClientError when nothing of the batch, or nobody knows what of it, was taken."""
        body, headers = self._packed(b"[" + b",".join(batch.events) + b"]")
        if batch.source:
            headers |= {"X-Factbook-Load": batch.source, "X-Factbook-Position": str(batch.position)}
        try:
            answer = self._connection.request("POST", "/api/v1/events/batch", content=body, headers=headers)
        except ClientError as error:
            if not is_about_events(error):
                raise
            if "processed_count" not in error.details:
                if len(batch.events) > 1:
                    raise
                return Delivered(0, 0, (_refused(error, batch.events[0]),))
            answer = error.details
        return _delivered(answer, batch)

    def position(self, source: str) -> int:
        """Up to where the server has a spool."""
        answer = self._connection.request("GET", f"/api/v1/loads/{quote(source)}")
        return int(answer["position"])

    def _packed(self, body: bytes) -> tuple[bytes, dict[str, str]]:
        if self._compression == "none" or len(body) < _WORTH_COMPRESSING:
            return body, {}
        packed = zstd.compress(body) if self._compression == "zstd" else gzip.compress(body, 6)
        return packed, {"Content-Encoding": self._compression}


def is_about_events(error: ClientError) -> bool:
    """Whether what was sent is refused (in smaller parts it may be taken), rather than the sender or the address."""
    ours = str(error.details.get("type", "")).startswith(_PROBLEM)
    return error.status == 413 or (ours and error.status in (400, 422))


def _delivered(answer: Any, batch: Batch) -> Delivered:
    try:
        refused = tuple(
            Refusal(
                index=int(error["index"]),
                field=str(error.get("field") or ""),
                reason=str(error.get("reason") or ""),
                message=str(error.get("message") or ""),
                event=msgspec.json.decode(batch.events[int(error["index"])]),
                letter_id=str(error.get("letter_id") or ""),
            )
            for error in answer.get("errors") or ()
        )
        sent = int(answer["processed_count"])
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise ClientError(
            "The answer is not that of a Factbook server: whether the events were taken is not known.",
            status=200,
            hint="Check the address.",
        ) from None
    return Delivered(sent, len(batch.events) - sent - len(refused), refused)


def _refused(error: ClientError, event: bytes) -> Refusal:
    """The only event of a request that was refused as a whole."""
    reason = str(error.details.get("type", "")).removeprefix(_PROBLEM) or "too_large"
    return Refusal(0, error.field or "", reason, error.message, msgspec.json.decode(event))
