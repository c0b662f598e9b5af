"""Loads a file of events into a sink: in batches, resumable where it stopped, safe to repeat."""

from __future__ import annotations

import itertools
import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from factbook.core.errors import FactbookError, Kind
from factbook.events.event import Event

from .decode import Refusal, read_event
from .file_ids import RowIds
from .file_mapping import ColumnMapping, RowPlan
from .file_rows import Rows, Unreadable
from .file_sink import Refused, Sent, Sink
from .files import Format, SourceFile

BATCH_ROWS = 2000
BATCH_BYTES = 2 << 20
EXAMPLES = 5
"""How many refused rows a summary shows."""

_SAMPLE = 200
_ENCODE = msgspec.json.Encoder(decimal_format="number").encode


@dataclass(frozen=True, slots=True)
class Step:
    """How far a load is: rows done, in all and in this run, and the fraction of the file read."""

    rows: int
    rows_now: int
    fraction: float
    refused: int


@dataclass(frozen=True, slots=True)
class BadRow:
    """row counts from 1, without the header."""

    row: int
    field: str
    reason: str
    message: str


@dataclass(slots=True)
class Tally:
    """What became of a file's rows. before: rows that earlier runs had loaded; all else is of this run.

    oldest: the earliest time among the first and last events of each batch.
    """

    before: int = 0
    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    examples: list[BadRow] = field(default_factory=list)
    oldest: datetime | None = None

    def date(self, event: bytes) -> None:
        read = read_event(event)
        if isinstance(read, Event) and read.timestamp:
            moment = read.timestamp if read.timestamp.tzinfo else read.timestamp.replace(tzinfo=UTC)
            self.oldest = min(moment, self.oldest or moment)

    @property
    def refused(self) -> int:
        return self.reasons.total()

    def refuse(self, bad: BadRow) -> None:
        self.reasons[bad.reason] += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(bad)


@dataclass(frozen=True, slots=True)
class _Batch:
    """events: JSON texts of rows first, first + 1, ... (from 0); unreadable: place in the batch → why."""

    first: int
    events: list[bytes]
    unreadable: dict[int, str]
    fraction: float


class FileLoad:
    """One file under one mapping. `digest` is the file's (`SourceFile.digest`): it names the load and its events.

    Ids hold the digest, the constant event type and the row: a load repeated under a mended mapping does not count
    twice the rows that were good already, and one file may be loaded as two types.
    """

    def __init__(
        self,
        file: SourceFile,
        mapping: ColumnMapping,
        digest: str,
        *,
        delimiter: str = "",
        encoding: str = "utf-8-sig",
    ) -> None:
        self._file = file
        self._reading: dict[str, Any] = {"delimiter": delimiter, "encoding": encoding}
        self._ids = RowIds("file", digest, mapping.event_type)
        self.source = f"file:{digest[:32]}:{mapping.digest()}"
        self._plan = self._planned(mapping)

    def _planned(self, mapping: ColumnMapping) -> RowPlan:
        """Checks the mapping against the header, or the first rows where the format has none. Raises INVALID."""
        rows = Rows(self._file, **self._reading)
        columns: Sequence[str] = rows.columns
        if not columns:
            sample = [row for row in itertools.islice(rows, _SAMPLE) if isinstance(row, dict)]
            columns = tuple(dict.fromkeys(name for row in sample for name in row))
        rows.close()
        if not columns:
            raise FactbookError(Kind.MALFORMED, f"{self._file.path.name} holds no rows that can be read.")
        return mapping.plan(columns, texts_only=self._file.format is Format.CSV, file=self._file.path.name)

    def preview(self, count: int) -> list[tuple[bytes, str]]:
        """The first `count` events as JSON, each with why it would be refused, or an empty text."""
        shown = []
        for batch in self._batches(0, rows=count):
            for place, event in enumerate(batch.events):
                outcome = read_event(event)
                refusal = outcome if isinstance(outcome, Refusal) else None
                shown.append((event, batch.unreadable.get(place) or (refusal.message if refusal else "")))
            break
        return shown

    def run(self, sink: Sink, watch: Callable[[Step], None] = lambda step: None, tally: Tally | None = None) -> Tally:
        """Loads every row that is not in yet; `watch` is called after each batch. tally: filled in place of a new one.

        Raises FactbookError when the file is damaged or the sink stays unavailable; the next run goes on from there.
        """
        tally = Tally() if tally is None else tally
        tally.before = sink.position(self.source)
        for batch in ahead(self._batches(tally.before), 2):
            self._send(sink, batch, tally)
            tally.rows += len(batch.events)
            tally.date(batch.events[0])
            tally.date(batch.events[-1])
            watch(Step(tally.before + tally.rows, tally.rows, batch.fraction, tally.refused))
        return tally

    def _send(self, sink: Sink, batch: _Batch, tally: Tally) -> None:
        for first, sent in self._sent(sink, batch.first, batch.events):
            tally.accepted += sent.accepted
            tally.duplicates += sent.duplicates
            for refused in sent.refused:
                row = first + refused.index
                why = batch.unreadable.get(row - batch.first)
                reason = "unreadable" if why else refused.reason
                tally.refuse(BadRow(row + 1, refused.field, reason, why or refused.message))

    def _sent(self, sink: Sink, first: int, events: list[bytes]) -> Iterator[tuple[int, Sent]]:
        """Sends a batch, in halves where it is too large for the sink."""
        try:
            body = b"[" + b",".join(events) + b"]"
            yield first, sink.send(body, self.source, first + len(events))
        except FactbookError as error:
            if error.kind is not Kind.TOO_LARGE:
                raise
            if len(events) == 1:
                yield first, Sent(0, 0, (Refused(0, "", "too_large", error.message),))
                return
            half = len(events) // 2
            yield from self._sent(sink, first, events[:half])
            yield from self._sent(sink, first + half, events[half:])

    def _batches(self, skip: int, rows: int = BATCH_ROWS) -> Iterator[_Batch]:
        reading = Rows(self._file, skip=skip, **self._reading)
        try:
            first = number = skip
            events: list[bytes] = []
            unreadable: dict[int, str] = {}
            size = 0
            for row in reading:
                event, why = self._event(row, number)
                if why:
                    unreadable[number - first] = why
                events.append(event)
                size += len(event)
                number += 1
                if len(events) >= rows or size >= BATCH_BYTES:
                    yield _Batch(first, events, unreadable, reading.fraction)
                    first, events, unreadable, size = number, [], {}, 0
            if events:
                yield _Batch(first, events, unreadable, 1.0)
        finally:
            reading.close()

    def _event(self, row: dict[str, Any] | Unreadable, number: int) -> tuple[bytes, str]:
        """A row as JSON; an unreadable one as a JSON text, which the intake refuses and keeps as a dead letter."""
        if isinstance(row, Unreadable):
            return _ENCODE(row.text.encode("utf-8", "replace").decode()), row.why
        try:
            return _ENCODE(self._plan.event(row, lambda: self._ids.of(number))), ""
        except UnicodeEncodeError:
            return _ENCODE(str(row).encode("utf-8", "replace").decode()), "not in the file's encoding (see --encoding)"
        except (NotImplementedError, TypeError, ValueError, RecursionError) as error:
            return _ENCODE(str(row).encode("utf-8", "replace").decode()), f"cannot be written as JSON: {error}"


def ahead(batches: Iterable[_Batch], depth: int) -> Iterator[_Batch]:
    """The same, read by a thread up to `depth` batches ahead, so that reading and sending overlap."""
    ready: queue.Queue[_Batch | BaseException | None] = queue.Queue(depth)
    stop = threading.Event()

    def put(item: _Batch | BaseException | None) -> None:
        while not stop.is_set():
            try:
                ready.put(item, timeout=0.2)
                return
            except queue.Full:
                continue

    def read() -> None:
        try:
            for batch in batches:
                put(batch)
                if stop.is_set():
                    return
            put(None)
        except BaseException as error:  # noqa: BLE001 (raised again by the consumer)
            put(error)

    thread = threading.Thread(target=read, name="load-reader", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        thread.join()
