"""Dead letters: read back with the reason, and sent in again so that each counts once, whatever happens between."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry

from factbook.core.clock import system_clock
from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Scope
from factbook.core.telemetry import Telemetry
from factbook.ingest.batch import Origin, Rules
from factbook.ingest.blocks import Letter, letter_rows
from factbook.ingest.dead_letters import DeadLetters
from factbook.ingest.event_types import Definition, EventTypes
from factbook.ingest.feed import Feed
from factbook.ingest.intake import Intake, Limits, Receipt
from factbook.ingest.journal import SqliteJournal
from factbook.ingest.places import Places
from factbook.ingest.seen import Seen
from factbook.ingest.visits import Visits
from factbook.ingest.writer import Writer
from factbook.storage.engine import Engine
from factbook.storage.metadata import Metadata
from factbook.storage.warehouse import Warehouse


@pytest.fixture
def metadata(tmp_path: Path, scope: Scope) -> Iterator[Metadata]:
    opened = Metadata.open("", tmp_path)
    opened.ensure_tenant_of_system(scope.tenant, now=1)
    yield opened
    opened.close()


@pytest.fixture
def types(metadata: Metadata) -> EventTypes:
    return EventTypes(metadata, system_clock)


@pytest.fixture
def intake(engine: Engine, types: EventTypes, tmp_path: Path) -> Iterator[Intake]:
    journal = SqliteJournal(tmp_path / "journal.db")
    writer = Writer(engine, journal, system_clock, interval=0.01)
    line = Intake(
        journal=journal,
        writer=writer,
        feed=Feed(),
        rules=Rules(types=types, places=Places(None)),
        visits=Visits(1_800_000),
        seen=Seen(86_400),
        clock=system_clock,
        recorder=Telemetry(CollectorRegistry()),
        limits=Limits(),
    )
    writer.start()
    line.start()
    yield line
    line.stop()
    writer.stop()
    journal.close()


@pytest.fixture
def letters(engine: Engine, metadata: Metadata, intake: Intake) -> DeadLetters:
    return DeadLetters(engine, Warehouse(engine), metadata, intake, system_clock)


def drop(intake: Intake, scope: Scope, *events: dict[str, Any]) -> list[str]:
    """Sends events that are refused; the ids of their letters, once these can be read."""
    receipt = intake.submit(scope, json.dumps(list(events)).encode(), Origin()).result(30)
    assert intake.drain(30)
    assert len(receipt.errors) == len(events)
    return [error.letter_id for error in receipt.errors]


def counted(engine: Engine, intake: Intake, scope: Scope) -> int:
    """Events in the warehouse, which the roll-ups must agree with."""
    assert intake.drain(30)
    [(raw,)] = engine.rows("SELECT count() FROM events WHERE tenant = {t:String}", {"t": scope.tenant})
    for level in ("1m", "1h", "1d"):
        [(rolled,)] = engine.rows(
            "SELECT sum(count) FROM rollups WHERE tenant = {t:String} AND level = {l:String}"
            " AND event_type = '' AND property = ''",
            {"t": scope.tenant, "l": level},
        )
        assert int(rolled) == int(raw)
    return int(raw)


def old(**fields: Any) -> dict[str, Any]:
    return {"event_type": "page_view", "timestamp": "2019-01-01T00:00:00Z", **fields}


# Reading


def test_a_letter_holds_what_was_sent_and_why_it_was_dropped(
    intake: Intake, letters: DeadLetters, scope: Scope
) -> None:
    [letter_id] = drop(intake, scope, old(id="mine", properties={"a": 1}))
    letter = letters.get(scope, letter_id)
    assert (letter.reason, letter.field, letter.event_id, letter.source) == ("too_old", "timestamp", "mine", "http")
    assert json.loads(letter.body)["properties"] == {"a": 1}
    assert letter.received_at.tzinfo is not None


def test_letters_are_paged_newest_first_without_gap_or_overlap(
    intake: Intake, letters: DeadLetters, scope: Scope
) -> None:
    sent = drop(intake, scope, *(old(id=str(number)) for number in range(7)))
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = letters.page(scope, limit=3, cursor=cursor)
        found += [letter.letter_id for letter in page.letters]
        cursor = page.next_cursor
    assert sorted(found) == sorted(sent)
    assert len(found) == 7


def test_letters_are_filtered_and_counted_by_reason(intake: Intake, letters: DeadLetters, scope: Scope) -> None:
    drop(intake, scope, old(), old(), {"event_type": "x", "timestamp": "never"})
    assert {letter.reason for letter in letters.page(scope, reason="too_old").letters} == {"too_old"}
    assert [(each.reason, each.count) for each in letters.stats(scope)] == [("too_old", 2), ("bad_time", 1)]


def test_another_tenant_sees_no_letter(intake: Intake, letters: DeadLetters, scope: Scope) -> None:
    [letter_id] = drop(intake, scope, old())
    other = Scope(f"other-{scope.tenant}", "test", scope.role)
    assert letters.page(other).letters == []
    assert letters.stats(other) == []
    for call in (letters.get, letters.resubmit):
        with pytest.raises(FactbookError) as refusal:
            call(other, letter_id)
        assert refusal.value.kind is Kind.NOT_FOUND


@pytest.mark.parametrize("cursor", ["x", "eHh4", "!!!", "MTIgMzQ="])
def test_a_cursor_of_somebody_else_is_refused(letters: DeadLetters, scope: Scope, cursor: str) -> None:
    with pytest.raises(FactbookError) as refusal:
        letters.page(scope, cursor=cursor)
    assert refusal.value.field == "cursor"


# Sending in again


def test_a_letter_that_is_taken_now_is_counted_once_and_gone(
    engine: Engine, intake: Intake, types: EventTypes, letters: DeadLetters, scope: Scope
) -> None:
    types.define(scope, Definition("trial", "", "", {"required": ["seats"]}))
    [letter_id] = drop(intake, scope, {"event_type": "trial", "properties": {"plan": "plus"}})
    types.retire(scope, "trial")
    done = letters.resubmit(scope, letter_id)
    assert (done.result, done.repeated) == ("accepted", False)
    assert counted(engine, intake, scope) == 1
    assert letters.page(scope).letters == []
    again = letters.resubmit(scope, letter_id)
    assert (again.result, again.event_id, again.repeated) == ("accepted", done.event_id, True)
    assert counted(engine, intake, scope) == 1


def test_an_event_without_a_time_keeps_the_time_it_first_came(
    engine: Engine, intake: Intake, types: EventTypes, letters: DeadLetters, scope: Scope
) -> None:
    types.define(scope, Definition("trial", "", "", {"required": ["seats"]}))
    [letter_id] = drop(intake, scope, {"event_type": "trial"})
    received = letters.get(scope, letter_id).received_at
    letters.resubmit(scope, letter_id, b'{"event_type": "trial", "properties": {"seats": 1}}')
    assert counted(engine, intake, scope) == 1
    [(at,)] = engine.rows("SELECT timestamp FROM events WHERE tenant = {t:String}", {"t": scope.tenant})
    assert at.replace(tzinfo=UTC) == received


def test_a_corrected_event_keeps_the_clients_id(
    engine: Engine, intake: Intake, letters: DeadLetters, scope: Scope
) -> None:
    client_id = str(uuid4())
    [letter_id] = drop(intake, scope, old(id=client_id))
    now = datetime.now(UTC).isoformat()
    corrected = {"event_type": "page_view", "timestamp": now, "event_id": str(uuid4())}
    assert letters.resubmit(scope, letter_id, json.dumps(corrected).encode()).event_id == client_id
    receipt = intake.submit(scope, json.dumps({**corrected, "event_id": client_id}).encode(), Origin()).result(30)
    assert receipt.duplicates == 1
    assert counted(engine, intake, scope) == 1


def test_history_lifts_the_limit_on_age(engine: Engine, intake: Intake, letters: DeadLetters, scope: Scope) -> None:
    [letter_id] = drop(intake, scope, old())
    with pytest.raises(FactbookError) as refusal:
        letters.resubmit(scope, letter_id)
    assert "history" in (refusal.value.hint or "")
    assert letters.resubmit(scope, refusal.value.details["letter_id"], history=True).result == "accepted"
    assert counted(engine, intake, scope) == 1


def test_a_letter_refused_again_is_replaced_by_the_new_one(
    engine: Engine, intake: Intake, letters: DeadLetters, scope: Scope
) -> None:
    [letter_id] = drop(intake, scope, old())
    with pytest.raises(FactbookError) as refusal:
        letters.resubmit(scope, letter_id, b'{"event_type": 7}')
    assert (refusal.value.kind, refusal.value.field) == (Kind.INVALID, "event_type")
    assert intake.drain(30)
    [left] = letters.page(scope).letters
    assert (left.letter_id, left.reason) == (refusal.value.details["letter_id"], "wrong_type")
    with pytest.raises(FactbookError) as conflict:
        letters.resubmit(scope, letter_id)
    assert (conflict.value.kind, conflict.value.details) == (Kind.CONFLICT, {"letter_id": left.letter_id})
    assert letters.resubmit(scope, left.letter_id, b'{"event_type": "page_view"}').result == "accepted"
    assert counted(engine, intake, scope) == 1


@pytest.mark.parametrize(
    "event", [b"[]", b"7", b"{", b'{"events": [{"event_type": "a"}, {"event_type": "b"}]}', b"\xff"]
)
def test_a_letter_becomes_one_event_and_nothing_else(
    intake: Intake, letters: DeadLetters, scope: Scope, event: bytes
) -> None:
    [letter_id] = drop(intake, scope, old())
    with pytest.raises(FactbookError) as refusal:
        letters.resubmit(scope, letter_id, event)
    assert (refusal.value.kind, refusal.value.field) == (Kind.INVALID, "event")
    assert letters.get(scope, letter_id).letter_id == letter_id


def test_ten_resubmissions_at_once_count_once(
    engine: Engine, intake: Intake, letters: DeadLetters, scope: Scope
) -> None:
    [letter_id] = drop(intake, scope, old())
    results: list[str] = []
    threads = [
        threading.Thread(target=lambda: results.append(letters.resubmit(scope, letter_id, history=True).event_id))
        for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(results)) == 1
    assert counted(engine, intake, scope) == 1


class _Forgetful(Metadata):
    """As after a crash between the journal and the note of what became of the letter."""

    def set_letter_outcome(self, scope: Scope, outcome: Any) -> None:
        raise FactbookError(Kind.UNAVAILABLE, "crashed")


@pytest.mark.parametrize("event_id", [None, "my own text", "3f0c3a9b-1d2e-4f60-9a0b-1c2d3e4f5061"])
def test_a_crash_after_the_journal_does_not_count_twice_even_when_ids_are_forgotten(
    engine: Engine,
    intake: Intake,
    metadata: Metadata,
    letters: DeadLetters,
    scope: Scope,
    event_id: str | None,
) -> None:
    [letter_id] = drop(intake, scope, old(**({"id": event_id} if event_id else {})))
    crashing = DeadLetters(engine, Warehouse(engine), _Forgetful(metadata._database), intake, system_clock)
    with pytest.raises(FactbookError, match="crashed"):
        crashing.resubmit(scope, letter_id, history=True)
    assert counted(engine, intake, scope) == 1
    intake._line._seen = Seen(86_400)  # a day later, or after a restart beyond the window
    assert letters.resubmit(scope, letter_id, history=True).result == "duplicate"
    assert counted(engine, intake, scope) == 1
    assert letters.page(scope).letters == []


def test_a_letter_of_the_warehouse_comes_in_under_an_id_of_its_own(
    engine: Engine, intake: Intake, letters: DeadLetters, scope: Scope
) -> None:
    refused_id = uuid4()
    body = {"event_type": "page_view", "event_id": str(refused_id), "properties": {}}
    receipt = intake.submit(scope, json.dumps(body).encode(), Origin()).result(30)
    assert receipt.accepted == 1
    assert intake.drain(30)
    engine.command(
        "ALTER TABLE events DELETE WHERE tenant = {t:String} SETTINGS mutations_sync = 2", {"t": scope.tenant}
    )
    engine.command(
        "ALTER TABLE rollups DELETE WHERE tenant = {t:String} SETTINGS mutations_sync = 2", {"t": scope.tenant}
    )
    letter = Letter(
        scope.tenant, refused_id.bytes, 1, "refused_by_warehouse", "", "…", str(refused_id), "http", json.dumps(body)
    )
    rows = letter_rows([letter])
    recent = rows.schema.get_field_index("received_at")
    import pyarrow as pa

    now = pa.array([datetime.now(UTC) - timedelta(minutes=1)], rows.schema.field("received_at").type)
    rows = rows.set_column(recent, rows.schema.field("received_at"), now)
    engine.insert("dead_letters", rows.append_column("block", pa.array([1], pa.uint64())), token=str(refused_id))
    assert letters.resubmit(scope, str(refused_id)).result == "accepted"
    assert counted(engine, intake, scope) == 1


class _Stuck:
    def submit(self, scope: Scope, body: bytes, origin: Origin) -> Future[Receipt]:
        raise FactbookError(Kind.UNAVAILABLE, "The journal is full.", retry_after=5)


def test_a_letter_stays_when_the_way_in_is_closed(
    engine: Engine, intake: Intake, metadata: Metadata, letters: DeadLetters, scope: Scope
) -> None:
    [letter_id] = drop(intake, scope, old())
    closed = DeadLetters(engine, Warehouse(engine), metadata, _Stuck(), system_clock)
    with pytest.raises(FactbookError) as refusal:
        closed.resubmit(scope, letter_id, history=True)
    assert refusal.value.kind is Kind.UNAVAILABLE
    assert letters.resubmit(scope, letter_id, history=True).result == "accepted"
