"""What tenants define: the table of each kind (metrics, segments, funnels …), and what the history keeps of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from .objective_table import OBJECTIVES, ObjectiveRow
from .rows import BenchmarkRow, FunnelRow, MetricDefinition, SegmentRow
from .share_table import SHARES, ShareRow
from .tables import BENCHMARKS, FUNNELS, METRIC_DEFINITIONS, SEGMENTS

Row = TypeVar("Row", MetricDefinition, SegmentRow, FunnelRow, BenchmarkRow, ObjectiveRow, ShareRow)


@dataclass(frozen=True, slots=True)
class Form(Generic[Row]):
    """what: under which its changes are kept. json: the column of `table` that is JSON. told: what the history keeps of
    a row. noun, path: what it is called, and where it is changed."""

    what: str
    table: sa.Table
    row: type[Row]
    json: str
    told: Callable[[Row], dict[str, Any]]
    noun: str
    path: str


METRICS: Form[MetricDefinition] = Form(
    "metric",
    METRIC_DEFINITIONS,
    MetricDefinition,
    "definition",
    lambda row: row.definition,
    "definition",
    "/api/v1/metrics/definitions",
)
OWN_SEGMENTS: Form[SegmentRow] = Form(
    "segment",
    SEGMENTS,
    SegmentRow,
    "rule",
    lambda row: {
        "label": row.label,
        "description": row.description,
        "rule": row.rule,
        "frozen": row.freezing is not None,
    },
    "segment",
    "/api/v1/analytics/segments",
)
OWN_FUNNELS: Form[FunnelRow] = Form(
    "funnel",
    FUNNELS,
    FunnelRow,
    "definition",
    lambda row: {"label": row.label, "description": row.description, **row.definition},
    "funnel",
    "/api/v1/analytics/funnels",
)
OWN_BENCHMARKS: Form[BenchmarkRow] = Form(
    "benchmark",
    BENCHMARKS,
    BenchmarkRow,
    "definition",
    lambda row: {"label": row.label, "description": row.description, **row.definition},
    "benchmark",
    "/api/v1/analytics/benchmarks",
)
OWN_OBJECTIVES: Form[ObjectiveRow] = Form(
    "objective",
    OBJECTIVES,
    ObjectiveRow,
    "definition",
    lambda row: row.definition,
    "objective",
    "/api/v1/analytics/objectives",
)
OWN_SHARES: Form[ShareRow] = Form(
    "share",
    SHARES,
    ShareRow,
    "definition",
    lambda row: row.definition,
    "share",
    "/api/v1/analytics/dashboards",
)
