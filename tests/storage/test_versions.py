"""Versions of the data: a token changes when a day of its ranges does, and is never the same again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import pytest

from factbook.storage import versions
from factbook.storage.versions import DAY_MS, FOREVER, LocalVersions, Range, days_of

TODAY = 20_000


def day(number: int, days: int = 1) -> Range:
    return number * DAY_MS, (number + days) * DAY_MS


def token(known: LocalVersions, tenant: str, *ranges: Range) -> str:
    found = asyncio.run(known.token(tenant, ranges))
    assert found is not None
    return found


def test_an_event_changes_the_tokens_of_its_day_and_of_no_other() -> None:
    known = LocalVersions()
    known.appeared({"a": [TODAY - 1, TODAY]})
    before = {n: token(known, "a", day(n)) for n in range(TODAY - 3, TODAY + 2)}
    wide, ever = token(known, "a", day(TODAY - 3, 5)), token(known, "a", FOREVER)
    known.appeared({"a": [TODAY - 2]})  # a late one
    after = {n: token(known, "a", day(n)) for n in before}
    assert [n for n in before if before[n] != after[n]] == [TODAY - 2]
    assert token(known, "a", day(TODAY - 3, 5)) != wide
    assert token(known, "a", FOREVER) != ever


def test_a_range_touches_a_day_from_its_first_to_its_last_millisecond() -> None:
    assert days_of((TODAY * DAY_MS, TODAY * DAY_MS + 1)) == (TODAY, TODAY)
    assert days_of((TODAY * DAY_MS - 1, TODAY * DAY_MS)) == (TODAY - 1, TODAY - 1)
    assert days_of((-1, 1)) == (-1, 0)


def test_tenants_do_not_touch_each_other() -> None:
    known = LocalVersions()
    mine = token(known, "a", FOREVER)
    known.appeared({"b": [TODAY]})
    known.changed("b")
    assert token(known, "a", FOREVER) == mine


def test_whatever_is_removed_changes_every_token_of_the_tenant() -> None:
    known = LocalVersions()
    known.appeared({"a": [TODAY]})
    before = token(known, "a", day(TODAY)), token(known, "a", day(TODAY - 400)), token(known, "b", day(TODAY))
    known.changed("a")
    after = token(known, "a", day(TODAY)), token(known, "a", day(TODAY - 400)), token(known, "b", day(TODAY))
    assert (before[0] != after[0], before[1] != after[1], before[2] == after[2]) == (True, True, True)
    known.changed()
    assert token(known, "b", day(TODAY)) != before[2]


def test_a_restart_begins_anew() -> None:
    assert token(LocalVersions(), "a", FOREVER) != token(LocalVersions(), "a", FOREVER)


def _contains(ranges: Sequence[Range], number: int) -> bool:
    return any(start <= number * DAY_MS < end or start < (number + 1) * DAY_MS <= end for start, end in ranges)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("most", [5, 100_000])
def test_whatever_is_forgotten_no_token_outlives_a_change(
    seed: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against a plain list of every change; forgetting may change a token for nothing, never keep one."""
    monkeypatch.setattr(versions, "MAX_DAYS", 3 if most == 5 else 5000)
    chance = random.Random(seed)
    known = LocalVersions(most)
    seen: dict[tuple[str, str, tuple[Range, ...]], int] = {}
    changes: list[tuple[str, int]] = []
    for _ in range(400):
        tenant = chance.choice("abcde")
        if chance.random() < 0.5:
            changed = chance.sample(range(12), chance.randint(1, 3))
            known.appeared({tenant: changed})
            changes += [(tenant, number) for number in changed]
            continue
        ranges = tuple(day(chance.randrange(12), chance.randint(1, 4)) for _ in range(chance.randint(1, 2)))
        known_since = seen.setdefault((tenant, token(known, tenant, *ranges), ranges), len(changes))
        assert not [n for who, n in changes[known_since:] if who == tenant and _contains(ranges, n)]


def test_memory_is_bounded() -> None:
    known = LocalVersions(most=1000)
    for number in range(3000):
        known.appeared({f"t{number}": [TODAY, TODAY + 1]})
    assert len(known._tenants) <= 334
    known.appeared({"one": range(20_000)})
    assert len(known._tenants["one"].days) == versions.MAX_DAYS
