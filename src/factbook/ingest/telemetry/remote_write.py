"""Prometheus remote write 1.0: snappy-compressed protobuf, its samples as data points."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import cramjam
from google.protobuf.message import DecodeError

from factbook.core.errors import FactbookError, Kind
from factbook.ingest.body import too_large

from . import hosts
from .attributes import Source
from .counters import Running, Turn
from .families import is_running
from .points import Point, Points
from .requests import is_of_requests, requests
from .taken import Taken
from .wire import WRITE_REQUEST, message

PREFIX = "prometheus"
_OWN = ("__name__", "job", "instance")


def decoded(body: bytes, headers: Mapping[str, str], limit: int) -> Points:
    """UNSUPPORTED for version 2 and other encodings, MALFORMED for what cannot be read, TOO_LARGE past `limit` bytes
    once unpacked."""
    _require_version_1(headers.get("content-type", ""), headers.get("content-encoding", ""))
    request = message(WRITE_REQUEST)
    try:
        request.ParseFromString(_unpacked(body, limit))
    except DecodeError as error:
        raise FactbookError(Kind.MALFORMED, f"The body is no prometheus.WriteRequest: {str(error)[:200]}") from None
    return _points(request)


def _require_version_1(media_type: str, encoding: str) -> None:
    kind, _, rest = media_type.partition(";")
    if kind.strip().lower() not in ("application/x-protobuf", "") or "v2" in rest.lower():
        raise FactbookError(
            Kind.UNSUPPORTED,
            "Only remote write 1.0 is read here.",
            field="Content-Type",
            hint="In Prometheus, leave protobuf_message of remote_write as prometheus.WriteRequest.",
        )
    if encoding.strip().lower() not in ("snappy", ""):
        raise FactbookError(
            Kind.UNSUPPORTED,
            f"The content encoding {encoding[:40]!r} is not read here.",
            field="Content-Encoding",
            hint="Remote write is packed with snappy.",
        )


def _unpacked(body: bytes, limit: int) -> bytes:
    try:
        if cramjam.snappy.decompress_raw_len(body) > limit:
            raise too_large(limit)
        return bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError as error:
        raise FactbookError(
            Kind.MALFORMED,
            f"The body is not snappy: {str(error)[:200]}.",
            hint="Use snappy's block format, as Prometheus does.",
        ) from None


def _points(request: Any) -> Points:
    """Every sample; markers of staleness and other numbers that are none are left out."""
    points: list[Point] = []
    items = 0
    for series in request.timeseries:
        labels = {label.name: label.value for label in series.labels}
        name = labels.get("__name__", "")
        told = {"service": labels.get("job"), "host": labels.get("instance")}
        of = Source({key: found for key, found in told.items() if found}, told)
        given = {key: found for key, found in labels.items() if key not in _OWN}
        for sample in series.samples:
            items += 1
            if name and math.isfinite(sample.value):
                at = max(0, sample.timestamp) * 1_000_000
                points.append(Point(items - 1, of, name, at, sample.value, given))
    return Points(points, items, PREFIX, {one.metric_family_name: one.type for one in request.metadata})


def taken(sent: Points, turn: Turn) -> Taken:
    """Running totals as what they grew by, those of requests as these; all else as it is."""
    found = Taken(items=sent.items)
    for family, kind in sent.types.items():
        if turn.remembered(f"type/{family}") != kind:
            found.note(turn.remember(f"type/{family}", kind))

    def type_of(name: str) -> int | None:
        kind: int | None = turn.remembered(f"type/{name}")
        return kind

    plain: list[Point] = []
    running: list[Point] = []
    for point in sent.points:
        if point.value is not None and point.at <= turn.latest and is_running(point.name, type_of):
            running.append(replace(point, value=None, running=Running({"value": point.value})))
        else:
            plain.append(point)
    asked = [point for point in running if is_of_requests(point)]
    others = requests(found, asked, PREFIX, turn)
    return hosts.told(found, plain, [*(point for point in running if not is_of_requests(point)), *others], PREFIX, turn)
