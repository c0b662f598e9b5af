"""Who is in a segment, by walking the rule over lists of events: what the SQL is compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

Event = Mapping[str, Any]
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}

_FIGURES: dict[str, Callable[[Any], Any]] = {"sum": sum, "min": min, "max": max}


def people(events: Sequence[Event]) -> dict[str, list[Event]]:
    """Events by person: the user, else the visitor, who is a user's where an event names both."""
    owner: dict[str, str] = {}
    for event in sorted(events, key=lambda e: (e["at"], e["user"])):
        if event["user"] and event["visitor"] and event["user"] != event["visitor"]:
            owner.setdefault(event["visitor"], event["user"])
    found: dict[str, list[Event]] = {}
    for event in events:
        own: str = event["user"] or event["visitor"]
        if own and not event["is_bot"]:
            found.setdefault(owner.get(own, own), []).append(event)
    return found


def members(rule: Mapping[str, Any], events: Sequence[Event]) -> set[str]:
    return {person for person, his in people(events).items() if holds(rule, his)}


def holds(rule: Mapping[str, Any], his: Sequence[Event]) -> bool:
    if "all" in rule:
        return all(holds(each, his) for each in rule["all"])
    if "any" in rule:
        return any(holds(each, his) for each in rule["any"])
    if "not" in rule:
        return not holds(rule["not"], his)
    if "did" in rule:
        return _compared(rule.get("count", {"gte": 1}), len(_selected(rule, rule["did"], his)))
    if "did_not" in rule:
        return not _selected(rule, rule["did_not"], his)
    if "aggregate" in rule:
        numbers = [e["properties"]["n"] for e in _selected(rule, rule["over"], his) if "n" in e["properties"]]
        how = rule["aggregate"]
        if how != "sum" and not numbers:
            return False
        value = sum(numbers) / len(numbers) if how == "avg" else _FIGURES[how](numbers)
        return _compared({key: rule[key] for key in rule if key in _COMPARE}, value)
    return _has(rule, his)


def _compared(given: Mapping[str, Any], value: float) -> bool:
    [(operator, number)] = given.items()
    return _COMPARE[operator](value, number)


def _selected(rule: Mapping[str, Any], types: str, his: Sequence[Event]) -> list[Event]:
    start, end = (datetime.fromisoformat(rule[k]) if k in rule else None for k in ("start_time", "end_time"))
    return [
        e
        for e in his
        if (not types or e["type"] in types.split("|"))
        and (start is None or e["at"] >= start)
        and (end is None or e["at"] < end)
    ]


def _has(rule: Mapping[str, Any], his: Sequence[Event]) -> bool:
    [(operator, wanted)] = [(key, value) for key, value in rule.items() if key != "property"]
    name = rule["property"]

    def value(event: Event) -> Any:
        return event["properties"].get(name.removeprefix("property.")) if "." in name else event[name] or None

    there = [event for event in his if value(event) is not None]
    if operator == "exists":
        return bool(there) is wanted
    if not there:
        return bool(operator == "ne")
    newest = value(max(there, key=lambda e: (e["at"], _place(e["id"]))))
    if operator == "in":
        return newest in wanted
    if operator in ("eq", "ne"):
        return (newest == wanted) is (operator == "eq")
    return type(newest) is type(wanted) and _COMPARE[operator](newest, wanted)


def _place(id_: str) -> tuple[int, int]:
    """Ids in the order of the engine: by their second half, then by their first."""
    number = UUID(id_).int
    return number & (2**64 - 1), number >> 64
