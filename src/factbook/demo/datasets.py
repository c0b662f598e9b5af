"""What the two demo data sets have in common: a fixed order of events, each with its own moment."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any, Protocol

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

Moments = npt.NDArray[np.int64]
"""Milliseconds since 1970-01-01 UTC."""


class DemoEvent(msgspec.Struct, omit_defaults=True, gc=False):
    """An event as it is sent; properties is a struct of the data set's own."""

    event_id: str
    event_type: str
    timestamp: str
    properties: msgspec.Struct
    user_id: str | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    source: str | None = None


class Dataset(Protocol):
    """moments: when each event happened, in order; its length is the number of events."""

    name: str
    title: str
    moments: Moments

    def events(self, numbers: Sequence[int], times: Sequence[str], ids: Sequence[str]) -> list[DemoEvent]:
        """The events with these numbers (places in `moments`), given these times and ids."""


def read(name: str) -> pa.Table:
    """The table of `data/<name>.parquet`."""
    with resources.as_file(resources.files("factbook.demo") / "data" / f"{name}.parquet") as path:
        return pq.read_table(path)


def times(moments: Moments) -> list[str]:
    """RFC 3339 texts of `moments`."""
    texts: list[str] = np.datetime_as_string(moments.astype("datetime64[ms]"), timezone="UTC").tolist()
    return texts


def column(table: pa.Table, name: str) -> list[Any]:
    """The column's values; equal texts are one object, so that a column of few names costs one pointer a row."""
    values = table.column(name)
    if not pa.types.is_string(values.type):
        numbers: list[Any] = values.to_pylist()
        return numbers
    coded = values.combine_chunks().dictionary_encode()
    texts = [*coded.dictionary.to_pylist(), None]
    return [texts[code] for code in coded.indices.fill_null(len(texts) - 1).to_pylist()]


@cache
def datasets() -> tuple[Dataset, ...]:
    """Both data sets, read once a process (`datasets.cache_clear()` lets go of them)."""
    from .flights import Flights
    from .purchases import Purchases

    return Purchases(read("cdnow")), Flights(read("flights"))
