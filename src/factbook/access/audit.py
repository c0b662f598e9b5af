"""The audit trail: what was done and what was refused, by whom and to what, in a chain that shows when it was changed.

Each tenant's entries stand in a row, each with the hash of the one before: who changes, adds or removes one breaks the
chain there; who cuts off its end has to have kept away the hashes that were exported until then.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from factbook.core.clock import Clock, epoch_ms
from factbook.core.errors import FactbookError
from factbook.core.scope import Scope
from factbook.storage.audit_rows import BEGIN, AuditRows, Entry, Head, Noted, Sought, hash_of

log = structlog.get_logger()

DONE, FAILED, REFUSED = "done", "failed", "refused"
_MINUTE = 60_000
_PLACES = 500
"""Refusals told apart within a minute; the rest are counted as one."""
_ADDRESSES = 5
_Place = tuple[str, str, str, str, int, int]
"""Tenant, action, actor, path, status and minute."""


@dataclass(slots=True)
class _Refusals:
    """Of one actor at one path within one minute."""

    first: int
    count: int = 0
    addresses: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry of a tenant's trail that is not as it was written, and what is wrong with it."""

    tenant: str
    number: int
    why: str


class Audit:
    """Thread-safe. Refusals are counted in memory, a row an actor, path and minute, so that a flood fills no disk."""

    def __init__(self, rows: AuditRows, clock: Clock) -> None:
        self._rows = rows
        self._clock = clock
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._refusals: dict[_Place, _Refusals] = {}

    def note(
        self, scope: Scope, action: str, thing: str = "", result: str = DONE, detail: Mapping[str, Any] | None = None
    ) -> None:
        """Enters what `scope` did. UNAVAILABLE when the metadata database is down."""
        self._rows.append(scope, [Noted(epoch_ms(self._clock()), scope.actor, action, thing, result, detail or {})])

    def refused(
        self, tenant: str, actor: str, path: str, status: int, address: str = "", *, action: str = "access"
    ) -> None:
        """Counts that `actor` (empty for nobody known) was refused at `path`, a route and not what was sent for it."""
        now = epoch_ms(self._clock())
        with self._lock:
            key = tenant, action, actor, path, status, now // _MINUTE
            if key not in self._refusals and len(self._refusals) >= _PLACES:
                key = tenant, action, "", "*", status, now // _MINUTE
            counted = self._refusals.setdefault(key, _Refusals(now))
            counted.count += 1
            if address and len(counted.addresses) < _ADDRESSES:
                counted.addresses.add(address)

    def flush(self, *, all: bool = False) -> int:
        """Enters the refusals of minutes that are over, with `all` those of this one too; returns how many rows.

        One thread at a time: who comes second finds in the trail what the first one had taken out of memory.
        """
        with self._flushing:
            minute = epoch_ms(self._clock()) // _MINUTE
            with self._lock:
                over = {key: counted for key, counted in self._refusals.items() if all or key[5] < minute}
                for key in over:
                    del self._refusals[key]
            self._enter(over)
            return len(over)

    def _enter(self, over: Mapping[_Place, _Refusals]) -> None:
        by_tenant: dict[str, list[Noted]] = {}
        for (tenant, action, actor, path, status, _), counted in over.items():
            detail = {"status": status, "count": counted.count, "addresses": sorted(counted.addresses)}
            by_tenant.setdefault(tenant, []).append(Noted(counted.first, actor, action, path, REFUSED, detail))
        for tenant, noted in by_tenant.items():
            try:
                self._rows.append(Scope.system(tenant), sorted(noted, key=lambda each: each.at))
            except FactbookError as error:
                log.error("refused calls are not in the audit trail", rows=len(noted), reason=error.message)

    def found(self, scope: Scope, sought: Sought, limit: int) -> list[Entry]:
        """Newest first, with what was refused up to now."""
        self.flush(all=True)
        return self._rows.found(scope, sought, limit)

    def head(self, scope: Scope) -> Head:
        """The newest entry's number and hash: kept elsewhere, they prove what stood here by then."""
        return self._rows.head(scope)

    def broken(self, scope: Scope) -> Broken | None:
        """The first entry that is not as it was written; None for a sound trail."""
        return broken(self._rows, scope)


def broken(rows: AuditRows, scope: Scope) -> Broken | None:
    """Reads the whole trail. What is appended meanwhile is not looked at."""
    head = rows.head(scope)
    number, previous = 0, BEGIN
    for entry in rows.every(scope):
        if entry.number != number + 1:
            return Broken(scope.tenant, number + 1, "is missing")
        if entry.previous != previous:
            return Broken(scope.tenant, entry.number, "does not follow the entry before it")
        if hash_of(entry) != entry.hash:
            return Broken(scope.tenant, entry.number, "was changed after it was written")
        number, previous = entry.number, entry.hash
        if number == head.number and previous != head.hash:
            return Broken(scope.tenant, number, "is not the one that was the newest")
    if number < head.number:
        return Broken(scope.tenant, number + 1, "is missing")
    return None


def shown(entry: Entry) -> dict[str, Any]:
    """JSON-able, without the tenant."""
    return {
        "number": entry.number,
        "at": entry.at,
        "actor": entry.actor or None,
        "action": entry.action,
        "thing": entry.thing or None,
        "result": entry.result,
        "detail": json.loads(entry.detail),
        "previous": entry.previous,
        "hash": entry.hash,
    }
