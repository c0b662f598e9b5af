"""The clock that is passed in, so that tests can set the time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the current time, aware, in UTC."""


def system_clock() -> datetime:
    return datetime.now(UTC)


def epoch_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970-01-01 UTC; `moment` must be aware."""
    return round(moment.timestamp() * 1000)


def from_epoch_ms(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


monotonic = time.monotonic
