"""Data versions: when something last changed in a tenant's data, day by day, so that a stale answer is known as one."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

Range = tuple[int, int]
"""A half-open stretch of event time, in milliseconds."""

Days = Mapping[str, Iterable[int]]
"""Tenant → days since 1970, UTC."""

DAY_MS = 86_400_000
FOREVER: Range = (-(2**62), 2**62)
MAX_DAYS = 5000
"""Days of one tenant that are told apart; those that changed longest ago count as one."""


class Versions(Protocol):
    """`appeared` and `changed` come after the fact: when a read sees it. From any thread; none of them raises."""

    def appeared(self, days: Days) -> None:
        """Events of these days are in the warehouse, with their roll-ups."""

    def changed(self, tenant: str | None = None) -> None:
        """Anything in the data of `tenant` (None: of every tenant) may have changed, as when rows are removed."""

    def settle(self) -> None:
        """Tells other processes what they could not be told so far."""

    async def token(self, tenant: str, ranges: Sequence[Range]) -> str | None:
        """Names the state of the tenant's data in `ranges`: never the same again once a day of them changed.

        None where it cannot be known: an answer is then neither taken from a cache nor kept in one.
        """


class UnknownVersions:
    """Where other processes may write to the same warehouse, and nobody tells."""

    def appeared(self, days: Days) -> None:
        """Nobody asks."""

    def changed(self, tenant: str | None = None) -> None:
        """Nobody asks."""

    def settle(self) -> None:
        """Nobody is told."""

    async def token(self, tenant: str, ranges: Sequence[Range]) -> str | None:
        return None


class LocalVersions:
    """The versions of a warehouse that this process alone writes to; after a restart they begin anew.

    most: days and tenants that are told apart.
    """

    def __init__(self, most: int = 100_000) -> None:
        self._lock = threading.Lock()
        self._epoch = secrets.token_hex(8)
        self._most = most
        self._size = 0
        self._number = 0
        self._floor = 0
        self._tenants: OrderedDict[str, _Changes] = OrderedDict()

    def appeared(self, days: Days) -> None:
        with self._lock:
            self._number += 1
            for tenant, changed in days.items():
                changes = self._changes(tenant)
                self._size -= len(changes.days)
                changes.note(changed, self._number)
                self._size += len(changes.days)
            self._forget()

    def changed(self, tenant: str | None = None) -> None:
        with self._lock:
            self._number += 1
            if tenant is None:
                self._floor = self._number
            else:
                self._changes(tenant).floor = self._number
                self._forget()

    def settle(self) -> None:
        """There are no other processes."""

    async def token(self, tenant: str, ranges: Sequence[Range]) -> str | None:
        with self._lock:
            changes = self._tenants.get(tenant)
            newest = changes.newest(ranges) if changes else 0
            return f"{self._epoch}.{max(newest, self._floor)}"

    def _changes(self, tenant: str) -> _Changes:
        if tenant not in self._tenants:
            self._tenants[tenant] = _Changes()
            self._size += 1
        self._tenants.move_to_end(tenant)
        return self._tenants[tenant]

    def _forget(self) -> None:
        """The tenants whose data changed longest ago, which then share one version."""
        while self._size > self._most and len(self._tenants) > 1:
            _, gone = self._tenants.popitem(last=False)
            self._size -= len(gone.days) + 1
            self._floor = max(self._floor, gone.newest([FOREVER]))


@dataclass(slots=True)
class _Changes:
    """days: → the number of its last change, ascending. floor: of the last change to any day that is not in `days`."""

    days: dict[int, int] = field(default_factory=dict)
    floor: int = 0

    def note(self, days: Iterable[int], number: int) -> None:
        for day in days:
            self.days.pop(day, None)
            self.days[day] = number
        while len(self.days) > MAX_DAYS:
            self.floor = max(self.floor, self.days.pop(next(iter(self.days))))

    def newest(self, ranges: Sequence[Range]) -> int:
        spans = [days_of(each) for each in ranges]
        if sum(last - first + 1 for first, last in spans) < len(self.days):
            found = (self.days.get(day, 0) for first, last in spans for day in range(first, last + 1))
            return max([self.floor, *found])
        for day, number in reversed(self.days.items()):
            if any(first <= day <= last for first, last in spans):
                return max(number, self.floor)
        return self.floor


def days_of(each: Range) -> tuple[int, int]:
    """The first and the last day that it touches."""
    start, end = each
    return start // DAY_MS, (end - 1) // DAY_MS
