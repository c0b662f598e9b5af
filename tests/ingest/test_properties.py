"""Properties by dotted path, against a plain reading of the same object; depth and number counted as they are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factbook.ingest.properties import TooDeepError, maps, measure

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
names = st.sampled_from(["a", "b", "a.b", "", "b.a"]) | st.text(max_size=3)
objects = st.dictionaries(
    names,
    st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)),
    max_size=5,
)


def leaves(*events: dict[str, Any]) -> list[tuple[dict[str, float], dict[str, str]]]:
    """(numbers, texts) of each event; a path that stood twice would be lost here, so it must not."""
    numbers, texts = (found.to_pylist() for found in maps(events))
    assert all(len({path for path, _ in each}) == len(each) for each in (*numbers, *texts))
    return [(dict(row), dict(other)) for row, other in zip(numbers, texts, strict=True)]


def depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


def members(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return len(inner) + sum(map(members, inner))


def test_numbers_and_texts_stand_apart_by_dotted_path() -> None:
    properties = {"n": 1, "f": 2.5, "t": "x", "yes": True, "no": False, "nil": None, "list": [1], "a": {"b": {"c": 3}}}
    assert leaves(properties) == [({"n": 1.0, "f": 2.5, "a.b.c": 3.0}, {"t": "x", "yes": "true", "no": "false"})]


@pytest.mark.parametrize(
    ("properties", "numbers"),
    [
        ({"a.b": 1, "a": {"b": 2}}, {"a.b": 1.0}),
        ({"a": {"b": 2}, "a.b": 1}, {"a.b": 1.0}),
        ({"a": {"b": {"c": 1}, "b.c": 2}}, {"a.b.c": 2.0}),
        ({"a.b": "text", "a": {"b": 2}}, {}),
        ({"a": {"b": 1}, "c": {"b": 2}}, {"a.b": 1.0, "c.b": 2.0}),
    ],
)
def test_a_path_that_two_leaves_share_counts_once_and_the_shallow_one_wins(
    properties: dict[str, Any], numbers: dict[str, float]
) -> None:
    assert leaves(properties)[0][0] == numbers


def test_a_number_beyond_float64_and_one_without_a_name_stand_in_the_properties_alone() -> None:
    assert leaves({"big": 10**400, "": 7, "n": 1}) == [({"n": 1.0}, {})]


@given(st.lists(objects, max_size=4))
def test_leaves_are_what_a_plain_reading_finds(events: list[dict[str, Any]]) -> None:
    for event, (numbers, texts) in zip(events, leaves(*events), strict=True):
        for path in [*numbers, *texts]:
            assert any(path == found for found, _ in plainly(event))
        for name, value in event.items():
            if isinstance(value, str):
                assert texts[name] == value
            elif type(value) is float and name:
                assert numbers[name] == value


def plainly(event: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in event.items():
        found += plainly(value, f"{prefix}{name}.") if isinstance(value, dict) else [(prefix + name, value)]
    return found


@given(objects, st.integers(1, 6))
def test_members_are_counted_at_any_depth_and_depth_is_bounded(properties: dict[str, Any], deepest: int) -> None:
    if depth(properties) > deepest:
        with pytest.raises(TooDeepError):
            measure(properties, deepest)
    else:
        assert measure(properties, deepest) == members(properties)
