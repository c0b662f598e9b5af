"""Acknowledged is durable and counted once: at once, again, after a restart, in parts; what is refused is told."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any
from uuid import uuid4

import pytest

from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Scope
from factbook.ingest.batch import Origin, Rules
from factbook.ingest.feed import Feed
from factbook.ingest.intake import Limits, Receipt
from factbook.ingest.journal import Mark, SqliteJournal
from factbook.ingest.places import Places
from factbook.storage.engine import Engine
from tests.clocks import SetClock

from .batches import Types
from .way_in import count, letters, made, stored, way_in, with_ids


def body(*events: Any) -> bytes:
    return json.dumps(list(events)).encode()


def until_refused(send: Callable[[], None]) -> FactbookError:
    """Sends again and again, until it is refused."""
    for _ in range(1000):
        try:
            send()
        except FactbookError as error:
            return error
    raise AssertionError("never refused")


class Gate(SqliteJournal):
    """A journal whose appends wait while the gate is closed, so that requests pile up behind them."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.gate = threading.Event()
        self.gate.set()
        self.appending = threading.Event()

    def append(self, body: bytes, rows: int, at: int, marks: Any = ()) -> None:
        self.appending.set()
        assert self.gate.wait(60)
        super().append(body, rows, at, marks)


# Receipts


def test_a_receipt_says_what_became_of_each_event(engine: Engine, tmp_path: Path, scope: Scope) -> None:
    with way_in(engine, tmp_path) as way:
        way.send(scope, {"event_type": "a", "id": "seen before"})
        receipt = way.send(
            scope,
            {"event_type": "a"},
            {"event_type": ""},
            {"event_type": "a", "id": "seen before"},
            {"event_type": "a", "timestamp": "2001-01-01T00:00:00Z", "id": "too old"},
            {"event_type": "b", "id": "01234567-89AB-CDEF-0123-456789ABCDEF"},
        )
        assert (receipt.accepted, receipt.duplicates, receipt.real_time_updates) == (2, 1, 0)
        assert [(e.index, e.field, e.reason, e.event_id) for e in receipt.errors] == [
            (1, "event_type", "bad_length", ""),
            (3, "timestamp", "too_old", "too old"),
        ]
        assert len(receipt.ids) == 3
        assert receipt.ids[2] == "01234567-89ab-cdef-0123-456789abcdef"
        way.settle()
    assert count(engine, scope) == 3
    assert set(receipt.ids) == set(stored(engine, scope))
    found = letters(engine, scope)
    assert {letter["letter_id"] for letter in found} == {error.letter_id for error in receipt.errors}
    assert [json.loads(letter["body"])["event_type"] for letter in found] == ["", "a"]


def test_requests_taken_together_get_their_own_answers(engine: Engine, tmp_path: Path, scope: Scope) -> None:
    other = replace(scope, tenant=f"other-{scope.tenant}")
    journal = Gate(tmp_path / "journal.db")
    with way_in(engine, tmp_path, opened=journal) as way:
        journal.gate.clear()
        first = way.intake.submit(scope, body({"event_type": "first"}), Origin())
        assert journal.appending.wait(30)
        futures = [
            way.intake.submit(scope, body(*made(2)), Origin()),
            way.intake.submit(scope, b"[", Origin()),
            way.intake.submit(other, body({"event_type": 7}, *made(3)), Origin()),
            way.intake.submit(scope, b"[]", Origin()),
        ]
        journal.gate.set()
        assert first.result(30).accepted == 1
        assert futures[0].result(30).accepted == 2
        with pytest.raises(FactbookError) as refused:
            futures[1].result(30)
        assert refused.value.kind is Kind.MALFORMED
        third = futures[2].result(30)
        assert (third.accepted, [error.index for error in third.errors]) == (3, [0])
        assert futures[3].result(30).raw_ids == b""
        assert len({future.result().batch_id for future in futures if not future.exception()}) == 3
        way.settle()
    journal.close()
    assert (count(engine, scope), count(engine, other)) == (3, 3)
    assert [letter["field"] for letter in letters(engine, other)] == ["event_type"]


def test_the_state_counts_what_came_and_what_was_dropped(engine: Engine, tmp_path: Path, scope: Scope) -> None:
    with way_in(engine, tmp_path) as way:
        way.send(scope, *with_ids(made(5)), *with_ids(made(2)), {"event_type": ""}, {"x": 1}, {"x": 2})
        way.settle()
        state = way.intake.state()
        assert (state.accepted, state.duplicates, state.dropped) == (5, 2, {"bad_length": 1, "missing_field": 2})
        assert (state.depth, state.bytes, state.status, state.last_error) == (0, 0, "healthy", "")


# Counted once


def test_the_same_events_sent_ten_times_at_once_count_once(engine: Engine, tmp_path: Path, scope: Scope) -> None:
    events = with_ids(made(50))
    with way_in(engine, tmp_path) as way, ThreadPoolExecutor(10) as threads:
        start = threading.Barrier(10)

        def send(_: int) -> Receipt:
            start.wait()
            return way.send(scope, *events)

        receipts = list(threads.map(send, range(10)))
        way.settle()
    assert sum(receipt.accepted for receipt in receipts) == 50
    assert sum(receipt.duplicates for receipt in receipts) == 450
    assert {receipt.ids for receipt in receipts} == {receipts[0].ids}
    assert count(engine, scope) == 50


def test_duplicates_within_one_batch_count_once(engine: Engine, tmp_path: Path, scope: Scope) -> None:
    event = {"event_type": "a", "id": "one"}
    with way_in(engine, tmp_path) as way:
        receipt = way.send(scope, event, {"event_type": "a"}, event, {"event_type": "b", "event_id": "one"})
        way.settle()
    assert (receipt.accepted, receipt.duplicates) == (2, 2)
    assert count(engine, scope) == 2


def test_one_id_in_two_tenants_counts_twice_however_alike_their_names(
    engine: Engine, tmp_path: Path, scope: Scope
) -> None:
    tenants = [replace(scope, tenant=f"{scope.tenant}-{number}-analytics") for number in range(5)]
    with way_in(engine, tmp_path) as way:
        accepted = [way.send(tenant, {"event_type": "a", "id": "same"}).accepted for tenant in tenants]
        way.settle()
    assert accepted == [1] * 5
    assert [count(engine, tenant) for tenant in tenants] == [1] * 5


def test_events_sent_again_after_a_restart_are_duplicates(engine: Engine, tmp_path: Path, scope: Scope) -> None:
    events = with_ids(made(30)) + [{"event_type": "a", "id": str(uuid4())} for _ in range(30)]
    with way_in(engine, tmp_path) as way:
        assert way.send(scope, *events).accepted == 60
    for _ in range(2):
        with way_in(engine, tmp_path) as way:
            receipt = way.send(scope, *events, {"event_type": "new"})
            assert (receipt.accepted, receipt.duplicates) == (1, 60)
    assert count(engine, scope) == 62


def test_events_that_are_only_in_the_journal_are_duplicates_after_a_restart(
    engine: Engine, tmp_path: Path, scope: Scope
) -> None:
    events = with_ids(made(30))
    with way_in(engine, tmp_path, writing=False) as way:
        way.send(scope, *events)
    with way_in(engine, tmp_path, writing=False) as way:
        assert way.send(scope, *events).duplicates == 30
    with way_in(engine, tmp_path) as way:
        assert way.send(scope, *events).duplicates == 30
    assert count(engine, scope) == 30


def test_an_id_is_known_for_a_day_and_taken_again_after_a_restart_later(
    engine: Engine, tmp_path: Path, scope: Scope
) -> None:
    clock = SetClock()
    with way_in(engine, tmp_path, clock=clock) as way:
        way.send(scope, {"event_type": "a", "id": "one"})
    clock.forward(hours=23, minutes=59)
    with way_in(engine, tmp_path, clock=clock) as way:
        assert way.send(scope, {"event_type": "a", "id": "one"}).duplicates == 1
    clock.forward(hours=1)
    with way_in(engine, tmp_path, clock=clock) as way:
        assert way.send(scope, {"event_type": "a", "id": "one"}).accepted == 1


def test_a_dropped_event_may_be_mended_and_sent_again_under_its_id(
    engine: Engine, tmp_path: Path, scope: Scope
) -> None:
    with way_in(engine, tmp_path) as way:
        bad = {"event_type": "a", "id": "one", "timestamp": "2001-01-01T00:00:00Z"}
        assert way.send(scope, bad).accepted == 0
        assert way.send(scope, {**bad, "timestamp": None}).accepted == 1
        way.settle()
    assert count(engine, scope) == 1


# Loads


def test_a_part_of_a_load_sent_again_counts_once(engine: Engine, tmp_path: Path, scope: Scope) -> None:
    first, second = Mark(f"{scope.tenant}/file", 10), Mark(f"{scope.tenant}/file", 20)
    with way_in(engine, tmp_path) as way:
        assert way.intake.position(first.source) == 0
        assert way.send(scope, *made(10), mark=first).accepted == 10
        assert way.send(scope, *made(10), mark=first).accepted == 0
        assert way.send(scope, *made(10), mark=second).accepted == 10
        assert way.send(scope, *made(10), mark=first).accepted == 0
        assert way.intake.position(first.source) == 20
    with way_in(engine, tmp_path) as way:
        assert way.intake.position(first.source) == 20
        assert way.send(scope, *made(10), mark=second).accepted == 0
    assert count(engine, scope) == 20


def test_a_part_of_a_load_sent_twice_at_once_counts_once(engine: Engine, tmp_path: Path, scope: Scope) -> None:
    journal = Gate(tmp_path / "journal.db")
    mark = Mark(f"{scope.tenant}/file", 10)
    with way_in(engine, tmp_path, opened=journal) as way:
        journal.gate.clear()
        blocking = way.intake.submit(scope, b'{"event_type":"first"}', Origin())
        assert journal.appending.wait(30)
        futures = [way.intake.submit(scope, body(*made(10)), Origin(), mark=mark) for _ in range(5)]
        journal.gate.set()
        assert sum(future.result(30).accepted for future in futures) == 10
        assert blocking.result(30).accepted == 1
        way.settle()
    journal.close()
    assert count(engine, scope) == 11


def test_a_part_whose_events_are_all_refused_is_marked_too(engine: Engine, tmp_path: Path, scope: Scope) -> None:
    mark = Mark(f"{scope.tenant}/file", 3)
    with way_in(engine, tmp_path) as way:
        assert len(way.send(scope, {"x": 1}, mark=mark).errors) == 1
        assert way.send(scope, mark=replace(mark, position=4)).accepted == 0
        assert way.intake.position(mark.source) == 4
        way.settle()
        assert way.intake.state().depth == 0
    assert len(letters(engine, scope)) == 1


# Limits


def test_a_full_queue_refuses_with_a_pause_and_loses_nothing(engine: Engine, tmp_path: Path, scope: Scope) -> None:
    journal = Gate(tmp_path / "journal.db")
    accepted: list[Future[Receipt]] = []
    with way_in(engine, tmp_path, opened=journal, limits=Limits(max_waiting_bytes=2000, turn_bytes=100)) as way:
        journal.gate.clear()
        accepted.append(way.intake.submit(scope, body(*made(1)), Origin()))
        assert journal.appending.wait(30)
        refused = until_refused(lambda: accepted.append(way.intake.submit(scope, body(*made(5)), Origin())))
        assert (refused.kind, refused.retry_after) == (Kind.LIMITED, 1.0)
        journal.gate.set()
        total = sum(future.result(30).accepted for future in accepted)
        assert total == 1 + 5 * (len(accepted) - 1) > 5
        total += way.send(scope, *made(5)).accepted
        way.settle()
    journal.close()
    assert count(engine, scope) == total


def test_a_full_journal_refuses_until_the_warehouse_has_caught_up(engine: Engine, tmp_path: Path, scope: Scope) -> None:
    with way_in(engine, tmp_path, writing=False, limits=Limits(max_journal_bytes=50_000)) as way:
        receipts: list[Receipt] = []
        refused = until_refused(lambda: receipts.append(way.send(scope, *made(3))))
        assert (refused.kind, refused.retry_after) == (Kind.UNAVAILABLE, 5.0)
        total = 3 * len(receipts)
        state = way.intake.state()
        assert (state.depth, state.bytes >= 50_000) == (total, True)
        way.writer.recover()
        total += way.send(scope, *made(3)).accepted
        way.writer.recover()
        assert way.intake.state().depth == 0
    assert count(engine, scope) == total


def test_a_journal_that_cannot_be_written_refuses_keeps_nothing_and_recovers_by_itself(
    engine: Engine, tmp_path: Path, scope: Scope
) -> None:
    events = with_ids([{**event, "properties": {"text": token_hex(1000)}} for event in made(20)])
    with way_in(engine, tmp_path) as way:
        pages = int(way.journal._appender.execute("PRAGMA page_count").fetchone()[0])
        way.journal._appender.execute(f"PRAGMA max_page_count = {pages}")
        for _ in range(3):
            with pytest.raises(FactbookError) as refused:
                way.send(scope, *events)
            assert refused.value.kind is Kind.UNAVAILABLE
        state = way.intake.state()
        assert (state.status, state.accepted, state.depth) == ("degraded", 0, 0)
        assert "journal" in state.last_error
        way.journal._appender.execute("PRAGMA max_page_count = 1000000")
        assert way.send(scope, *events).accepted == 20
        assert way.intake.state().status == "healthy"
        way.settle()
    assert count(engine, scope) == 20


def test_too_many_events_are_refused_whole(engine: Engine, tmp_path: Path, scope: Scope) -> None:
    with way_in(engine, tmp_path, limits=Limits(max_events=5)) as way:
        with pytest.raises(FactbookError) as refused:
            way.send(scope, *made(6))
        assert refused.value.kind is Kind.TOO_LARGE
        assert way.send(scope, *made(5)).accepted == 5


# Defects and ends


class _Broken:
    """Event types whose look-up fails for one type: a defect in the middle of the line."""

    def category(self, event_type: str) -> str:
        if event_type == "broken":
            raise RuntimeError("a defect")
        return "custom"

    def validator(self, tenant: str, event_type: str) -> None:
        return None


def test_one_request_that_meets_a_defect_takes_no_other_with_it(engine: Engine, tmp_path: Path, scope: Scope) -> None:
    journal = Gate(tmp_path / "journal.db")
    with way_in(engine, tmp_path, opened=journal, rules=Rules(types=_Broken(), places=Places(None))) as way:
        journal.gate.clear()
        first = way.intake.submit(scope, body(*made(1)), Origin())
        assert journal.appending.wait(30)
        good = [way.intake.submit(scope, body(*made(2)), Origin()) for _ in range(2)]
        broken = way.intake.submit(scope, body(*made(1), {"event_type": "broken"}), Origin())
        journal.gate.set()
        with pytest.raises(FactbookError) as refused:
            broken.result(30)
        assert refused.value.kind is Kind.UNAVAILABLE
        assert [future.result(30).accepted for future in (first, *good)] == [1, 2, 2]
        way.settle()
    journal.close()
    assert count(engine, scope) == 5


class _Deaf(Feed):
    def deliver(self, offers: Any) -> None:
        raise RuntimeError("a defect")


def test_a_defect_behind_the_journal_neither_refuses_nor_doubles_what_is_durable(
    engine: Engine, tmp_path: Path, scope: Scope
) -> None:
    with way_in(engine, tmp_path) as way:
        way.intake._line._feed = _Deaf()
        receipts = [way.send(scope, *made(3)) for _ in range(3)]
        way.settle()
    assert [receipt.accepted for receipt in receipts] == [3, 3, 3]
    assert count(engine, scope) == 9


def test_a_caller_who_cancelled_is_served_all_the_same_and_others_are_answered(
    engine: Engine, tmp_path: Path, scope: Scope
) -> None:
    journal = Gate(tmp_path / "journal.db")
    with way_in(engine, tmp_path, opened=journal) as way:
        journal.gate.clear()
        first = way.intake.submit(scope, body(*made(1)), Origin())
        assert journal.appending.wait(30)
        gone = way.intake.submit(scope, body(*made(1)), Origin())
        here = way.intake.submit(scope, body(*made(1)), Origin())
        assert gone.cancel()
        journal.gate.set()
        assert (first.result(30).accepted, here.result(30).accepted) == (1, 1)
        way.settle()
    journal.close()
    assert count(engine, scope) == 3


def test_a_stop_finishes_what_was_admitted_and_admits_nothing_more(
    engine: Engine, tmp_path: Path, scope: Scope
) -> None:
    with way_in(engine, tmp_path) as way:
        futures = [way.intake.submit(scope, body(*made(20)), Origin()) for _ in range(50)]
        way.intake.stop()
        assert [future.result(0).accepted for future in futures] == [20] * 50
        with pytest.raises(FactbookError) as refused:
            way.intake.submit(scope, body(*made(1)), Origin())
        assert refused.value.kind is Kind.UNAVAILABLE
    assert count(engine, scope) == 1000


def test_an_event_loop_gets_its_receipts_and_its_refusals(engine: Engine, tmp_path: Path, scope: Scope) -> None:
    async def both() -> list[Any]:
        sent = [way.intake.accept(scope, text, Origin()) for text in (body(*made(2)), b"{", body(*made(3)))]
        return await asyncio.gather(*sent, return_exceptions=True)

    with way_in(engine, tmp_path) as way:
        first, refused, second = asyncio.run(both())
        way.settle()
    assert (first.accepted, second.accepted) == (2, 3)
    assert isinstance(refused, FactbookError)
    assert count(engine, scope) == 5


# Live, sessions


def test_accepted_events_go_to_live_listeners_once_and_duplicates_never(
    engine: Engine, tmp_path: Path, scope: Scope
) -> None:
    async def listen() -> tuple[list[str], list[int]]:
        everything = way.feed.subscribe(scope)
        receipts = [
            await way.intake.accept(scope, body(*events), Origin())
            for events in ([{"event_type": "a", "id": "1"}, {"event_type": ""}], [{"event_type": "a", "id": "1"}])
        ]
        receipts.append(await way.intake.accept(scope, body({"event_type": "b"}, {"event_type": "c"}), Origin()))
        other = replace(scope, tenant=f"other-{scope.tenant}")
        receipts.append(await way.intake.accept(other, body({"event_type": "x"}), Origin()))
        await asyncio.sleep(0)
        everything.close()
        return [event["event_type"] async for event in everything], [r.real_time_updates for r in receipts]

    with way_in(engine, tmp_path) as way:
        types, updates = asyncio.run(listen())
    assert types == ["a", "b", "c"]
    assert updates == [1, 0, 2, 0]


def sessions(engine: Engine, scope: Scope) -> int:
    [(number,)] = engine.rows(
        "SELECT uniqExact(session) FROM events WHERE tenant = {t:String} AND session != 0", {"t": scope.tenant}
    )
    return int(number)


@pytest.mark.parametrize("written", [True, False])
def test_a_session_goes_on_across_a_restart(engine: Engine, tmp_path: Path, scope: Scope, written: bool) -> None:
    clock = SetClock()
    for _ in range(3):
        with way_in(engine, tmp_path, clock=clock, writing=written) as way:
            way.send(scope, *made(7))
        clock.forward(minutes=29)
    with way_in(engine, tmp_path, clock=clock):
        pass
    assert count(engine, scope) == 21
    assert sessions(engine, scope) == 7


def test_a_session_that_is_over_does_not_come_back_after_a_restart(
    engine: Engine, tmp_path: Path, scope: Scope
) -> None:
    clock = SetClock()
    for _ in range(2):
        with way_in(engine, tmp_path, clock=clock) as way:
            way.send(scope, {"event_type": "a", "user_id": "u"})
        clock.now += timedelta(minutes=30, milliseconds=1)
    assert sessions(engine, scope) == 2


def test_what_was_sent_is_what_is_stored(engine: Engine, tmp_path: Path, scope: Scope) -> None:
    event = {
        "event_type": "purchase",
        "event_id": str(uuid4()),
        "timestamp": "2026-02-28T23:59:59.999Z",
        "user_id": "ü\x00\U0001f600",
        "session_id": "s",
        "content_id": "c",
        "resource_type": "r",
        "resource_id": "1",
        "ip_address": "203.0.113.9",
        "referrer": "https://www.google.com/",
        "country": "DE",
        "correlation_id": "x",
        "data_class": "personal",
        "properties": {"amount": 1.5, "items": {"count": 2}, "gift": True, "note": "'\\\n\t", "list": [1]},
        "plan": "pro",
    }
    with way_in(engine, tmp_path, clock=SetClock()) as way:
        receipt = way.send(scope, event, origin=Origin(source="test"))
        way.settle()
    [row] = engine.records("SELECT * FROM events WHERE tenant = {t:String}", {"t": scope.tenant})
    for name in ("event_type", "user_id", "session_id", "content_id", "resource_type", "resource_id", "country"):
        assert row[name] == event[name]
    assert (str(row["event_id"]), str(row["batch_id"])) == (event["event_id"], receipt.batch_id)
    assert row["timestamp"].isoformat().startswith("2026-02-28T23:59:59.999")
    assert (row["event_category"], row["referrer_source"], row["source"]) == ("commerce", "Google", "test")
    assert (row["ip_address"], row["data_class"], row["is_bot"]) == ("203.0.113.0", "personal", False)
    assert row["numbers"] == {"amount": 1.5, "items.count": 2.0}
    assert row["texts"] == {"gift": "true", "note": "'\\\n\t", "plan": "pro"}
    assert json.loads(row["properties"]) == {**event["properties"], "plan": "pro"}  # type: ignore[dict-item]


def test_schemas_are_those_of_the_tenant(engine: Engine, tmp_path: Path, scope: Scope) -> None:
    from factbook.events.schemas import Validator

    types = Types({(scope.tenant, "sale"): Validator({"required": ["amount"]})})
    with way_in(engine, tmp_path, rules=Rules(types=types, places=Places(None))) as way:
        receipt = way.send(scope, {"event_type": "sale"}, {"event_type": "sale", "amount": 1})
        way.settle()
    assert (receipt.accepted, [error.reason for error in receipt.errors]) == (1, ["breaks_schema"])
    assert count(engine, scope) == 1
