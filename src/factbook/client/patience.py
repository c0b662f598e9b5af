"""How long to wait before the next try: longer each time, never in step with others, never less than was asked."""

from __future__ import annotations

import random

_FIRST_SECONDS = 0.1
_LONGEST_SECONDS = 10.0


def delay(failures: int, asked: float | None = None) -> float:
    """Seconds to wait after so many failures in a row; `asked` is what a Retry-After asked for."""
    own = min(_FIRST_SECONDS * 2.0 ** min(failures - 1, 30), _LONGEST_SECONDS)
    spread = random.uniform(0.5, 1.0)  # noqa: S311 (no secret)
    return own * spread if asked is None else asked + _FIRST_SECONDS * spread
