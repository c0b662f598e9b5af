"""What a tenant's queries cost in an hour, in seconds and rows read, and the refusal once that is as much as it may.

Counted in this process, from one full hour to the next; rows where the warehouse says how many it read, which a server
does and the embedded engine does not.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from factbook.core.clock import Clock
from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Scope
from factbook.core.tiers import Plan

_HOUR = 3600
_SYSTEM = "system"


@dataclass(slots=True)
class _Spent:
    seconds: float = 0.0
    rows: int = 0


class QueryCosts:
    """Any thread. plan: of a tenant, by scope."""

    def __init__(self, clock: Clock, plan: Callable[[Scope], Plan]) -> None:
        self._clock = clock
        self._plan = plan
        self._turn = threading.Lock()
        self._hour = 0
        self._spent: dict[str, _Spent] = {}

    def check(self, scope: Scope) -> None:
        """LIMITED for a tenant whose queries have cost what they may in an hour."""
        seconds, rows, renews = self.used(scope)
        plan = self._plan(scope)
        if 0 < plan.query_seconds <= seconds:
            told = f"{plan.query_seconds:,} seconds of queries"
        elif 0 < plan.rows_read <= rows:
            told = f"{plan.rows_read:,} rows read"
        else:
            return
        moment = renews.strftime("%Y-%m-%dT%H:%M:%SZ")
        raise FactbookError(
            Kind.LIMITED,
            f"This tenant's queries have cost the {told} that it may use in an hour; the next hour begins at {moment}.",
            retry_after=renews.timestamp() - self._clock().timestamp(),
            hint=f"Ask for shorter periods, or for less often. The tenant's tier is {scope.tier}.",
            details={"renews_at": moment},
        )

    def spend(self, scope: Scope, seconds: float, rows: int) -> None:
        """A statement has ended. What the service does for itself costs nobody anything."""
        if scope.actor == _SYSTEM:
            return
        with self._turn:
            self._begin()
            spent = self._spent.setdefault(scope.tenant, _Spent())
            spent.seconds += seconds
            spent.rows += rows

    def used(self, scope: Scope) -> tuple[float, int, datetime]:
        """Seconds and rows of this hour, and when the next begins."""
        with self._turn:
            self._begin()
            spent = self._spent.get(scope.tenant) or _Spent()
            return spent.seconds, spent.rows, datetime.fromtimestamp((self._hour + 1) * _HOUR, UTC)

    def _begin(self) -> None:
        hour = int(self._clock().timestamp()) // _HOUR
        if hour != self._hour:
            self._hour, self._spent = hour, {}
