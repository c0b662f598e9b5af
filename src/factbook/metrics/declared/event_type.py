"""One event type of a document: what such an event carries, and one of them as an example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from factbook.events.event import FIELDS
from factbook.metrics.model import Properties
from factbook.metrics.problems import did_you_mean

from .section import Section, is_number

_COLUMNS = FIELDS - {"event_type", "event_id", "id", "timestamp", "properties"}


def event_type_of(section: Section) -> Properties:
    numbers, texts, flags = (section.texts(name) for name in ("numbers", "texts", "flags"))
    kinds = dict.fromkeys(numbers, float) | dict.fromkeys(texts, str) | dict.fromkeys(flags, bool)
    found = Properties(numbers, texts, flags, section.text("description", ""), _example(section, kinds))
    section.end()
    return found


def _example(section: Section, kinds: Mapping[str, type]) -> dict[str, Any]:
    """The event, but for its type: what is declared as a property stands under `properties`, else it is a column."""
    fields: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    given = Section(section.take("example", dict, {}), section.source, (*section.path, "example"), section.problems)
    for name in given.names():
        if name in kinds:
            properties[name] = _held(given, name, kinds[name])
        elif name in _COLUMNS:
            fields[name] = given.text(name)
        else:
            hint = did_you_mean(name, [*kinds, *_COLUMNS]) or "Declare it as a property, or leave it out."
            given.complain(name, f"{name[:60]!r} is neither a property of this type nor a column.", hint)
    return {**fields, "properties": properties} if given.names() else {}


def _held(given: Section, name: str, kind: type) -> Any:
    value = given.take(name, object)
    is_right = is_number(value) if kind is float else isinstance(value, kind)
    if not is_right:
        meant = {float: "a number", str: "text", bool: "true or false"}[kind]
        given.complain(name, f"The property {name!r} is declared as {meant}; the example holds {str(value)[:40]!r}.")
    return value
