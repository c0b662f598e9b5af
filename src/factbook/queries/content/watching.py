"""How long people watched: the time from a play to what ended it, whatever pauses are missing.

A play lasts until the person's next event of playing the same content (content_view, play, pause, complete), at most as
long as the position moved where both tell it and it moved on, and never longer than LONGEST_MS. Where nothing follows,
or only a view or play after more time than ends a session, it lasts until the person's next event of any kind within
that time, else it counts nothing. At the same millisecond a play comes last, several by their position. Time is
counted by when the play began; plays of one person and content never count twice, those of nobody not at all.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from factbook.core.clock import epoch_ms
from factbook.core.sql import Parameters
from factbook.queries.behaviour.history import inside
from factbook.queries.behaviour.people import People, people

from .question import Content, among

LONGEST_MS = 3 * 3_600_000
"""Of one play: what is longer is a tab left open."""
FEW = 10_000
"""Plays that a statement is sent with."""
MUCH = 20_000 * 86_400_000
"""Plays times milliseconds between them. Of more the engine tells what lies near a play; of less, to plan that takes
longer than to read all that their people did (measured: 60 ms in place of 35)."""
PLAYING = ("content_view", "content_play", "content_pause", "content_complete")

_AT = "toUnixTimestamp64Milli(timestamp)"
_STEP = f"""(
            {_AT}, event_type = 'content_play',
            if(mapContains(numbers, 'position_seconds'), numbers['position_seconds'], -1.),
            event_type IN ('content_pause', 'content_complete')
        )"""
_NOTHING = "(toInt64(0), toUInt8(0), -1., toUInt8(0))"
_OPEN = -1
_LENGTH = """multiIf(
            NOT step.2 OR step.1 >= {end}, 0,
            next.1 = 0, {open},
            step.3 >= 0 AND next.3 > step.3,
            least(next.1 - step.1, {longest}, toInt64(round(least(next.3 - step.3, {longest}) * 1000))),
            next.4 OR next.1 - step.1 <= {timeout}, least(next.1 - step.1, {longest}),
            {open}
        )"""


def watched(asked: Content, ids: Sequence[str], few: int = FEW, much: int = MUCH) -> Mapping[str, float]:
    """Seconds by content id, of those with a play by anybody. few: open plays that are sent along to be looked up.
    much: see MUCH."""
    if not ids:
        return {}
    who = people(asked.warehouse, asked.scope)
    parameters = Parameters()
    rows = asked.rows(
        f"""{who.begin}SELECT content_id, sum(length), groupArrayArray({few + 1})(arrayMap(at -> (who, at), open))
FROM ({_walks(asked, ids, who, parameters)})
GROUP BY content_id""",
        parameters,
    )
    found = {id_: int(length) for id_, length, _ in rows}
    left = [(id_, int(person), int(begun)) for id_, _, plays in rows for person, begun in plays]
    if left:
        is_few = len(left) <= few and not who.begin
        more = _few_open(asked, left, much) if is_few else _left_open(asked, list({id_ for id_, _, _ in left}), who)
        for id_, length in more.items():
            found[id_] += length
    return {id_: length / 1000 for id_, length in found.items()}


def _walks(asked: Content, ids: Sequence[str], who: People, parameters: Parameters) -> str:
    """SQL of a row for each person and content with a play: what is closed, in milliseconds, and when the plays began
    that are open."""
    begin, end = epoch_ms(asked.about.period.start), epoch_ms(asked.about.period.end)
    bound = {"longest": LONGEST_MS, "timeout": asked.rule.timeout_ms, "open": _OPEN}
    length = _LENGTH.format(end=parameters.add(end, "Int64"), **bound)
    return f"""
    SELECT content_id, who,
        arrayMap((step, next) -> {length}, walk, arrayShiftLeft(walk, 1, {_NOTHING})) AS lengths,
        arraySum(arrayMap(length -> greatest(length, 0), lengths)) AS length,
        arrayMap(step -> step.1, arrayFilter((step, length) -> length = {_OPEN}, walk, lengths)) AS open
    FROM (
        SELECT {who.of} AS who, content_id, arraySort(groupArray({_STEP})) AS walk
        FROM events
        {inside(asked.about, parameters, start_ms=begin, end_ms=end + LONGEST_MS)}
            AND {among(ids, parameters)} AND event_type IN {parameters.add(list(PLAYING), "Array(String)")}
            AND person != 0
        GROUP BY who, content_id
        HAVING max(event_type = 'content_play')
    )
"""


def _few_open(asked: Content, plays: Sequence[tuple[str, int, int]], much: int) -> Mapping[str, int]:
    """As `_left_open`, of few plays (content, person, moment) of people who are each known by one id: the engine then
    looks for these people alone."""
    parameters = Parameters()
    most = min(asked.rule.timeout_ms, LONGEST_MS)
    first, last = min(at for _, _, at in plays), max(at for _, _, at in plays) + most
    persons = parameters.add([person for _, person, _ in plays], "Array(UInt64)")
    near = ""
    if len(plays) * (last - first) > much:
        begun = parameters.add([at for _, _, at in plays], "Array(Int64)")
        near = f""" AND (person, intDiv({_AT}, {most})) IN (
        SELECT play.1, intDiv(play.2, {most}) + arrayJoin([0, 1])
        FROM (SELECT arrayJoin(arrayZip({persons}, {begun})) AS play)
    )"""
    rows = asked.rows(
        f"""SELECT person, arraySort(groupArray({_AT}))
FROM events
{inside(asked.about, parameters, start_ms=first, end_ms=last + 1)}
    AND person IN {persons}{near}
GROUP BY person""",
        parameters,
    )
    done = {int(person): times for person, times in rows}
    found: dict[str, int] = {}
    for id_, person, at in plays:
        times = done.get(person, ())
        place = bisect_right(times, at)
        if place < len(times) and times[place] - at <= most:
            found[id_] = found.get(id_, 0) + int(times[place]) - at
    return found


def _left_open(asked: Content, ids: Sequence[str], who: People) -> Mapping[str, int]:
    """Milliseconds by content of the plays that are open, up to what their people did next."""
    parameters = Parameters()
    begin, end = epoch_ms(asked.about.period.start), epoch_ms(asked.about.period.end)
    most = min(asked.rule.timeout_ms, LONGEST_MS)
    plays = f"SELECT who, content_id, arrayJoin(open) AS begun FROM ({_walks(asked, ids, who, parameters)})"
    rows = asked.rows(
        f"""{who.begin}SELECT content_id, sum(length)
FROM (
    SELECT content_id, who, begun, min(at) - begun AS length
    FROM (
        SELECT {who.of} AS who, {_AT} AS at
        FROM events
        {inside(asked.about, parameters, start_ms=begin, end_ms=end + most)}
            AND person != 0 AND (who, intDiv(at, {most})) IN (
                SELECT {who.of} AS who, intDiv({_AT}, {most}) + arrayJoin([0, 1])
                FROM events
                {inside(asked.about, parameters, start_ms=begin, end_ms=end)}
                    AND {among(ids, parameters)} AND event_type = 'content_play' AND person != 0
            )
    ) AS events
    INNER JOIN ({plays}) AS plays ON plays.who = events.who
    WHERE at > begun AND at <= begun + {most}
    GROUP BY content_id, who, begun
)
GROUP BY content_id""",
        parameters,
    )
    return {id_: int(length) for id_, length in rows}
