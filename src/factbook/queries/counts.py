"""How many events there were of every type: from the roll-ups, or from raw events where conditions ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from factbook.core.clock import epoch_ms
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.core.times import Period
from factbook.events.filters import Condition
from factbook.metrics.levels import RAW, Run, cover
from factbook.storage.warehouse import Warehouse

from .horizon import complete_since
from .states import placed, stored_at
from .where import where


def counts_by_type(
    warehouse: Warehouse,
    scope: Scope,
    period: Period,
    *,
    conditions: tuple[Condition, ...] = (),
    include_bots: bool = False,
) -> dict[str, int]:
    """Events by type in the period, the most frequent first."""
    parameters = Parameters()
    selects = []
    runs = _runs(scope, period, conditions, include_bots)
    edges = [run for run in runs if run.level == RAW]
    stored = [run for run in runs if run.level != RAW]
    select = "  SELECT toString(event_type) AS type,"
    if stored:
        inside, _ = stored_at(stored, parameters)
        selects.append(
            f"{select} sum(count) AS counted FROM rollups WHERE tenant = {{tenant:String}}"
            f" AND event_type != '' AND property = '' AND {inside} GROUP BY type"
        )
    if edges:
        inside, _ = placed(edges, "toUnixTimestamp64Milli(timestamp)", 1, parameters)
        asked = where(conditions, parameters, include_bots=include_bots)
        selects.append(
            f"{select} count() AS counted FROM events"
            f" WHERE tenant = {{tenant:String}} AND {inside}{asked} GROUP BY type"
        )
    union = "\n  UNION ALL\n".join(selects)
    sql = f"SELECT type, sum(counted) AS n FROM (\n{union}\n) GROUP BY type HAVING n > 0 ORDER BY n DESC, type"
    return {str(name): int(count) for name, count in warehouse.rows(scope, sql, parameters.values)}


def _runs(scope: Scope, period: Period, conditions: tuple[Condition, ...], include_bots: bool) -> tuple[Run, ...]:
    raw = bool(conditions or include_bots or scope.rows)
    return cover(((epoch_ms(period.start), epoch_ms(period.end)),), raw=raw)


def stats(
    warehouse: Warehouse,
    scope: Scope,
    period: Period,
    tz: ZoneInfo,
    *,
    conditions: tuple[Condition, ...] = (),
    include_bots: bool = False,
    kept: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """The answer of GET /api/v1/events/stats. kept: see horizon.horizons."""
    by_type = counts_by_type(warehouse, scope, period, conditions=conditions, include_bots=include_bots)
    return {
        "start_time": period.start.astimezone(tz).isoformat(),
        "end_time": period.end.astimezone(tz).isoformat(),
        "complete_since": complete_since(_runs(scope, period, conditions, include_bots), kept or {}, tz),
        "total_events": sum(by_type.values()),
        "by_type": by_type,
    }
