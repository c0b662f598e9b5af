"""Safe SQL text: values travel as bound parameters, identifiers only from fixed lists."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def identifier(name: str) -> str:
    """`name` quoted as an identifier; refuses anything but letters, digits and underscores."""
    if not _IDENTIFIER.match(name):
        raise ValueError(f"not an identifier: {name!r}")
    return f"`{name}`"


def text(value: str) -> str:
    """`value` as a string literal, for the places where no parameter can be bound."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


_WHOLE = frozenset(("Array(Int64)", "Array(UInt64)", "Array(UInt32)"))


@dataclass(frozen=True, slots=True)
class Numbers:
    """Whole numbers as the driver is to send them: it takes thousands one by one, which takes longer than to read what
    they are asked of."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True)
class Parameters:
    """Collects bound values; `add` returns the placeholder to put into the SQL text, the same for the same again.

    >>> p = Parameters(); f"user_id = {p.add('o\\'neill', 'String')}"
    'user_id = {p0:String}'
    """

    values: dict[str, Any] = field(default_factory=dict)
    _given: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)

    def add(self, value: Any, type_: str) -> str:
        if type_ in _WHOLE:
            value = Numbers(f"[{','.join(map(str, value))}]")
        told = (type_, repr(value))
        if told not in self._given:
            name = f"p{len(self.values)}"
            self.values[name] = value
            self._given[told] = "{" + f"{name}:{type_}" + "}"
        return self._given[told]
