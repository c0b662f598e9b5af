"""The values of dimensions that matter most: those an answer tells apart, the rest being `other`."""

from __future__ import annotations

from dataclasses import replace

from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.events.personal import refuse_personal
from factbook.metrics.levels import cover
from factbook.metrics.names import Measure, Metric
from factbook.storage.warehouse import Warehouse

from .states import Ask, Dimension, selected
from .where import value_of


def tops(
    warehouse: Warehouse, scope: Scope, ask: Ask, dimensions: tuple[Dimension, ...], metric: Metric, limit: int
) -> tuple[tuple[str, ...], ...]:
    """At most `limit` values of `dimensions` in the period of `ask`, by the metric's headline, largest first.

    FORBIDDEN for one that is hidden from whoever asks.
    """
    for name, nature in dimensions:
        refuse_personal(name if nature else "")
    parameters = Parameters()
    ask = replace(ask, dimensions=dimensions, buckets=((ask.buckets[0][0], ask.buckets[-1][1]),))
    values = ", ".join(value_of(name, nature, parameters) for name, nature in dimensions)
    chosen, value, _ = selected(ask, 0, list(cover(ask.buckets, raw=True)), parameters)
    weight = {
        Measure.EVENTS: "count()",
        Measure.USERS: "uniqCombined64If(17)(person, person != 0)",
        Measure.SESSIONS: "uniqCombined64If(17)(session, session != 0)",
        Measure.NUMBER: f"sum({value})",
    }[metric.measure]
    sql = f"""SELECT [{values}] AS value
FROM events
WHERE tenant = {{tenant:String}} AND {chosen}
GROUP BY value
ORDER BY {weight} DESC, value
LIMIT {int(limit)}"""
    return tuple(tuple(str(part) for part in row[0]) for row in warehouse.rows(scope, sql, parameters.values))
