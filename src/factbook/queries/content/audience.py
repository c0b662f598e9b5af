"""Who opens a piece of content: how many people, new to it or back, where, on what, when, and of which segments."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from factbook.core.clock import epoch_ms
from factbook.core.sql import Parameters
from factbook.queries.behaviour.history import inside
from factbook.queries.behaviour.people import people

from .question import Content, among, checked, known
from .spread import Spread, largest, spread

MOST_SEGMENTS = 10
MOST_COUNTRIES = 50

_AT = "toUnixTimestamp64Milli(timestamp)"


async def audience(asked: Content, id_: str) -> dict[str, Any]:
    """NOT_FOUND where no event ever named it."""
    only = (("content_id", checked(id_)),)
    segments = list(asked.records.tenant.segments.rows().values())[:MOST_SEGMENTS]
    counted, found, devices, browsers, *of_segments = await asyncio.gather(
        asked.look(partial(_people, asked, id_), "people"),
        asked.look(partial(spread, asked, [id_]), "spread of views"),
        asked.records.counts("content_views", "device", filters=only),
        asked.records.counts("content_views", "browser", filters=only),
        *(
            asked.records.one(
                {"people": "unique_viewers", "views": "content_views"}, filters=(*only, ("segment", each.id))
            )
            for each in segments
        ),
    )
    views = found.get(id_, Spread())
    if not counted["viewers"] and not views.last_ms:
        await asked.look(partial(known, asked, id_), "content")
    return {
        "content_id": id_,
        **asked.told,
        **counted,
        "countries": largest(views.countries, MOST_COUNTRIES),
        "regions": largest(views.regions, MOST_COUNTRIES),
        "devices": _named(devices[0]),
        "browsers": _named(browsers[0]),
        "hourly_distribution": {str(hour): views.hours.get(hour, 0) for hour in range(24)},
        "segments": [
            {"id": each.id, "label": each.label, "people": told["people"], "views": told["views"]}
            for each, told in zip(segments, of_segments, strict=True)
        ],
        "notes": _notes(counted, asked),
    }


def _people(asked: Content, id_: str) -> dict[str, Any]:
    """Whoever opened it in the period: returning are those who had opened it before, or came back in another session
    of it."""
    who = people(asked.warehouse, asked.scope)
    parameters = Parameters()
    begin = parameters.add(epoch_ms(asked.about.period.start), "Int64")
    [(viewers, known_before, again, views, nobody)] = asked.rows(
        f"""{who.begin}SELECT countIf(who != 0 AND recent > 0), countIf(who != 0 AND recent > 0 AND earlier > 0),
    countIf(who != 0 AND recent > 0 AND visits > 1), sum(recent), sumIf(recent, who = 0)
FROM (
    SELECT {who.of} AS who, countIf({_AT} >= {begin}) AS recent, countIf({_AT} < {begin}) AS earlier,
        uniqExactIf(session, {_AT} >= {begin}) AS visits
    FROM events
    {inside(asked.about, parameters, start_ms=0)} AND {among([id_], parameters)} AND event_type = 'content_view'
    GROUP BY who
)""",
        parameters,
    )
    return {
        "viewers": int(viewers),
        "new_viewers": int(viewers - known_before),
        "returning_viewers": int(known_before),
        "came_again": int(again),
        "views": int(views),
        "views_by_nobody_known": int(nobody),
        "new_share": (viewers - known_before) / viewers if viewers else None,
    }


def _named(found: dict[str, Any]) -> dict[str, Any]:
    return {name: count for name, count in found.items() if name and count}


def _notes(counted: dict[str, Any], asked: Content) -> list[str]:
    if not counted["views"]:
        return ["Nobody opened it in the period."]
    if not asked.records.tenant.segments.rows():
        return ["No segments are defined."]
    return []
