"""Erasing a person: every table that may hold something about him, what of it is his, and the proof that it went.

Roll-ups stay: they hold counts, and hashes of people within states from which nobody can be read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from factbook.core.scope import Scope
from factbook.storage.engine import Engine

_WAIT = "SETTINGS mutations_sync = 2"
_THEIRS = "(user_id IN {users:Array(String)} OR (user_id = '' AND anonymous_id IN {all:Array(String)}))"
_BEFORE = "processed_at <= fromUnixTimestamp64Milli({before:Int64}, 'UTC')"
_HASHES = "arrayMap(id -> sipHash64(id), {all:Array(String)})"
_IDS_KEPT_MS = 7 * 86_400_000
"""The longest time for which an event id may be remembered (dedupe_hours)."""


@dataclass(frozen=True, slots=True)
class Person:
    """users: his ids as they stand in events. visitors: the anonymous ids that answers count as his."""

    users: tuple[str, ...]
    visitors: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.users, *self.visitors)))


@dataclass(frozen=True, slots=True)
class Place:
    """Rows of `table` that are the person's."""

    table: str
    theirs: str


PLACES = (
    Place("events", f"{_THEIRS} AND {_BEFORE}"),
    Place("dead_letters", "{letters} AND received_at <= fromUnixTimestamp64Milli({before:Int64}, 'UTC')"),
    Place("user_behavior", f"(person IN {_HASHES} OR {_THEIRS})"),
    Place("session_visitors", f"visitor IN {_HASHES}"),
    Place("segment_members", f"person IN {_HASHES}"),
    Place("identities", "(user_id IN {users:Array(String)} OR anonymous_id IN {users:Array(String)})"),
)
"""In this order: the last says who the visitors are, and goes when nothing of theirs is left."""

_VISITORS = """SELECT anonymous_id FROM identities WHERE tenant = {tenant:String}
GROUP BY anonymous_id HAVING argMin(user_id, (first_at, user_id)) IN {users:Array(String)}"""

_KEEP_IDS = f"""INSERT INTO removed_ids SELECT tenant, event_id, processed_at FROM events
WHERE tenant = {{tenant:String}} AND {_THEIRS} AND {_BEFORE}
    AND processed_at >= fromUnixTimestamp64Milli({{lately:Int64}}, 'UTC')"""


class Eraser:
    """What the warehouse holds of a person. `before`: only what came in until then, in milliseconds."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def person(self, scope: Scope, names: Sequence[str]) -> Person:
        """names: what stands in events in place of his id."""
        bound = {"tenant": scope.tenant, "users": list(names)}
        found = [str(row[0]) for row in self._engine.rows(_VISITORS, bound)]
        return Person(tuple(names), tuple(sorted(set(found) - set(names))))

    def events(self, scope: Scope, who: Person, *, before: int) -> int:
        """How many events are his."""
        return self._count(scope, who, PLACES[0], before)

    def counts(self, scope: Scope, who: Person, *, before: int) -> dict[str, int]:
        """Rows that are his, by table."""
        return {place.table: self._count(scope, who, place, before) for place in PLACES}

    def erase(
        self,
        scope: Scope,
        who: Person,
        *,
        before: int,
        found: Mapping[str, int],
        noted: Callable[[dict[str, int]], None],
    ) -> dict[str, int]:
        """Removes what is his; returns the rows that went, by table. Safe to repeat.

        found: what an earlier run, cut off since, had counted. noted: called with the counts before a table's rows go.
        """
        went = dict(found)
        for place in PLACES:
            rows = self._count(scope, who, place, before)
            went[place.table] = max(went.get(place.table, 0), rows)
            noted(went)
            if not rows:
                continue
            bound = _bound(scope, who, before)
            if place.table == "events":
                self._engine.command(_KEEP_IDS, {**bound, "lately": before - _IDS_KEPT_MS})
            self._engine.command(f"ALTER TABLE {place.table} DELETE WHERE {_where(place)} {_WAIT}", bound)
        return went

    def _count(self, scope: Scope, who: Person, place: Place, before: int) -> int:
        sql = f"SELECT count() FROM {place.table} WHERE {_where(place)}"
        return int(self._engine.rows(sql, _bound(scope, who, before))[0][0])


_LETTERS = """(JSONExtractString(body, 'user_id') IN {users:Array(String)}
    OR JSONExtractString(body, 'anonymous_id') IN {all:Array(String)}
    OR arrayExists(written -> match(body, written), {written:Array(String)}))"""


def _where(place: Place) -> str:
    return "tenant = {tenant:String} AND " + place.theirs.replace("{letters}", _LETTERS)


def _bound(scope: Scope, who: Person, before: int) -> dict[str, Any]:
    written = [f'"(user_id|anonymous_id)"\\s*:\\s*{re.escape(text)}' for id_ in who.all for text in _as_json(id_)]
    return {
        "tenant": scope.tenant,
        "users": list(who.users),
        "all": list(who.all),
        "before": before,
        "written": written,
    }


def _as_json(id_: str) -> set[str]:
    """As it may be written in a body that is no whole JSON."""
    return {json.dumps(id_), json.dumps(id_, ensure_ascii=False)}
