"""From bytes to events: every shape, every refusal with its place, and nothing but those two whatever is sent."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factbook.core.errors import FactbookError, Kind
from factbook.ingest.decode import Decoded, decode

A, B = {"event_type": "a"}, {"event_type": "b"}


def read(body: bytes | str, max_events: int = 100) -> Decoded:
    return decode(body.encode() if isinstance(body, str) else body, max_events=max_events)


def types(decoded: Decoded) -> list[str]:
    return [event.event_type for event in decoded.events]


def refusal_of(event: Any) -> tuple[str, str, str]:
    """Field, reason and message of the one refusal of `event`, sent behind a good one."""
    decoded = read(json.dumps([A, event]) if not isinstance(event, bytes) else b'[{"event_type":"a"},' + event + b"]")
    assert types(decoded) == ["a"]
    assert list(decoded.index) == [0]
    [(index, refusal, _)] = decoded.refused
    assert index == 1
    return refusal.field, refusal.reason, refusal.message


def whole(body: bytes | str, max_events: int = 100) -> FactbookError:
    with pytest.raises(FactbookError) as refused:
        read(body, max_events)
    return refused.value


# Shapes


@pytest.mark.parametrize(
    "body",
    [
        '[{"event_type":"a"},{"event_type":"b"}]',
        ' \n\t[ {"event_type":"a"} , {"event_type":"b"} ] \n',
        '{"events":[{"event_type":"a"},{"event_type":"b"}]}',
        '{"sent_by": {"events": 7}, "api": [1], "events": [{"event_type":"a"},{"event_type":"b"}]}',
        '{"events":[{"event_type":"a"},{"event_type":"b"}], "sent_at": "now"}',
        '{"event_type":"a"}\n{"event_type":"b"}',
        '{"event_type":"a"}\r\n\r\n  \n{"event_type":"b"}\r\n',
        b'\xef\xbb\xbf[{"event_type":"a"},{"event_type":"b"}]',
        b'\xef\xbb\xbf{"event_type":"a"}\n{"event_type":"b"}\n',
        " " * 100 + '[{"event_type":"a"},{"event_type":"b"}]',
    ],
)
def test_every_shape_of_a_batch_gives_its_events_in_order(body: bytes | str) -> None:
    decoded = read(body)
    assert (types(decoded), list(decoded.index), decoded.refused) == (["a", "b"], [0, 1], [])


@pytest.mark.parametrize(
    "body", ['{"event_type":"a"}', '{\n  "event_type": "a"\n}\n', b'\xef\xbb\xbf {"event_type":"a"}']
)
def test_one_object_is_one_event(body: bytes | str) -> None:
    assert types(read(body)) == ["a"]


@pytest.mark.parametrize("body", ["[]", '{"events": []}'])
def test_an_empty_batch_is_no_error(body: str) -> None:
    assert read(body).count == 0


@pytest.mark.parametrize("body", ['{"event_type":"a","events":[1]}', '{"events":[1],"event_type":"a"}'])
def test_an_event_may_have_a_property_called_events_wherever_it_stands(body: str) -> None:
    [event] = read(body).events
    assert (event.event_type, event.properties) == ("a", {"events": [1]})


def test_bad_lines_among_good_ones_are_refused_alone() -> None:
    decoded = read('{"event_type":"a"}\n{"event_type"\n7\n{"user_id":"u"}\n{"event_type":"b"}')
    assert types(decoded) == ["a", "b"]
    assert list(decoded.index) == [0, 4]
    assert [(index, refusal.reason) for index, refusal, _ in decoded.refused] == [
        (1, "malformed"),
        (2, "not_an_object"),
        (3, "missing_field"),
    ]


def test_what_was_sent_is_kept_with_its_refusal() -> None:
    [(_, _, sent)] = read('{"event_type":"a"}\n{"event_type": ""}').refused
    assert json.loads(sent) == {"event_type": ""}


def test_an_object_spread_over_lines_with_a_comma_too_many_is_one_malformed_body() -> None:
    error = whole('{\n  "event_type": "a",\n}\n')
    assert error.kind is Kind.MALFORMED
    assert "trailing comma" in error.message


def test_the_last_of_two_equal_keys_counts() -> None:
    [event] = read('{"event_type":"a","event_type":"b","properties":{"x":1},"properties":{"x":2}}').events
    assert (event.event_type, event.properties) == ("b", {"x": 2})


# Unknown fields


def test_unknown_fields_become_properties() -> None:
    [event] = read(json.dumps({**A, "plan": "pro", "nested": {"a": [1]}, "properties": {"x": 1}})).events
    assert event.properties == {"plan": "pro", "nested": {"a": [1]}, "x": 1}


def test_an_unknown_field_never_overwrites_a_property() -> None:
    [event] = read(json.dumps({**A, "plan": "outside", "properties": {"plan": "inside"}})).events
    assert event.properties == {"plan": "inside"}


@pytest.mark.parametrize("properties", [5, "x", [1], True])
def test_properties_that_are_no_object_are_refused_beside_unknown_fields_too(properties: Any) -> None:
    assert refusal_of({**B, "plan": "pro", "properties": properties})[:2] == ("properties", "wrong_type")


def test_null_is_as_good_as_absent() -> None:
    [event] = read(json.dumps({**A, "properties": None, "user_id": None, "timestamp": None})).events
    assert (event.properties, event.user_id, event.timestamp) == (None, None, None)


# Refusals


@pytest.mark.parametrize(
    ("event", "field", "reason", "said"),
    [
        ({}, "event_type", "missing_field", "`event_type` is required."),
        ({"event_type": ""}, "event_type", "bad_length", "At least 1 character."),
        ({"event_type": "x" * 129}, "event_type", "bad_length", "At most 128 characters."),
        ({"event_type": 7}, "event_type", "wrong_type", "Expected text, not a number."),
        ({**B, "user_id": {"id": 1}}, "user_id", "wrong_type", "Expected text, not an object."),
        ({**B, "user_id": "u" * 513}, "user_id", "bad_length", "At most 512 characters."),
        ({**B, "properties": [1]}, "properties", "wrong_type", "Expected an object, not an array."),
        ({**B, "timestamp": "yesterday"}, "timestamp", "bad_time", "RFC 3339"),
        ({**B, "timestamp": 1700000000}, "timestamp", "bad_time", "RFC 3339"),
        ({**B, "timestamp": "2026-02-30T00:00:00Z"}, "timestamp", "bad_time", "RFC 3339"),
        ({**B, "event_category": "food"}, "event_category", "unknown_value", "commerce"),
        ({**B, "data_class": "secret"}, "data_class", "unknown_value", "confidential"),
        (7, "", "not_an_object", "An event is a JSON object."),
        ([B], "", "not_an_object", "An event is a JSON object."),
        (None, "", "not_an_object", "An event is a JSON object."),
        (b'{"event_type":"b","properties":{"p":{"y":1e999}}}', "properties.p.y", "out_of_range", "too large"),
        (b'{"event_type":"b","score":-1e999}', "score", "out_of_range", "too large"),
    ],
)
def test_a_bad_event_among_good_ones_names_field_reason_and_says_what_is_wrong(
    event: Any, field: str, reason: str, said: str
) -> None:
    found = refusal_of(event)
    assert found[:2] == (field, reason)
    assert said in found[2]


@pytest.mark.parametrize("number", [b"123456789012345678901234567890", b"-0.0", b"1e308", b"5e-324", b"0"])
def test_numbers_of_any_size_that_fit_are_taken(number: bytes) -> None:
    [event] = read(b'{"event_type":"a","properties":{"x":' + number + b"}}").events
    assert (event.properties or {})["x"] == json.loads(number)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\xef\xbb\xbf" * 100_000, "begin with"),
        (b"hello", "begin with { or ["),
        (b'"event"', "begin with { or ["),
        (b"\x1f\x8b\x08\x00", "begin with { or ["),
        (b'[{"event_type":"a"}', "truncated"),
        (b'[{"event_type":"a"},]', "trailing comma"),
        (b'{"event_type":"a"', "truncated"),
        (b'{"event_type":"a"} {"event_type":"b"}', "trailing characters"),
        (b'{"event_type":"a","properties":{"x":NaN}}', "invalid character"),
        (b'{"events": 5}', "`events` is not an array"),
        (b'{"event_type":"caf\xe9"}', "not UTF-8: byte 18"),
        (b'{"event_type":"\xed\xa0\x80"}', "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_whole_and_says_why(body: bytes, said: str) -> None:
    error = whole(body)
    assert error.kind is Kind.MALFORMED
    assert said in error.message
    assert "NDJSON" in (error.hint or "")


HALVES = rb'{"event_type":"a","x":"cut \ud83d","y":"\ude00\ud83d","z":"\ud83d\ude00 \\ud800"}'


@pytest.mark.parametrize("body", [HALVES, b"[%s]" % HALVES, b'{"events":[%s]}' % HALVES, b'{"x":1}\n%s\n' % HALVES])
def test_half_a_surrogate_pair_becomes_the_replacement_character_and_refuses_nothing(body: bytes) -> None:
    [event] = read(body).events
    assert event.properties == {"x": "cut \ufffd", "y": "\ufffd\ufffd", "z": "\U0001f600 \\ud800"}


# Bounds


@pytest.mark.parametrize("shape", ["[{}]", '{{"events":[{}]}}'])
def test_a_batch_of_the_limit_is_taken_and_one_more_is_too_large(shape: str) -> None:
    of = {count: shape.format(",".join(['{"event_type":"a"}'] * count)) for count in (5, 6)}
    assert read(of[5], 5).count == 5
    error = whole(of[6], 5)
    assert error.kind is Kind.TOO_LARGE
    assert "5" in (error.hint or "")


def test_lines_and_bad_events_count_towards_the_limit() -> None:
    assert read('{"event_type":"a"}\n' * 5, 5).count == 5
    assert whole('{"event_type":"a"}\n' * 6, 5).kind is Kind.TOO_LARGE
    assert whole("[1,2,3,4,5,6]", 5).kind is Kind.TOO_LARGE


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"1," * 2_000_000 + b"1]",
        b"[" + b"{}," * 2_000_000 + b"{}]",
        b'{"events":[' + b"null," * 1_000_000 + b"1]}",
        b"{}\n" * 2_000_000,
        b'[{"event_type":"a"}' + b',{"event_type":"a"}' * 300_000 + b"]",
    ],
)
def test_millions_of_tiny_items_are_refused_within_the_memory_of_the_body(body: bytes) -> None:
    tracemalloc.start()
    try:
        assert whole(body, 10_000).kind is Kind.TOO_LARGE
        assert tracemalloc.get_traced_memory()[1] < 4 * len(body)
    finally:
        tracemalloc.stop()


def test_events_with_very_many_commas_are_still_taken() -> None:
    event = json.dumps({**A, "properties": {"list": list(range(200))}})
    assert read(f"[{event},{event}]", 2).count == 2


# Anything at all

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
fields = st.sampled_from(["event_type", "timestamp", "properties", "id", "events", "country", "x"])
pieces = st.sampled_from(
    [b"[", b"]", b"{", b"}", b",", b":", b'"', b"\n", b'"event_type"', b'"events"', b"1e9", b"\\ud8"]
)


def outcome(body: bytes) -> Decoded | FactbookError:
    try:
        return read(body)
    except FactbookError as error:
        return error


def only_refuses(body: bytes) -> None:
    found = outcome(body)
    if isinstance(found, FactbookError):
        assert found.kind in (Kind.MALFORMED, Kind.TOO_LARGE)
        assert found.message
    else:
        assert len(found.events) == len(found.index)
        assert all(refusal.reason and refusal.message for _, refusal, _ in found.refused)


@given(st.binary(max_size=200) | st.lists(pieces, max_size=30).map(b"".join))
def test_any_bytes_are_events_or_a_refusal(body: bytes) -> None:
    only_refuses(body)
    only_refuses(b"[" + body + b"]")
    only_refuses(b'{"event_type":' + body + b"}")


@given(st.lists(json_values | st.dictionaries(fields, json_values, max_size=5), max_size=5), st.booleans())
@settings(max_examples=200)
def test_any_json_is_events_or_refusals_and_none_is_lost(items: list[Any], lines: bool) -> None:
    texts = [json.dumps(item) for item in items]
    body = ("\n".join(texts) if lines else f"[{','.join(texts)}]").encode()
    only_refuses(body)
    if not lines and "NaN" not in body.decode() and "Infinity" not in body.decode():
        assert read(body).count == len(items)
