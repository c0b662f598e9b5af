"""What answers depend on beside the data: a tenant's metrics, calendar and money, and how long things are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from factbook.core.calendar import Calendar
from factbook.core.clock import Clock
from factbook.core.money import Money
from factbook.core.scope import Scope
from factbook.metrics.catalog import Catalog

from .asking.ask import Tenant
from .behaviour.segments.segments import NONE, Segments
from .horizon import horizons


@dataclass(frozen=True, slots=True)
class Tenants:
    """catalog, settings, retention, segments: of a tenant, each kept in memory by its owner."""

    catalog: Callable[[Scope], Catalog]
    settings: Callable[[Scope], tuple[Calendar, Money]]
    retention: Callable[[Scope], Mapping[str, int]]
    clock: Clock
    segments: Callable[[Scope], Segments] = lambda scope: NONE

    def of(self, scope: Scope) -> Tenant:
        calendar, money = self.settings(scope)
        kept = horizons(self.retention(scope), self.clock())
        return Tenant(self.catalog(scope), calendar, money, kept, self.segments(scope))

    def trying(self, scope: Scope, catalog: Catalog) -> Tenant:
        """The same with a catalog that is not kept."""
        return replace(self.of(scope), catalog=catalog)
