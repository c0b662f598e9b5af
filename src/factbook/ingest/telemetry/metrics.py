"""OpenTelemetry's metrics as data points: gauges, sums, histograms and summaries; running totals by what they grew."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AggregationTemporality,
    DataPointFlags,
    ExponentialHistogramDataPoint,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    SummaryDataPoint,
)

from . import hosts
from .attributes import attributes, source
from .counters import Running, Turn
from .points import Point, Points
from .taken import Taken

_Any = NumberDataPoint | HistogramDataPoint | ExponentialHistogramDataPoint | SummaryDataPoint
_TEMPORALITY: dict[Any, str] = {
    AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA: "delta",
    AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE: "cumulative",
}


PREFIX = "otel-metric"


def points(request: ExportMetricsServiceRequest) -> Points:
    """`value` of a summary, and of a histogram of which each point stands for itself, is its mean, beside its count,
    sum, least and most, or its quantiles."""
    found: list[Point] = []
    items = 0
    for resource in request.resource_metrics:
        of = source(attributes(resource.resource.attributes))
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for sent, shape in _points(metric):
                    items += 1
                    number, more = _told(sent)
                    if number is None and not more:
                        continue
                    shape = {"unit": metric.unit, **shape}
                    given, at = attributes(sent.attributes), sent.time_unix_nano
                    running = _running(metric, sent, number, more)
                    if running is None:
                        found.append(Point(items - 1, of, metric.name, at, number, given, {**shape, **more}))
                    else:
                        shape["temporality"] = "delta"
                        found.append(Point(items - 1, of, metric.name, at, None, given, shape, running))
    return Points(found, items, PREFIX)


def taken(sent: Points, turn: Turn) -> Taken:
    """Running totals as what they grew by, all else as it is."""
    found = Taken(items=sent.items)
    plain = [point for point in sent.points if not point.running or point.at > turn.latest]
    running = [point for point in sent.points if point.running and point.at <= turn.latest]
    return hosts.told(found, plain, running, PREFIX, turn)


def _running(metric: Metric, sent: _Any, number: float | None, more: Mapping[str, Any]) -> Running | None:
    """Of cumulative histograms and cumulative sums that never fall."""
    data = getattr(metric, metric.WhichOneof("data") or "gauge")
    if getattr(data, "aggregation_temporality", None) != AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE:
        return None
    if isinstance(sent, NumberDataPoint):
        if number is None or not data.is_monotonic:
            return None
        return Running({"value": number}, sent.start_time_unix_nano)
    totals = {name: float(more[name]) for name in ("count", "sum") if more.get(name) is not None}
    return Running(totals, sent.start_time_unix_nano, falling=("sum",))


def _points(metric: Metric) -> Iterator[tuple[_Any, dict[str, Any]]]:
    kind = metric.WhichOneof("data")
    if kind is None:
        return
    data = getattr(metric, kind)
    temporality = _TEMPORALITY.get(getattr(data, "aggregation_temporality", None))
    for sent in data.data_points:
        yield sent, {"kind": kind, "temporality": temporality}


def _told(sent: _Any) -> tuple[float | None, dict[str, Any]]:
    if sent.flags & DataPointFlags.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK:
        return None, {}
    if isinstance(sent, NumberDataPoint):
        kind = sent.WhichOneof("value")
        return (_finite(sent.as_double if kind == "as_double" else sent.as_int) if kind else None), {}
    more: dict[str, Any] = {"count": sent.count, "sum": _finite(sent.sum)}
    if isinstance(sent, SummaryDataPoint):
        more |= {f"p{100 * one.quantile:g}".replace(".", "_"): _finite(one.value) for one in sent.quantile_values}
    else:
        more["min"] = _finite(sent.min) if sent.HasField("min") else None
        more["max"] = _finite(sent.max) if sent.HasField("max") else None
    total = more["sum"]
    return (total / sent.count if sent.count and total is not None else None), more


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
