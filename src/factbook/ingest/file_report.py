"""A load that tells of itself as import events, each once, however often it is cut off and begun again."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from factbook.core.clock import Clock
from factbook.core.errors import FactbookError, Kind

from .file_ids import RowIds
from .file_load import FileLoad, Step, Tally
from .file_sink import Sink
from .files import SourceFile

ORIGIN = "load"
STOPPED = "stopped by hand"

_AWAY = (Kind.UNAVAILABLE, Kind.LIMITED)


class ReportedLoad:
    """`load`, which is of `file`, into `sink`.

    What was told stands in the sink beside how far the load is: under `SOURCE:begun`, and under `SOURCE:told` as twice
    the rows told of, and 1 where these end with a failure, 2 where with the file.
    """

    def __init__(self, load: FileLoad, file: SourceFile, sink: Sink, clock: Clock) -> None:
        self._load = load
        self._sink = sink
        self._clock = clock
        self._begun_at = clock()
        self._since = time.monotonic()
        self._has_begun = False
        self._ids = RowIds("import", load.source)
        self._about = {"job_id": load.source, "origin": ORIGIN, "format": file.format.value, "file": file.path.name}
        self._bytes = file.size

    def run(self, watch: Callable[[Step], None] = lambda step: None) -> Tally:
        """As `FileLoad.run`. A file that is loaded already and told of is not told of again."""
        tally = Tally()

        def watched(step: Step) -> None:
            self._begin()
            watch(step)

        try:
            self._load.run(self._sink, watched, tally)
        except KeyboardInterrupt:
            with suppress(FactbookError):
                self._end("import_failed", tally, reason=STOPPED)
            raise
        except FactbookError as error:
            if error.kind not in _AWAY:
                with suppress(FactbookError):
                    self._end("import_failed", tally, reason=error.message)
            raise
        self._end("import_completed", tally, bytes=self._bytes)
        return tally

    def _begin(self) -> None:
        source = f"{self._load.source}:begun"
        if not self._has_begun and not self._sink.position(source):
            about = {**self._about, "bytes": self._bytes}
            self._send("import_started", self._begun_at.isoformat(), about, source, 1, 0)
        self._has_begun = True

    def _end(self, kind: str, tally: Tally, **more: Any) -> None:
        """What earlier runs took in without telling of it counts as rows of this one."""
        source = f"{self._load.source}:told"
        mark = self._sink.position(source)
        done = tally.before + tally.rows
        place = 2 * done + (2 if kind == "import_completed" else 1)
        if place <= mark:
            return
        self._begin()
        untold = done - max(0, mark - 1) // 2 - tally.rows
        about = {
            **self._about,
            "rows": tally.accepted + untold,
            "rows_rejected": tally.refused,
            "rows_duplicate": tally.duplicates,
            "duration_seconds": round(time.monotonic() - self._since, 3),
            **more,
        }
        self._send(kind, self._clock().isoformat(), about, source, place, place)

    def _send(self, kind: str, at: str, about: dict[str, Any], source: str, position: int, number: int) -> None:
        event = {"event_id": self._ids.of(number), "event_type": kind, "timestamp": at, "properties": about}
        self._sink.send(msgspec.json.encode([event]), source, position)
