"""Kept answers over a segment are stale as soon as its people may be others: by an event, its rule, or the time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from factbook.core.scope import Scope
from factbook.queries.asking.ask import Tenant
from factbook.queries.behaviour.segments.segments import Segments
from factbook.storage.engine import Engine
from factbook.storage.rows import SegmentRow
from factbook.storage.versions import LocalVersions
from tests.queries.answering import NOW, TENANT, TODAY, Asking, appear, process
from tests.queries.given import given


@pytest.fixture
def asking(engine: Engine, scope: Scope) -> Iterator[Asking]:
    made = process(engine, scope, LocalVersions())
    appear(engine, made, f"{TODAY}T08:00")
    yield made
    made.reads.close()


def tenant(rule: dict[str, Any], version: int = 1, later: timedelta = timedelta()) -> Tenant:
    rows = {"some": SegmentRow("", "some", "", "", rule, None, version, 0, 0)}
    return replace(TENANT, segments=Segments(lambda: rows, TENANT.calendar, NOW + later))


def run(body: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(body())  # type: ignore[arg-type]


async def orders(asking: Asking, tenant: Tenant) -> int:
    answer = await asking.ask("orders", tenant=tenant, filters=(("segment", "some"),))
    return int(answer["total"]["values"]["orders"])


def test_the_same_question_of_the_same_people_costs_one_query(asking: Asking) -> None:
    async def body() -> None:
        assert [await orders(asking, tenant({"did": "purchase"})) for _ in range(3)] == [1, 1, 1]
        assert asking.looked == [False, True, True]

    run(body)


def test_an_event_long_before_the_period_may_change_who_is_in_it(engine: Engine, asking: Asking) -> None:
    async def body() -> None:
        once = tenant({"did": "purchase", "count": {"eq": 1}})
        assert await orders(asking, once) == 1
        appear(engine, asking, "2025-01-01T08:00")
        assert await orders(asking, once) == 0

    run(body)


def test_a_changed_rule_holds_at_once(asking: Asking) -> None:
    async def body() -> None:
        assert await orders(asking, tenant({"did": "purchase"})) == 1
        assert await orders(asking, tenant({"did": "refund"}, version=2)) == 0

    run(body)


def test_who_did_it_lately_is_in_it_no_more_once_it_is_long_ago(engine: Engine, asking: Asking) -> None:
    given(engine, asking.scope, [{"at": f"{TODAY}T11:30:00Z", "type": "click", "user": "u1"}])

    async def body() -> None:
        lately = {"did": "click", "within": "last_60_minutes"}
        assert await orders(asking, tenant(lately)) == 1
        asking.now += timedelta(minutes=31)
        assert await orders(asking, tenant(lately, later=timedelta(minutes=31))) == 0

    run(body)
