"""How many events a tenant may send in a day and a month: counted in memory, written down, asked for in nanoseconds.

Exact within what is on its way: a request that began below the quota is taken whole, and what other processes took is
known here within `PERIOD` seconds. A crash forgets as much.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from factbook.core.clock import Clock
from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Scope, Tier
from factbook.core.tiers import UNBOUND, Plan, plan_of
from factbook.storage.metadata import Metadata
from factbook.storage.rows import Tenant

PERIOD = 10.0
"""Seconds between two settlements."""

_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Quota:
    """One that is used up. at: epoch seconds at which it renews."""

    words: str
    limit: int
    at: float


@dataclass(frozen=True, slots=True)
class Used:
    """Events of a tenant, and when the counts begin anew."""

    day: int
    month: int
    day_renews: datetime
    month_renews: datetime


@dataclass(frozen=True, slots=True)
class _Today:
    """A day, UTC. day: since 1970. month: as 202603. began: the day on which the month did. Epoch seconds: begins and
    ends, of the day, and month_ends."""

    day: int
    month: int
    began: int
    begins: float
    ends: float
    month_ends: float

    @classmethod
    def at(cls, now: float) -> _Today:
        day = int(now // _DAY)
        first = datetime.fromtimestamp(day * _DAY, UTC).replace(day=1)
        next_month = (first + timedelta(days=32)).replace(day=1).timestamp()
        month = first.year * 100 + first.month
        return cls(day, month, int(first.timestamp() // _DAY), day * _DAY, (day + 1) * _DAY, next_month)


class Quotas:
    """`check` from any thread, `count` from the ingest line, `settle` from one job."""

    def __init__(
        self, metadata: Metadata, clock: Clock, settings: Mapping[str, int], tenant: Callable[[str], Tenant | None]
    ) -> None:
        """settings: for every tenant in place of its tier's, by field of Plan; 0 leaves that."""
        self._rows = metadata.usage
        self._clock = clock
        self._set = {name: value for name, value in settings.items() if value}
        self._tenant = tenant
        self._turn = threading.Lock()
        self._fresh: dict[tuple[str, int], int] = {}
        self._days: dict[tuple[str, int], int] = {}
        self._months: dict[tuple[str, int], int] = {}
        self._limits: Mapping[str, Mapping[str, int]] = {}
        self._spent: dict[str, Quota] = {}
        self._bounds: dict[str, Plan] = {}
        self._today = _Today.at(0.0)
        self.refresh()

    def check(self, scope: Scope) -> None:
        """LIMITED, naming the quota and when it renews, for a tenant that has used one up."""
        spent = self._spent.get(scope.tenant)
        if spent is None:
            return
        now = self._clock().timestamp()
        if now < spent.at:
            raise FactbookError(
                Kind.LIMITED,
                f"This tenant has sent the {spent.limit:,} events that it may {spent.words};"
                f" the quota renews at {_moment(spent.at)}.",
                retry_after=spent.at - now,
                hint=f"Nothing of this request was kept: send it again then. The tenant's tier is {scope.tier}.",
                details={"quota": f"events a {spent.words.rsplit(' ', 1)[-1]}", "renews_at": _moment(spent.at)},
            )

    def count(self, taken: Mapping[str, int]) -> None:
        """taken: events that were accepted just now, by tenant."""
        with self._turn:
            day, month = (today := self._now()).day, today.month
            for tenant, events in taken.items():
                self._fresh[tenant, day] = self._fresh.get((tenant, day), 0) + events
                self._days[tenant, day] = self._days.get((tenant, day), 0) + events
                self._months[tenant, month] = self._months.get((tenant, month), 0) + events
                self._judge(tenant, today)

    def settle(self) -> None:
        """Writes down what was counted, and takes over what other processes did and what was set meanwhile."""
        with self._turn:
            fresh, self._fresh = self._fresh, {}
        try:
            self._rows.add_events_of_system(fresh)
        except FactbookError:
            with self._turn:
                for place, events in fresh.items():
                    self._fresh[place] = self._fresh.get(place, 0) + events
            raise
        self.refresh()

    def refresh(self) -> None:
        limits = self._rows.limits_of_system()
        with self._turn:
            day, month, began = (today := self._now()).day, today.month, today.began
            self._limits, self._bounds = limits, {}
            known = self._rows.events_of_system(began)
            self._days, self._months = {}, {}
            for (tenant, at), events in (*known.items(), *self._fresh.items()):
                self._days[tenant, at] = self._days.get((tenant, at), 0) + events
                if at >= began:
                    self._months[tenant, month] = self._months.get((tenant, month), 0) + events
            self._days = {place: events for place, events in self._days.items() if place[1] == day}
            self._spent = {}
            for tenant in {tenant for tenant, _ in self._months}:
                self._judge(tenant, today)

    def plan(self, tenant: str, tier: Tier) -> Plan:
        """What the tenant may: its tier's, but for what the settings say for all, but for what is set for it alone."""
        return plan_of(tenant, tier).but(self._set).but(self._limits.get(tenant, {}))

    def used(self, scope: Scope) -> Used:
        with self._turn:
            today = self._now()
            return Used(
                self._days.get((scope.tenant, today.day), 0),
                self._months.get((scope.tenant, today.month), 0),
                datetime.fromtimestamp(today.ends, UTC),
                datetime.fromtimestamp(today.month_ends, UTC),
            )

    def set(self, scope: Scope, values: Mapping[str, int | None]) -> None:
        """values: by field of Plan; 0 is without a limit, None the default again."""
        self._rows.set_limits(scope, values)
        self.refresh()

    def _judge(self, tenant: str, today: _Today) -> None:
        """Whether `tenant` has used up a quota; that of the month is told first, as it lasts longer."""
        bound = self._bounds.get(tenant)
        if bound is None:
            row = self._tenant(tenant)
            bound = self._bounds[tenant] = self.plan(tenant, Tier(row.tier)) if row else UNBOUND
        if 0 < bound.events_per_month <= self._months.get((tenant, today.month), 0):
            self._spent[tenant] = Quota("in a month", bound.events_per_month, today.month_ends)
        elif 0 < bound.events_per_day <= self._days.get((tenant, today.day), 0):
            self._spent[tenant] = Quota("in a day", bound.events_per_day, today.ends)

    def _now(self) -> _Today:
        now = self._clock().timestamp()
        if not self._today.begins <= now < self._today.ends:
            self._today = _Today.at(now)
        return self._today


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
