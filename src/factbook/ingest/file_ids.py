"""Event ids of rows that bring none: the same row of the same thing has the same id on every run."""

from __future__ import annotations

import hashlib


class RowIds:
    """UUIDs (version 8) whose first 80 bits name the thing and whose last 48 bits are the row's number."""

    def __init__(self, *name: str) -> None:
        digest = hashlib.sha256("\x1f".join(name).encode()).hexdigest()
        variant = "89ab"[int(digest[15], 16) & 3]
        self._start = f"{digest[:8]}-{digest[8:12]}-8{digest[12:15]}-{variant}{digest[16:19]}-"

    def of(self, row: int) -> str:
        """The id of row `row`, below 2**48."""
        return f"{self._start}{row:012x}"

    def span(self, start: int, stop: int) -> list[str]:
        """The ids of rows start, ..., stop - 1."""
        return [f"{self._start}{row:012x}" for row in range(start, stop)]
