"""The segments that tenants keep: defined, changed, frozen and removed."""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from factbook.core.calendar import Calendar
from factbook.core.clock import Clock, epoch_ms
from factbook.core.errors import FactbookError, Kind, invalid
from factbook.core.money import Money
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.metrics.catalog import Catalog
from factbook.queries.asking.lookups import Lookups
from factbook.queries.behaviour.people import WHO
from factbook.queries.behaviour.selection import Selection
from factbook.storage.definitions import DefinitionRows
from factbook.storage.rows import Change, SegmentRow
from factbook.storage.segment_members import SegmentMembers
from factbook.storage.warehouse import Warehouse

from .amounts import Amounts
from .members import members
from .segments import Segments

MAX_SEGMENTS = 500
FRESH = 2.0
"""Seconds for which a tenant's segments are not read again."""

_ID = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class Given:
    """A segment as it was sent. rule: JSON. frozen: who is in it now stays in it, and nobody joins."""

    id: str
    rule: dict[str, Any]
    label: str = ""
    description: str = ""
    frozen: bool = False


def given_segment(body: Any) -> Given:
    """INVALID naming the field; the rule itself is not looked at."""
    if not isinstance(body, Mapping):
        raise invalid("A segment is an object.", hint='For example {"id": "buyers", "rule": {"did": "purchase"}}.')
    known = {field.name: field.type for field in fields(Given)}
    for key, value in body.items():
        if key not in known:
            raise invalid(f"There is no field {key[:60]!r}.", field=key[:60], hint="Use " + ", ".join(known))
        kind = {"rule": dict, "frozen": bool}.get(key, str)
        if not isinstance(value, kind):
            raise invalid(f"{key} is not a {kind.__name__}.", field=key)
    if not _ID.match(body.get("id", "")):
        raise invalid(
            "id is not a name of small letters, digits and underscores.", field="id", hint="For example big_spenders."
        )
    if "rule" not in body:
        raise invalid("A segment has a rule.", field="rule", hint='For example {"did": "purchase"}.')
    given = Given(**body)
    if max(len(given.label), len(given.description)) > 1000 or len(json.dumps(given.rule)) > 30_000:
        raise invalid("That is too long for a segment.", field="rule")
    return replace(given, label=given.label or given.id.replace("_", " ").capitalize())


class KeptSegments:
    """Use from any thread. catalog, settings: of a tenant."""

    def __init__(
        self,
        rows: DefinitionRows[SegmentRow],
        frozen: SegmentMembers,
        warehouse: Warehouse,
        catalog: Callable[[Scope], Catalog],
        settings: Callable[[Scope], tuple[Calendar, Money]],
        clock: Clock,
    ) -> None:
        self._rows = rows
        self._members = frozen
        self._warehouse = warehouse
        self._catalog = catalog
        self._settings = settings
        self._clock = clock
        self._changes = threading.Lock()
        self._kept: dict[str, tuple[float, Mapping[str, SegmentRow]]] = {}

    def of(self, scope: Scope) -> Segments:
        """As they are now; what another process changed, within FRESH seconds."""
        return self._segments(scope, lambda: self._recent(scope))

    def listed(self, scope: Scope) -> list[SegmentRow]:
        """By id."""
        return self._rows.listed(scope)

    def get(self, scope: Scope, id_: str) -> SegmentRow:
        """NOT_FOUND where the tenant has none of that id."""
        return self._rows.get(scope, id_)

    def history(self, scope: Scope, id_: str) -> list[Change]:
        """Every change, newest first; also of what was removed. NOT_FOUND."""
        return self._rows.history(scope, id_)

    def define(self, scope: Scope, given: Given, *, new: bool) -> SegmentRow:
        """Keeps `given`, with its people where it is frozen: also those of one that was frozen before.

        INVALID for a wrong rule; CONFLICT where `new` and there is one of that id, NOT_FOUND where not and there is
        none.
        """
        with self._changes:
            rows = {row.id: row for row in self._rows.listed(scope)}
            before = None if new else rows.get(given.id)
            if not new and before is None:
                raise self._rows.unknown(given.id)
            if new and len(rows) >= MAX_SEGMENTS:
                raise invalid(f"At most {MAX_SEGMENTS} segments are kept.", field="id")
            now = epoch_ms(self._clock())
            row = SegmentRow(
                tenant=scope.tenant,
                id=given.id,
                label=given.label,
                description=given.description,
                rule=given.rule,
                freezing=None,
                version=1,
                created_at=now,
                updated_at=now,
            )
            trying = self._segments(scope, lambda: {**rows, row.id: row})
            for id_ in (row.id, *used_by(row.id, rows)):
                members(trying.rule(id_, "rule"), Parameters())
            if given.frozen:
                row = replace(row, freezing=self._freeze(scope, trying, row))
            [row] = (self._rows.put if before else self._rows.add)(scope, [row])
            self._kept.pop(scope.tenant, None)
            if before and before.freezing is not None:
                self._members.forget(scope, before.freezing)
        return row

    def remove(self, scope: Scope, id_: str) -> None:
        """CONFLICT naming the segments that stand on it, NOT_FOUND."""
        with self._changes:
            rows = {row.id: row for row in self._rows.listed(scope)}
            users = used_by(id_, rows)
            if users:
                raise FactbookError(
                    Kind.CONFLICT,
                    f"{id_} is still used by {', '.join(users[:10])}.",
                    field="id",
                    hint="Change or remove those first.",
                    details={"used_by": users},
                )
            self._rows.remove(scope, id_, now=epoch_ms(self._clock()))
            self._kept.pop(scope.tenant, None)
            freezing = rows[id_].freezing
            if freezing is not None:
                self._members.forget(scope, freezing)

    def _segments(self, scope: Scope, rows: Callable[[], Mapping[str, SegmentRow]]) -> Segments:
        calendar, money = self._settings(scope)
        lookups = Lookups(self._warehouse, scope)

        def told_in(of: str, over: Selection, is_money: bool | None) -> Money | None:
            return Amounts(self._catalog(scope), money, lookups.currencies).told_in(of, over, is_money)

        return Segments(rows, calendar, self._clock(), told_in)

    def _freeze(self, scope: Scope, segments: Segments, row: SegmentRow) -> int:
        parameters = Parameters()
        inside = members(segments.rule(row.id), parameters)
        freezing = secrets.randbits(62)
        select = (
            "SELECT DISTINCT person FROM events\n"
            f"WHERE tenant = {{tenant:String}} AND person != 0 AND {WHO} IN ({inside})"
        )
        self._members.freeze(scope, freezing, select, parameters.values)
        return freezing

    def _recent(self, scope: Scope) -> Mapping[str, SegmentRow]:
        kept = self._kept.get(scope.tenant)
        now = time.monotonic()
        if kept is None or now - kept[0] >= FRESH:
            kept = self._kept[scope.tenant] = now, {row.id: row for row in self._rows.listed(scope)}
        return kept[1]


def used_by(id_: str, rows: Mapping[str, SegmentRow]) -> list[str]:
    """The ids of the live segments whose rules name this one, themselves or through others."""
    found: list[str] = []
    waiting = [id_]
    while waiting:
        name = waiting.pop()
        users = [row.id for row in rows.values() if row.id not in (*found, id_) and name in _named(row.rule)]
        found += users
        waiting += users
    return found


def _named(rule: Any) -> set[str]:
    if isinstance(rule, list):
        return set().union(*map(_named, rule))
    if not isinstance(rule, dict):
        return set()
    own = {rule["segment"]} if isinstance(rule.get("segment"), str) else set()
    return own.union(*(_named(rule[key]) for key in ("all", "any", "not") if key in rule))
