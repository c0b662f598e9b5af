"""The data folder: made on first use, and held by one process at a time."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Any

from factbook.core.errors import FactbookError, Kind


class Folder:
    """Holds an exclusive lock on `path` until `release`; the kernel lets go of it when the process dies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._file = open(path / "lock", "a+")  # noqa: SIM115 (held for the life of the process)
        except OSError as error:
            raise FactbookError(
                Kind.UNAVAILABLE,
                f"The data folder {path} cannot be written: {error.strerror}.",
                hint="Set FACTBOOK_DATA to a folder that this user may write to.",
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = read_holder(path)
            who = f"process {holder['pid']}" if holder.get("pid") else "another process"
            self._file.close()
            raise FactbookError(
                Kind.CONFLICT,
                f"The data folder {path} is in use by {who}.",
                hint="Stop that process, or set FACTBOOK_DATA to another folder.",
            ) from None
        self.announce()

    def announce(self, **facts: Any) -> None:
        """Writes who holds the folder (pid, and e.g. the address it serves) for others to read."""
        self._file.seek(0)
        self._file.truncate()
        self._file.write(json.dumps({"pid": os.getpid(), **facts}))
        self._file.flush()

    def release(self) -> None:
        if not self._file.closed:
            self._file.seek(0)
            self._file.truncate()
            self._file.close()


def read_holder(path: Path) -> dict[str, Any]:
    """What the process that holds the folder announced; empty when nobody does or nothing can be read."""
    try:
        with open(path / "lock") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                facts: dict[str, Any] = json.loads(file.read() or "{}")
                return facts
            return {}
    except (OSError, ValueError):
        return {}
