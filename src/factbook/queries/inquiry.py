"""What a question of a domain is about: its records over metrics, its part of the history for SQL of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from factbook.core.calendar import Calendar
from factbook.core.clock import epoch_ms
from factbook.core.scope import Scope
from factbook.events.filters import from_pairs
from factbook.storage.warehouse import Warehouse

from .answers import Answers
from .asking.ask import Tenant
from .behaviour.history import History, history
from .reads import Reads
from .records import Records
from .shown import shown

_PERIOD = ("period", "start_time", "end_time")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Inquiry:
    """records: the questions over metrics. about: the same period, zone and filters for questions of one's own."""

    records: Records
    about: History
    reads: Reads
    warehouse: Warehouse

    @property
    def scope(self) -> Scope:
        return self.records.scope

    @property
    def now(self) -> datetime:
        return self.records.now

    @property
    def calendar(self) -> Calendar:
        return self.about.calendar

    @property
    def begin(self) -> int:
        return epoch_ms(self.about.period.start)

    @property
    def end(self) -> int:
        return epoch_ms(self.about.period.end)

    @property
    def date(self) -> str:
        """The last day of the period."""
        return self.calendar.day(self.about.period.end - timedelta(milliseconds=1)).isoformat()

    @property
    def told(self) -> dict[str, Any]:
        """The period, as answers tell it."""
        zone = self.calendar.zone
        return {"start_time": shown(self.begin, zone), "end_time": shown(self.end, zone), "timezone": zone.key}

    def narrowed(self, *pairs: tuple[str, Any]) -> Inquiry:
        """The same of events that meet these filters too."""
        filters = (*self.records.about.get("filters", ()), *pairs)
        conditions = (*self.about.conditions, *from_pairs(pairs, self.calendar.zone))
        records = replace(self.records, about={**self.records.about, "filters": filters})
        return replace(self, records=records, about=replace(self.about, conditions=conditions))

    def at(self, ms: int | None) -> str | None:
        """A moment, as answers tell it."""
        return None if ms is None else shown(ms, self.calendar.zone)

    async def read(self, read: Callable[..., T], *given: Any, **named: Any) -> T:
        """What `read` brings of the warehouse, in its turn; its first two arguments are the warehouse and the scope."""
        name = read.__name__.replace("_", " ").strip()
        return await self.reads.run(self.scope, partial(read, self.warehouse, self.scope, *given, **named), name)


def inquiry(
    given: Mapping[str, Any],
    answers: Answers,
    reads: Reads,
    warehouse: Warehouse,
    scope: Scope,
    tenant: Tenant,
    now: datetime,
    *,
    default: str,
) -> Inquiry:
    """From the fields of a query string; filters are pairs. default: the period where none is given. INVALID naming the
    field."""
    about = history(given, tenant.calendar, now, default=default, segments=tenant.segments)
    asked: dict[str, Any] = {name: given[name] for name in _PERIOD if given.get(name)}
    for name in ("start", "end"):
        if given.get(f"{name}_date") and f"{name}_time" not in asked:
            asked[f"{name}_time"] = given[f"{name}_date"]
    if not asked:
        asked["period"] = default
    asked |= {"timezone": given.get("timezone"), "filters": given["filters"], "include_bots": about.include_bots}
    return Inquiry(Records(answers, scope, tenant, now, asked), about, reads, warehouse)
