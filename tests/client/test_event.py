"""An event as the client writes it is what the server reads, whatever it carries; what cannot be written is named."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factbook.client import ClientError
from factbook.client.event import FIELDS, encoded, parts
from factbook.events.event import FIELDS as EVERY
from factbook.ingest.decode import decode

WHOLE = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | WHOLE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WHOLE, inner, max_size=4),
    max_leaves=10,
)


def read(event: bytes) -> Any:
    decoded = decode(b"[" + event + b"]", max_events=1)
    assert not decoded.refused
    [one] = decoded.events
    return one


@given(properties=st.dictionaries(WHOLE.filter(lambda name: name not in {*FIELDS, "properties"}), VALUES, max_size=8))
def test_every_property_arrives_as_it_was_given(properties: dict[str, Any]) -> None:
    event_id, event = encoded("kept", properties)
    found = read(event)
    assert found.event_id == event_id
    assert found.properties == properties


def test_the_fields_of_an_event_are_those_that_the_server_knows() -> None:
    """`id` is no other name of `event_id` here: a program's own `id` is a property."""
    assert {*FIELDS, "event_type", "id", "properties"} == EVERY


def test_ids_are_of_the_time_and_in_order_unless_given() -> None:
    ids = [encoded("kept", {})[0] for _ in range(1000)]
    assert ids == sorted(set(ids))
    assert {UUID(each).version for each in ids} == {7}
    assert encoded("kept", {"event_id": "order-17"})[0] == "order-17"


def test_fields_become_text_and_properties_win_over_names_beside_them() -> None:
    members = {"user_id": 42, "content_id": UUID(int=1), "country": None, "id": 7, "x": 1, "properties": {"x": 2}}
    found = read(encoded("kept", members)[1])
    assert (found.user_id, found.content_id) == ("42", str(UUID(int=1)))
    assert found.country is None
    assert found.properties == {"id": 7, "x": 2}


def test_times_decimals_and_numbers_of_numpy_are_written_as_what_they_are() -> None:
    moment = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    members = {"timestamp": moment, "price": Decimal("49.90"), "n": np.int64(3), "x": np.float32(0.5), "nan": math.nan}
    found = read(encoded("kept", members)[1])
    assert found.timestamp == moment
    assert found.properties == {"price": 49.9, "n": 3, "x": 0.5, "nan": None}


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"good": 1, "bad": object()}, "properties.bad"),
        ({"bad": {"deep": [{1, object()}]}}, "properties.bad"),
        ({"bad": "half \ud83d"}, "properties.bad"),
        ({"user_id": "half \ud83d"}, "user_id"),
        ({"properties": [1]}, "properties"),
    ],
)
def test_what_cannot_be_written_is_refused_at_once_and_named(members: dict[str, Any], field: str) -> None:
    with pytest.raises(ClientError) as refused:
        encoded("kept", members)
    assert refused.value.field == field
    assert refused.value.hint


@pytest.mark.parametrize("event_type", ["", None, 7])
def test_an_event_without_a_type_is_refused_at_once(event_type: Any) -> None:
    with pytest.raises(ClientError) as refused:
        encoded(event_type, {})
    assert refused.value.field == "event_type"


def test_parts_are_bounded_and_what_stands_before_a_bad_event_comes_first() -> None:
    events = [{"event_type": "kept", "n": n, "bad": object() if n == 7 else None} for n in range(10)]
    found: list[int] = []
    with pytest.raises(ClientError, match="JSON"):  # noqa: PT012 (what came before it is looked at)
        for part in parts(events, 3, 1_000_000):
            assert len(part) <= 3
            found += [msgspec.json.decode(event)["properties"]["n"] for _, event in part]
    assert found == list(range(7))
    assert [len(part) for part in parts(events[:6], 1000, 1)] == [1] * 6
