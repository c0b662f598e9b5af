"""Fields of a question as they were sent, as text of a query string or as values of a JSON body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from factbook.core.errors import invalid

from .segments.segments import Segments
from .selection import FIELDS as EVENTS
from .selection import Selection, selection

_NUMBER = re.compile(r"\d{1,6}\Z")


def chosen(given: Mapping[str, Any], field: str, zone: ZoneInfo, segments: Segments) -> Selection:
    """The events that `field` names; any where it is not given. INVALID for a key that no selection has, too."""
    value = given.get(field) or {}
    for key in value if isinstance(value, Mapping) else ():
        if key not in EVENTS:
            raise invalid(
                f"There is no field {key[:60]!r}.", field=f"{field}.{key[:60]}", hint="Use " + ", ".join(EVENTS) + "."
            )
    return segments.selected(selection(value, zone, field=field))


def text(given: Mapping[str, Any], field: str) -> str:
    value = given.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise invalid(f"{field} is not a text.", field=field)
    return value


def flag(given: Mapping[str, Any], field: str) -> bool:
    value = given.get(field)
    if value in (None, ""):
        return False
    if isinstance(value, str) and value.lower() in ("true", "1", "false", "0"):
        return value.lower() in ("true", "1")
    if not isinstance(value, bool):
        raise invalid(f"{field} is neither true nor false.", field=field)
    return value


def number(given: Mapping[str, Any], field: str, least: int, most: int, default: int) -> int:
    value = given.get(field)
    if value in (None, ""):
        return default
    if isinstance(value, str) and _NUMBER.match(value):
        value = int(value)
    if type(value) is not int or not least <= value <= most:
        raise invalid(f"{field} is not a whole number from {least} to {most}.", field=field)
    return value


def one_of(value: str, choices: tuple[str, ...], field: str) -> str:
    if value not in choices:
        raise invalid(f"{value[:60]!r} is none of {field}.", field=field, hint="Use " + ", ".join(choices) + ".")
    return value
