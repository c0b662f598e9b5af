"""Rows of a file, one dict each, in constant memory, from any row on."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import ijson
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from factbook.core.errors import FactbookError, Kind, invalid

from .files import DAMAGE, Format, OpenFile, SourceFile, damaged

LONGEST_CELL = 1 << 20
"""Characters in one CSV cell; a longer one is an unreadable row (most often a quote that is never closed)."""

_PARQUET_ROWS = 2000
_JSON = msgspec.json.Decoder()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that is not one: what stood there and why it cannot be read."""

    text: str
    why: str


Row = dict[str, Any] | Unreadable


class Rows:
    """Iterates over the rows from number `skip` on. columns: their names where the format declares them, else empty.

    `fraction` tells how much of the file has been read, 0 to 1. CSV cells are texts; empty ones are left out.
    """

    def __init__(self, file: SourceFile, *, skip: int = 0, delimiter: str = "", encoding: str = "utf-8-sig") -> None:
        self.columns: tuple[str, ...] = ()
        self._file = file
        self._open: OpenFile | None = None
        self._read = 0.0
        if file.format is Format.PARQUET:
            self._rows = self._parquet(skip)
            return
        self._open = file.open()
        content = self._open.content
        if file.format is Format.CSV:
            self._rows = self._csv(content, skip, delimiter, encoding)
        elif file.format is Format.JSON and (prefix := _array_prefix(content)) is not None:
            self._reopen()
            self._rows = self._array(prefix, skip)
        else:
            self._reopen()
            self._rows = self._lines(skip)

    def __iter__(self) -> Iterator[Row]:
        try:
            yield from self._rows
        except DAMAGE as error:
            raise damaged(error) from error

    @property
    def fraction(self) -> float:
        if self._open is None or self._open.raw.closed:
            return self._read
        return self._open.raw.tell() / max(self._file.size, 1)

    def close(self) -> None:
        if self._open is not None:
            self._read = self.fraction
            self._open.close()

    def _reopen(self) -> None:
        if self._open is not None:
            self._open.close()
        self._open = self._file.open()

    # -- formats

    def _csv(self, content: BinaryIO, skip: int, delimiter: str, encoding: str) -> Iterator[Row]:
        try:
            text = io.TextIOWrapper(content, encoding=encoding, errors="surrogateescape", newline="")
        except LookupError:
            raise invalid(f"There is no encoding {encoding!r}.", field="encoding") from None
        try:
            head = text.readline(LONGEST_CELL)
        except DAMAGE as error:
            raise damaged(error) from error
        if not head.strip():
            raise FactbookError(Kind.MALFORMED, f"{self._file.path.name} has no header row.")
        separator = delimiter or max(",;\t|", key=head.count)
        csv.field_size_limit(LONGEST_CELL)
        reader = csv.reader(itertools.chain([head], text), delimiter=separator)
        self.columns = tuple(name.strip() for name in next(reader))
        repeated = sorted({name for name in self.columns if self.columns.count(name) > 1})
        if repeated:
            raise invalid(f"The column {repeated[0]!r} stands more than once in the header.", field="columns")
        return self._csv_rows(reader, skip)

    def _csv_rows(self, reader: Iterator[list[str]], skip: int) -> Iterator[Row]:
        columns, width = self.columns, len(self.columns)
        seen = 0
        while True:
            try:
                for cells in reader:
                    if not cells:  # an empty line
                        continue
                    seen += 1
                    if seen <= skip:
                        continue
                    if len(cells) == width:
                        yield {name: cell for name, cell in zip(columns, cells, strict=True) if cell}
                    else:
                        text = ",".join(cells)[:LONGEST_CELL]
                        yield Unreadable(text, f"{len(cells)} cells where the header has {width}")
                return
            except csv.Error as error:
                seen += 1
                if seen > skip:
                    yield Unreadable("", str(error))

    def _lines(self, skip: int) -> Iterator[Row]:
        content = cast("OpenFile", self._open).content
        seen = 0
        for line in iter(lambda: content.readline(2 * LONGEST_CELL), b""):
            if not line.strip():
                continue
            seen += 1
            if seen > skip:
                yield _json_row(line)

    def _array(self, prefix: str, skip: int) -> Iterator[Row]:
        content = cast("OpenFile", self._open).content
        items = ijson.items(content, prefix, use_float=True)
        try:
            for item in itertools.islice(items, skip, None):
                yield item if isinstance(item, dict) else Unreadable(str(item), "not a JSON object")
        except (ijson.JSONError, UnicodeDecodeError) as error:
            raise FactbookError(
                Kind.MALFORMED,
                f"{self._file.path.name} is not JSON: {str(error).splitlines()[0]}.",
                hint="What was read before is loaded.",
            ) from error

    def _parquet(self, skip: int) -> Iterator[Row]:
        try:
            parquet = pq.ParquetFile(self._file.path, pre_buffer=False, memory_map=True)
        except (pa.ArrowException, OSError) as error:
            raise FactbookError(Kind.MALFORMED, f"{self._file.path.name} is not a Parquet file: {error}.") from error
        self.columns = tuple(parquet.schema_arrow.names)
        return self._parquet_rows(parquet, skip)

    def _parquet_rows(self, parquet: pq.ParquetFile, skip: int) -> Iterator[Row]:
        total = max(parquet.metadata.num_rows, 1)
        groups: list[int] = []
        start = 0
        for number in range(parquet.num_row_groups):
            rows = parquet.metadata.row_group(number).num_rows
            if groups or start + rows > skip:
                groups.append(number)
            else:
                start += rows
        behind = skip - start
        for batch in parquet.iter_batches(batch_size=_PARQUET_ROWS, row_groups=groups):
            start += batch.num_rows
            if behind >= batch.num_rows:
                behind -= batch.num_rows
                continue
            if behind:
                batch, behind = batch.slice(behind), 0
            columns = [_values(column) for column in batch.columns]
            for cells in zip(*columns, strict=True):
                yield {name: cell for name, cell in zip(self.columns, cells, strict=True) if cell is not None}
            self._read = start / total


def _values(column: pa.Array) -> list[Any]:
    """Python values; nanosecond times, which Python has not, cut to microseconds."""
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    values: list[Any] = column.to_pylist()
    return values


def _json_row(line: bytes) -> Row:
    try:
        row = _JSON.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Unreadable(line.decode("utf-8", "replace").rstrip("\r\n"), str(error))
    return row if isinstance(row, dict) else Unreadable(line.decode("utf-8", "replace").strip(), "not a JSON object")


def _array_prefix(content: BinaryIO) -> str | None:
    """Where the events of a JSON document stand, as ijson names it; None for one object a line."""
    try:
        head = content.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
    except DAMAGE as error:
        raise damaged(error) from error
    if head.startswith(b"["):
        return "item"
    compact = b"".join(head[:64].split())
    return "events.item" if compact.startswith(b'{"events":[') else None
