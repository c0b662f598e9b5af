"""OpenTelemetry's metrics as data points: gauges, sums, histograms and summaries."""

from __future__ import annotations

import math
from collections.abc import Iterator
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

from .attributes import attributes, source
from .points import Point, events_of
from .taken import Taken

_Any = NumberDataPoint | HistogramDataPoint | ExponentialHistogramDataPoint | SummaryDataPoint
_TEMPORALITY: dict[Any, str] = {
    AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA: "delta",
    AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE: "cumulative",
}


def taken(request: ExportMetricsServiceRequest) -> Taken:
    """`value` of a histogram or summary is its mean, beside its count, sum, least and most, or its quantiles."""
    points: list[Point] = []
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
                    more = {"unit": metric.unit, **shape, **more}
                    given = attributes(sent.attributes)
                    points.append(Point(items - 1, of, metric.name, sent.time_unix_nano, number, given, more))
    return events_of(points, items, "otel-metric")


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
