"""The question as it stands between two rules: what was asked, and what the rules have made of it so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from factbook.core.calendar import Calendar
from factbook.core.money import Money
from factbook.core.scope import Scope
from factbook.core.times import Period
from factbook.events.filters import Condition
from factbook.metrics.catalog import Catalog
from factbook.metrics.model import Dimension, Metric
from factbook.queries.behaviour.segments.segments import NONE, Segments

from .leaves import Leaf
from .request import Request
from .spans import Spans


@dataclass(frozen=True, slots=True)
class Source:
    """Where a leaf is read, and why there: `rollups`, or `events` one by one."""

    stored: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Frozen; each rule returns a new one.

    leaves: what the metrics stand on; reads: the same, as they are read. sources: of each leaf. foreign: currencies
    other than the tenant's that these events came in.
    """

    request: Request
    scope: Scope
    catalog: Catalog
    calendar: Calendar
    money: Money
    now: datetime
    metrics: tuple[Metric, ...] = ()
    leaves: tuple[Leaf, ...] = ()
    reads: tuple[Leaf, ...] = ()
    dimensions: tuple[Dimension, ...] = ()
    conditions: tuple[Condition, ...] = ()
    period: Period | None = None
    then: Period | None = None
    granularity: str = "none"
    spans: Spans | None = None
    sources: tuple[Source, ...] = ()
    foreign: tuple[str, ...] = ()
    event_types: tuple[str, ...] = ()
    segments: Segments = NONE

    @property
    def zone_name(self) -> str:
        return self.calendar.zone.key

    @property
    def placed(self) -> Spans:
        assert self.spans
        return self.spans

    @property
    def by_event_type(self) -> bool:
        """Whether the event type is all that the answer is cut by."""
        return [d.field for d in self.dimensions if not (d.lookup or d.edges)] == ["event_type"] and len(
            self.dimensions
        ) == 1
