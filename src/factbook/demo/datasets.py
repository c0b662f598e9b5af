"""What the demo data sets have in common: a fixed order of events, each with its own moment."""

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

Numbers = npt.NDArray[np.integer[Any]]
"""Places in the order of events."""


class DemoEvent(msgspec.Struct, omit_defaults=True, gc=False):
    """An event as it is sent; properties may be a struct of the data set's own."""

    event_id: str
    event_type: str
    timestamp: str
    properties: msgspec.Struct | dict[str, Any]
    user_id: str | None = None
    content_id: str | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    source: str | None = None
    country: str | None = None
    referrer: str | None = None
    user_agent: str | None = None


class Dataset(Protocol):
    """moments: when each event happened, in order; its length is the number of events. is_made_up: none ever did."""

    name: str
    title: str
    is_made_up: bool
    moments: Moments

    def events(self, numbers: Numbers, times: Sequence[str], ids: Sequence[str]) -> list[DemoEvent]:
        """The events with these numbers (places in `moments`), given these times and ids."""


def read(name: str) -> pa.Table:
    """The table of `data/<name>.parquet`, texts as dictionary codes."""
    with resources.as_file(resources.files("factbook.demo") / "data" / f"{name}.parquet") as path:
        texts = [field.name for field in pq.read_schema(path) if pa.types.is_string(field.type)]
        return pq.ParquetFile(path, read_dictionary=texts).read(use_threads=False)


def times(moments: Moments) -> list[str]:
    """RFC 3339 texts of `moments`."""
    texts: list[str] = np.datetime_as_string(moments.astype("datetime64[ms]"), timezone="UTC").tolist()
    return texts


class Column:
    """A column as numpy codes and the list of its distinct values (None among them): a byte or two a row."""

    def __init__(self, values: pa.ChunkedArray) -> None:
        whole = values.unify_dictionaries().combine_chunks()
        coded = whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()
        self._values: list[Any] = [*coded.dictionary.to_pylist(), None]
        codes = coded.indices.fill_null(len(self._values) - 1).to_numpy(zero_copy_only=False)
        self._codes = codes.astype(np.min_scalar_type(len(self._values)))

    def at(self, rows: Numbers) -> list[Any]:
        """The values at these rows."""
        values = self._values
        return [values[code] for code in self._codes[rows].tolist()]


@cache
def datasets() -> tuple[Dataset, ...]:
    """Both real data sets, read once a process (some 25 MB of arrays)."""
    from .flights import Flights
    from .purchases import Purchases

    both = Purchases(read("cdnow")), Flights(read("flights"))
    pa.default_memory_pool().release_unused()
    return both
