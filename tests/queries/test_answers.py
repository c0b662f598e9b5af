"""Kept answers: exact, so that an event of their time makes them stale at once, and one query for all who ask."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from factbook.core.calendar import Calendar
from factbook.core.errors import FactbookError, Kind, unavailable
from factbook.core.money import Money
from factbook.core.scope import Scope, Tier
from factbook.metrics.catalog import built_in
from factbook.metrics.model import Pack
from factbook.queries.callers import CALLER
from factbook.storage.engine import Engine
from factbook.storage.versions import LocalVersions, UnknownVersions
from factbook.storage.warehouse import Warehouse
from tests.ingest.way_in import WayIn, way_in

from .answering import TENANT, TODAY, Asking, appear, process


@pytest.fixture
def asking(engine: Engine, scope: Scope) -> Iterator[Asking]:
    made = process(engine, scope, LocalVersions())
    yield made
    made.reads.close()


# Stale and not


def test_the_same_question_of_the_same_data_costs_one_query(engine: Engine, asking: Asking) -> None:
    async def body() -> None:
        appear(engine, asking, f"{TODAY}T08:00")
        first = await asking.ask("orders", "revenue", dimensions=("category",))
        cost = asking.warehouse.statements
        assert first["total"]["values"] == {"orders": 1, "revenue": 10}
        asking.now += timedelta(seconds=20)
        assert await asking.ask("orders", "revenue", dimensions=("category",)) == first
        assert asking.warehouse.statements == cost > 0
        assert asking.looked == [False, True]

    asyncio.run(body())


def test_what_was_seen_is_looked_up_once_until_an_event_may_have_brought_something_new(
    engine: Engine, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    rows = Warehouse.rows

    def counting(self: Warehouse, scope: Scope, sql: str, *parameters: Any) -> Any:
        looked.append(sql)
        return rows(self, scope, sql, *parameters)

    monkeypatch.setattr(Warehouse, "rows", counting)

    async def body() -> None:
        appear(engine, asking, f"{TODAY}T08:00")
        for limit in (1, 2, 3):  # three questions, none of them kept
            assert (await asking.ask("revenue", "purchase.amount", limit=limit))["total"]["values"]["revenue"] == 10
        assert len(looked) == 2  # the currencies of purchases, and what purchase.amount is
        appear(engine, asking, f"{TODAY}T09:00", properties={"amount": 5, "currency": "CHF"})
        with pytest.raises(FactbookError) as refused:
            await asking.ask("revenue", limit=4)
        assert refused.value.kind is Kind.CONFLICT
        assert "CHF" in refused.value.message

    asyncio.run(body())


@pytest.mark.parametrize(
    ("asked", "event", "stale"),
    [
        ({}, f"{TODAY}T11:00", True),
        ({}, "2026-03-09T23:59", False),
        ({"period": "yesterday"}, "2026-03-09T00:00", True),
        ({"period": "yesterday"}, f"{TODAY}T00:00", False),
        ({"period": "last_7_days"}, "2026-03-04T00:01", True),
        ({"period": "last_7_days"}, "2026-03-03T23:59", False),
        ({"period": "yesterday", "compare": "previous_period"}, "2026-03-08T12:00", True),
        ({"period": "yesterday", "compare": "previous_year"}, "2025-03-09T12:00", True),
        ({"period": "yesterday", "compare": "previous_year"}, "2025-03-10T12:00", False),
        ({"period": None, "start_time": "2025-01-01", "end_time": "2025-01-31"}, "2025-01-15T00:00", True),
        ({"period": None, "start_time": "2025-01-01", "end_time": "2025-01-31"}, f"{TODAY}T00:00", False),
        ({"timezone": "Asia/Tokyo"}, "2026-03-09T16:00", True),
    ],
)
def test_an_event_makes_the_answers_of_its_time_stale_and_no_other(
    engine: Engine, asking: Asking, asked: dict[str, Any], event: str, stale: bool
) -> None:
    async def body() -> None:
        before = await asking.ask("orders", **asked)
        cost = asking.warehouse.statements
        appear(engine, asking, event)
        after = await asking.ask("orders", **asked)
        assert (asking.warehouse.statements > cost) is stale
        assert (after != before) is stale

    asyncio.run(body())


@pytest.mark.parametrize(
    ("metric", "event", "stale"),
    [
        ("mrr", "2020-02-01T00:00", True),  # what is alive now may have begun at any time
        ("mau", "2026-02-20T00:00", True),  # thirty days before the end
        ("mau", "2025-12-20T00:00", False),
        ("purchase.amount", "2020-02-01T00:00", True),  # what the name means depends on all that was ever sent
        ("events.count.purchase", "2020-02-01T00:00", False),
        ("users.active", "2020-02-01T00:00", False),
    ],
)
def test_what_an_answer_reads_beyond_its_period_makes_it_stale_too(
    engine: Engine, asking: Asking, metric: str, event: str, stale: bool
) -> None:
    async def body() -> None:
        enterprise = replace(asking.scope, tier=Tier.ENTERPRISE)
        await asking.ask(metric, scope=enterprise)
        appear(engine, asking, event)
        await asking.ask(metric, scope=enterprise)
        assert asking.looked == [False, not stale]

    asyncio.run(body())


def test_events_that_are_sent_are_in_the_next_answer_also_when_they_are_late(
    engine: Engine, asking: Asking, tmp_path: Path, scope: Scope
) -> None:
    now = datetime.now(UTC)

    def send(ways: WayIn, *times: datetime) -> None:
        events = [{"event_type": "purchase", "user_id": "u", "timestamp": at.isoformat()} for at in times]
        assert ways.send(scope, *events).accepted == len(times)
        ways.settle()

    async def body(ways: WayIn) -> None:
        asking.now = now
        week, month = {"period": "last_7_days"}, {"period": "last_30_days"}
        assert (await asking.orders(**week), await asking.orders(**month)) == (0, 0)
        send(ways, now)
        assert (await asking.orders(**week), await asking.orders(**month)) == (1, 1)
        send(ways, now - timedelta(days=20), now - timedelta(days=21))
        asking.looked.clear()
        assert (await asking.orders(**week), await asking.orders(**month)) == (1, 3)
        assert asking.looked == [True, False]

    with way_in(engine, tmp_path, appeared=asking.versions.appeared) as ways:
        asyncio.run(body(ways))


def test_an_event_that_appears_during_the_query_makes_its_answer_stale(engine: Engine, asking: Asking) -> None:
    async def body() -> None:
        asking.warehouse.gate.clear()
        early = asyncio.create_task(asking.orders())
        await asyncio.to_thread(asking.warehouse.began.wait, 30)
        appear(engine, asking, f"{TODAY}T09:00")
        later = asyncio.create_task(asking.orders())
        await asyncio.sleep(0)
        asking.warehouse.gate.set()
        await early
        assert await later == 1
        assert await asking.orders() == 1
        assert asking.looked == [False, False, True]

    asyncio.run(body())


def test_what_is_removed_makes_every_answer_of_its_tenant_stale(engine: Engine, asking: Asking) -> None:
    async def body() -> None:
        other = replace(asking.scope, tenant=f"other-{asking.scope.tenant}")
        for scope in (asking.scope, other):
            await asking.orders(scope=scope)
        asking.versions.changed(asking.scope.tenant)
        for scope in (asking.scope, other):
            await asking.orders(scope=scope)
        assert asking.looked == [False, False, False, True]

    asyncio.run(body())


# Whose answer it is


def test_no_tenant_is_given_the_answer_of_another(engine: Engine, asking: Asking) -> None:
    async def body() -> None:
        other = replace(asking.scope, tenant=f"other-{asking.scope.tenant}")
        appear(engine, asking, f"{TODAY}T09:00")
        assert (await asking.orders(), await asking.orders(scope=other)) == (1, 0)

    asyncio.run(body())


@pytest.mark.parametrize(
    "changed",
    [
        {"tenant": replace(TENANT, money=Money("USD"))},
        {"tenant": replace(TENANT, money=Money("EUR", {"USD": 0.9}))},
        {"tenant": replace(TENANT, calendar=Calendar(ZoneInfo("Europe/Berlin")))},
        {"tenant": replace(TENANT, calendar=Calendar(ZoneInfo("UTC"), week_start=7))},
        {"tenant": replace(TENANT, catalog=replace(built_in(), packs=(*built_in().packs, Pack("own", "Own", ""))))},
        {"filters": (("country", "DE"),)},
        {"filters": (("property.price", 1),)},
        {"filters": (("property.price", True),)},
        {"filters": (("property.price", "1"),)},
        {"include_bots": True},
        {"period": "yesterday"},
        {"timezone": "Europe/Berlin"},
        {"granularity": "1h"},
    ],
)
def test_whatever_changes_the_answer_tells_it_apart(asking: Asking, changed: dict[str, Any]) -> None:
    async def body() -> None:
        await asking.ask("events.count")
        await asking.ask("events.count", **changed)
        await asking.ask("events.count", **changed)
        await asking.ask("events.count")
        assert asking.looked == [False, False, True, True]

    asyncio.run(body())


def test_filters_that_compare_as_equal_are_not_the_same(asking: Asking) -> None:
    async def body() -> None:
        for value in (1, True, "1", 1.5):
            await asking.ask(filters=(("property.price", value),))
        assert asking.looked == [False] * 4

    asyncio.run(body())


def test_a_higher_tiers_metric_is_refused_though_its_answer_is_kept(asking: Asking) -> None:
    tiered = next(m for m in built_in().metrics.values() if m.tier is not Tier.FREE)

    async def body() -> None:
        await asking.ask(tiered.id, scope=replace(asking.scope, tier=Tier.ENTERPRISE))
        with pytest.raises(FactbookError) as raised:
            await asking.ask(tiered.id)
        assert raised.value.kind is Kind.FORBIDDEN

    asyncio.run(body())


def test_a_period_that_moves_on_is_asked_anew(asking: Asking) -> None:
    async def body() -> None:
        await asking.ask()
        asking.now += timedelta(minutes=1)
        await asking.ask()
        await asking.ask(period="yesterday")
        asking.now += timedelta(minutes=1)
        await asking.ask(period="yesterday")
        assert asking.looked == [False, False, False, True]

    asyncio.run(body())


def test_an_answer_that_explains_itself_is_never_kept(asking: Asking) -> None:
    async def body() -> None:
        first = await asking.ask(explain=True)
        cost = asking.warehouse.statements
        await asking.ask(explain=True)
        assert asking.warehouse.statements == 2 * cost
        assert first["explain"]

    asyncio.run(body())


# How long and how much


def test_the_longest_time_is_only_a_bound(engine: Engine, scope: Scope) -> None:
    now = [0.0]
    asking = process(engine, scope, LocalVersions())
    asking.cache._clock = lambda: now[0]

    async def body() -> None:
        await asking.ask()
        now[0] = 59.9
        await asking.ask()
        now[0] = 60.0
        await asking.ask()
        assert asking.looked == [False, True, False]

    asyncio.run(body())
    asking.reads.close()


@pytest.mark.parametrize("bounds", [{"life": 0}, {"room": 0}])
def test_nothing_is_kept_where_nothing_may_be(engine: Engine, scope: Scope, bounds: dict[str, int]) -> None:
    asking = process(engine, scope, LocalVersions(), **bounds)

    async def body() -> None:
        await asking.ask()
        await asking.ask()
        assert asking.looked == [False, False]

    asyncio.run(body())
    asking.reads.close()


def test_an_answer_of_more_numbers_than_may_be_is_refused(engine: Engine, asking: Asking) -> None:
    asking.warehouse.cells = 20

    async def body() -> None:
        assert (await asking.ask(granularity="4h", period="yesterday"))["times"]
        with pytest.raises(FactbookError) as raised:
            await asking.ask(granularity="1h", period="yesterday")
        assert (raised.value.kind, raised.value.field) == (Kind.INVALID, "granularity")
        assert "more than 20 numbers" in raised.value.message

    asyncio.run(body())


# Many at once


@pytest.mark.parametrize("known", [True, False])
def test_a_thousand_equal_questions_at_once_cost_one_query(engine: Engine, scope: Scope, known: bool) -> None:
    """Where the versions are not known, one for each thread and one for all who had to wait: none is answered with what
    was begun before it asked."""
    asking = process(engine, scope, LocalVersions() if known else UnknownVersions())

    async def body() -> None:
        asking.warehouse.gate.clear()
        asked = [asyncio.create_task(asking.orders()) for _ in range(1000)]
        await asyncio.to_thread(asking.warehouse.began.wait, 30)
        asking.warehouse.gate.set()
        assert await asyncio.gather(*asked) == [0] * 1000
        assert asking.warehouse.statements == (1 if known else 3)
        assert asking.looked.count(False) == asking.warehouse.statements

    asyncio.run(body())
    asking.reads.close()


def test_where_versions_are_not_known_no_answer_is_older_than_its_question(engine: Engine, scope: Scope) -> None:
    asking = process(engine, scope, UnknownVersions())

    async def body() -> None:
        asking.warehouse.gate.clear()
        early = asyncio.create_task(asking.orders())
        await asyncio.to_thread(asking.warehouse.began.wait, 30)
        appear(engine, asking, f"{TODAY}T09:00")
        later = asyncio.create_task(asking.orders())
        await asyncio.sleep(0)
        asking.warehouse.gate.set()
        await early
        assert await later == 1
        assert await asking.orders() == 1
        assert asking.looked == [False] * 3

    asyncio.run(body())
    asking.reads.close()


def test_a_failure_reaches_everybody_and_is_not_kept(asking: Asking) -> None:
    async def body() -> None:
        asking.warehouse.error = unavailable("gone")
        failed = await asyncio.gather(*(asking.ask() for _ in range(5)), return_exceptions=True)
        assert [type(each) for each in failed] == [FactbookError] * 5
        asking.warehouse.error = None
        assert await asking.orders() == 0

    asyncio.run(body())


class _Line:
    """A caller who hangs up when told."""

    def __init__(self) -> None:
        self.cut: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def gone(self) -> asyncio.Future[None]:
        return self.cut


async def _asked_by(line: _Line | None, ask: Callable[[], Any]) -> Any:
    CALLER.set(line)
    return await ask()


def test_a_query_goes_on_until_the_last_who_waits_has_left(asking: Asking) -> None:
    async def body() -> None:
        first, last = _Line(), _Line()
        asking.warehouse.gate.clear()
        left: Sequence[asyncio.Task[Any]] = [asyncio.create_task(_asked_by(line, asking.ask)) for line in (first, last)]
        await asyncio.to_thread(asking.warehouse.began.wait, 30)
        [query] = asking.warehouse.running._queries.values()
        first.cut.set_result(None)
        with pytest.raises(FactbookError):
            await left[0]
        assert not query.stopped
        last.cut.set_result(None)
        with pytest.raises(FactbookError):
            await left[1]
        async with asyncio.timeout(30):
            while not query.stopped:
                await asyncio.sleep(0.001)  # the period of the poll
        asking.warehouse.gate.set()
        assert await asking.orders() == 0

    asyncio.run(body())


def test_an_administrator_who_stops_a_query_tells_everybody_who_waits(asking: Asking) -> None:
    async def body() -> None:
        asking.warehouse.gate.clear()
        waiting = [asyncio.create_task(asking.ask("revenue", dimensions=("category",))) for _ in range(3)]
        await asyncio.to_thread(asking.warehouse.began.wait, 30)
        [shown] = asking.warehouse.running.listed(asking.scope)
        assert shown.what == "revenue by category"
        stopping = asyncio.create_task(asyncio.to_thread(asking.warehouse.running.stop, asking.scope, shown.id))
        [query] = asking.warehouse.running._queries.values()
        async with asyncio.timeout(30):
            while not query.stopped:
                await asyncio.sleep(0.001)  # the period of the poll
        asking.warehouse.gate.set()
        told = await asyncio.gather(*waiting, return_exceptions=True)
        await stopping
        assert ["administrator stopped" in str(each) for each in told] == [True] * 3
        assert (await asking.ask("revenue", dimensions=("category",)))["events"] == 0

    asyncio.run(body())
