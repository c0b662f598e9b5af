"""Bodies as they arrive: decompressed piece by piece within a bound, so that a bomb costs no more than a body may."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from typing import Protocol

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from factbook.core.errors import FactbookError, Kind

ENCODINGS = ("identity", "gzip", "zstd")
_WINDOW_LOG = 23
"""zstd may look back 8 MiB, as RFC 8878 asks every decoder to allow, and no further."""

_MOST_MEMBERS = 1000
"""Parts of one body that may follow one another; each costs time, even one that holds nothing."""


class Inflater(Protocol):
    """Turns compressed pieces into plain ones, never more than it was told it may."""

    def feed(self, piece: bytes, room: int, /) -> bytes: ...

    def finish(self) -> None:
        """Raises MALFORMED when the body ended too early."""


class _Identity:
    def feed(self, piece: bytes, room: int, /) -> bytes:
        return piece

    def finish(self) -> None:
        return None


class _Engine(Protocol):
    """What zlib's and zstd's decompressors have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Compressed:
    """Members (gzip) or frames (zstd) one after another, each by an engine of its own."""

    def __init__(self, encoding: str, fresh: Callable[[], _Engine], fault: type[Exception]) -> None:
        self._encoding = encoding
        self._fresh = fresh
        self._fault = fault
        self._engine = fresh()
        self._members = 1

    def feed(self, piece: bytes, room: int, /) -> bytes:
        try:
            plain = b""
            while piece and len(plain) < room:
                if self._engine.eof:
                    self._next_member()
                plain += self._engine.decompress(piece, room - len(plain))
                piece = self._engine.unused_data
            return plain
        except self._fault as error:
            raise _unreadable(self._encoding, str(error)) from None

    def _next_member(self) -> None:
        self._members += 1
        if self._members > _MOST_MEMBERS:
            raise _unreadable(self._encoding, f"it has more than {_MOST_MEMBERS} parts")
        self._engine = self._fresh()

    def finish(self) -> None:
        if not self._engine.eof:
            raise _unreadable(self._encoding, "it ends too early")


def _gunzip() -> _Engine:
    return zlib.decompressobj(wbits=31)


def _unzstd() -> _Engine:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG})


def _unreadable(encoding: str, reason: str) -> FactbookError:
    return FactbookError(
        Kind.MALFORMED,
        f"The body is not {encoding}: {reason}.",
        hint="Check the Content-Encoding header: identity, gzip or zstd.",
    )


def inflater(encoding: str) -> Inflater:
    """The inflater of a Content-Encoding; UNSUPPORTED for another one."""
    match encoding.strip().lower():
        case "" | "identity":
            return _Identity()
        case "gzip" | "x-gzip":
            return _Compressed("gzip", _gunzip, zlib.error)
        case "zstd":
            return _Compressed("zstd", _unzstd, zstd.ZstdError)
    raise FactbookError(
        Kind.UNSUPPORTED,
        f"The content encoding {encoding[:40]!r} is not read here.",
        field="Content-Encoding",
        hint="Use identity, gzip or zstd.",
    )


class Collector:
    """Gathers one body of at most `limit` bytes once decompressed; TOO_LARGE as soon as it is more."""

    def __init__(self, encoding: str, limit: int) -> None:
        self._inflater = inflater(encoding)
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, piece: bytes) -> None:
        plain = self._inflater.feed(piece, self._limit + 1 - self._size)
        self._size += len(plain)
        if self._size > self._limit:
            raise too_large(self._limit)
        if plain:
            self._parts.append(plain)

    def body(self) -> bytes:
        self._inflater.finish()
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)


def too_large(limit: int) -> FactbookError:
    return FactbookError(
        Kind.TOO_LARGE,
        f"The body is larger than {limit} bytes, once decompressed.",
        hint="Send the events in smaller batches.",
    )
