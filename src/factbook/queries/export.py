"""Events as a file, oldest first, in constant memory: CSV, NDJSON, Parquet or an Arrow stream.

CSV cells of text that a spreadsheet would run as a formula (they begin with = + - @, a tab or a carriage return) are
prefixed with an apostrophe, as OWASP advises; the other formats carry the text as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from factbook.core.errors import invalid
from factbook.core.scope import Scope
from factbook.storage.warehouse import Warehouse

from .events import FIELDS, EventsRequest, last_place, page, records, without_place

ROWS = 20_000
"""Events read at a time, which bounds the memory of an export."""

_FORMULA = r"^[=+\-@\t\r]"


@dataclass(frozen=True, slots=True)
class Format:
    """name as asked for; media_type and extension of the file."""

    name: str
    media_type: str
    extension: str
    encode: Callable[[Iterator[pa.Table], tuple[str, ...]], Iterator[bytes]]


def export_events(
    warehouse: Warehouse, scope: Scope, request: EventsRequest, format: str, *, accepted_until: datetime | None = None
) -> Iterator[bytes]:
    """Pieces of the file. `limit` and `cursor` of the request are not looked at.

    accepted_until: leaves out what came in later, so that an export under load ends. INVALID for an unknown format, at
    once; UNAVAILABLE and LIMITED may come in mid-stream.
    """
    chosen = format_of(format)
    fields = request.fields or FIELDS
    return chosen.encode(_pages(warehouse, scope, replace(request, cursor=None), fields, accepted_until), fields)


def format_of(name: str) -> Format:
    if name not in FORMATS:
        raise invalid(f"{name[:40]!r} is not a format.", field="format", hint="Use " + ", ".join(FORMATS) + ".")
    return FORMATS[name]


def _pages(
    warehouse: Warehouse, scope: Scope, request: EventsRequest, fields: tuple[str, ...], until: datetime | None
) -> Iterator[pa.Table]:
    """Pages of at least one row, but for the first, which may be empty: it brings the schema."""
    place = None
    while True:
        table = page(
            warehouse, scope, request, fields, after=place, newest_first=False, rows=ROWS, accepted_until=until
        )
        if table.num_rows or place is None:
            yield without_place(table).rename_columns(list(fields))
        if table.num_rows < ROWS:
            return
        place = last_place(table, table.num_rows - 1)


def _csv(pages: Iterator[pa.Table], fields: tuple[str, ...]) -> Iterator[bytes]:
    first = True
    for table in pages:
        sink = pa.BufferOutputStream()
        pacsv.write_csv(_harmless(table), sink, pacsv.WriteOptions(include_header=first))
        first = False
        yield sink.getvalue().to_pybytes()


def _harmless(table: pa.Table) -> pa.Table:
    for place, name in enumerate(table.column_names):
        cells = table.column(place)
        if pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type):
            marked = pc.binary_join_element_wise(pa.scalar("'", cells.type), cells, pa.scalar("", cells.type))
            cells = pc.if_else(pc.match_substring_regex(cells, _FORMULA), marked, cells)
            table = table.set_column(place, name, cells)
        elif pa.types.is_timestamp(cells.type):
            table = table.set_column(place, name, pc.strftime(cells, "%Y-%m-%dT%H:%M:%SZ"))
    return table


def _ndjson(pages: Iterator[pa.Table], fields: tuple[str, ...]) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder()
    for table in pages:
        yield encoder.encode_lines(records(table, fields))


def _arrow(pages: Iterator[pa.Table], fields: tuple[str, ...]) -> Iterator[bytes]:
    sink = _Drained()
    writer: pa.ipc.RecordBatchStreamWriter | None = None
    for table in pages:
        writer = writer or pa.ipc.new_stream(sink, table.schema)
        writer.write_table(table)
        yield sink.taken()
    if writer:
        writer.close()
        yield sink.taken()


def _parquet(pages: Iterator[pa.Table], fields: tuple[str, ...]) -> Iterator[bytes]:
    sink = _Drained()
    writer: pq.ParquetWriter | None = None
    for table in pages:
        writer = writer or pq.ParquetWriter(sink, table.schema, compression="zstd")
        if table.num_rows:
            writer.write_table(table)
        yield sink.taken()
    if writer:
        writer.close()
        yield sink.taken()


class _Drained:
    """A file to write to whose bytes are taken away piece by piece."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._length = 0

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        self._length += len(data)
        return len(data)

    def tell(self) -> int:
        return self._length

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """The pieces stay until taken."""

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def taken(self) -> bytes:
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data


FORMATS = {
    "csv": Format("csv", "text/csv; charset=utf-8", "csv", _csv),
    "ndjson": Format("ndjson", "application/x-ndjson", "ndjson", _ndjson),
    "parquet": Format("parquet", "application/vnd.apache.parquet", "parquet", _parquet),
    "arrow": Format("arrow", "application/vnd.apache.arrow.stream", "arrow", _arrow),
}
