"""The catalog as readers see it: every metric and dimension with what it means and what uses it, JSON-able."""

from __future__ import annotations

from typing import Any

from .catalog import Catalog
from .declared.writing import written
from .expressions import text
from .model import Dimension, Metric

UNDECLARED = ("events.count[.TYPE]", "users.active[.TYPE]", "sessions[.TYPE]", "TYPE.PROPERTY")
"""The forms of names that can be asked for without a declaration."""


def told_catalog(catalog: Catalog) -> dict[str, Any]:
    """The answer of GET /api/v1/metrics/catalog."""
    used: dict[str, list[str]] = {}
    for metric in catalog.metrics.values():
        for below in catalog.closure(metric.id):
            used.setdefault(below, []).append(metric.id)
    return {
        "metrics": [_metric(metric, used.get(metric.id, [])) for metric in catalog.metrics.values()],
        "dimensions": [_dimension(dimension) for dimension in catalog.dimensions.values()],
        "packs": [{"id": pack.id, "label": pack.label, "description": pack.description} for pack in catalog.packs],
        "kpi_groups": dict(catalog.kpis),
        "undeclared": list(UNDECLARED),
    }


def _metric(metric: Metric, used_by: list[str]) -> dict[str, Any]:
    return {
        "id": metric.id,
        "label": metric.label,
        "unit": metric.unit,
        "description": metric.description,
        "formula": metric.source,
        "events": list(metric.events),
        "measure": None if metric.measure is None else written(metric.measure),
        "where": None if metric.where is None else text(metric.where),
        "window_days": metric.window_days,
        "good": metric.good,
        "decimals": metric.decimals,
        "dimensions": None if metric.dimensions is None else list(metric.dimensions),
        "tier": metric.tier,
        "kpi": metric.kpi or None,
        "pack": metric.pack,
        "used_by": used_by,
    }


def _dimension(dimension: Dimension) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": dimension.id,
        "label": dimension.label,
        "description": dimension.description,
        "field": dimension.field or None,
        "pack": dimension.pack,
    }
    if dimension.time_part:
        shown["time_part"] = dimension.time_part
    if dimension.edges:
        shown["edges"] = list(dimension.edges)
    if dimension.lookup:
        shown["lookup"] = dict(dimension.lookup)
    return shown
