"""Families of Prometheus' series: which are running totals, by what the sender says of them and by their names."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

SUFFIXES = ("_total", "_bucket", "_count", "_sum")


class Type(IntEnum):
    """As in prometheus.MetricMetadata."""

    UNKNOWN = 0
    COUNTER = 1
    GAUGE = 2
    HISTOGRAM = 3
    GAUGEHISTOGRAM = 4
    SUMMARY = 5
    INFO = 6
    STATESET = 7


_OF_PARTS = (Type.HISTOGRAM, Type.SUMMARY)


def is_running(name: str, type_of: Callable[[str], int | None]) -> bool:
    """By the type of the family where one was sent (a counter's may be named with `_total` or without), else by the
    suffix."""
    own = type_of(name)
    if own:
        return own == Type.COUNTER
    suffix = next((one for one in SUFFIXES if name.endswith(one)), None)
    if suffix is None:
        return False
    family = type_of(name.removesuffix(suffix))
    if not family:
        return True
    return family == Type.COUNTER if suffix == "_total" else family in _OF_PARTS
