"""Arrow columns made of Python values: texts without nulls, ids of 16 bytes, times in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

FEW = 16
"""Below it a loop in Python is quicker than calls into numpy: what came alone must not wait for them."""

TEXT = pa.string()
TIME = pa.timestamp("ms", tz="UTC")
ID = pa.binary(16)


def texts(values: Sequence[Any]) -> pa.Array:
    """Texts; None is the empty text."""
    first = values[0] if values else None
    if values.count(first) == len(values):  # one value throughout, often none at all
        return same(first, len(values), TEXT) if first else blank(len(values))
    column = pa.array(values, TEXT)
    return column.fill_null("") if column.null_count else column


def same(value: Any, size: int, kind: pa.DataType) -> pa.Array:
    return pa.repeat(pa.scalar(value, kind), size)


@lru_cache(maxsize=256)
def blank(size: int) -> pa.Array:
    return same("", size, TEXT)


def lines(joined: bytes) -> pa.Array:
    """Texts that stood one a line, each line ended."""
    plain = np.frombuffer(joined, dtype=np.uint8)
    ends = np.flatnonzero(plain == ord("\n"))
    offsets = np.zeros(len(ends) + 1, dtype=np.int32)
    offsets[1:] = ends - np.arange(len(ends))
    return pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(np.delete(plain, ends)))


def total(column: pa.Array) -> int:
    """Bytes of all texts of a column that was made here."""
    data = column.buffers()[2]
    return int(data.size) if data else 0


def joined(column: pa.Array) -> bytes:
    """All texts of a column that was made here, one after another."""
    data = column.buffers()[2]
    return data.to_pybytes() if data else b""


def ids(raw: bytes) -> pa.Array:
    """16 bytes for each id, one after another."""
    return pa.FixedSizeBinaryArray.from_buffers(ID, len(raw) // 16, [None, pa.py_buffer(raw)])


def raw_ids(column: pa.Array) -> bytes:
    """The other way: of a column of ids, or of UUIDs as the warehouse gives them."""
    storage = getattr(column, "storage", column)
    start = storage.offset * 16
    return bytes(storage.buffers()[1][start : start + len(storage) * 16])


def times(milliseconds: NDArray[np.int64]) -> pa.Array:
    return pa.Array.from_buffers(TIME, len(milliseconds), [None, pa.py_buffer(milliseconds)])


def integers(column: pa.Array) -> NDArray[np.int64]:
    """The milliseconds of a column of times."""
    found: NDArray[np.int64] = column.view(pa.int64()).to_numpy()
    return found
