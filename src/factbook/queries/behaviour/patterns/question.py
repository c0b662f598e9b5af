"""What a question about behaviour patterns asks: how long, how common, and in which order they are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from factbook.core.errors import invalid
from factbook.queries.asking.ask import Tenant
from factbook.queries.behaviour import history
from factbook.queries.behaviour.reading import flag, number, one_of, text

SHORTEST, LONGEST = 2, 5
ORDERS = ("support", "lift")
FIELDS = (*history.FIELDS, "min_length", "max_length", "min_support", "repeats", "order", "limit")


@dataclass(frozen=True, slots=True)
class Asked:
    """shortest, longest: events of a pattern. support: the least share of sessions that hold one. repeats: whether the
    same type again is another event."""

    about: history.History
    shortest: int = SHORTEST
    longest: int = LONGEST
    support: float = 0.01
    repeats: bool = False
    order: str = "support"
    limit: int = 50


def asked(given: Mapping[str, Any], tenant: Tenant, now: datetime) -> Asked:
    """From FIELDS of a query string. INVALID naming the field."""
    about = history.history(given, tenant.calendar, now, segments=tenant.segments)
    shortest = number(given, "min_length", SHORTEST, LONGEST, SHORTEST)
    return Asked(
        about,
        shortest,
        number(given, "max_length", shortest, LONGEST, LONGEST),
        _share(given.get("min_support")),
        flag(given, "repeats"),
        one_of(text(given, "order") or "support", ORDERS, "order"),
        number(given, "limit", 1, 200, 50),
    )


def _share(given: Any) -> float:
    if given in (None, ""):
        return 0.01
    try:
        share = float(given)
    except (TypeError, ValueError):
        share = 0.0
    if not 0.0001 <= share <= 1:
        raise invalid(
            "min_support is a share of sessions from 0.0001 to 1.", field="min_support", hint="For example 0.01."
        )
    return share
