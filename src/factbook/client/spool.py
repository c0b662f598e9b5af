"""Events that wait in a folder, outliving the process; what a dead one left there is sent by the next."""

from __future__ import annotations

import logging
import random
import sqlite3
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .errors import ClientError
from .spool_file import SpoolFile
from .waiting import Batch

log = logging.getLogger("factbook.client")

_TRIES = 3


class Spool:
    """A store (see `waiting`) of every file in the folder that no living process holds; new events go into the first.

    Any number of processes may share a folder: each holds files of its own.
    """

    durable = True

    def __init__(self, folder: Path) -> None:
        with _explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
            found = [_held(path) for path in sorted(folder.glob("*.spool"))]
            self._files = [file for file in found if file] or [SpoolFile(folder / f"{uuid.uuid4()}.spool")]
        self._folder = folder

    @property
    def count(self) -> int:
        return sum(file.count for file in self._files)

    @property
    def size(self) -> int:
        return sum(file.size for file in self._files)

    def append(self, events: Sequence[bytes]) -> None:
        with _explained(self._folder):
            self._files[0].append(events)

    def take(self, most: int, size: int) -> Batch:
        with _explained(self._folder):
            return next(file for file in reversed(self._files) if file.count).take(most, size)

    def remove(self, batch: Batch) -> None:
        with _explained(self._folder):
            self._file(batch.source).remove(batch.last)

    def reached(self, source: str, position: int) -> int:
        with _explained(self._folder):
            file = self._file(source)
            return file.remove(file.last_of(position))

    def close(self) -> None:
        for file in self._files:
            file.close()

    def _file(self, source: str) -> SpoolFile:
        return next(file for file in self._files if file.source == source)


def _held(path: Path) -> SpoolFile | None:
    """The file, or None while another process holds it. (Of two that start at once each may be in the other's way.)"""
    for _ in range(_TRIES):
        try:
            return SpoolFile(path)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
        except sqlite3.DatabaseError as error:
            log.error("the spool %s cannot be read (%s); it is left alone", path, error)
            return None
        time.sleep(random.uniform(0, 0.01))  # noqa: S311 (no secret)
    return None


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise ClientError(
            f"The spool {folder} cannot be used: {error}.", field="spool", hint="Free disk space or mend the folder."
        ) from error
