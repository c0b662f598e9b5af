"""Columns made of Python values: what went in comes out, without nulls."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from factbook.ingest.columns import TIME, ids, integers, joined, lines, raw_ids, texts, times, total

words = st.text(st.characters(exclude_characters="\n", codec="utf-8"), max_size=5)


@given(st.lists(st.none() | words))
def test_nothing_is_the_empty_text(values: list[str | None]) -> None:
    column = texts(values)
    assert (column.type, column.null_count) == (pa.string(), 0)
    assert column.to_pylist() == [value or "" for value in values]


@given(st.lists(words))
def test_texts_that_stood_one_a_line_are_told_apart(values: list[str]) -> None:
    column = lines("".join(f"{value}\n" for value in values).encode())
    column.validate(full=True)
    assert column.to_pylist() == values
    assert joined(column) == "".join(values).encode()
    assert total(column) == len(joined(column))


@given(st.lists(st.binary(min_size=16, max_size=16)), st.integers(0, 5))
def test_ids_are_read_back_wherever_a_column_begins(values: list[bytes], start: int) -> None:
    column = ids(b"".join(values))
    assert column.to_pylist() == values
    assert raw_ids(column.slice(start)) == b"".join(values[start:])


@given(st.lists(st.integers(0, 2**47)))
def test_times_are_milliseconds_in_utc(values: list[int]) -> None:
    column = times(np.array(values, dtype=np.int64))
    assert column.type == TIME
    assert integers(column).tolist() == values
    assert column.to_pylist() == pa.array(values, TIME).to_pylist()
