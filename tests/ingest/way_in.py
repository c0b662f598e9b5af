"""The whole way in on a folder of its own: journal, writer, intake over the session's engine, wired as in the app."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from factbook.core.clock import Clock, system_clock
from factbook.core.scope import Scope
from factbook.core.telemetry import Telemetry
from factbook.ingest.batch import Origin, Rules
from factbook.ingest.feed import Feed
from factbook.ingest.intake import Intake, Limits, Receipt
from factbook.ingest.journal import Mark, SqliteJournal
from factbook.ingest.places import Places
from factbook.ingest.recall import recall_ids, recall_sessions, recall_waiting
from factbook.ingest.seen import Seen
from factbook.ingest.visits import Visits
from factbook.ingest.writer import Writer
from factbook.storage.engine import Engine
from factbook.storage.versions import Days

from .batches import Types

DAY = timedelta(days=1)
TIMEOUT = timedelta(minutes=30)
LEVELS = {"1m": "toStartOfMinute", "1h": "toStartOfHour", "1d": "toStartOfDay"}


@dataclass(frozen=True)
class WayIn:
    intake: Intake
    journal: SqliteJournal
    writer: Writer
    feed: Feed

    def send(
        self, scope: Scope, *events: Mapping[str, Any], origin: Origin | None = None, mark: Mark | None = None
    ) -> Receipt:
        body = json.dumps(list(events)).encode()
        return self.intake.submit(scope, body, origin or Origin(), mark=mark).result(60)

    def settle(self) -> None:
        assert self.intake.drain(60)


@contextmanager
def way_in(
    engine: Engine,
    folder: Path,
    *,
    clock: Clock = system_clock,
    limits: Limits | None = None,
    rules: Rules | None = None,
    writing: bool = True,
    opened: SqliteJournal | None = None,
    appeared: Callable[[Days], None] = lambda days: None,
) -> Iterator[WayIn]:
    """As after a start on `folder`: what was cut off is finished, ids and sessions are recalled.

    writing: whether the writer runs. opened: a journal to use in place of the folder's. appeared: what the writer tells
    of its blocks.
    """
    journal = opened or SqliteJournal(folder / "journal.db")
    writer = Writer(engine, journal, clock, interval=0.01, appeared=appeared)
    feed, seen, visits = Feed(), Seen(DAY.total_seconds()), Visits(int(TIMEOUT.total_seconds() * 1000))
    if writing:
        writer.recover()
    recall_ids(engine, seen, clock(), DAY)
    recall_sessions(engine, visits, clock(), TIMEOUT)
    recall_waiting(journal, seen, visits)
    intake = Intake(
        journal=journal,
        writer=writer,
        feed=feed,
        rules=rules or Rules(types=Types(), places=Places(None)),
        visits=visits,
        seen=seen,
        clock=clock,
        recorder=Telemetry(CollectorRegistry()),
        limits=limits or Limits(),
    )
    if writing:
        writer.start()
    intake.start()
    try:
        yield WayIn(intake, journal, writer, feed)
    finally:
        intake.stop()
        if writing:
            assert writer.stop()
        if opened is None:
            journal.close()


def stored(engine: Engine, scope: Scope) -> Counter[str]:
    """How often each event id is in the warehouse."""
    rows = engine.rows("SELECT toString(event_id) FROM events WHERE tenant = {t:String}", {"t": scope.tenant})
    return Counter(str(row[0]) for row in rows)


def count(engine: Engine, scope: Scope) -> int:
    """Events in the warehouse, each once, which every level of the roll-ups agrees with."""
    ids = stored(engine, scope)
    assert not [event_id for event_id, times in ids.items() if times != 1]
    assert rolled_up(engine, scope) == dict.fromkeys(LEVELS, len(ids))
    return len(ids)


def rolled_up(engine: Engine, scope: Scope) -> dict[str, int]:
    """Events of all types together, by level."""
    rows = engine.rows(
        "SELECT level, sum(count) FROM rollups WHERE tenant = {t:String} AND event_type = '' AND property = ''"
        " GROUP BY level",
        {"t": scope.tenant},
    )
    return dict.fromkeys(LEVELS, 0) | {str(level): int(total) for level, total in rows}


def letters(engine: Engine, scope: Scope) -> list[dict[str, Any]]:
    return engine.records(
        "SELECT toString(letter_id) AS letter_id, reason, field, message, event_id, body FROM dead_letters"
        " WHERE tenant = {t:String} ORDER BY received_at, reason",
        {"t": scope.tenant},
    )


def made(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [{"event_type": "page_view", "user_id": f"u{number % 7}", **fields} for number in range(count)]


def with_ids(events: Sequence[Mapping[str, Any]], prefix: str = "id") -> list[dict[str, Any]]:
    return [{**event, "event_id": f"{prefix}-{number}"} for number, event in enumerate(events)]
