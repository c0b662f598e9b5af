"""After a start: the ids of the last day and the open sessions, read back from the warehouse and the journal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from factbook.core.clock import from_epoch_ms
from factbook.storage.engine import Engine

from .blocks import from_bytes
from .columns import raw_ids
from .journal import Journal
from .seen import Seen, hashes
from .slots import Hashes
from .visits import Visits, actors_of

_SLICE = timedelta(hours=1)
_ROWS = 50_000
_ACTOR = ("session_id", "user_id", "anonymous_id")

_IDS = """SELECT toString(tenant) AS tenant, event_id
FROM (
    SELECT tenant, event_id, processed_at FROM events
    UNION ALL SELECT tenant, event_id, processed_at FROM removed_ids
)
WHERE processed_at >= {first:DateTime64(3, 'UTC')} AND processed_at < {last:DateTime64(3, 'UTC')}
ORDER BY tenant"""
"""Retention leaves behind, in `removed_ids`, those of events that came in lately."""

_SESSIONS = """SELECT
    concat(tenant, '\\0', multiIf(session_id != '', concat('s', session_id), user_id != '', concat('u', user_id),
        concat('a', anonymous_id))) AS actor,
    session, toUnixTimestamp64Milli(min(timestamp)) AS first, toUnixTimestamp64Milli(max(timestamp)) AS last
FROM events
WHERE timestamp >= {first:DateTime64(3, 'UTC')} AND session != 0
GROUP BY actor, session ORDER BY last"""


def recall_ids(engine: Engine, seen: Seen, now: datetime, window: timedelta) -> int:
    """Fills `seen` with the ids journalled within `window` before `now`, an hour at a time; returns how many."""
    count = 0
    first = now - window
    while first <= now:
        found = engine.table(_IDS, {"first": sql_time(first), "last": sql_time(first + _SLICE)})
        for tenant, rows in _runs(found["tenant"]):
            ids = b"".join(raw_ids(chunk) for chunk in found["event_id"][rows].chunks)
            count += _remember(seen, np.unique(hashes(ids, tenant)), first + _SLICE)
        first += _SLICE
    return count


def _runs(ordered: pa.ChunkedArray) -> Iterator[tuple[str, slice]]:
    """(value, its rows) of an ordered column."""
    runs = pc.run_end_encode(ordered.combine_chunks())
    start = 0
    for value, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        yield value, slice(start, end)
        start = end


def recall_waiting(journal: Journal, seen: Seen, visits: Visits) -> int:
    """Gives both what the journal still holds, where the warehouse would not take it; returns how many events."""
    count = 0
    for entry in journal.waiting():
        events = from_bytes([entry.body]).events
        at = from_epoch_ms(entry.at)
        for tenant in pc.unique(events["tenant"]).to_pylist():
            own = events.filter(pc.equal(events["tenant"], tenant))
            count += _remember(seen, np.unique(hashes(b"".join(own["event_id"].to_pylist()), tenant)), at)
            spans = own.group_by([*_ACTOR, "session"]).aggregate([("timestamp", "min"), ("timestamp", "max")])
            actors = actors_of([tenant] * len(spans), *(spans[name].to_pylist() for name in _ACTOR))
            _restore(visits, actors, spans["timestamp_min"], spans["timestamp_max"], spans["session"])
    return count


def _remember(seen: Seen, wanted: Hashes, at: datetime) -> int:
    fresh = wanted[~seen.contains(wanted)]
    seen.add(fresh, at.timestamp())
    return len(fresh)


def recall_sessions(engine: Engine, visits: Visits, now: datetime, timeout: timedelta) -> int:
    """Gives `visits` the sessions that an event could still join; returns how many."""
    found = engine.table(_SESSIONS, {"first": sql_time(now - timeout)})
    for start in range(0, len(found), _ROWS):
        rows = found.slice(start, _ROWS)
        _restore(visits, rows["actor"].to_pylist(), rows["first"], rows["last"], rows["session"])
    return len(found)


def _restore(
    visits: Visits, actors: list[str], first: pa.ChunkedArray, last: pa.ChunkedArray, session: pa.ChunkedArray
) -> None:
    spans = [column.to_numpy().astype(np.int64) for column in (first, last, session)]
    visits.restore(actors, np.stack(spans, axis=1))


def sql_time(moment: datetime) -> str:
    """`moment` (UTC) as the warehouse reads a DateTime64(3)."""
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"[:-3]
