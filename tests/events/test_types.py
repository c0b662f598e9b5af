"""The known event types and their categories."""

from __future__ import annotations

from typing import get_args

import pytest

from factbook.events.event import Category
from factbook.events.types import CATEGORIES, KNOWN_TYPES, category


@pytest.mark.parametrize(
    ("event_type", "expected"),
    [
        ("content_view", "content"),
        ("recommendation_click", "content"),
        ("search_filter", "search"),
        ("user.login", "user"),
        ("page_view", "user"),
        ("purchase", "commerce"),
        ("subscription_canceled", "commerce"),
        ("error_occurred", "system"),
        ("import_failed", "import"),
        ("order.rejected", "trading"),
        ("market.data.update", "trading"),
    ],
)
def test_a_known_type_has_its_category(event_type: str, expected: str) -> None:
    assert category(event_type) == expected


@pytest.mark.parametrize("event_type", ["flight_departed", "", "Purchase", "order.placed.twice"])
def test_any_other_name_is_custom(event_type: str) -> None:
    assert category(event_type) == "custom"


def test_categories_are_those_an_event_may_have() -> None:
    assert set(get_args(Category)) == set(CATEGORIES)
    assert set(KNOWN_TYPES.values()) <= set(CATEGORIES)


def test_all_fifty_and_more_types_of_the_contract_are_known() -> None:
    assert len(KNOWN_TYPES) >= 55
