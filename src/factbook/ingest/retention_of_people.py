"""What is kept about people goes with the events that it was made of: sessions, joined ids, members of segments."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from factbook.core.clock import epoch_ms
from factbook.storage.engine import Engine

SETTLED = timedelta(days=2)
"""Longer than a writer remembers which joined ids it has written, and than a freezing takes."""

_STARTED_BEFORE = "started_at < fromUnixTimestamp64Milli({before:Int64}, 'UTC')"
_ENDED_SINCE = "ended_at >= fromUnixTimestamp64Milli({before:Int64}, 'UTC')"
_SETTLED = "written_at < fromUnixTimestamp64Milli({settled:Int64}, 'UTC')"
_HAS_EVENTS = "IN (SELECT person FROM events WHERE tenant = {tenant:String})"


@dataclass(frozen=True, slots=True)
class _Class:
    """Rows of `table` of one tenant that are to go."""

    table: str
    gone: str


_CLASSES = (
    # By key, with all that was written under it: no older row of a session that was changed comes up again.
    _Class(
        "user_behavior",
        f"""{_STARTED_BEFORE} AND (person, started_at) NOT IN (SELECT person, started_at FROM user_behavior FINAL
            WHERE tenant = {{tenant:String}} AND {_STARTED_BEFORE} AND {_ENDED_SINCE})""",
    ),
    # A person goes as a whole: the user, and every visitor that he was.
    _Class(
        "identities",
        f"""user_id NOT IN (SELECT user_id FROM identities WHERE tenant = {{tenant:String}}
            AND (NOT {_SETTLED} OR sipHash64(user_id) {_HAS_EVENTS} OR sipHash64(anonymous_id) {_HAS_EVENTS}))""",
    ),
    _Class(
        "session_visitors",
        "visitor NOT IN (SELECT sipHash64(anonymous_id) FROM identities WHERE tenant = {tenant:String})",
    ),
    _Class("segment_members", f"{_SETTLED} AND NOT has({{freezings:Array(UInt64)}}, freezing)"),
)
"""In this order: the third goes by what the second leaves."""

TABLES = tuple(each.table for each in _CLASSES)


def remove_about_people(
    engine: Engine, tenant: str, *, before: datetime, now: datetime, freezings: Collection[int]
) -> int:
    """Returns the rows that went.

    before: of the tenant's events, none is older. freezings: of the segments that he keeps.
    """
    bound = {
        "tenant": tenant,
        "before": epoch_ms(before),
        "settled": epoch_ms(now - SETTLED),
        "freezings": list(freezings),
    }
    rows = 0
    for each in _CLASSES:
        where = f"tenant = {{tenant:String}} AND {each.gone}"
        [(found,)] = engine.rows(f"SELECT count() FROM {each.table} WHERE {where}", bound)
        if found:
            engine.command(f"ALTER TABLE {each.table} DELETE WHERE {where} SETTINGS mutations_sync = 2", bound)
        rows += int(found)
    return rows
