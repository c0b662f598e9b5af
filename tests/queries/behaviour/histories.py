"""Random small histories of people, and who they are, by a plain walk over the events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

START = datetime(2026, 3, 20, tzinfo=UTC)
"""Nine days before the clocks of Berlin change."""

Event = dict[str, Any]

_HOURS = st.one_of(st.integers(-14 * 24, 20 * 24), st.sampled_from([23, 47, 191, 192, 213, 214, 215, 216]))

events = st.lists(
    st.builds(
        lambda hour, user, visitor, kind, bot, source, amount: {
            "at": START + timedelta(hours=hour),
            "user": user,
            "visitor": visitor,
            "type": kind,
            "is_bot": bot,
            "utm_source": source,
            "properties": {"amount": amount},
        },
        _HOURS,
        st.sampled_from(["", "a", "b"]),
        st.sampled_from(["", "v", "w", "x"]),
        st.sampled_from(["view", "purchase", "signup"]),
        st.sampled_from([False, False, False, True]),
        st.sampled_from(["", "news", "mail"]),
        st.sampled_from([1, 2.5, 4]),
    ),
    max_size=25,
)
"""With ties, several devices of one user, joined visitors, bots, and the hours at which days begin."""


def persons(history: Sequence[Event]) -> dict[str, list[Event]]:
    """The events of each person that are none of a bot, in time."""
    owner: dict[str, str] = {}
    for event in sorted(history, key=lambda each: (each["at"], each["user"])):
        if event["user"] and event["visitor"] and event["user"] != event["visitor"]:
            owner.setdefault(event["visitor"], event["user"])
    found: dict[str, list[Event]] = {}
    for event in sorted(history, key=lambda each: each["at"]):
        own: str = event["user"] or event["visitor"]
        if own and not event["is_bot"]:
            found.setdefault(owner.get(own, own), []).append(event)
    return found
