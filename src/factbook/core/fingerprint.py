"""What makes two messages the same: their words without the values in them, in Python and in SQL alike."""

from __future__ import annotations

import re

from .sql import text

VALUE = "*"
"""Stands for every value."""
LONGEST_MESSAGE, LONGEST = 2000, 300
"""Characters of a message that are looked at, and of its fingerprint."""

_STEPS = (
    ("[ \t\r\n\f\v]+", " "),
    (r'"[^"]*"', VALUE),
    ("`[^`]*`", VALUE),
    (r"([^A-Za-z0-9_])'[^']*'", r"\1" + VALUE),
    (r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+", VALUE),
    (r"[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*", VALUE),
    (r"\*([ ,.:;/_@+-]*\*)+", VALUE),
)
"""Pattern and what takes its place, in this order, over a message with a blank in front: blanks, three kinds of quotes
(an apostrophe within a word opens none), mail addresses, words with a digit (numbers, ids, dates, addresses), and
values that only marks stand between. Patterns mean the same to `re` and to RE2."""
_COMPILED = tuple((re.compile(pattern), place) for pattern, place in _STEPS)


def fingerprint(message: str) -> str:
    """The text that messages share which differ in numbers, ids and quoted values alone; '' for an empty one.

    >>> fingerprint("Order 4711 of 'ann' not found")
    'Order * of * not found'
    """
    told = " " + message[:LONGEST_MESSAGE]
    for pattern, place in _COMPILED:
        told = pattern.sub(place, told)
    return told.strip(" ")[:LONGEST]


def fingerprint_sql(column: str) -> str:
    """The expression that is `fingerprint` of the text in `column`."""
    told = f"concat(' ', substringUTF8({column}, 1, {LONGEST_MESSAGE}))"
    for pattern, place in _STEPS:
        told = f"replaceRegexpAll({told}, {text(pattern)}, {text(place)})"
    return f"substringUTF8(trimBoth({told}), 1, {LONGEST})"
