"""In which phase of his life with the product a person is: a table, of which the first line that fits names it."""

from __future__ import annotations

from dataclasses import dataclass

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Phase:
    """first: at most so many days since his first event ever. last: at most so many days since his last of the period.
    days: at least so many days with an event in the period. None for any."""

    id: str
    label: str
    first: int | None = None
    last: int | None = None
    days: int | None = None

    @property
    def rule(self) -> str:
        parts = []
        if self.first is not None:
            parts.append(f"first event ever at most {self.first} days before the end of the period")
        if self.last is not None:
            parts.append(f"last event at most {self.last} days before it")
        if self.days is not None:
            parts.append(f"events on at least {self.days} days")
        return ", ".join(parts) or "all others"


PHASES = (
    Phase("new", "New", first=14),
    Phase("core", "Core", last=7, days=10),
    Phase("regular", "Regular", last=14, days=3),
    Phase("casual", "Casual", last=14),
    Phase("slipping", "Slipping", last=30),
    Phase("dormant", "Dormant"),
)


def phase(end: int, first_at: int, last_at: int, days: int) -> str:
    """Of a person with events in a period that ends at `end`; moments in milliseconds."""
    return next(
        each.id
        for each in PHASES
        if (each.first is None or end - first_at <= each.first * DAY_MS)
        and (each.last is None or end - last_at <= each.last * DAY_MS)
        and (each.days is None or days >= each.days)
    )


def phase_sql(end: int) -> str:
    """The same over `first_at`, `last_at` and `active_days`."""
    told = []
    for each in PHASES:
        parts = [
            *([f"{end} - first_at <= {each.first * DAY_MS}"] if each.first is not None else []),
            *([f"{end} - last_at <= {each.last * DAY_MS}"] if each.last is not None else []),
            *([f"active_days >= {each.days}"] if each.days is not None else []),
        ]
        told += [" AND ".join(parts), f"'{each.id}'"] if parts else [f"'{each.id}'"]
    return f"multiIf({', '.join(told)})"
