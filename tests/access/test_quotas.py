"""Events a day and a month by tenant, and what queries may cost in an hour: refused past them, told, and renewed."""

from __future__ import annotations

import pytest

from factbook.access.query_costs import QueryCosts
from factbook.access.quotas import Quotas
from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role, Scope, Tier
from factbook.core.tiers import PLANS, Plan
from factbook.storage.metadata import Metadata
from tests.clocks import SetClock

SHOP = Scope("shop", "key_1", Role.WRITER)


@pytest.fixture
def quotas(metadata: Metadata, clock: SetClock) -> Quotas:
    return quotas_of(metadata, clock)


def quotas_of(metadata: Metadata, clock: SetClock, day: int = 100, month: int = 250) -> Quotas:
    tenants = {name: metadata.ensure_tenant_of_system(name, now=1) for name in ("shop", "other")}
    return Quotas(metadata, clock, {"events_per_day": day, "events_per_month": month}, tenants.get)


def refused(quotas: Quotas, scope: Scope = SHOP) -> FactbookError:
    with pytest.raises(FactbookError) as error:
        quotas.check(scope)
    return error.value


def test_a_tenant_below_its_quota_may_send(quotas: Quotas) -> None:
    quotas.check(SHOP)
    quotas.count({"shop": 99})
    quotas.check(SHOP)


def test_a_tenant_that_used_up_a_day_hears_when_it_renews(quotas: Quotas, clock: SetClock) -> None:
    quotas.count({"shop": 60})
    quotas.count({"shop": 40})
    error = refused(quotas)
    assert error.kind is Kind.LIMITED
    assert "100 events that it may in a day" in error.message
    assert "2026-03-02T00:00:00Z" in error.message
    assert error.retry_after == 12 * 3600
    assert "free" in (error.hint or "")
    clock.forward(hours=12)
    quotas.check(SHOP)


def test_another_tenant_goes_on(quotas: Quotas) -> None:
    quotas.count({"shop": 1000})
    quotas.check(Scope("other", "key_2", Role.WRITER))


def test_a_month_holds_over_its_days(quotas: Quotas, clock: SetClock) -> None:
    for _ in range(3):
        quotas.count({"shop": 90})
        clock.forward(days=1)
    error = refused(quotas)
    assert "in a month" in error.message
    assert "2026-04-01T00:00:00Z" in error.message
    clock.now = clock.now.replace(month=4, day=1, hour=0)
    quotas.check(SHOP)
    quotas.count({"shop": 1})
    quotas.check(SHOP)


def test_counts_outlive_the_process(metadata: Metadata, quotas: Quotas, clock: SetClock) -> None:
    quotas.count({"shop": 100})
    quotas.settle()
    assert refused(quotas_of(metadata, clock)).kind is Kind.LIMITED


def test_processes_count_together_once_they_settle(metadata: Metadata, clock: SetClock) -> None:
    one, other = quotas_of(metadata, clock), quotas_of(metadata, clock)
    one.count({"shop": 60})
    other.count({"shop": 60})
    one.check(SHOP)
    one.settle()
    other.settle()
    refused(other)
    one.settle()
    refused(one)
    assert (one.used(SHOP).day, other.used(SHOP).month) == (120, 120)


def test_settling_again_counts_nothing_twice(quotas: Quotas) -> None:
    quotas.count({"shop": 50})
    for _ in range(3):
        quotas.settle()
    assert quotas.used(SHOP).day == 50


def test_what_cannot_be_written_down_is_kept_for_the_next_time(
    quotas: Quotas, metadata: Metadata, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(counts: object) -> None:
        raise FactbookError(Kind.UNAVAILABLE, "The metadata database does not answer.")

    quotas.count({"shop": 70})
    with monkeypatch.context() as broken:
        broken.setattr(metadata.usage, "add_events_of_system", away)
        with pytest.raises(FactbookError):
            quotas.settle()
    quotas.settle()
    assert quotas_of(metadata, clock).used(SHOP).day == 70


def test_a_tenant_that_is_removed_leaves_the_others_their_counts(quotas: Quotas) -> None:
    quotas.count({"gone": 5, "shop": 5})
    quotas.settle()
    assert quotas.used(SHOP).day == 5


def test_a_limit_for_one_tenant_holds_at_once_and_until_it_is_taken_back(quotas: Quotas) -> None:
    quotas.count({"shop": 100})
    quotas.set(SHOP, {"events_per_day": 200})
    quotas.check(SHOP)
    assert quotas.plan("shop", Tier.FREE).events_per_day == 200
    quotas.set(SHOP, {"events_per_day": 0, "events_per_month": 0})
    quotas.count({"shop": 10_000})
    quotas.check(SHOP)
    quotas.set(SHOP, {"events_per_day": None})
    refused(quotas)


def test_without_settings_a_tenant_has_what_its_tier_has(metadata: Metadata, clock: SetClock) -> None:
    bound = quotas_of(metadata, clock, day=0, month=0)
    assert bound.plan("shop", Tier.PRO) == PLANS[Tier.PRO]
    assert bound.plan("default", Tier.FREE) == Plan()


# What queries cost


def test_queries_that_took_their_hour_are_refused_until_the_next(clock: SetClock) -> None:
    costs = QueryCosts(clock, lambda scope: Plan(query_seconds=10, rows_read=1000))
    costs.check(SHOP)
    costs.spend(SHOP, 9.5, 10)
    costs.check(SHOP)
    costs.spend(SHOP, 0.5, 10)
    with pytest.raises(FactbookError) as error:
        costs.check(SHOP)
    assert (error.value.kind, error.value.retry_after) == (Kind.LIMITED, 3600)
    assert "10 seconds of queries" in error.value.message
    costs.check(Scope("other", "x", Role.VIEWER))
    clock.forward(hours=1)
    costs.check(SHOP)


def test_rows_count_too(clock: SetClock) -> None:
    costs = QueryCosts(clock, lambda scope: Plan(rows_read=1000))
    costs.spend(SHOP, 100.0, 1000)
    with pytest.raises(FactbookError, match="1,000 rows read"):
        costs.check(SHOP)


def test_what_the_service_does_for_itself_costs_nobody_anything(clock: SetClock) -> None:
    costs = QueryCosts(clock, lambda scope: Plan(query_seconds=1))
    costs.spend(Scope.system("shop"), 100.0, 0)
    costs.check(SHOP)
    assert costs.used(SHOP)[0] == 0
