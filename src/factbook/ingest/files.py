"""Files to load: what they are (format, compression, digest), and how their rows are read in constant memory."""

from __future__ import annotations

import gzip
import hashlib
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, cast

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from factbook.core.errors import FactbookError, Kind, invalid

DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error, zstd.ZstdError)
"""What reading a compressed file raises where it is damaged or cut off."""

_PIECE = 1 << 20
_LARGEST_WINDOW = {int(zstd.DecompressionParameter.window_log_max): 31}


class Format(StrEnum):
    CSV = "csv"
    NDJSON = "ndjson"
    JSON = "json"
    PARQUET = "parquet"


_ENDINGS = {
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".txt": Format.CSV,
    ".ndjson": Format.NDJSON,
    ".jsonl": Format.NDJSON,
    ".json": Format.JSON,
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it lies there. size: bytes on disk; compression: "", "gzip" or "zstd"."""

    path: Path
    format: Format
    compression: str
    size: int

    def digest(self, watch: Callable[[int], None] = lambda done: None) -> str:
        """SHA-256 of the file's bytes, in hex; `watch` gets the number of bytes read so far."""
        sha = hashlib.sha256()
        done = 0
        with self.path.open("rb") as file:
            while piece := file.read(_PIECE):
                sha.update(piece)
                done += len(piece)
                watch(done)
        return sha.hexdigest()

    def open(self) -> OpenFile:
        """Raises UNAVAILABLE when it cannot be read."""
        try:
            raw = self.path.open("rb")
        except OSError as error:
            raise _unreadable(self.path, error) from error
        if self.compression == "gzip":
            return OpenFile(raw, cast("BinaryIO", gzip.GzipFile(fileobj=raw)))
        if self.compression == "zstd":
            return OpenFile(raw, cast("BinaryIO", zstd.ZstdFile(raw, options=_LARGEST_WINDOW)))
        return OpenFile(raw, raw)


@dataclass(frozen=True, slots=True)
class OpenFile:
    """raw: the bytes on disk (its place tells how far reading is); content: the same, decompressed."""

    raw: BinaryIO
    content: BinaryIO

    def close(self) -> None:
        self.content.close()
        self.raw.close()


def source_file(path: Path, format_: str | None = None) -> SourceFile:
    """What `path` is, by its name unless `format_` says it.

    Raises NOT_FOUND, and INVALID (field `format`) for a name that tells nothing.
    """
    if not path.is_file():
        raise FactbookError(Kind.NOT_FOUND, f"There is no file {path}.")
    name = path.name.lower()
    compression = ""
    for ending, kind in ((".gz", "gzip"), (".zst", "zstd"), (".zstd", "zstd")):
        if name.endswith(ending):
            compression, name = kind, name.removesuffix(ending)
            break
    if format_:
        if format_ not in set(Format):
            raise invalid(f"There is no format {format_!r}.", field="format", hint=f"Use {', '.join(Format)}.")
        found: Format | None = Format(format_)
    else:
        found = _ENDINGS.get(Path(name).suffix)
    if found is None:
        raise invalid(
            f"The name {path.name} does not tell the file's format.",
            field="format",
            hint="Name it with --format csv, ndjson, json or parquet.",
        )
    if found is Format.PARQUET and compression:
        raise invalid(
            f"{path.name} is a compressed Parquet file.",
            field="format",
            hint="Decompress it: Parquet is compressed inside.",
        )
    return SourceFile(path, found, compression, path.stat().st_size)


def damaged(error: Exception) -> FactbookError:
    return FactbookError(
        Kind.MALFORMED,
        f"The file is damaged or cut off: {error}.",
        hint="What was read before is loaded. Fetch the file again; the same rows are not counted twice within a day.",
    )


def _unreadable(path: Path, error: OSError) -> FactbookError:
    return FactbookError(Kind.UNAVAILABLE, f"{path} cannot be read: {error.strerror}.")
