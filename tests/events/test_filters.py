"""Conditions from query strings and JSON: what they mean and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factbook.core.errors import FactbookError
from factbook.events.filters import Condition, Nature, Operator, from_json, from_pairs

BERLIN = ZoneInfo("Europe/Berlin")


def one(key: str, value: Any) -> Condition:
    [condition] = from_pairs([(key, value)], BERLIN)
    return condition


def test_a_key_without_operator_means_equal() -> None:
    assert one("country", "DE") == Condition("country", Nature.TEXT, Operator.EQ, ("DE",))
    assert one("property.plan", "pro") == Condition("plan", None, Operator.EQ, ("pro",))


def test_a_property_name_may_have_dots_and_even_be_called_like_an_operator() -> None:
    assert one("property.cart.total.gte", "10").name == "cart.total"
    assert one("property.cart.total", "10").name == "cart.total"
    assert one("property.signal.in.eq", "1") == Condition("signal.in", None, Operator.EQ, ("1",))
    assert one("property.in", "1") == Condition("in", None, Operator.EQ, ("1",))


def test_the_same_key_twice_means_either() -> None:
    [condition] = from_pairs([("country", "DE"), ("country", "FR")], BERLIN)
    assert condition == Condition("country", Nature.TEXT, Operator.IN, ("DE", "FR"))
    assert len(from_pairs([("user_id.ne", "a"), ("user_id.ne", "b")], BERLIN)) == 2


def test_event_types_are_a_comma_list_and_other_text_is_not() -> None:
    assert one("event_type", "a, b").values == ("a", "b")
    assert one("content_id", "a,b").values == ("a,b",)
    assert one("content_id.in", "a,b").values == ("a", "b")


def test_times_without_offset_are_read_in_the_zone() -> None:
    assert one("timestamp.gte", "2026-07-01T12:00:00").values == (datetime(2026, 7, 1, 10, tzinfo=UTC),)


def test_json_takes_an_object_and_a_list_and_keeps_types() -> None:
    as_object = from_json('{"country": ["DE", "FR"], "property.price.gte": 10, "property.vip": true}', BERLIN)
    as_list = from_json(
        '[{"field": "country", "operator": "in", "value": ["DE", "FR"]},'
        ' {"field": "property.price", "operator": "gte", "value": 10},'
        ' {"field": "property.vip", "value": true}]',
        BERLIN,
    )
    assert as_object == as_list
    assert [condition.values for condition in as_list] == [("DE", "FR"), (10.0,), ("true",)]


@pytest.mark.parametrize(
    "text",
    ["", "1", '"a"', "null", "[1]", '[{"field": 1, "value": 2}]', '{"country": null}', '{"country": {"a": 1}}',
     '{"country": []}', '{"a": 1}', '{"property.x": 1e999}', '{"property.x": "\\u0000"}', '{"timestamp.in": "2026"}',
     '[{"field": "country", "operator": "like", "value": 1}]', '{"id": "7"}', '{"session": "-1"}'],
)  # fmt: skip
def test_nonsense_is_refused_and_never_crashes(text: str) -> None:
    with pytest.raises(FactbookError):
        from_json(text, BERLIN)


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_pair_is_a_condition_or_a_refusal(key: str, value: str) -> None:
    for name in (key, f"property.{key}", f"country.{key}", "timestamp", "session", "id"):
        try:
            found = from_pairs([(name, value)], BERLIN)
        except FactbookError:
            continue
        assert len(found) == 1
