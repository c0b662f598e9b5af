"""Requests on their way to the line: a bounded queue that loses nothing, and answers that reach whoever still waits."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from factbook.core.errors import FactbookError, Kind, unavailable
from factbook.core.scope import Role, Scope
from factbook.ingest.batch import Origin
from factbook.ingest.receipts import Receipt
from factbook.ingest.waiting import Outcome, Request, Waiting, into, into_loop, settle_all

SHOP = Scope("shop", "test", Role.OWNER)
RECEIPT = Receipt("batch", 1, 0, 0, (), b"x" * 16)


def request(body: bytes = b"x") -> Request:
    return Request(SHOP, body, Origin(), None, lambda _: None)


def opened(max_bytes: int = 100, turn_bytes: int = 100) -> Waiting:
    waiting = Waiting(max_bytes=max_bytes, turn_bytes=turn_bytes)
    waiting.open()
    return waiting


def sizes(requests: list[Request]) -> list[int]:
    return [len(request.body) for request in requests]


def test_a_turn_takes_what_waits_up_to_its_bytes_in_order() -> None:
    waiting = opened(turn_bytes=10)
    for size in (4, 4, 4, 50, 1):
        waiting.put(request(b"x" * size))
    assert [sizes(waiting.turn()) for _ in range(3)] == [[4, 4, 4], [50], [1]]


def test_a_full_queue_refuses_with_a_pause_and_takes_again_once_a_turn_was_taken() -> None:
    waiting = opened(max_bytes=10)
    waiting.put(request(b"x" * 10))
    with pytest.raises(FactbookError) as refused:
        waiting.put(request())
    assert (refused.value.kind, refused.value.retry_after) == (Kind.LIMITED, 1.0)
    assert sizes(waiting.turn()) == [10]
    waiting.put(request())
    assert sizes(waiting.turn()) == [1]


def test_one_request_larger_than_the_queue_fits_when_nothing_waits() -> None:
    waiting = opened(max_bytes=10)
    waiting.put(request(b"x" * 1000))
    assert sizes(waiting.turn()) == [1000]


def test_what_was_admitted_is_handed_out_after_closing_and_nothing_new_is_admitted() -> None:
    waiting = opened(turn_bytes=1)
    for _ in range(3):
        waiting.put(request())
    waiting.close()
    waiting.close()
    with pytest.raises(FactbookError) as refused:
        waiting.put(request())
    assert refused.value.kind is Kind.UNAVAILABLE
    assert [len(waiting.turn()) for _ in range(5)] == [1, 1, 1, 0, 0]


def test_nothing_is_admitted_before_it_is_open() -> None:
    with pytest.raises(FactbookError) as refused:
        Waiting(max_bytes=10, turn_bytes=10).put(request())
    assert refused.value.kind is Kind.UNAVAILABLE


def test_of_requests_put_while_it_closes_each_is_refused_or_handed_out() -> None:
    for _ in range(20):
        waiting = opened(max_bytes=10_000)
        start = threading.Barrier(5)

        def put(waiting: Waiting = waiting, start: threading.Barrier = start) -> int:
            start.wait()
            admitted = 0
            for _ in range(50):
                try:
                    waiting.put(request())
                except FactbookError:
                    break
                admitted += 1
            return admitted

        with ThreadPoolExecutor(4) as threads:
            putting = [threads.submit(put) for _ in range(4)]
            start.wait()
            waiting.close()
            admitted = sum(each.result() for each in putting)
        handed_out = 0
        while turn := waiting.turn():
            handed_out += len(turn)
        assert handed_out == admitted


def test_a_cancelled_caller_is_left_alone_and_the_others_are_told() -> None:
    gone: Future[Receipt] = Future()
    here: Future[Receipt] = Future()
    failed: Future[Receipt] = Future()
    gone.cancel()
    outcomes: list[Outcome] = [RECEIPT, RECEIPT, unavailable("full")]
    requests = [Request(SHOP, b"", Origin(), None, into(future)) for future in (gone, here, failed)]
    settle_all(list(zip(requests, outcomes, strict=True)))
    assert gone.cancelled()
    assert here.result(0) is RECEIPT
    assert isinstance(failed.exception(0), FactbookError)


def test_callers_of_an_event_loop_are_told_there_and_one_who_left_is_not() -> None:
    async def body() -> None:
        loop = asyncio.get_running_loop()
        futures = [loop.create_future() for _ in range(3)]
        futures[0].cancel()
        requests = [Request(SHOP, b"", Origin(), None, into_loop(future), loop) for future in futures]
        outcomes: list[Outcome] = [RECEIPT, RECEIPT, unavailable("full")]
        await asyncio.to_thread(settle_all, list(zip(requests, outcomes, strict=True)))
        assert await futures[1] is RECEIPT
        with pytest.raises(FactbookError):
            await futures[2]

    asyncio.run(body())


def test_an_event_loop_that_was_closed_hinders_nobody() -> None:
    loop = asyncio.new_event_loop()
    lost = Request(SHOP, b"", Origin(), None, into_loop(loop.create_future()), loop)
    loop.close()
    here: Future[Receipt] = Future()
    settle_all([(lost, RECEIPT), (Request(SHOP, b"", Origin(), None, into(here)), RECEIPT)])
    assert here.result(0) is RECEIPT
