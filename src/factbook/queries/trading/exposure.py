"""How much of the time something was at stake: the time in which at least one position was open."""

from __future__ import annotations

from factbook.core.clock import epoch_ms
from factbook.core.sql import Parameters
from factbook.queries.behaviour.history import inside
from factbook.queries.inquiry import Inquiry

from .question import LOOKBACK


def exposure(asked: Inquiry) -> float | None:
    """The share of the period up to now, from the first position on where that came later; None without any position.

    A position is open from position.opened to position.closed of the same `position_id`; where it tells
    `holding_seconds`, that long before it was closed. A close that tells neither is left out.
    """
    parameters = Parameters()
    begin, end = epoch_ms(asked.about.period.start), epoch_ms(asked.about.period.end)
    until = min(end, epoch_ms(asked.now))
    if until <= begin:
        return None
    start, stop = parameters.add(begin, "Int64"), parameters.add(until, "Int64")
    at = "toUnixTimestamp64Milli(timestamp)"
    held = "event_type = 'position.closed' AND mapContains(numbers, 'holding_seconds')"
    back = epoch_ms(asked.about.period.start - LOOKBACK)
    before = f"FROM events\n    {inside(asked.about, parameters, start_ms=back, end_ms=begin)}"
    one_opened, one_held = (f"(SELECT 1 {before} AND {of} LIMIT 1)" for of in ("event_type = 'position.opened'", held))
    [(any_opened, any_held)] = asked.warehouse.rows(
        asked.scope,
        f"SELECT (SELECT count() FROM {one_opened}), (SELECT count() FROM {one_held})",
        parameters.values,
    )
    is_now = f"timestamp >= fromUnixTimestamp64Milli({start}, 'UTC')"
    is_open = f" OR position NOT IN (SELECT position {before} AND event_type = 'position.closed')" if any_opened else ""
    [(covered, first, positions)] = asked.warehouse.rows(
        asked.scope,
        f"""SELECT sum(greatest(0, closed - greatest(opened, reached, {start}))), greatest(min(opened), {start}),
    count()
FROM (
    SELECT opened, closed,
        max(closed) OVER (ORDER BY opened, closed ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
    FROM (
        SELECT position,
            if(
                countIf({held}) > 0,
                minIf({at} - toInt64(numbers['holding_seconds'] * 1000), {held}),
                minIf({at}, event_type = 'position.opened')
            ) AS opened,
            if(
                countIf(event_type = 'position.closed') > 0,
                least({stop}, maxIf({at}, event_type = 'position.closed')),
                {stop}
            ) AS closed
        FROM events
        {inside(asked.about, parameters, start_ms=back if any_opened else begin, end_ms=until)}
            AND (event_type = 'position.closed' AND {is_now} OR event_type = 'position.opened' AND ({is_now}{is_open}))
        GROUP BY position
        HAVING countIf({held}) > 0 OR countIf(event_type = 'position.opened') > 0
    )
)""",
        parameters.values,
    )
    is_old = any_opened or any_held
    since = begin if is_old else int(first)
    return min(1.0, int(covered) / (until - since)) if (positions or is_old) and until > since else None
