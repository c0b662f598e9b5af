"""Sessions by true inactivity, against a plain reading of the same events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factbook.core.clock import epoch_ms
from factbook.ingest.visits import Visits, actor_of

TIMEOUT = 1_800_000
EVENING = epoch_ms(datetime(2026, 2, 28, 23, 50, tzinfo=UTC))
MINUTE = 60_000


def test_an_event_at_the_time_out_is_in_the_session_and_one_millisecond_later_is_not() -> None:
    visits = Visits(TIMEOUT)
    first = visits.key("someone", EVENING)
    assert visits.key("someone", EVENING + TIMEOUT) == first
    assert visits.key("someone", EVENING + 2 * TIMEOUT) == first
    assert visits.key("someone", EVENING + 3 * TIMEOUT + 1) != first


def test_a_session_is_never_cut_at_the_hour_at_midnight_or_at_the_end_of_the_month() -> None:
    visits = Visits(TIMEOUT)
    assert len({visits.key("someone", EVENING + minutes * MINUTE) for minutes in range(0, 26 * 60, 29)}) == 1


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
        key = visits.key(actor, now)
        assert number_of.setdefault((actor, number), key) == key
        assert 0 < key < 2**64
    assert len(set(number_of.values())) == len(number_of)


def test_a_late_event_joins_the_session_it_lies_in_or_near() -> None:
    visits = Visits(TIMEOUT)
    morning = visits.key("someone", EVENING)
    evening = visits.key("someone", EVENING + 10 * TIMEOUT)
    assert visits.key("someone", EVENING - TIMEOUT) == morning
    assert visits.key("someone", EVENING - 2 * TIMEOUT) == morning
    assert visits.key("someone", EVENING + 9 * TIMEOUT) == evening
    assert visits.key("someone", EVENING + 5 * TIMEOUT) not in (morning, evening)
    assert visits.key("someone", EVENING + 10 * TIMEOUT + 5) == evening


def test_a_late_event_opens_a_session_of_its_own_where_it_lies_in_none() -> None:
    visits = Visits(TIMEOUT)
    current = visits.key("someone", EVENING)
    earlier = visits.key("someone", EVENING - 10 * TIMEOUT)
    assert earlier != current
    assert visits.key("someone", EVENING - 10 * TIMEOUT + MINUTE) == earlier
    assert visits.key("someone", EVENING + MINUTE) == current


def test_two_people_at_the_same_moment_are_in_two_sessions() -> None:
    visits = Visits(TIMEOUT)
    assert visits.key("someone", EVENING) != visits.key("another", EVENING)


def test_the_same_events_have_the_same_keys_in_another_process() -> None:
    assert Visits(TIMEOUT).key("someone", EVENING) == Visits(TIMEOUT).key("someone", EVENING)


def test_a_restored_session_goes_on() -> None:
    before, after = Visits(TIMEOUT), Visits(TIMEOUT)
    key = before.key("someone", EVENING)
    after.restore("someone", EVENING, EVENING + MINUTE, key)
    assert after.key("someone", EVENING + MINUTE + TIMEOUT) == key


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_parts_of_a_session_restored_in_any_order_are_one(order: tuple[int, ...]) -> None:
    visits = Visits(TIMEOUT)
    key = visits.key("someone", EVENING)
    fresh = Visits(TIMEOUT)
    for part in order:
        fresh.restore("someone", EVENING + part * MINUTE, EVENING + (part + 1) * MINUTE, key)
    for other in range(1, 4):
        fresh.restore("someone", EVENING + 50 * other * TIMEOUT, EVENING + 50 * other * TIMEOUT, other)
    assert fresh.key("someone", EVENING - TIMEOUT) == key
    assert fresh.key("someone", EVENING + 3 * MINUTE + TIMEOUT) == key


def test_memory_is_bounded_and_the_recently_active_are_not_forgotten() -> None:
    visits = Visits(TIMEOUT, actors=100)
    key = visits.key("regular", EVENING)
    for number in range(1000):
        visits.key(f"passer-by {number}", EVENING + number)
        if number % 50 == 0:
            assert visits.key("regular", EVENING + number) == key
    assert len(visits._young) + len(visits._old) <= 201


def test_actors_of_two_tenants_and_kinds_never_meet() -> None:
    everyone = [
        actor_of(tenant, *names) for tenant in ("a", "b") for names in (("x", "", ""), ("", "x", ""), ("", "", "x"))
    ]
    assert len(set(everyone)) == 6
    assert actor_of("a", "", None, "") == ""


def test_a_day_of_one_event_a_minute_is_one_session_in_constant_memory() -> None:
    visits = Visits(TIMEOUT)
    start = datetime(2026, 3, 29, tzinfo=UTC)  # with an hour that was skipped
    keys = {visits.key("someone", epoch_ms(start + timedelta(minutes=minute))) for minute in range(1440)}
    assert len(keys) == 1
    assert len(visits._young["someone"]) == 3
