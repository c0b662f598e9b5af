"""The events that a scope may see, as SQL of one of them: its values are literals, for where none can be bound."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from factbook.core.scope import Rows
from factbook.core.sql import Parameters, text
from factbook.events.row_filters import conditions_of

from .where import where

_ARRAY = "Array("


class Literals(Parameters):
    """Writes each value where a placeholder would stand."""

    def add(self, value: Any, type_: str) -> str:
        if type_.startswith(_ARRAY):
            inner = type_.removeprefix(_ARRAY).removesuffix(")")
            return f"[{', '.join(self.add(one, inner) for one in value)}]"
        match type_:
            case "String":
                return text(value)
            case "Float64":
                return f"toFloat64({text(repr(float(value)))})"
            case "UUID":
                return f"toUUID({text(str(value))})"
            case "UInt64" | "Int64":
                return f"to{type_}({text(str(int(value)))})"
            case "Bool":
                return "true" if value else "false"
        raise AssertionError(f"no literal of {type_}")


@lru_cache(maxsize=1000)
def seen_sql(rows: Rows) -> str:
    """True for the events that meet all of `rows`."""
    return "1" + where(conditions_of(rows), Literals(), include_bots=True)
