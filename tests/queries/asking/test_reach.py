"""The spans of each segment, reckoned by the engine, are those of which it is a part."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from factbook.core.sql import Parameters
from factbook.queries.asking.reach import MAX_BLOCKS, blocks, reached
from factbook.queries.asking.spans import Segments, segments
from factbook.storage.engine import Engine

ranges = st.tuples(st.integers(0, 40), st.integers(1, 15)).map(lambda pair: (pair[0], pair[0] + pair[1]))


def told(engine: Engine, asked: Segments) -> list[tuple[int, ...]]:
    parameters = Parameters()
    places = reached(asked, "at", parameters)
    sql = f"SELECT {places} FROM (SELECT toInt64(number) AS at FROM numbers({len(asked.reach)}))"
    assert max((len(str(value)) for value in parameters.values.values()), default=0) < 100_000
    return [tuple(places) for (places,) in engine.rows(sql, parameters.values)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@drawn(st.lists(ranges, min_size=1, max_size=40, unique=True))
def test_any_ranges(engine: Engine, drawn_ranges: list[Any]) -> None:
    asked = segments(drawn_ranges)
    assert told(engine, asked) == list(asked.reach)


def test_irregular_ranges_are_listed(engine: Engine) -> None:
    asked = segments([(n, n + 3 + n * n % 7) for n in range(400)])
    assert len(blocks(asked.reach)) > MAX_BLOCKS
    assert told(engine, asked) == list(asked.reach)


DAYS = [(n, n + 1) for n in range(700)]


@pytest.mark.parametrize(
    "more",
    [
        [],
        [(0, 700)],
        [(0, 700), *((n - 700, n - 699) for n in range(700)), (-700, 0)],
        [(0, 700), *((0, n + 1) for n in range(700))],
        [(n - 29, n + 1) for n in range(700)],
    ],
    ids=["buckets", "and their total", "and a comparison", "and running totals", "and windows"],
)
def test_what_is_regular_takes_a_few_terms(engine: Engine, more: list[tuple[int, int]]) -> None:
    asked = segments([*dict.fromkeys([*DAYS, *more])])
    assert len(blocks(asked.reach)) < 70
    assert told(engine, asked) == list(asked.reach)
