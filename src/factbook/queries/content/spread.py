"""How the views of content spread over countries, regions, hours and days, and when anything last came in of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from factbook.core.clock import epoch_ms
from factbook.core.sql import Parameters
from factbook.queries.behaviour.history import inside

from .question import Content, among

TOLD = 10
"""Countries and regions that a record tells."""
TREND_DAYS, MOST_DAYS = 7, 366
"""Days that a trend looks at, at least and at most."""

_EPOCH = date(1970, 1, 1).toordinal()
_VIEW = "event_type = 'content_view'"


@dataclass(frozen=True, slots=True)
class Spread:
    """Views of the period by country and region where events have one, by hour of day. trend: by how many per cent
    of their mean views change a day: the slope of a straight line through the days that are over, from the first of
    them with a view on; None for fewer than three. last_ms: when the newest event was processed."""

    countries: Mapping[str, int] = field(default_factory=dict)
    regions: Mapping[str, int] = field(default_factory=dict)
    hours: Mapping[int, int] = field(default_factory=dict)
    trend: float | None = None
    last_ms: int | None = None


def spread(asked: Content, ids: Sequence[str]) -> Mapping[str, Spread]:
    """By content id; the numbers are those of the metric content_views by these dimensions."""
    if not ids:
        return {}
    parameters = Parameters()
    calendar, period = asked.about.calendar, asked.about.period
    begin, first = epoch_ms(period.start), epoch_ms(_trend_from(asked))
    begun = calendar.day(min(period.start, _trend_from(asked))).toordinal() - _EPOCH
    over = calendar.day(period.end - timedelta(milliseconds=1)).toordinal() - _EPOCH + 1
    zone = parameters.add(calendar.zone.key, "String")
    of_period = f"timestamp >= fromUnixTimestamp64Milli({parameters.add(begin, 'Int64')}, 'UTC')"
    is_view = f"{_VIEW} AND {of_period}"
    rows = asked.rows(
        f"""SELECT content_id,
    sumMapIf(map(toString(country), toUInt64(1)), country != '' AND {is_view}),
    sumMapIf(map(toString(region), toUInt64(1)), region != '' AND {is_view}),
    countIfResample(0, 24, 1)({is_view}, toHour(timestamp, {zone})),
    countIfResample({begun}, {over}, 1)({_VIEW}, toInt32(toDate32(timestamp, {zone}))),
    toUnixTimestamp64Milli(maxIf(processed_at, {of_period}))
FROM events
{inside(asked.about, parameters, start_ms=min(begin, first))} AND {among(ids, parameters)}
    AND ({_VIEW} OR {of_period})
GROUP BY content_id""",
        parameters,
    )
    whole = [day.toordinal() - _EPOCH - begun for day in _trend_days(asked)]
    return {
        id_: Spread(
            countries,
            regions,
            {hour: n for hour, n in enumerate(hours) if n},
            slope([days[place] for place in whole]),
            int(last) or None,
        )
        for id_, countries, regions, hours, days, last in rows
    }


def largest(found: Mapping[str, int], most: int = TOLD) -> dict[str, int]:
    """The largest, those without a name left out."""
    named = sorted(((name, n) for name, n in found.items() if name), key=lambda each: (-each[1], each[0]))
    return dict(named[:most])


def _trend_days(asked: Content) -> list[date]:
    """The days that are over of those that a trend looks at."""
    calendar = asked.about.calendar
    day, days = calendar.day(_trend_from(asked)), []
    until = min(asked.about.period.end, asked.now)
    while calendar.midnight(day + timedelta(days=1)) <= until:
        days.append(day)
        day += timedelta(days=1)
    return days


def slope(counts: Sequence[int]) -> float | None:
    """Per cent of the mean, from the first that is not 0 on."""
    begun = next((at for at, count in enumerate(counts) if count), len(counts))
    told = counts[begun:]
    if len(told) < 3:
        return None
    middle, mean = (len(told) - 1) / 2, sum(told) / len(told)
    up = sum((at - middle) * (count - mean) for at, count in enumerate(told))
    return 100 * up / sum((at - middle) ** 2 for at in range(len(told))) / mean


def _trend_from(asked: Content) -> datetime:
    calendar, period = asked.about.calendar, asked.about.period
    last = calendar.day(period.end - timedelta(milliseconds=1))
    day = min(calendar.day(period.start), last - timedelta(days=TREND_DAYS - 1))
    return calendar.midnight(max(day, last - timedelta(days=MOST_DAYS - 1)))
