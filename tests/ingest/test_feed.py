"""The live feed: every listener gets its own tenant's events of its types, once, and knows how many it missed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pyarrow as pa

from factbook.core.scope import Role, Scope
from factbook.events.personal import PERSONAL
from factbook.ingest.batch import Batch, Origin
from factbook.ingest.blocks import event_rows
from factbook.ingest.feed import Feed, Subscription

from .batches import run, stepped

SHOP, OTHER = (Scope(tenant, "test", Role.OWNER) for tenant in ("shop", "other"))


def rows_of(batch: Batch) -> pa.RecordBatch:
    return event_rows(batch, [bytes(16)] * len(batch.scopes))


def publish(feed: Feed, *requests: tuple[Scope, list[dict[str, Any]]]) -> None:
    batch = run([(scope, Origin(), events) for scope, events in requests])
    feed.deliver(feed.offers(batch, rows_of(batch)))


def named(*types: str) -> list[dict[str, Any]]:
    return [{"event_type": name, "user_id": f"u{number}"} for number, name in enumerate(types)]


async def taken(subscription: Subscription) -> list[str]:
    """The types of all that waits; what was delivered before this call is among it."""
    await asyncio.sleep(0)
    subscription.close()
    return [event["event_type"] async for event in subscription]


def play(body: Coroutine[Any, Any, None]) -> None:
    asyncio.run(body)


def test_a_listener_gets_the_events_of_his_tenant_and_types_once_in_order() -> None:
    async def body() -> None:
        feed = Feed()
        everything, some, other = (
            feed.subscribe(SHOP),
            feed.subscribe(SHOP, frozenset(("a", "c"))),
            feed.subscribe(OTHER),
        )
        publish(feed, (SHOP, named("a", "b")), (OTHER, named("x")), (SHOP, named("c")))
        assert await taken(everything) == ["a", "b", "c"]
        assert await taken(some) == ["a", "c"]
        assert await taken(other) == ["x"]
        assert (everything.missed, some.missed, other.missed) == (0, 0, 0)

    play(body())


def test_a_message_is_the_event_as_json_without_address_or_empty_fields() -> None:
    async def body() -> None:
        feed = Feed()
        subscription = feed.subscribe(SHOP)
        sent = {
            "event_type": "purchase",
            "event_id": "01234567-89ab-cdef-0123-456789abcdef",
            "timestamp": "2026-03-01T11:59:59.5Z",
            "user_id": "u",
            "ip_address": "203.0.113.9",
            "properties": {"amount": 1.5},
        }
        batch = stepped(sent)
        feed.deliver(feed.offers(batch, rows_of(batch)))
        message = await anext(subscription)
        assert json.loads(json.dumps(message)) == {
            "id": "01234567-89ab-cdef-0123-456789abcdef",
            "event_type": "purchase",
            "event_category": "commerce",
            "timestamp": "2026-03-01T11:59:59.500Z",
            "user_id": "u",
            "properties": {"amount": 1.5},
        }

    play(body())


def test_of_more_than_a_listener_has_room_for_the_newest_stay_and_the_rest_is_counted() -> None:
    async def body() -> None:
        feed = Feed(room=3)
        at_once, bit_by_bit = feed.subscribe(SHOP), feed.subscribe(SHOP, frozenset(("e", "f", "a", "b", "c", "d")))
        publish(feed, (SHOP, named(*"abcd")))
        publish(feed, (SHOP, named("e")))
        publish(feed, (SHOP, named("f")))
        assert await taken(at_once) == ["d", "e", "f"]
        assert at_once.missed == 3
        assert await taken(bit_by_bit) == ["d", "e", "f"]

    play(body())


def test_nobody_is_told_that_he_missed_what_another_tenant_or_type_had() -> None:
    async def body() -> None:
        feed = Feed(room=2)
        other, some = feed.subscribe(OTHER), feed.subscribe(SHOP, frozenset("z"))
        publish(feed, (SHOP, named(*"abcdefgh")), (OTHER, named("x")), (SHOP, named("z")))
        assert await taken(other) == ["x"]
        assert await taken(some) == ["z"]
        assert (other.missed, some.missed) == (0, 0)

    play(body())


def test_a_listener_waits_for_what_comes_and_ends_when_closed() -> None:
    async def body() -> None:
        feed = Feed()
        subscription = feed.subscribe(SHOP)
        waiting = asyncio.create_task(anext(subscription))
        await asyncio.sleep(0)
        publish(feed, (SHOP, named("a")))
        assert (await waiting)["event_type"] == "a"
        last = asyncio.create_task(anext(subscription, None))
        await asyncio.sleep(0)
        subscription.close()
        assert await last is None
        assert feed.listeners == ()

    play(body())


def test_a_listener_whose_loop_is_gone_hinders_nobody() -> None:
    feed = Feed()

    async def leave_open() -> None:
        feed.subscribe(SHOP)

    play(leave_open())
    assert len(feed.listeners) == 1
    publish(feed, (SHOP, named("a")))


def test_a_listener_gets_what_he_may_see_alone_and_misses_nothing_of_the_rest() -> None:
    async def body() -> None:
        feed = Feed(room=2)
        part = feed.subscribe(replace(SHOP, rows=(("property.market.eq", ("EU",)), ("country.ne", ("US",)))))
        publish(feed, (SHOP, [{"event_type": name, "properties": {"market": name[0:2]}} for name in ("EU1", "US1")]))
        publish(feed, (SHOP, [{"event_type": "EU2", "properties": {"market": "EU"}}, {"event_type": "US2"}]))
        assert await taken(part) == ["EU1", "EU2"]
        assert part.missed == 0

    play(body())


def test_a_masked_listener_is_not_told_whose_events_they_are() -> None:
    async def body() -> None:
        feed = Feed()
        masked, everything = feed.subscribe(replace(SHOP, masked=True)), feed.subscribe(SHOP)
        sent = {"event_type": "purchase", "user_id": "u", "anonymous_id": "v", "session_id": "s", "content_id": "c"}
        publish(feed, (SHOP, [{**sent, "properties": {"plan": "pro"}}]))
        publish(feed, (SHOP, [{**sent, "properties": {"street": "Elm"}, "data_class": "personal"}]))
        public, personal = [await anext(masked) for _ in range(2)]
        assert not PERSONAL & {*public, *personal}
        assert (public["content_id"], public["properties"], personal["properties"]) == ("c", {"plan": "pro"}, {})
        assert (await anext(everything))["user_id"] == "u"

    play(body())
