"""Schemas of custom event types: which are taken, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factbook.core.errors import FactbookError, Kind
from factbook.events.schemas import DEEPEST, LARGEST, Validator

PURCHASE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "amount": {"type": "number", "minimum": 0},
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "items": {"type": "array", "items": {"$ref": "#/$defs/item"}},
        "paid_at": {"format": "date-time"},
    },
    "required": ["amount"],
    "additionalProperties": False,
    "$defs": {"item": {"type": "object", "properties": {"sku": {"type": "string"}}, "required": ["sku"]}},
}


def _place(schema: Any) -> tuple[str | None, str]:
    with pytest.raises(FactbookError) as refusal:
        Validator(schema)
    assert refusal.value.kind is Kind.INVALID
    return refusal.value.field, refusal.value.message


@pytest.mark.parametrize(
    ("properties", "field"),
    [
        ({"amount": "much"}, "amount"),
        ({"amount": -1}, "amount"),
        ({}, ""),
        ({"amount": 1, "currency": "eur"}, "currency"),
        ({"amount": 1, "items": [{"sku": "a"}, {}]}, "items.1"),
        ({"amount": 1, "paid_at": "yesterday"}, "paid_at"),
        ({"amount": 1, "colour": "red"}, ""),
    ],
)
def test_the_first_fault_is_named_with_its_field(properties: dict[str, Any], field: str) -> None:
    fault = Validator(PURCHASE).check(properties)
    assert fault is not None
    assert fault[0] == field
    assert fault[1].endswith(".")


def test_properties_that_keep_to_the_schema_pass() -> None:
    good = {"amount": 3.5, "currency": "EUR", "items": [{"sku": "a"}], "paid_at": "2026-03-01T09:30:00Z"}
    assert Validator(PURCHASE).check(good) is None
    assert Validator({}).check({"anything": [1, {"at": "all"}]}) is None


def test_messages_never_repeat_the_value() -> None:
    fault = Validator({"properties": {"email": {"type": "integer"}}}).check({"email": "ann@example.org"})
    assert fault is not None
    assert "ann@example.org" not in fault[1]


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"properties": {"a": {"type": "numbr"}}}, "schema.properties.a.type"),
        ({"properties": {"a": [1]}}, "schema.properties.a"),
        ({"required": "a"}, "schema.required"),
        ({"properties": {"a": {"minimum": "1"}}}, "schema.properties.a.minimum"),
        ({"type": "array"}, "schema.type"),
        ({"propertys": {}}, "schema.propertys"),
        ({"properties": {"a": {"maxlength": 3}}}, "schema.properties.a.maxlength"),
        ({"$schema": "http://json-schema.org/draft-04/schema#"}, "schema.$schema"),
        ({"$schema": 7}, "schema.$schema"),
        ({"$ref": "https://example.org/schema.json"}, "schema.$ref"),
        ({"properties": {"a": {"$ref": "other.json#/a"}}}, "schema.properties.a.$ref"),
        ({"properties": {"a": {"$ref": "file:///etc/passwd"}}}, "schema.properties.a.$ref"),
        ({"$ref": "#/$defs/none"}, "schema.$ref"),
        ({"properties": {"a": {"$ref": "#anchor"}}}, "schema.properties.a.$ref"),
        ({"$id": "https://example.org/"}, "schema.$id"),
        ({"$dynamicRef": "#x"}, "schema.$dynamicRef"),
        ([], "schema"),
        ({"const": float("nan")}, "schema"),
    ],
)
def test_a_schema_that_cannot_be_taken_is_refused_naming_the_place(schema: Any, place: str) -> None:
    assert _place(schema)[0] == place


def test_a_typo_in_a_keyword_is_told() -> None:
    with pytest.raises(FactbookError) as refusal:
        Validator({"properties": {"a": {"maxlength": 3}}})
    assert refusal.value.hint == "Did you mean 'maxLength'?"


def test_words_of_ones_own_are_taken() -> None:
    Validator({"x-owner": "sales", "properties": {"a": {"x-unit": "EUR"}}})


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"properties": {"child": {"$ref": "#"}}},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "properties": {"x": {"$ref": "#/$defs/a"}}},
        {"$defs": {"a": {"not": {"$ref": "#/$defs/a"}}}},
    ],
)
def test_a_schema_that_refers_to_itself_is_refused(schema: dict[str, Any]) -> None:
    assert "refers to itself" in _place(schema)[1]


def test_a_small_schema_that_unfolds_into_a_huge_one_is_refused() -> None:
    levels: dict[str, Any] = {f"l{i}": {"allOf": [{"$ref": f"#/$defs/l{i + 1}"}] * 4} for i in range(12)}
    levels["l12"] = {"type": "number"}
    assert "parts" in _place({"$defs": levels, "properties": {"a": {"$ref": "#/$defs/l0"}}})[1]


def test_deep_and_large_schemas_are_refused() -> None:
    deep: dict[str, Any] = {}
    for _ in range(DEEPEST + 2):
        deep = {"not": deep}
    assert "levels deep" in _place(deep)[1]
    endless: dict[str, Any] = {}
    for _ in range(100_000):
        endless = {"not": endless}
    assert _place(endless)[0] == "schema"
    assert "bytes" in _place({"description": "x" * LARGEST})[1]


@pytest.mark.parametrize("pattern", ["(?=a)", r"(a)\1", "(", "(((a{1000}){1000}){1000})"])
def test_a_pattern_that_could_hold_up_ingest_is_refused(pattern: str) -> None:
    assert _place({"properties": {"a": {"pattern": pattern}}})[0] == "schema.properties.a.pattern"


def test_a_pattern_that_backtracks_elsewhere_is_matched_in_linear_time() -> None:
    fault = Validator({"properties": {"a": {"pattern": "^(a+)+$"}}}).check({"a": "a" * 100_000 + "!"})
    assert fault is not None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab$#/", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "properties", "items", "$ref", "$defs", "not", "allOf", "enum", "a", "pattern", "required"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


def _outcome(schema: Any) -> tuple[Kind, str] | None:
    try:
        Validator(schema).check({"a": 1})
    except FactbookError as refusal:
        return refusal.kind, (refusal.field or "").partition(".")[0]
    return None


@settings(max_examples=200, deadline=None)
@given(_JSON)
def test_any_json_is_either_taken_or_refused_naming_a_place(schema: Any) -> None:
    assert _outcome(schema) in (None, (Kind.INVALID, "schema"))
