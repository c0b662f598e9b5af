"""Bodies as they arrive: decompressed piece by piece within a bound, so that a bomb costs no more than a body may."""

from __future__ import annotations

import sys
import zlib
from typing import Protocol

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from factbook.core.errors import FactbookError, Kind

ENCODINGS = ("identity", "gzip", "zstd")
_WINDOW_LOG = 23
"""zstd may look back 8 MiB, as RFC 8878 asks every decoder to allow, and no further."""


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


class _Gzip:
    def __init__(self) -> None:
        self._engine = zlib.decompressobj(wbits=31)

    def feed(self, piece: bytes, room: int, /) -> bytes:
        try:
            if self._engine.eof and piece:
                self._engine = zlib.decompressobj(wbits=31)
            plain = self._engine.decompress(piece, room)
            while self._engine.eof and self._engine.unused_data and len(plain) < room:  # members one after another
                rest = self._engine.unused_data
                self._engine = zlib.decompressobj(wbits=31)
                plain += self._engine.decompress(rest, room - len(plain))
            return plain
        except zlib.error as error:
            raise _unreadable("gzip", str(error)) from None

    def finish(self) -> None:
        if not self._engine.eof:
            raise _unreadable("gzip", "it ends too early")


class _Zstd:
    def __init__(self) -> None:
        self._engine = self._fresh()

    @staticmethod
    def _fresh() -> zstd.ZstdDecompressor:
        return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG})

    def feed(self, piece: bytes, room: int, /) -> bytes:
        try:
            if self._engine.eof and piece:
                self._engine = self._fresh()
            plain = self._engine.decompress(piece, room)
            while self._engine.eof and self._engine.unused_data and len(plain) < room:  # frames one after another
                rest = self._engine.unused_data
                self._engine = self._fresh()
                plain += self._engine.decompress(rest, room - len(plain))
            return plain
        except zstd.ZstdError as error:
            raise _unreadable("zstd", str(error)) from None

    def finish(self) -> None:
        if not self._engine.eof:
            raise _unreadable("zstd", "it ends too early")


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
            return _Gzip()
        case "zstd":
            return _Zstd()
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
