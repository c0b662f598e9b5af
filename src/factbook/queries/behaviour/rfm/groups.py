"""The groups of buyers by their scores: a table, of which the first line that fits names the group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from factbook.core.errors import invalid

SCORES = range(1, 6)


@dataclass(frozen=True, slots=True)
class Group:
    """recency: at least this score; value: at least this mean of the scores of frequency and money."""

    id: str
    label: str
    recency: int
    value: float
    advice: str

    @property
    def rule(self) -> str:
        return f"recency >= {self.recency} and (frequency + monetary) / 2 >= {self.value:g}"


GROUPS = (
    Group("champions", "Champions", 4, 4, "Bought lately, often and much: reward them."),
    Group("loyal", "Loyal", 3, 3, "Come back for more: offer them something new."),
    Group("potential_loyalists", "Potential loyalists", 4, 2, "Lately here, not yet often: bring them back soon."),
    Group("new_customers", "New customers", 4, 1, "Bought lately, little so far: help them begin."),
    Group("need_attention", "Need attention", 3, 2, "Neither lately nor long ago: remind them."),
    Group("about_to_sleep", "About to sleep", 3, 1, "Little, and getting long ago: a last reminder."),
    Group("cannot_lose", "Cannot lose", 1, 4, "Were among the best and stay away: ask them why."),
    Group("at_risk", "At risk", 1, 2.5, "Bought well once: win them back."),
    Group("hibernating", "Hibernating", 2, 1, "Little, and long ago."),
    Group("lost", "Lost", 1, 1, "Little, and the longest ago."),
)


def group_of(recency: int, frequency: int, monetary: int) -> Group:
    return next(g for g in GROUPS if recency >= g.recency and (frequency + monetary) / 2 >= g.value)


def group_called(id_: str) -> Group:
    """INVALID for a name that no group has."""
    found = next((group for group in GROUPS if group.id == id_), None)
    if found is None:
        names = ", ".join(group.id for group in GROUPS)
        raise invalid(f"There is no group {id_[:40]!r}.", field="group", hint=f"Use one of {names}.")
    return found


def scores_of(group: Group) -> Iterator[tuple[int, int, int]]:
    """Every (recency, frequency, monetary) that makes it."""
    for recency in SCORES:
        for frequency in SCORES:
            for monetary in SCORES:
                if group_of(recency, frequency, monetary) is group:
                    yield recency, frequency, monetary
