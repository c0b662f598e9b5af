"""Metric names: what `events.count.TYPE`, `users.active`, `sessions` and `TYPE.PROPERTY` measure.

Types and properties may both contain dots. `events.count.` and `users.active.` are taken first; the rest is split at
each of its dots, and of the splits that a numeric property was ever sent for, the longest type wins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from factbook.core.errors import invalid

COUNT = "events.count"
USERS = "users.active"
SESSIONS = "sessions"


class Measure(StrEnum):
    EVENTS = "events"
    USERS = "users"
    SESSIONS = "sessions"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Metric:
    """What is measured: over events of `event_type` ('' for all), of the numeric `property` where NUMBER."""

    name: str
    measure: Measure
    event_type: str = ""
    property: str = ""


def reserved(name: str) -> Metric | None:
    """The metric of a name that needs no look-up, None for `TYPE.PROPERTY`."""
    for word, measure in ((COUNT, Measure.EVENTS), (USERS, Measure.USERS), (SESSIONS, Measure.SESSIONS)):
        if name == word:
            return Metric(name, measure)
        if name.startswith(word + ".") and len(name) > len(word) + 1:
            return Metric(name, measure, event_type=name[len(word) + 1 :])
    return None


def certain(name: str) -> Metric | None:
    """The metric of a name that can mean only one thing, whatever was ever sent; None for others. INVALID as splits."""
    metric = reserved(name)
    if metric is None and len(splits(name)) == 1:
        metric, _ = resolve(name, ())
    return metric


def splits(name: str, *, field: str = "metric_name") -> list[tuple[str, str]]:
    """Every (event type, property) that `name` can mean, the longest type first. INVALID when there is none."""
    dots = [i for i, letter in enumerate(name) if letter == "." and 0 < i < len(name) - 1]
    if not dots or len(name) > 512 or "\0" in name:
        raise invalid(
            f"{name[:60]!r} is not a metric.",
            field=field,
            hint="Use events.count[.TYPE], users.active[.TYPE], sessions[.TYPE] or TYPE.PROPERTY.",
        )
    return [(name[:i], name[i + 1 :]) for i in reversed(dots)]


def resolve(name: str, seen: Iterable[tuple[str, str]]) -> tuple[Metric, bool]:
    """The metric of `TYPE.PROPERTY`, and whether such a property was ever `seen`; unseen, the last dot parts it."""
    known = set(seen)
    candidates = splits(name)
    for event_type, prop in candidates:
        if (event_type, prop) in known:
            return Metric(name, Measure.NUMBER, event_type, prop), True
    return Metric(name, Measure.NUMBER, *candidates[0]), False
