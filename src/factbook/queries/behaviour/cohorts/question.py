"""The question about cohorts as it was asked: who is grouped together from when on, and what counts as coming back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from factbook.core.calendar import Calendar
from factbook.core.errors import invalid
from factbook.core.times import parse_moment
from factbook.queries.behaviour.history import FIELDS as HISTORY
from factbook.queries.behaviour.history import History, history
from factbook.queries.behaviour.reading import chosen, flag, number, one_of, text
from factbook.queries.behaviour.segments.segments import NONE, Segments
from factbook.queries.behaviour.selection import Selection

TYPES = {
    "acquisition_day": "1d",
    "acquisition_week": "1w",
    "acquisition_month": "1mo",
    "acquisition_channel": "1w",
}
"""What a cohort is, and the length of its periods."""

CHANNEL = "acquisition_channel"
OCCURRENCES = ("first_time", "recurring")
RETURNS = {"on": "on", "n_day": "on", "on_or_after": "on_or_after", "unbounded": "on_or_after"}
REFERENCES = ("period_0", "previous")
RETENTION = "retention"
MAX_PERIODS, MAX_COHORTS = 366, 200
PERIODS = {"1d": 30, "1w": 12, "1mo": 12}
"""Periods behind the first one that are told where no number was given."""

FIELDS = (
    *HISTORY,
    "cohort_type",
    "cohort_event",
    "return_event",
    "occurrence",
    "metric",
    "granularity",
    "returns",
    "brackets",
    "reference",
    "periods",
    "rolling",
    "until",
    "limit",
)
_BRACKET = re.compile(r"(\d{1,4})(?:-(\d{1,4})|(\+))?\Z")


@dataclass(frozen=True, slots=True)
class Bracket:
    """Periods `first` to `last` (None: and all later ones) as one column; a single period mostly."""

    first: int
    last: int | None

    @property
    def name(self) -> str:
        if self.last is None:
            return f"{self.first}+"
        return f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"


@dataclass(frozen=True, slots=True)
class Cohorts:
    """start: the event that makes somebody a member; first_time: his first ever only, else in each bucket anew.

    returning: the event that counts as coming back. columns: the periods told: buckets behind the start, or so many
    times 24 hours where `rolling`. until: returns are looked at up to here. metric: `retention`, or one of the catalog.
    is_channel: cohorts are channels, not buckets. open: a return in a later period counts for those before it too.
    previous: each column against the one before. limit: channels told apart.
    """

    about: History
    start: Selection
    returning: Selection
    granularity: str
    columns: tuple[Bracket, ...]
    until: datetime
    now: datetime
    metric: str = RETENTION
    is_channel: bool = False
    first_time: bool = True
    open: bool = False
    bracketed: bool = False
    previous: bool = False
    rolling: bool = False
    limit: int = 20


def cohorts(
    given: Mapping[str, Any],
    calendar: Calendar,
    now: datetime,
    *,
    cohort_type: str = "acquisition_week",
    default: str = "last_12_weeks",
    segments: Segments = NONE,
) -> Cohorts:
    """From the FIELDS of a question, texts of a query string or values of a JSON body. INVALID naming the field."""
    about = history(
        {**given, "include_bots": flag(given, "include_bots")}, calendar, now, default=default, segments=segments
    )
    zone = about.calendar.zone
    type_ = text(given, "cohort_type") or cohort_type
    type_ = one_of(type_ if type_.startswith("acquisition_") else f"acquisition_{type_}", tuple(TYPES), "cohort_type")
    granularity = text(given, "granularity") or TYPES[type_]
    one_of(granularity, tuple(PERIODS), "granularity")
    if type_ != CHANNEL and granularity != TYPES[type_]:
        raise invalid(f"The periods of {type_} are as long as its cohorts.", field="granularity", hint="Leave it out.")
    returns = RETURNS[one_of(text(given, "returns") or "on", tuple(RETURNS), "returns")]
    columns = _brackets(given.get("brackets"))
    is_open, rolling = returns == "on_or_after", flag(given, "rolling")
    if columns and is_open:
        raise invalid(
            "Brackets are counted on their periods.", field="returns", hint="Leave returns out, or end in 8+."
        )
    first_time = one_of(text(given, "occurrence") or "first_time", OCCURRENCES, "occurrence") == "first_time"
    if rolling and (granularity == "1mo" or not first_time):
        raise invalid("Hours are counted from a first event, in days or weeks.", field="rolling", hint="Leave it out.")
    metric = text(given, "metric") or RETENTION
    if rolling and metric != RETENTION:
        raise invalid("Hours are counted for retention alone.", field="rolling", hint="Leave it out.")
    until = text(given, "until")
    return Cohorts(
        about=about,
        start=chosen(given, "cohort_event", zone, segments),
        returning=chosen(given, "return_event", zone, segments),
        granularity=granularity,
        columns=columns or tuple(Bracket(k, k) for k in range(_periods(given, granularity) + 1)),
        until=max(parse_moment(until, zone, "until", end=True), about.period.end) if until else about.period.end,
        now=now,
        metric=metric,
        is_channel=type_ == CHANNEL,
        first_time=first_time,
        open=is_open,
        bracketed=bool(columns),
        previous=one_of(text(given, "reference") or "period_0", REFERENCES, "reference") == "previous",
        rolling=rolling,
        limit=number(given, "limit", 1, 100, 20),
    )


def _periods(given: Mapping[str, Any], granularity: str) -> int:
    return number(given, "periods", 1, MAX_PERIODS, PERIODS[granularity])


def _brackets(given: Any) -> tuple[Bracket, ...]:
    if given is None or given == "":
        return ()
    parts = given.split(",") if isinstance(given, str) else given
    if not isinstance(parts, list) or not 1 <= len(parts) <= 100:
        raise invalid("brackets is not a list of 1 to 100.", field="brackets", hint="For example 0,1-3,4-7,8+.")
    found: list[Bracket] = []
    for part in parts:
        match = _BRACKET.match(str(part).strip())
        if not match:
            raise invalid(f"{str(part)[:20]!r} is no bracket.", field="brackets", hint="For example 0,1-3,4-7,8+.")
        first = int(match[1])
        last = None if match[3] else int(match[2] or match[1])
        before = found[-1].last if found else -1
        if before is None or first <= before or (last is not None and last < first):
            raise invalid("Brackets must ascend and not overlap.", field="brackets", hint="For example 0,1-3,4-7,8+.")
        found.append(Bracket(first, last))
    return tuple(found)
