"""What metric names mean, with dots in types and in properties."""

from __future__ import annotations

import pytest

from factbook.core.errors import FactbookError
from factbook.metrics.names import Measure, Metric, certain, reserved, resolve, splits


def test_reserved_names_take_the_rest_as_the_type_whatever_dots_it_has() -> None:
    assert reserved("events.count") == Metric("events.count", Measure.EVENTS)
    assert reserved("events.count.order.placed") == Metric("events.count.order.placed", Measure.EVENTS, "order.placed")
    assert reserved("users.active.page_view") == Metric("users.active.page_view", Measure.USERS, "page_view")
    assert reserved("sessions") == Metric("sessions", Measure.SESSIONS)
    assert reserved("events.counted") is None
    assert reserved("purchase.amount") is None


def test_of_several_seen_splits_the_longest_type_wins() -> None:
    seen = [("order", "placed.amount"), ("order.placed", "amount")]
    metric, known = resolve("order.placed.amount", seen)
    assert (metric.event_type, metric.property, known) == ("order.placed", "amount", True)
    metric, known = resolve("order.placed.amount", seen[:1])
    assert (metric.event_type, metric.property, known) == ("order", "placed.amount", True)


def test_an_unseen_name_is_parted_at_its_last_dot() -> None:
    metric, known = resolve("order.placed.amount", [])
    assert (metric.event_type, metric.property, known) == ("order.placed", "amount", False)


def test_only_a_name_of_one_meaning_is_certain() -> None:
    assert certain("purchase.price") == Metric("purchase.price", Measure.NUMBER, "purchase", "price")
    assert certain("events.count.a.b") == Metric("events.count.a.b", Measure.EVENTS, "a.b")
    assert certain("order.placed.amount") is None


@pytest.mark.parametrize("name", ["", "amount", ".amount", "purchase.", "a" * 600 + ".b", "a\0.b"])
def test_what_cannot_be_a_metric_is_refused(name: str) -> None:
    with pytest.raises(FactbookError) as refused:
        splits(name)
    assert refused.value.field == "metric_name"
