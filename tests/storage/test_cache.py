"""Answers kept in the process: as long as they may be, as many as there is room for, the least used going first."""

from __future__ import annotations

from factbook.storage.cache import OVERHEAD, Cache

BODY = b"x" * 1000
ONE = len(BODY) + OVERHEAD


def test_what_was_put_is_found_until_its_life_is_over() -> None:
    now = [0.0]
    cache = Cache(100 * ONE, 60, clock=lambda: now[0])
    cache.put("a", BODY)
    cache.put("b", BODY, life=10)
    now[0] = 10
    assert (cache.get("a"), cache.get("b")) == (BODY, None)
    now[0] = 60
    assert cache.get("a") is None
    assert cache.bytes == len(cache) == 0


def test_the_least_recently_used_goes_first_and_the_room_is_kept() -> None:
    cache = Cache(10 * ONE, 60)
    for number in range(10):
        cache.put(str(number), BODY)
    assert cache.get("0")
    cache.put("10", BODY)
    assert cache.get("1") is None
    assert [number for number in range(11) if cache.get(str(number))] == [0, *range(2, 11)]
    for number in range(1000):
        cache.put(f"more{number}", BODY)
    assert cache.bytes <= 10 * ONE
    assert cache.bytes == len(cache) * ONE


def test_putting_again_takes_the_room_once() -> None:
    cache = Cache(100 * ONE, 60)
    for _ in range(5):
        cache.put("a", BODY)
    assert (len(cache), cache.bytes) == (1, ONE)


def test_a_body_that_would_push_out_too_many_is_not_kept() -> None:
    cache = Cache(8 * ONE, 60)
    assert cache.takes(BODY)
    assert not cache.takes(BODY + b"x")
    cache.put("a", BODY + b"x")
    assert len(cache) == 0


def test_no_room_or_no_life_keeps_nothing() -> None:
    for cache in (Cache(0, 60), Cache(100 * ONE, 0)):
        cache.put("a", BODY)
        assert cache.get("a") is None
