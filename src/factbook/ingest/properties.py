"""Properties by dotted path: numbers and texts apart, so that both can be queried fast; depth and number bounded."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, chain, compress
from typing import Any

import numpy as np
import pyarrow as pa

from .columns import TEXT

_KINDS = {list: 0, type(None): 0, float: 1, int: 1, str: 2, bool: 3, dict: 4}
_BOOL, _OBJECT = 3, 4
_NUMBERS = bytes(kind == 1 for kind in range(256))
_TEXTS = bytes(kind in (2, 3) for kind in range(256))


class TooDeepError(Exception):
    """Nested past the bound."""


def maps(events: Sequence[dict[str, Any]]) -> tuple[pa.Array, pa.Array]:
    """Each event's leaves as two maps: numbers as floats; texts and booleans (`true`, `false`) as texts.

    Of two leaves with one path (`{"a.b": 1, "a": {"b": 2}}`) the one that is nested less counts. Numbers beyond Float64
    and those without a name stand in `properties` alone.
    """
    values, kinds = _values(events)
    if _OBJECT in kinds:
        events = [_flat(properties) for properties in events]
        values, kinds = _values(events)
    paths = list(chain.from_iterable(events))
    is_number, is_text = kinds.translate(_NUMBERS), kinds.translate(_TEXTS)
    if "" in paths:  # the empty path is the events themselves in the roll-ups
        is_number = bytes(chosen and path != "" for chosen, path in zip(is_number, paths, strict=True))
    numbers = list(compress(values, is_number))
    try:
        floats = np.array(numbers, dtype=np.float64)
    except OverflowError:
        is_number = bytes(chosen and _is_float(value) for chosen, value in zip(is_number, values, strict=True))
        floats = np.array(list(compress(values, is_number)), dtype=np.float64)
    texts = list(compress(values, is_text))
    if _BOOL in kinds:
        texts = [text if type(text) is str else "true" if text else "false" for text in texts]
    return _map(events, paths, is_number, pa.array(floats)), _map(events, paths, is_text, pa.array(texts, TEXT))


def _values(events: Sequence[dict[str, Any]]) -> tuple[list[Any], bytes]:
    """The values of all events one after another, and the kind of each."""
    values = list(chain.from_iterable(map(dict.values, events)))
    return values, bytes(map(_KINDS.__getitem__, map(type, values)))


def _map(events: Sequence[dict[str, Any]], paths: list[str], chosen: bytes, items: pa.Array) -> pa.Array:
    """A map for each event; chosen: of all leaves those that the items belong to."""
    before = [0, *accumulate(chosen)]
    offsets = [before[end] for end in accumulate(map(len, events), initial=0)]
    keys = pa.array(list(compress(paths, chosen)), TEXT)
    return pa.MapArray.from_arrays(pa.array(np.array(offsets, dtype=np.int32)), keys, items)


def _is_float(number: float) -> bool:
    """Whether Float64 reaches so far."""
    try:
        float(number)
    except OverflowError:
        return False
    return True


def _flat(properties: dict[str, Any]) -> dict[str, Any]:
    """One level of leaves by dotted path."""
    nested = [(path, value) for path, value in properties.items() if type(value) is dict]
    if not nested:
        return properties
    own = {path: value for path, value in properties.items() if type(value) is not dict}
    return own | _leaves_of(nested, known=properties)


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
