"""Metrics that nobody declared: those that `events.count.TYPE`, `users.active`, `sessions`, `TYPE.PROPERTY` name."""

from __future__ import annotations

from collections.abc import Container

from factbook.events.filters import PROPERTY

from .expressions import Name
from .model import SESSIONS, USERS, Kind, Measure, Metric, Unit
from .names import Measure as Word
from .names import reserved, splits

PACK = "core"

_COUNTED = {
    Word.EVENTS: ("Events", Measure(Kind.COUNT), "count of"),
    Word.USERS: ("Users", Measure(Kind.UNIQUE, distinct=USERS), "unique users of"),
    Word.SESSIONS: ("Sessions", Measure(Kind.UNIQUE, distinct=SESSIONS), "unique sessions of"),
}


def counted(name: str) -> Metric | None:
    """The metric of a name that begins with `events.count`, `users.active` or `sessions`, None for any other."""
    found = reserved(name)
    if found is None:
        return None
    label, measure, words = _COUNTED[found.measure]
    types = found.event_type or "all events"
    return Metric(
        id=name,
        label=f"{label}: {found.event_type}" if found.event_type else label,
        unit=Unit.COUNT,
        description=f"The {words} {types}.",
        events=(found.event_type,) if found.event_type else (),
        measure=measure,
        pack=PACK,
        source=f"{words} {types}",
    )


def summed(name: str, seen: Container[tuple[str, str]], types: Container[str]) -> Metric:
    """The sum that `TYPE.PROPERTY` names, INVALID for a name without a dot.

    Of its splits the longest type that was `seen` with the property, else the longest of `types`, else the last dot.
    """
    pairs = splits(name, field="metrics")
    known = [pair for pair in pairs if pair in seen] or [pair for pair in pairs if pair[0] in types] or pairs
    event_type, prop = known[0]
    return Metric(
        id=name,
        label=f"{event_type}: {prop}",
        unit=Unit.NUMBER,
        description=f"The sum of {prop} of {event_type}.",
        events=(event_type,),
        measure=Measure(Kind.SUM, of=Name(PROPERTY + prop)),
        decimals=2,
        pack=PACK,
        source=f"sum({prop}) of {event_type}",
    )
