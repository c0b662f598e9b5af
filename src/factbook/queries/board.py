"""The headline numbers of the trading board: orders, volume, latency and errors of today, strategies that run."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from factbook.core.clock import epoch_ms, from_epoch_ms
from factbook.core.scope import Scope
from factbook.core.times import Period, day_start
from factbook.storage.warehouse import Warehouse

from .counts import counts_by_type
from .live import Live
from .states import Ask, Key, read

_PLACED, _FILLED, _VOLUME = Key("order.placed"), Key("order.filled"), Key("order.filled", "volume")
_REQUESTS, _LATENCY, _ERRORS = Key("api_request"), Key("api_request", "duration_ms"), Key("error_occurred")
_KEYS = (_PLACED, _FILLED, _VOLUME, _REQUESTS, _LATENCY, _ERRORS)

_STRATEGIES = """SELECT countIf(newest = 'strategy.started')
FROM
(
    SELECT texts['strategy_id'] AS strategy, argMax(event_type, timestamp) AS newest
    FROM events
    WHERE tenant = {tenant:String} AND event_type IN ('strategy.started', 'strategy.stopped') AND NOT is_bot
    GROUP BY strategy
)"""


def board(warehouse: Warehouse, scope: Scope, live: Live) -> dict[str, Any]:
    """GET /api/v1/dashboard/metrics but for what the overview knows. Null where there is nothing to divide or add."""
    start = day_start(live.now, live.zone)
    end = day_start(start + timedelta(hours=30), live.zone)
    today = ((epoch_ms(start), epoch_ms(end)),)
    found = read(warehouse, scope, Ask(_KEYS, today))
    placed, filled, volume, requests, latency, errors = (found.cell(slot, 0) for slot in range(len(_KEYS)))
    [(strategies,)] = warehouse.rows(scope, _STRATEGIES)
    types = counts_by_type(warehouse, scope, Period(start, from_epoch_ms(today[0][1])))
    return {
        "orders_placed": placed.count,
        "orders_filled": filled.count,
        "active_strategies": int(strategies),
        "total_volume": volume.total if volume.count else None,
        "average_latency": latency.total / latency.count if latency.count else None,
        "error_rate": errors.count / requests.count if requests.count else None,
        "custom_metrics": {f"events.count.{name}": count for name, count in types.items()},
        "last_updated": live.now.astimezone(live.zone).isoformat(timespec="milliseconds"),
    }
