"""Event types of the packs: each is told with a schema that its own example meets, and with what looks at it."""

from __future__ import annotations

import pytest

from factbook.events.schemas import Validator
from factbook.events.types import KNOWN_TYPES
from factbook.metrics.catalog import built_in
from factbook.metrics.event_types import schema, told_event_types
from factbook.metrics.model import Properties

from .declarations import changed, told

TOLD = {one["event_type"]: one for one in told_event_types(built_in())["event_types"]}


def test_every_known_type_is_told_once() -> None:
    listed = [one["event_type"] for one in told_event_types(built_in())["event_types"]]
    assert sorted(listed) == sorted(KNOWN_TYPES)


@pytest.mark.parametrize("name", TOLD)
def test_a_type_has_a_description_and_an_example_that_meets_its_schema(name: str) -> None:
    one = TOLD[name]
    assert one["description"].endswith(".")
    assert one["example"]["event_type"] == name
    assert Validator(one["schema"]).check(one["example"]["properties"]) is None
    assert set(one["example"]["properties"]) <= set(one["schema"]["properties"])


def test_a_schema_refuses_what_is_of_another_kind_and_takes_what_it_does_not_know() -> None:
    validator = Validator(schema(Properties(("amount",), ("category",), ("gift",))))
    assert validator.check({"amount": 1.5, "category": "Books", "gift": True, "colour": ["red"]}) is None
    assert validator.check({}) is None
    for wrong in ({"amount": "1.5"}, {"category": 3}, {"gift": "yes"}):
        found = validator.check(wrong)
        assert found
        assert found[0] == next(iter(wrong))


def test_a_type_names_the_metrics_that_look_at_it() -> None:
    assert TOLD["content_share"]["metrics"] == ["shares", "engagements"]
    assert [one["pack"] for one in told_event_types(built_in(), "imports")["event_types"]] == ["imports"] * 3


def test_an_example_is_told_wrong_with_its_line_and_what_was_meant() -> None:
    declared = "  subscription_canceled: {}\n"
    for example, said in (
        ("{user_id: u-1, mrr: 3}", "'mrr' is neither a property of this type nor a column."),
        ("{usr_id: u-1}", "'usr_id' is neither a property of this type nor a column. Did you mean 'user_id'?"),
        ("{user_id: 3}", "'user_id' is a whole number, not text."),
    ):
        [found] = told(changed(declared, f"  subscription_canceled: {{example: {example}}}\n"))
        assert found.startswith(f"pack.yaml:7: {said}")
    kinds = "{texts: [reason], flags: [final], numbers: [mrr], example: {reason: 3, final: 1, mrr: true}}"
    assert told(changed(declared, f"  subscription_canceled: {kinds}\n")) == [
        "pack.yaml:7: The property 'reason' is declared as text; the example holds '3'.",
        "pack.yaml:7: The property 'final' is declared as true or false; the example holds '1'.",
        "pack.yaml:7: The property 'mrr' is declared as a number; the example holds 'True'.",
    ]
