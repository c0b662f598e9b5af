"""What a question about content is about: its records over metrics, and its part of the history for its own reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from factbook.core.clock import epoch_ms
from factbook.core.errors import invalid, not_found
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.ingest.session_rule import Rule
from factbook.queries.answers import Answers
from factbook.queries.asking.ask import Tenant
from factbook.queries.asking.request import LONGEST_NAME
from factbook.queries.behaviour.history import History, history
from factbook.queries.reads import Reads
from factbook.queries.records import Records
from factbook.queries.shown import shown
from factbook.storage.warehouse import Warehouse

DEFAULT_PERIOD = "last_30_days"
FIELDS = ("date", "period", "start_time", "end_time", "start_date", "end_date", "timezone", "filters", "include_bots")

_DAY = timedelta(days=1)
_SENT = 50
"""Ids in one parameter, of which none is longer than 128 KiB."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Content:
    """records: the questions over metrics. about: the same period, zone and filters for questions of our own."""

    records: Records
    about: History
    reads: Reads
    warehouse: Warehouse
    rule: Rule

    @property
    def scope(self) -> Scope:
        return self.records.scope

    @property
    def now(self) -> datetime:
        return self.records.now

    @property
    def told(self) -> dict[str, Any]:
        """The period, as answers tell it; `date` where it is one day."""
        calendar, period = self.about.calendar, self.about.period
        day = calendar.day(period.start)
        is_day = calendar.midnight(day) == period.start and calendar.midnight(day + _DAY) >= period.end
        return {
            "date": day.isoformat() if is_day else None,
            "start_time": self.shown(epoch_ms(period.start)),
            "end_time": self.shown(epoch_ms(period.end)),
            "timezone": calendar.zone.key,
        }

    def shown(self, ms: int) -> str:
        return shown(ms, self.about.calendar.zone)

    async def read(self, read: Callable[[], T], what: str) -> T:
        """A read of our own, in its turn."""
        return await self.reads.run(self.scope, read, what)

    def rows(self, sql: str, parameters: Parameters) -> list[tuple[Any, ...]]:
        return self.warehouse.rows(self.scope, sql, parameters.values)


def content(
    given: Mapping[str, Any],
    answers: Answers,
    reads: Reads,
    warehouse: Warehouse,
    scope: Scope,
    tenant: Tenant,
    rule: Rule,
    now: datetime,
) -> Content:
    """From the FIELDS of a question; filters are pairs. INVALID naming the field."""
    sent = {name: given.get(name) for name in FIELDS[1:]}
    if given.get("date"):
        if any(sent[name] for name in FIELDS[1:6]):
            raise invalid("Both a date and a period were given.", field="date", hint="Give one of them.")
        sent["start_date"] = sent["end_date"] = _day(given["date"])
    about = history(
        {**sent, "include_bots": bool(sent["include_bots"])},
        tenant.calendar,
        now,
        default=DEFAULT_PERIOD,
        segments=tenant.segments,
    )
    asked: dict[str, Any] = {name: sent[name] for name in ("period",) if sent[name]}
    for side in ("start", "end"):
        moment = sent[f"{side}_time"] or sent[f"{side}_date"]
        if moment:
            asked[f"{side}_time"] = moment
    asked = asked or {"period": DEFAULT_PERIOD}
    asked |= {"timezone": sent["timezone"], "filters": sent["filters"] or (), "include_bots": about.include_bots}
    return Content(Records(answers, scope, tenant, now, asked), about, reads, warehouse, rule)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise invalid(f"{text[:40]!r} is no date.", field="date", hint="For example 2026-03-01.") from None


def among(ids: Sequence[str], parameters: Parameters) -> str:
    """SQL that is true for the events of these pieces; of many in several parameters, as a server takes them."""
    if len(ids) == 1:
        return f"content_id = {parameters.add(ids[0], 'String')}"
    lists = [parameters.add(list(ids[at : at + _SENT]), "Array(String)") for at in range(0, len(ids), _SENT)]
    listed = ", ".join(lists)
    return f"content_id IN arrayConcat({listed})" if len(lists) > 1 else f"content_id IN {listed}"


def checked(id_: str) -> str:
    """INVALID for what no event can name."""
    if not id_ or len(id_) > LONGEST_NAME or "\0" in id_:
        raise invalid(f"A content id has 1 to {LONGEST_NAME} characters.", field="content_id")
    return id_


def known(asked: Content, id_: str) -> None:
    """NOT_FOUND where no event ever named it."""
    parameters = Parameters()
    found = asked.rows(
        f"SELECT 1 FROM events WHERE tenant = {{tenant:String}} AND {among([id_], parameters)} LIMIT 1", parameters
    )
    if not found:
        raise not_found(
            f"No event names the content {id_[:60]!r}.",
            hint="GET /api/v1/analytics/content lists what there is.",
        )
