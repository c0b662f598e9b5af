"""The headline numbers of the trading board: orders, volume, latency and errors of today, strategies that run."""

from __future__ import annotations

from typing import Any

from factbook.core.scope import Scope
from factbook.metrics.definitions import OWN
from factbook.metrics.model import Metric
from factbook.storage.warehouse import Warehouse

from .asking.ask import ask
from .asking.request import MAX_LIMIT, MAX_METRICS, Request
from .live import Live

METRICS = {
    "orders_placed": "orders_placed",
    "orders_filled": "orders_filled",
    "active_strategies": "active_strategies",
    "total_volume": "trading_volume",
    "average_latency": "latency_average",
    "error_rate": "error_rate",
}
"""What the answer calls a metric."""
_COUNTS = ("active_strategies",)
"""Where nothing came, these are 0."""


def board(warehouse: Warehouse, scope: Scope, live: Live) -> dict[str, Any]:
    """GET /api/v1/dashboard/metrics but for what the overview knows. Null where there is nothing to divide or add.

    custom_metrics: the tenant's own metrics, and the events of each type.
    """
    catalog = live.tenant.catalog
    own = [metric.id for metric in catalog.metrics.values() if metric.pack == OWN and _allowed(metric, scope)]
    values: dict[str, Any] = {}
    for names in (tuple(METRICS.values()), *(tuple(own[i : i + MAX_METRICS]) for i in range(0, len(own), MAX_METRICS))):
        values |= ask(warehouse, scope, live.tenant, Request(names, period="today"), live.now)["total"]["values"]
    by_type = Request(("events",), ("event_type",), period="today", limit=MAX_LIMIT, other=False)
    types = ask(warehouse, scope, live.tenant, by_type, live.now)["rows"]
    return {
        **{name: values[metric] or 0 if name in _COUNTS else values[metric] for name, metric in METRICS.items()},
        "custom_metrics": {
            **{name: values[name] for name in own},
            **{f"events.count.{row['dimensions']['event_type']}": row["values"]["events"] for row in types},
        },
        "last_updated": live.now.astimezone(live.zone).isoformat(timespec="milliseconds"),
    }


def _allowed(metric: Metric, scope: Scope) -> bool:
    return scope.tier.includes(metric.tier)
