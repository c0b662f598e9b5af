"""Sessions by true inactivity, against a plain reading of the same events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factbook.core.clock import epoch_ms
from factbook.ingest.visits import Visits, actors_of

TIMEOUT = 1_800_000
EVENING = epoch_ms(datetime(2026, 2, 28, 23, 50, tzinfo=UTC))
MINUTE = 60_000


def key_of(visits: Visits, actor: str, at: int) -> int:
    [key] = visits.keys([actor], np.array([at])).tolist()
    assert isinstance(key, int)
    return key


def restore(visits: Visits, actor: str, first: int, last: int, key: int) -> None:
    visits.restore([actor], np.array([[first, last, key]], dtype=np.uint64).view(np.int64))


def test_an_event_at_the_time_out_is_in_the_session_and_one_millisecond_later_is_not() -> None:
    visits = Visits(TIMEOUT)
    first = key_of(visits, "someone", EVENING)
    assert key_of(visits, "someone", EVENING + TIMEOUT) == first
    assert key_of(visits, "someone", EVENING + 2 * TIMEOUT) == first
    assert key_of(visits, "someone", EVENING + 3 * TIMEOUT + 1) != first


def test_a_session_is_never_cut_at_the_hour_at_midnight_or_at_the_end_of_the_month() -> None:
    visits = Visits(TIMEOUT)
    assert len({key_of(visits, "someone", EVENING + minutes * MINUTE) for minutes in range(0, 26 * 60, 29)}) == 1


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3 * TIMEOUT)), max_size=40),
    st.integers(1000, 2 * TIMEOUT),
)
def test_ordered_events_fall_into_the_sessions_of_a_plain_reading(steps: list[tuple[str, int]], timeout: int) -> None:
    visits = Visits(timeout)
    now = EVENING
    last: dict[str, tuple[int, int]] = {}
    number_of: dict[tuple[str, int], int] = {}
    for actor, pause in steps:
        now += pause // 3
        before, number = last.get(actor, (now, 0))
        number += now - before > timeout
        last[actor] = (now, number)
        key = key_of(visits, actor, now)
        assert number_of.setdefault((actor, number), key) == key
        assert 0 < key < 2**64
    assert len(set(number_of.values())) == len(number_of)


@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from(["a", "b", "c", ""]), st.integers(0, 8 * TIMEOUT)), max_size=12), max_size=6
    )
)
def test_many_at_once_are_in_the_sessions_that_they_would_be_in_one_by_one(
    batches: list[list[tuple[str, int]]],
) -> None:
    together, alone = Visits(TIMEOUT), Visits(TIMEOUT)
    for events in batches:
        times = np.array([EVENING + at for _, at in events], dtype=np.int64)
        keys = together.keys([actor for actor, _ in events], times).tolist()
        assert keys == [key_of(alone, actor, EVENING + at) for actor, at in events]
        assert [key == 0 for key in keys] == [actor == "" for actor, _ in events]


def test_a_late_event_joins_the_session_it_lies_in_or_near() -> None:
    visits = Visits(TIMEOUT)
    morning = key_of(visits, "someone", EVENING)
    evening = key_of(visits, "someone", EVENING + 10 * TIMEOUT)
    assert key_of(visits, "someone", EVENING - TIMEOUT) == morning
    assert key_of(visits, "someone", EVENING - 2 * TIMEOUT) == morning
    assert key_of(visits, "someone", EVENING + 9 * TIMEOUT) == evening
    assert key_of(visits, "someone", EVENING + 5 * TIMEOUT) not in (morning, evening)
    assert key_of(visits, "someone", EVENING + 10 * TIMEOUT + 5) == evening


def test_a_late_event_opens_a_session_of_its_own_where_it_lies_in_none() -> None:
    visits = Visits(TIMEOUT)
    current = key_of(visits, "someone", EVENING)
    earlier = key_of(visits, "someone", EVENING - 10 * TIMEOUT)
    assert earlier != current
    assert key_of(visits, "someone", EVENING - 10 * TIMEOUT + MINUTE) == earlier
    assert key_of(visits, "someone", EVENING + MINUTE) == current


def test_two_people_at_the_same_moment_are_in_two_sessions() -> None:
    visits = Visits(TIMEOUT)
    assert key_of(visits, "someone", EVENING) != key_of(visits, "another", EVENING)


def test_the_same_events_have_the_same_keys_in_another_process() -> None:
    assert key_of(Visits(TIMEOUT), "someone", EVENING) == key_of(Visits(TIMEOUT), "someone", EVENING)


def test_a_restored_session_goes_on() -> None:
    before, after = Visits(TIMEOUT), Visits(TIMEOUT)
    key = key_of(before, "someone", EVENING)
    restore(after, "someone", EVENING, EVENING + MINUTE, key)
    assert key_of(after, "someone", EVENING + MINUTE + TIMEOUT) == key


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_parts_of_a_session_restored_in_any_order_are_one(order: tuple[int, ...]) -> None:
    visits = Visits(TIMEOUT)
    key = key_of(visits, "someone", EVENING)
    fresh = Visits(TIMEOUT)
    for part in order:
        restore(fresh, "someone", EVENING + part * MINUTE, EVENING + (part + 1) * MINUTE, key)
    for other in range(1, 4):
        restore(fresh, "someone", EVENING + 50 * other * TIMEOUT, EVENING + 50 * other * TIMEOUT, other)
    assert key_of(fresh, "someone", EVENING - TIMEOUT) == key
    assert key_of(fresh, "someone", EVENING + 3 * MINUTE + TIMEOUT) == key


def test_memory_is_bounded_and_the_recently_active_are_not_forgotten() -> None:
    visits = Visits(TIMEOUT, actors=100)
    key = key_of(visits, "regular", EVENING)
    for number in range(1000):
        key_of(visits, f"passer-by {number}", EVENING + number)
        if number % 50 == 0:
            assert key_of(visits, "regular", EVENING + number) == key
    assert len(visits) <= 201


def test_every_one_of_many_actors_keeps_a_session_of_his_own() -> None:
    visits = Visits(TIMEOUT)
    crowd = [f"actor {number}" for number in range(20_000)]
    keys = visits.keys(crowd, np.full(len(crowd), EVENING))
    assert len(set(keys.tolist())) == len(visits) == len(crowd)
    assert (visits.keys(crowd, np.full(len(crowd), EVENING + TIMEOUT)) == keys).all()


def test_actors_of_two_tenants_and_kinds_never_meet() -> None:
    names = (("x", "", ""), ("", "x", ""), ("", "", "x"))
    everyone = [actors_of([tenant] * 3, *zip(*names, strict=True)) for tenant in ("a", "b")]
    assert len({actor for of_tenant in everyone for actor in of_tenant}) == 6
    assert actors_of(["a"], [""], [None], [""]) == [""]


def test_a_day_of_one_event_a_minute_is_one_session_in_constant_memory() -> None:
    visits = Visits(TIMEOUT)
    start = datetime(2026, 3, 29, tzinfo=UTC)  # with an hour that was skipped
    keys = {key_of(visits, "someone", epoch_ms(start + timedelta(minutes=minute))) for minute in range(1440)}
    assert len(keys) == 1
    assert len(visits) == 1
