"""When a batch goes: by events, by bytes, by time, by flush, by close; whatever the other bounds say."""

from __future__ import annotations

import threading

import pytest

from factbook.client.errors import ClientError
from factbook.client.outbox import Bounds, Outbox
from factbook.client.waiting import Memory

NEVER = 1_000_000


def outbox(events: int = NEVER, size: int = NEVER, seconds: float = NEVER) -> Outbox:
    return Outbox(Memory(), Bounds(events, size, seconds, 10 * NEVER, "raise"))


def taken(box: Outbox, most: int = NEVER) -> tuple[bytes, ...]:
    batch = box.take(most)
    assert batch
    box.remove(batch)
    return batch.events


def test_a_batch_goes_when_it_has_its_events() -> None:
    box = outbox(events=2)
    box.put([b"1", b"2", b"3"])
    assert taken(box, most=2) == (b"1", b"2")


def test_a_batch_goes_when_it_has_its_bytes_and_holds_no_more() -> None:
    box = outbox(size=10)
    box.put([b"x" * 6, b"y" * 4, b"z" * 6])
    assert taken(box) == (b"x" * 6, b"y" * 4)


def test_a_batch_goes_when_its_time_is_up() -> None:
    box = outbox(seconds=0.01)
    box.put([b"1"])
    assert taken(box) == (b"1",)


def test_a_batch_waits_for_the_first_bound_that_is_reached() -> None:
    box = outbox(events=2)
    box.put([b"1"])
    found: list[tuple[bytes, ...]] = []
    thread = threading.Thread(target=lambda: found.append(taken(box)))
    thread.start()
    thread.join(0.05)
    assert not found
    box.put([b"2"])
    thread.join(30)
    assert found == [(b"1", b"2")]


def test_flush_sends_what_is_there_and_says_whether_it_went() -> None:
    box = outbox()
    box.put([b"1"])
    assert not box.flush(0)
    assert taken(box) == (b"1",)
    assert box.flush(0)


def test_close_sends_what_is_there_and_then_ends() -> None:
    box = outbox()
    box.put([b"1"])
    box.close()
    with pytest.raises(ClientError, match="closed"):
        box.put([b"2"])
    assert taken(box) == (b"1",)
    assert box.take(NEVER) is None
    assert box.end() == ()


def test_end_gives_back_what_did_not_go_once() -> None:
    box = outbox()
    box.put([b"1", b"2"])
    assert box.end() == (b"1", b"2")
    assert box.end() == ()
    assert box.take(NEVER) is None
