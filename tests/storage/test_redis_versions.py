"""Versions in Redis: every process sees what any of them wrote, and no token outlives a change whatever Redis loses."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import redis

from factbook.storage import redis_versions
from factbook.storage.redis_link import PAUSE, RedisLink
from factbook.storage.redis_versions import RedisVersions
from factbook.storage.versions import DAY_MS, FOREVER, Range
from tests.servers.valkey import Valkey

TODAY = 20_000


@dataclass
class Clock:
    """Seconds of the pauses that a link makes after a failure."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now

    def rest(self) -> None:
        self.now += PAUSE


def day(number: int, days: int = 1) -> Range:
    return number * DAY_MS, (number + days) * DAY_MS


def token(known: RedisVersions, tenant: str, *ranges: Range) -> str | None:
    return asyncio.run(known.token(tenant, ranges))


@pytest.fixture
def space() -> str:
    return f"test-{uuid.uuid4().hex}"


@pytest.fixture
def two(redis_url: str, space: str) -> Iterator[tuple[RedisVersions, RedisVersions]]:
    """Two processes at one warehouse."""
    links = RedisLink(redis_url), RedisLink(redis_url)
    yield RedisVersions(links[0], space), RedisVersions(links[1], space)
    for link in links:
        link.close()


def test_an_event_written_by_one_process_changes_the_tokens_of_its_day_in_all(
    two: tuple[RedisVersions, RedisVersions],
) -> None:
    writer, reader = two
    writer.appeared({"a": [TODAY - 1, TODAY], "b": [TODAY]})
    ranges = {n: day(n) for n in range(TODAY - 3, TODAY + 2)} | {0: day(TODAY - 3, 5), -1: FOREVER}
    before = {n: token(reader, "a", each) for n, each in ranges.items()}
    other = token(reader, "b", FOREVER)
    writer.appeared({"a": [TODAY - 2]})  # a late one
    after = {n: token(reader, "a", each) for n, each in ranges.items()}
    assert {n for n in ranges if before[n] != after[n]} == {TODAY - 2, 0, -1}
    assert None not in before.values()
    assert token(reader, "b", FOREVER) == other
    assert after == {n: token(writer, "a", each) for n, each in ranges.items()}


def test_many_who_ask_at_once_are_answered_each_for_its_own(two: tuple[RedisVersions, RedisVersions]) -> None:
    writer, reader = two
    writer.appeared({"a": [TODAY - 9], "b": [TODAY - 9]})
    writer.appeared({"a": [TODAY]})
    writer.appeared({"b": [TODAY - 1]})
    asked = [(tenant, each) for tenant in "abc" for each in (day(TODAY), day(TODAY - 1), FOREVER)]

    async def all_of(known: RedisVersions) -> list[str | None]:
        return list(await asyncio.gather(*(known.token(tenant, [each]) for tenant, each in asked * 20)))

    found = asyncio.run(all_of(reader))
    assert found == [token(writer, tenant, each) for tenant, each in asked] * 20
    assert len(set(found)) == 4  # the day of a, the day of b, what both began with, and c


def test_two_warehouses_at_one_redis_know_nothing_of_each_other(redis_url: str, space: str) -> None:
    link = RedisLink(redis_url)
    here, there = RedisVersions(link, space), RedisVersions(link, f"{space}-other")
    before = token(there, "a", FOREVER)
    here.appeared({"a": [TODAY]})
    here.changed()
    assert token(there, "a", FOREVER) == before
    link.close()


def test_whatever_is_removed_changes_every_token_of_the_tenant(two: tuple[RedisVersions, RedisVersions]) -> None:
    writer, reader = two
    writer.appeared({"a": [TODAY]})
    before = [token(reader, who, day(n)) for who in "ab" for n in (TODAY, TODAY - 400)]
    writer.changed("a")
    after = [token(reader, who, day(n)) for who in "ab" for n in (TODAY, TODAY - 400)]
    assert [old != new for old, new in zip(before, after, strict=True)] == [True, True, False, False]
    writer.changed()
    assert token(reader, "b", day(TODAY)) != after[2]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("most", [3, 5000])
def test_whatever_is_lost_no_token_outlives_a_change(
    redis_url: str, space: str, seed: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against a plain list of every change, while keys are evicted now and then."""
    monkeypatch.setattr(redis_versions, "MAX_DAYS", most)
    chance = random.Random(seed)
    link, client = RedisLink(redis_url), redis.Redis.from_url(redis_url)
    known = RedisVersions(link, space)
    seen: dict[tuple[str, str | None, tuple[Range, ...]], int] = {}
    changes: list[tuple[str, int]] = []

    async def body() -> None:
        for _ in range(300):
            tenant, what = chance.choice("abc"), chance.random()
            if what < 0.05:
                keys = list(client.scan_iter(f"{{{space}}}:*"))
                client.delete(*chance.sample(keys, min(2, len(keys)))) if keys else None
            elif what < 0.5:
                changed = chance.sample(range(12), chance.randint(1, 3))
                known.appeared({tenant: changed})
                changes.extend((tenant, number) for number in changed)
            else:
                ranges = tuple(day(chance.randrange(12), chance.randint(1, 4)) for _ in range(chance.randint(1, 2)))
                found = await known.token(tenant, ranges)
                since = seen.setdefault((tenant, found, ranges), len(changes))
                touched = [n for who, n in changes[since:] if who == tenant and _in(ranges, n)]
                assert not touched

    asyncio.run(body())
    assert max(client.zcard(key) for key in client.scan_iter(f"{{{space}}}:versions:of:*")) <= min(most, 12) + 1
    link.close()
    client.close()


def _in(ranges: tuple[Range, ...], number: int) -> bool:
    return any(start < (number + 1) * DAY_MS and number * DAY_MS < end for start, end in ranges)


def test_versions_of_a_tenant_who_is_quiet_go_after_a_while(redis_url: str, space: str) -> None:
    link, client = RedisLink(redis_url), redis.Redis.from_url(redis_url)
    RedisVersions(link, space).appeared({"a": [TODAY]})
    assert token(RedisVersions(link, space), "b", FOREVER)
    for tenant in "ab":
        left = client.ttl(f"{{{space}}}:versions:of:{tenant}")
        assert isinstance(left, int)
        assert 0 < left <= redis_versions.KEPT_SECONDS
    link.close()
    client.close()


def test_a_redis_that_came_back_with_an_older_state_has_other_tokens(own_redis: Valkey, space: str) -> None:
    link = RedisLink(own_redis.url)
    known = RedisVersions(link, space)
    known.appeared({"a": [TODAY]})
    before = token(known, "a", day(TODAY))
    client = redis.Redis.from_url(own_redis.url)
    client.save()
    known.appeared({"a": [TODAY]})
    own_redis.kill()
    own_redis.start()
    assert client.zcard(f"{{{space}}}:versions:of:a") == 2
    assert token(known, "a", day(TODAY)) not in (before, None)
    link.close()
    client.close()


def test_while_redis_is_away_nothing_is_known_and_what_appeared_is_told_when_it_is_back(
    own_redis: Valkey, space: str
) -> None:
    clocks = Clock(), Clock()
    links = [RedisLink(own_redis.url, clock=clock) for clock in clocks]
    writer, reader = (RedisVersions(link, space) for link in links)
    writer.appeared({"a": [TODAY]})
    redis.Redis.from_url(own_redis.url).save()
    before = token(reader, "a", day(TODAY))
    assert before == token(writer, "a", day(TODAY))
    own_redis.kill()
    writer.appeared({"a": [TODAY]})
    writer.changed("b")
    assert token(reader, "a", day(TODAY)) is None
    own_redis.start()
    for clock in clocks:
        clock.rest()
    assert token(writer, "a", day(TODAY)) is None  # it owes what it wrote
    told = token(reader, "a", day(TODAY)), token(reader, "b", day(TODAY))
    writer.settle()
    assert token(writer, "a", day(TODAY)) == token(reader, "a", day(TODAY)) not in (None, told[0])
    assert token(writer, "b", day(TODAY)) == token(reader, "b", day(TODAY)) not in (None, told[1])
    for link in links:
        link.close()


def test_a_writer_that_owes_does_not_wait_for_redis_again(own_redis: Valkey, space: str) -> None:
    clock = Clock()
    link = RedisLink(own_redis.url, clock=clock)
    known = RedisVersions(link, space)
    own_redis.kill()
    known.appeared({"a": [TODAY]})
    clock.rest()
    own_redis.start()
    known.appeared({"a": [TODAY - 1]})  # Redis is back, but that is for `settle` to find out
    assert token(known, "a", FOREVER) is None
    known.settle()
    assert token(known, "a", FOREVER)
    link.close()


def test_more_than_can_be_noted_while_redis_is_away_counts_as_everything(
    own_redis: Valkey, space: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_versions, "MAX_NEWS", 10)
    clock = Clock()
    link, other = RedisLink(own_redis.url, clock=clock), RedisLink(own_redis.url)
    known = RedisVersions(link, space)
    own_redis.kill()
    for number in range(20):
        known.appeared({f"t{number}": [TODAY]})
    own_redis.start()
    before = token(RedisVersions(other, space), "a", FOREVER)
    clock.rest()
    known.settle()
    assert token(known, "a", FOREVER) not in (None, before)
    assert not known._news.days
    link.close()
    other.close()


@pytest.mark.parametrize("tenant", ["it's", "a:b", "{x}", "é\n", "floor", "clock", "all"])
def test_a_tenant_may_be_called_anything(two: tuple[RedisVersions, RedisVersions], tenant: str) -> None:
    writer, reader = two
    before = token(reader, tenant, FOREVER), token(reader, "other", FOREVER)
    writer.appeared({tenant: [TODAY]})
    assert token(reader, tenant, FOREVER) not in (before[0], None)
    assert token(reader, "other", FOREVER) == before[1]
