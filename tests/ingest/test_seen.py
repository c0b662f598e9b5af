"""Which ids were seen, against a Python set: none forgotten within the window, none kept for ever."""

from __future__ import annotations

import uuid

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factbook.ingest import seen as module
from factbook.ingest.seen import Seen, hashes
from factbook.ingest.slots import Hashes

WINDOW = 86_400.0


@pytest.fixture
def small_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST", 16)
    monkeypatch.setattr(module, "_LARGEST", 64)


def of(*numbers: int) -> Hashes:
    return hashes(b"".join(uuid.UUID(int=number + (number << 64)).bytes for number in numbers), "shop")


def test_many_ids_over_several_tables_are_all_known_and_no_other(small_tables: None) -> None:
    seen = Seen(WINDOW)
    for start in range(0, 5000, 37):
        fresh = of(*range(start, min(start + 37, 5000)))
        assert not seen.contains(fresh).any()
        seen.add(fresh, 0.0)
    assert len(seen) == 5000
    assert seen.contains(of(*range(5000))).all()
    assert not seen.contains(of(*range(5000, 20_000))).any()


@given(st.lists(st.tuples(st.lists(st.integers(0, 300), max_size=30), st.integers(0, 30_000)), max_size=30))
@settings(max_examples=60)
def test_it_knows_what_a_set_with_times_knows(turns: list[tuple[list[int], int]]) -> None:
    seen, known, now = Seen(WINDOW), dict[int, float](), 0.0
    for numbers, pause in turns:
        now += pause
        wanted = of(*numbers) if numbers else module.NO_HASHES
        found = seen.contains(wanted).tolist()
        for number, is_known in zip(numbers, found, strict=True):
            age = now - known[number] if number in known else None
            if age is not None and age <= WINDOW:
                assert is_known, "forgotten within the window"
            if age is None:
                assert not is_known, "never seen"
        fresh = np.unique(wanted[~np.array(found, dtype=bool)])
        known |= {number: now for number, is_known in zip(numbers, found, strict=True) if not is_known}
        seen.add(fresh, now)


def test_an_id_is_forgotten_after_two_windows_at_the_latest_however_few_come_in() -> None:
    seen = Seen(WINDOW)
    for hour in range(100):
        seen.add(of(hour), hour * 3600.0)
        recent = range(max(0, hour - 24), hour + 1)
        assert seen.contains(of(*recent)).all()
        if hour > 49:
            assert not seen.contains(of(*range(hour - 49))).any()
    assert len(seen) <= 50


def test_memory_of_a_quiet_service_stays_with_a_few_small_tables() -> None:
    seen = Seen(WINDOW)
    for day in range(20):
        seen.add(of(day), day * WINDOW * 1.5)
    assert sum(table.slots.held.nbytes for table in seen._tables) <= 3 * 8 * module._FIRST


@pytest.mark.parametrize(
    ("one", "other"),
    [("a", "b"), ("team-001-analytics", "team-002-analytics"), ("x" * 64 + "1", "x" * 64 + "2"), ("é", "è"), ("", "a")],
)
def test_an_id_in_one_tenant_is_another_in_any_other_tenant(one: str, other: str) -> None:
    ids = b"".join(uuid.uuid4().bytes for _ in range(100))
    assert not set(hashes(ids, one).tolist()) & set(hashes(ids, other).tolist())


def test_ids_that_differ_in_one_half_alone_differ() -> None:
    same = [uuid.UUID(int=number).bytes for number in range(1000)] + [
        uuid.UUID(int=number << 64).bytes for number in range(1, 1000)
    ]
    assert len(set(hashes(b"".join(same), "shop").tolist())) == len(same)


def test_nothing_asked_is_nothing_found() -> None:
    assert hashes(b"", "shop").tolist() == []
    assert Seen(WINDOW).contains(module.NO_HASHES).tolist() == []
