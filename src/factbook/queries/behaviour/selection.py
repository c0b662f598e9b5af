"""Events that count as one thing, a step of a funnel or a return: which types, and what must hold of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from factbook.core.errors import invalid
from factbook.core.sql import Parameters
from factbook.events.filters import ALIASES, Condition, from_pairs
from factbook.events.personal import refuse_personal
from factbook.metrics.expressions import Expression, names, parse_condition
from factbook.queries.asking.conditions import condition
from factbook.queries.asking.request import filter_pairs
from factbook.queries.where import where

MAX_EVENTS = 50
FIELDS = ("event", "events", "where", "filters")


@dataclass(frozen=True, slots=True)
class Selection:
    """Events of any of `events` (of every type where empty) that meet `where` and all of `filters`."""

    events: tuple[str, ...] = ()
    where: Expression | None = None
    filters: tuple[Condition, ...] = ()

    @property
    def name(self) -> str:
        """What to call it where it was not named."""
        return " or ".join(self.events) or "any event"


def selection(given: Any, zone: ZoneInfo, *, field: str) -> Selection:
    """Of an event type (`"purchase"`, several with `|`), or of an object with `event` or `events`, `where`, `filters`.

    `where` is an expression as in metrics, `filters` an object as in questions. Keys beside these are the caller's to
    check. INVALID naming `field` or what is below it; FORBIDDEN for what is hidden from whoever asks.
    """
    if isinstance(given, str):
        return Selection(_types([part.strip() for part in given.split("|")], field))
    if not isinstance(given, Mapping):
        raise invalid(
            f"{field} is neither an event type nor an object.",
            field=field,
            hint='For example "purchase", or {"event": "purchase", "where": "amount > 100"}.',
        )
    if "event" in given and "events" in given:
        raise invalid(f"{field} has both event and events.", field=f"{field}.event", hint="Give one of them.")
    named = given.get("events", given.get("event", []))
    types = _types([named] if isinstance(named, str) else named, f"{field}.events")
    text = given.get("where")
    if text is not None and not isinstance(text, str):
        raise invalid("where is not a text.", field=f"{field}.where", hint="For example amount > 100.")
    found = parse_condition(text, field=f"{field}.where") if text else None
    for name in sorted(names(found)) if found else ():
        refuse_personal(ALIASES.get(name, name))
    return Selection(types, found, conditions(given.get("filters"), zone))


def conditions(filters: Any, zone: ZoneInfo) -> tuple[Condition, ...]:
    """Of an object, a list of field, operator and value, or pairs of a query string."""
    pairs = filters if isinstance(filters, tuple) else filter_pairs(filters or {})
    return from_pairs([(key, list(value) if isinstance(value, tuple) else value) for key, value in pairs], zone)


def matches(chosen: Selection, parameters: Parameters) -> str:
    """SQL that is true for the events of `chosen`, never null."""
    parts = []
    if chosen.events:
        parts.append(f"event_type IN {parameters.add(list(chosen.events), 'Array(String)')}")
    if chosen.where is not None:
        parts.append(condition(chosen.where, parameters))
    if chosen.filters:
        parts.append("1" + where(chosen.filters, parameters, include_bots=True))
    return f"({' AND '.join(parts)})" if parts else "1"


def _types(given: Any, field: str) -> tuple[str, ...]:
    if not isinstance(given, list | tuple) or not all(isinstance(name, str) for name in given):
        raise invalid("The event types are not a list of texts.", field=field)
    names = tuple(dict.fromkeys(name.strip() for name in given if name.strip()))
    if len(names) > MAX_EVENTS:
        raise invalid(f"At most {MAX_EVENTS} event types are taken as one.", field=field)
    if any(len(name) > 200 or "\0" in name for name in names):
        raise invalid("An event type has at most 200 characters.", field=field)
    return names
