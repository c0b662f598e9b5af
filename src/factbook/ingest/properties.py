"""Properties by dotted path: numbers and texts apart, so that both can be queried fast; depth and number bounded."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

_EXACT = 2**1000
"""Whole numbers within it are a Float64 without asking."""


class TooDeepError(Exception):
    """Nested past the bound."""


class Leaves:
    """The leaves of one batch's properties, ready for Arrow maps: offsets, keys and values, numbers and texts apart."""

    __slots__ = ("number_keys", "number_offsets", "numbers", "text_keys", "text_offsets", "texts")

    def __init__(self) -> None:
        self.number_keys: list[str] = []
        self.numbers: list[float] = []
        self.number_offsets: list[int] = [0]
        self.text_keys: list[str] = []
        self.texts: list[str] = []
        self.text_offsets: list[int] = [0]

    def add(self, properties: dict[str, Any]) -> None:
        """Takes one event's leaves: numbers as floats; texts and booleans (`true`, `false`) as texts.

        Of two leaves with one path (`{"a.b": 1, "a": {"b": 2}}`) the one that is nested less counts.
        """
        number_key, number = self.number_keys.append, self.numbers.append
        text_key, text = self.text_keys.append, self.texts.append
        nested = None
        for path, value in properties.items():
            kind = type(value)
            if kind is str:
                text_key(path)
                text(value)
            elif kind is float or (kind is int and -_EXACT < value < _EXACT):
                if path:  # the empty path is the events themselves in the roll-ups
                    number_key(path)
                    number(value)
            elif kind is bool:
                text_key(path)
                text("true" if value else "false")
            elif kind is dict:
                nested = [*(nested or ()), (path, value)]
            elif kind is int and path:
                with suppress(OverflowError):  # beyond Float64 it stands in `properties` alone
                    number(float(value))
                    number_key(path)
        if nested:
            self.add(_leaves_of(nested, known=properties))
        else:
            self.number_offsets.append(len(self.numbers))
            self.text_offsets.append(len(self.texts))


def _leaves_of(objects: list[tuple[str, dict[str, Any]]], known: dict[str, Any]) -> dict[str, Any]:
    """The leaves of `objects` by dotted path, level by level, without those whose path is `known`."""
    leaves: dict[str, Any] = {}
    while objects:
        deeper = []
        for prefix, members in objects:
            for name, value in members.items():
                path = f"{prefix}.{name}"
                if type(value) is dict:
                    deeper.append((path, value))
                elif path not in known:
                    leaves.setdefault(path, value)
        objects = deeper
    return leaves


def measure(properties: dict[str, Any], max_depth: int) -> int:
    """How many members `properties` holds, at any depth; raises TooDeepError past `max_depth` levels."""
    count = len(properties)
    for value in properties.values():
        if type(value) is dict or type(value) is list:
            count += _measure(value, max_depth - 1)
    return count


def _measure(value: dict[str, Any] | list[Any], levels: int) -> int:
    if levels <= 0:
        raise TooDeepError
    members = value.values() if isinstance(value, dict) else value
    count = len(value)
    for member in members:
        if type(member) is dict or type(member) is list:
            count += _measure(member, levels - 1)
    return count
