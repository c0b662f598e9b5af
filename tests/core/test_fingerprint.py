"""Fingerprints: values go, words stay, and the engine says what Python says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factbook.core.fingerprint import LONGEST, fingerprint, fingerprint_sql
from factbook.storage.engine import Engine

CASES = [
    ("Order 4711 not found", "Order * not found"),
    ("Order 17 not found", "Order * not found"),
    ("user 3f2504e0-4f89-11d3-9a0c-0305e82c3301 is gone", "user * is gone"),
    ("user 6fa459ea-ee8a-3ca4-894e-db77e160355e is gone", "user * is gone"),
    ("can't open 'a.txt' or 'b.txt'", "can't open * or *"),
    ("can't open 'other name.txt' or 'x'", "can't open * or *"),
    ('column "price" of `orders` is missing', "column * of * is missing"),
    ("no route to 10.0.0.1:8080", "no route to *"),
    ("no route to 192.168.178.22:9", "no route to *"),
    ("mail to ann@example.com bounced", "mail to * bounced"),
    ("charge ch_3LmzqN2eZ refused", "charge * refused"),
    ("timeout after 2.5s at 2026-03-01T09:30:00Z", "timeout after * at *"),
    ("WHERE id IN (1, 2, 3)", "WHERE id IN (*)"),
    ("WHERE id IN (4711)", "WHERE id IN (*)"),
    ("  two\n lines ", "two lines"),
    ("'at the start' and 0xff", "* and *"),
    ("", ""),
    ("nothing to replace", "nothing to replace"),
    ("Zürich: 3 Züge ausgefallen", "Zürich: * Züge ausgefallen"),
]


@pytest.mark.parametrize(("message", "expected"), CASES)
def test_values_go_and_words_stay(message: str, expected: str) -> None:
    assert fingerprint(message) == expected


def test_a_fingerprint_has_a_bounded_length() -> None:
    assert len(fingerprint("word " * 10_000)) <= LONGEST


def test_errors_with_other_words_have_another_fingerprint() -> None:
    assert fingerprint("Order 1 not found") != fingerprint("Order 1 not paid")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(st.sampled_from("ab 1é🙂'\"`@.,-_:*\n\t\\(){}\0"), max_size=40), min_size=20, max_size=40))
def test_the_engine_says_what_python_says(engine: Engine, messages: list[str]) -> None:
    wanted = [*messages, *(message for message, _ in CASES), "ü" * 2500, "word 1 " * 500]
    rows = engine.rows(
        f"SELECT {fingerprint_sql('m')} FROM (SELECT arrayJoin({{m:Array(String)}}) AS m)", {"m": wanted}
    )
    assert [row[0] for row in rows] == [fingerprint(message) for message in wanted]
