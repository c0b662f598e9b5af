"""Watch time is what lies between plays and their ends: by hand, and by a plain walk over random events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import given as whatever
from hypothesis import strategies as st

from factbook.core.scope import Role, Scope
from factbook.queries.content.watching import MUCH, watched
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

from .questions import question

START = datetime(2026, 3, 9, tzinfo=UTC)
DAY: dict[str, Any] = {"start_date": "2026-03-09", "end_date": "2026-03-09"}
LONGEST, TIMEOUT = 3 * 3600, 30 * 60

Event = dict[str, Any]


def event(second: float, type_: str, position: float | None = None, *, content: str = "c", **more: Any) -> Event:
    told = {} if position is None else {"properties": {"position_seconds": position}}
    at = START + timedelta(seconds=second)
    return {"at": at, "type": type_, "user": "u", "content_id": content, **told, **more}


def play(second: float, position: float | None = None, **more: Any) -> Event:
    return event(second, "content_play", position, **more)


def pause(second: float, position: float | None = None, **more: Any) -> Event:
    return event(second, "content_pause", position, **more)


CASES: dict[str, tuple[list[Event], float]] = {
    "from play to pause": ([play(0), pause(90)], 90),
    "from play to the end": ([play(0), event(90, "content_complete")], 90),
    "two stretches add up": ([play(0), pause(60), play(600), pause(630)], 90),
    "a like ends nothing": ([play(0), event(30, "content_like"), pause(90)], 90),
    "a seek is a play after a play": ([play(0, 0), play(20, 300), pause(30, 310)], 30),
    "a seek forward is not watched": ([play(0, 0), pause(20, 300)], 20),
    "a seek backward takes nothing away": ([play(0, 300), pause(20, 10)], 20),
    "no longer than the position moved": ([play(0, 0), pause(5000, 60)], 60),
    "a tab left open counts three hours at most": ([play(0), pause(40_000)], LONGEST),
    "a missing pause ends with what is done next": ([play(0), event(45, "page_view", content="")], 45),
    "a missing pause ends with the play of something else": (
        [play(0), play(60, content="d"), pause(70, content="d")],
        60,
    ),
    "nothing done next counts nothing": ([play(0)], 0),
    "what is done after a session's end counts nothing": ([play(0), event(TIMEOUT + 1, "page_view", content="")], 0),
    "just within a session counts": ([play(0), event(TIMEOUT, "page_view", content="")], TIMEOUT),
    "a play hours later does not end the one before": ([play(0), play(7200), pause(7260)], 60),
    "a position tells even hours later": ([play(0, 0), play(7200, 300), pause(7260, 360)], 360),
    "two tabs are not watched twice": ([play(0), play(10), pause(20), pause(50)], 20),
    "a play sent twice counts once": ([play(0), play(0), pause(60)], 60),
    "a pause and a play at once are a seek": ([play(0), pause(60), play(60), pause(90)], 90),
    "another's pause ends nothing": ([play(0), pause(60, user="v"), pause(90)], 90),
    "another piece's pause ends nothing": ([play(0), pause(60, content="d"), pause(90)], 90),
    "nobody watches nothing": ([play(0, user=""), pause(60, user="")], 0),
    "a play of the day before counts there": ([play(-10), pause(60)], 0),
    "a play into the next day counts whole": ([play(86_390), pause(86_450)], 60),
    "a bot does not watch": ([play(0, is_bot=True), pause(60, is_bot=True)], 0),
    "a visitor who signs in is one person": (
        [play(0, user="", visitor="w"), pause(60, visitor="w")],
        60,
    ),
}


@pytest.mark.parametrize("promise", CASES)
def test_watch_time(promise: str, engine: Engine, warehouse: Warehouse, scope: Scope) -> None:
    events, seconds = CASES[promise]
    given(engine, scope, events)
    assert watched(question(warehouse, scope, **DAY), ["c"]).get("c", 0) == seconds


def test_another_tenant_sees_nothing(engine: Engine, warehouse: Warehouse, scope: Scope) -> None:
    given(engine, scope, [play(0), pause(60)])
    other = Scope(tenant=f"{scope.tenant}-other", actor="test", role=Role.OWNER)
    assert watched(question(warehouse, other, **DAY), ["c"]) == {}


def test_filters_choose_events(engine: Engine, warehouse: Warehouse, scope: Scope) -> None:
    given(engine, scope, [play(0, country="DE"), pause(60, country="DE"), play(0, user="v"), pause(90, user="v")])
    asked = question(warehouse, scope, **DAY, filters=(("country", "DE"),))
    assert watched(asked, ["c"]) == {"c": 60}


@pytest.mark.parametrize(("few", "much"), [(0, MUCH), (500, MUCH), (500, 0)])
def test_missing_pauses_are_the_same_for_few_and_many(
    engine: Engine, warehouse: Warehouse, scope: Scope, few: int, much: int
) -> None:
    for second, user in ((0, "u"), (40, "v"), (3000, "u"), (86_390, "v")):
        seen = event(second + 30, "page_view", content="", user=user)
        given(engine, scope, [play(second, user=user), event(second + 30, "page_view", content="", user="w"), seen])
    assert watched(question(warehouse, scope, **DAY), ["c"], few, much) == {"c": 120}


def test_a_thousand_pieces_are_asked_for_at_once(engine: Engine, warehouse: Warehouse, scope: Scope) -> None:
    given(engine, scope, [play(0), pause(60), play(100, content="d"), pause(130, content="d")])
    names = ["c", "d", *(f"{'x' * 500}{n}" for n in range(998))]
    assert watched(question(warehouse, scope, **DAY), names) == {"c": 60, "d": 30}


_SECONDS = st.sampled_from(
    [-20, -10, 0, 0, 10, 10, 20, 60, 600, 1800, 1810, 5000, 10_900, 30_000, 86_390, 86_399, 86_400, 86_420]
)
_one = st.builds(
    lambda second, type_, content, user, visitor, position, bot: event(
        second, type_, position, content=content, user=user, visitor=visitor, is_bot=bot
    ),
    _SECONDS,
    st.sampled_from(
        [
            "content_play",
            "content_play",
            "content_pause",
            "content_complete",
            "content_view",
            "content_like",
            "page_view",
        ]
    ),
    st.sampled_from(["c", "c", "d"]),
    st.sampled_from(["a", "a", "b", ""]),
    st.sampled_from(["", "", "w"]),
    st.sampled_from([None, 0, 5, 40, 7000]),
    st.sampled_from([False, False, False, False, True]),
)


@settings(
    max_examples=40,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@whatever(
    history=st.lists(_one, min_size=2, max_size=16), few=st.sampled_from([0, 500]), much=st.sampled_from([0, MUCH])
)
def test_watch_time_is_that_of_a_walk_over_the_events(
    engine: Engine, warehouse: Warehouse, history: list[Event], few: int, much: int
) -> None:
    scope = Scope(tenant=f"tenant-{uuid4().hex}", actor="test", role=Role.OWNER)
    given(engine, scope, history)
    found = watched(question(warehouse, scope, **DAY), ["c", "d"], few, much)
    assert {id_: seconds for id_, seconds in found.items() if seconds} == pytest.approx(walked(history))


def walked(history: Sequence[Event]) -> dict[str, float]:
    """Seconds by content, of those watched at all."""
    owner: dict[str, str] = {}
    for each in sorted(history, key=lambda each: (each["at"], each["user"])):
        if each["user"] and each["visitor"]:
            owner.setdefault(each["visitor"], each["user"])
    by_person: dict[str, list[Event]] = defaultdict(list)
    for each in history:
        own: str = each["user"] or each["visitor"]
        if own and not each["is_bot"]:
            by_person[owner.get(own, own)].append(each)
    found: dict[str, float] = defaultdict(float)
    for events in by_person.values():
        for content in ("c", "d"):
            found[content] += _watched(content, events)
    return {content: seconds for content, seconds in found.items() if seconds}


def _watched(content: str, events: Sequence[Event]) -> float:
    steps = sorted(
        (
            (each["at"] - START).total_seconds(),
            each["type"] == "content_play",
            each.get("properties", {}).get("position_seconds", -1),
            each["type"] in ("content_pause", "content_complete"),
        )
        for each in events
        if each["content_id"] == content and each["type"] not in ("content_like", "page_view")
    )
    total = 0.0
    for place, (at, is_play, position, _) in enumerate(steps):
        following = steps[place + 1] if place + 1 < len(steps) else None
        if not is_play or not 0 <= at < 86_400:
            continue
        if following and following[0] >= 86_400 + LONGEST:
            following = None
        if following and 0 <= position < following[2]:
            total += min(following[0] - at, LONGEST, following[2] - position)
        elif following and (following[3] or following[0] - at <= TIMEOUT):
            total += min(following[0] - at, LONGEST)
        else:
            later = [(each["at"] - START).total_seconds() for each in events]
            total += min((each - at for each in later if 0 < each - at <= TIMEOUT), default=0.0)
    return total
