"""Durations, day counts and sizes as people write them (`300ms`, `90d`, `16MiB`), read into seconds, days and bytes."""

from __future__ import annotations

import math
import re

_NUMBER = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*([A-Za-z]*)\Z")
_SECONDS = {"": 1.0, "ms": 0.001, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_DAYS = {"": 1.0, "d": 1.0, "w": 7.0, "y": 365.0}
_BYTES = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "k": 2**10,
    "m": 2**20,
    "g": 2**30,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}


def seconds(value: object) -> float:
    """`30`, `"30s"`, `"300ms"`, `"30m"`, `"24h"`, `"7d"` in seconds. Raises ValueError on anything else."""
    return _read(value, _SECONDS, "a duration", "30s, 300ms, 5m or 24h")


def days(value: object) -> int:
    """`90`, `"90d"`, `"12w"`, `"2y"` in whole days. Raises ValueError on anything else."""
    found = _read(value, _DAYS, "a number of days", "90d, 12w or 2y")
    if found != int(found):
        raise ValueError("must be a whole number of days")
    return int(found)


def size(value: object) -> int:
    """`1048576`, `"16MiB"`, `"1GB"` in whole bytes. Raises ValueError on anything else."""
    return int(_read(value, _BYTES, "a size", "65536, 256KiB or 16MiB"))


def seconds_text(value: float) -> str:
    """Seconds in the largest unit that says them without a fraction: `300ms`, `30s`, `24h`."""
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        if value >= length and value % length == 0 and (unit != "d" or value > 86400):
            return f"{int(value // length)}{unit}"
    return f"{value * 1000:g}ms" if 0 < value < 1 else f"{value:g}s"


def size_text(value: float) -> str:
    """Bytes in the largest binary unit that says them without a fraction: `256KiB`, `16MiB`."""
    for unit, length in (("TiB", 2**40), ("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if value >= length and value % length == 0:
            return f"{int(value // length)}{unit}"
    return f"{int(value)} bytes"


def _read(value: object, units: dict[str, float] | dict[str, int], what: str, examples: str) -> float:
    if isinstance(value, bool):
        raise ValueError(f"must be {what} such as {examples}")
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    match = _NUMBER.match(value.strip()) if isinstance(value, str) else None
    if match is None or match[2].lower() not in units:
        raise ValueError(f"must be {what} such as {examples}")
    return float(match[1]) * units[match[2].lower()]
