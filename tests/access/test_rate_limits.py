"""Requests a minute: by caller and by tenant, at once, in this process and in Redis for several."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from factbook.access.rate_limits import LimitedError, RateLimits, Standing
from factbook.core.errors import Kind
from factbook.core.scope import DEFAULT_TENANT, Role, Scope, Tier
from factbook.core.security_sections import Security
from factbook.core.tiers import PLANS, Plan, plan_of
from factbook.transports.http.rate_headers import told
from tests.servers.valkey import GivenServer, Valkey

ADA, BOB = Scope("shop", "ada", Role.VIEWER), Scope("shop", "bob", Role.VIEWER)
EVE = Scope("other", "ada", Role.VIEWER)


def limits(redis: str = "", tenant: int = 0, **settings: int) -> RateLimits:
    plan = Plan(requests_per_minute=tenant)
    chosen: dict[str, Any] = {"rate_limit": 0, "rate_burst": 0, **settings}
    return RateLimits(Security(**chosen), lambda scope: plan, redis)


def hits(limits: RateLimits, *scopes: Scope) -> list[int | str]:
    """What is left after each request, or which window refused it."""

    async def every() -> list[int | str]:
        found: list[int | str] = []
        for scope in scopes:
            try:
                standing = await limits.hit(scope)
                found.append(standing.remaining if standing else "free")
            except LimitedError as error:
                found.append(error.standing.told.name)
        return found

    return asyncio.run(every())


def test_a_caller_has_so_many_requests_a_minute() -> None:
    assert hits(limits(rate_limit=3), ADA, ADA, ADA, ADA, ADA) == [2, 1, 0, "key", "key"]


def test_callers_and_tenants_are_counted_apart() -> None:
    assert hits(limits(rate_limit=1), ADA, BOB, EVE, ADA) == [0, 0, 0, "key"]


def test_a_tenant_has_so_many_in_all() -> None:
    assert hits(limits(tenant=2), ADA, BOB, EVE, BOB) == [1, 0, 1, "tenant"]


def test_a_burst_is_cut_before_the_minute_is_used_up() -> None:
    found = hits(limits(rate_limit=1000, rate_burst=5), *[ADA] * 50)
    assert "burst" in found
    assert found[:5] == [999, 998, 997, 996, 995]


def test_what_is_refused_as_a_burst_uses_up_nothing_of_the_minute() -> None:
    bound = limits(rate_limit=1000, rate_burst=5)
    found = hits(bound, *[ADA] * 300)
    left = asyncio.run(patiently(bound))
    assert left == 1000 - sum(isinstance(one, int) for one in found) - 1


async def patiently(bound: RateLimits) -> int:
    """What is left once a request gets through again."""
    while True:
        try:
            standing = await bound.hit(ADA)
        except LimitedError as error:
            await asyncio.sleep(error.standing.reset / 10)
        else:
            assert standing
            return standing.remaining


def test_without_limits_nothing_is_counted() -> None:
    assert hits(limits(), ADA, ADA) == ["free", "free"]


def test_the_refusal_says_which_limit_and_when_to_come_back() -> None:
    bound = limits(rate_limit=1)
    hits(bound, ADA)
    with pytest.raises(LimitedError) as refused:
        asyncio.run(bound.hit(ADA))
    error = refused.value
    assert error.kind is Kind.LIMITED
    assert error.message == "This key or session sends more than 1 requests a minute."
    assert error.retry_after is not None
    assert 1 <= error.retry_after <= 60
    assert error.details == {"violated-policies": ["key"]}


def test_a_tenants_refusal_names_its_tier() -> None:
    bound = limits(tenant=1)
    hits(bound, ADA)
    with pytest.raises(LimitedError) as refused:
        asyncio.run(bound.hit(BOB))
    assert "tier is free" in (refused.value.hint or "")


def test_the_headers_say_the_policies_and_where_one_stands() -> None:
    bound = limits(rate_limit=1000, rate_burst=100, tenant=5000)
    standing = asyncio.run(bound.hit(ADA))
    assert isinstance(standing, Standing)
    headers = told(standing)
    assert headers["ratelimit-policy"] == '"key";q=1000;w=60, "burst";q=100;w=1, "tenant";q=5000;w=60'
    assert headers["ratelimit"].startswith('"key";r=999;t=')
    assert (headers["ratelimit-limit"], headers["ratelimit-remaining"]) == ("1000", "999")
    assert 1 <= int(headers["ratelimit-reset"]) <= 60


def test_the_operating_tenant_is_bound_by_no_tier() -> None:
    assert plan_of(DEFAULT_TENANT, Tier.FREE) == Plan()
    assert plan_of("shop", Tier.FREE) == PLANS[Tier.FREE]


def test_a_higher_tier_has_no_less() -> None:
    for lower, higher in ((Tier.FREE, Tier.PRO), (Tier.PRO, Tier.ENTERPRISE)):
        for name in Plan.__dataclass_fields__:
            less, more = getattr(PLANS[lower], name), getattr(PLANS[higher], name)
            assert more == 0 or 0 < less <= more


# Several processes


def test_processes_at_one_redis_count_together(redis_url: str, scope: Scope) -> None:
    ada = Scope(scope.tenant, "ada", Role.VIEWER)
    one, other = limits(redis_url, rate_limit=3), limits(redis_url, rate_limit=3)
    assert hits(one, ada, ada) == [2, 1]
    assert hits(other, ada, ada) == [0, "key"]


def test_while_redis_is_away_each_counts_for_itself_and_together_once_it_is_back(
    own_redis: Valkey | GivenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("factbook.access.rate_limits.PAUSE", 0.0)
    assert isinstance(own_redis, Valkey)
    bound = limits(own_redis.url, rate_limit=2)
    assert hits(bound, ADA) == [1]
    own_redis.kill()
    assert hits(limits(own_redis.url, rate_limit=2), ADA, ADA, ADA) == [1, 0, "key"]
    own_redis.start()
    one, other = limits(own_redis.url, rate_limit=2), limits(own_redis.url, rate_limit=2)
    assert hits(one, BOB) == [1]
    assert hits(other, BOB, BOB) == [0, "key"]
