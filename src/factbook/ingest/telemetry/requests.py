"""Counters and histograms of requests of HTTP as `api_request` events, one for each request that they grew by."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .attributes import Attributes, text
from .counters import Growth, Running, Turn
from .points import Point
from .taken import Taken, digest, event, moment

MOST = 20_000
"""Requests of one body; what is beyond is told as a `metric`."""
EXACT = 2**53
"""Up to here every whole number is one."""
SILENCE = 3_600_000_000_000
"""Nanoseconds after which another family may tell of a service's requests."""

_COUNTER = re.compile(r"(?!.*(?:client|size|byte|exception))\w*http\w*request\w*_total\Z")
_HISTOGRAM = re.compile(r"(?!.*(?:client|size|byte))\w*http\w*(?:request|server)\w*_(seconds|milliseconds|ms)_bucket\Z")
_STATUS = ("http_response_status_code", "status_code", "status", "code")
_ENDPOINT = ("http_route", "route", "handler", "path", "endpoint", "uri")
_METHOD = ("http_request_method", "method")
_CODE = re.compile(r"([1-5])(?:\d\d|[xX]{2})\Z")


@dataclass(frozen=True, slots=True)
class Share:
    """Requests that are told alike: `number` of them came to the `before` there were. bounds: milliseconds that they
    took, above one and up to the other; None where that is not known."""

    name: str
    before: int
    number: int
    bounds: tuple[float, float] | None = None

    def took(self, place: int) -> float | None:
        """In the middle of its part of the bucket, and as long as the last bound beyond that, as Prometheus'
        histogram_quantile() has it."""
        if self.bounds is None:
            return None
        low, high = self.bounds
        return low if high == math.inf else round(low + (high - low) * (place + 0.5) / self.number, 6)


def is_of_requests(point: Point) -> bool:
    """Whether it tells of requests that a service answered: it names the service and the status."""
    return bool(
        point.running
        and all(0 <= total <= EXACT for total in point.running.totals.values())
        and point.source.properties.get("service")
        and _status(point.attributes)
        and (_COUNTER.match(point.name) or (_HISTOGRAM.match(point.name) and _is_bound(point.attributes.get("le"))))
    )


def requests(found: Taken, points: Sequence[Point], prefix: str, turn: Turn) -> list[Point]:
    """Adds their events; the points that are to be told as metrics instead: those of a family that does not tell of its
    service's requests.

    The first family that comes tells of them, but a histogram rather than a counter, and another one once it has been
    silent for an hour: two would count each request twice. The time between two samples is shared out evenly.
    """
    others: list[Point] = []
    left = MOST
    for sample in sorted(_samples(points), key=lambda one: (not _HISTOGRAM.match(one.name), one.at)):
        is_histogram = bool(_HISTOGRAM.match(sample.name))
        is_told = _claimed(found, sample, turn, is_histogram)
        if not (is_told or is_histogram):
            others.append(sample)
            continue
        assert sample.running is not None
        growth, note = turn.growth(sample.series, sample.at, sample.running)
        shares = _shares(sample, growth) if growth and is_told else []
        count = sum(share.number for share in shares)
        if growth and count > left:
            found.put(_too_many(sample, growth, count, prefix), sample.item)
        elif growth and count:
            left -= count
            for each in _events(sample, growth, shares, prefix):
                found.put(each, sample.item)
        if note is not None:
            found.note(note)
    return others


def _samples(points: Sequence[Point]) -> Iterator[Point]:
    """Buckets of one histogram and time as one, the rest as it is."""
    histograms: dict[str, list[Point]] = {}
    for point in points:
        if not _HISTOGRAM.match(point.name):
            yield point
            continue
        given = {name: value for name, value in point.attributes.items() if name != "le"}
        whole = Point(point.item, point.source, point.name, point.at, None, given)
        histograms.setdefault(f"{whole.series}{point.at}", [whole]).append(point)
    for whole, *buckets in histograms.values():
        totals = {one.attributes["le"]: one.running.totals["value"] for one in buckets if one.running}
        running = Running(totals, is_whole=False)
        yield Point(whole.item, whole.source, whole.name, whole.at, None, whole.attributes, {}, running)


def _claimed(found: Taken, point: Point, turn: Turn, is_histogram: bool) -> bool:
    name = f"claim/{digest(point.source.properties['service'])}"
    claim = turn.remembered(name)
    if claim is not None and claim[0] != point.name:
        _, at, of_histogram = claim
        if (of_histogram or not is_histogram) and point.at - at < SILENCE:
            return False
        claim = None
    if claim is None or point.at - claim[1] > SILENCE / 6:
        found.note(turn.remember(name, [point.name, point.at, is_histogram]))
    return True


def _shares(sample: Point, growth: Growth) -> list[Share]:
    if not (unit := _HISTOGRAM.match(sample.name)):
        return [Share("", round(growth.before.get("value", 0.0)), round(growth.of("value")))]
    scale = 1000.0 if unit[1] == "seconds" else 1.0
    found, below, low = [], "", 0.0
    for name in sorted(growth.now, key=float):
        before = growth.before.get(name, 0.0) - (growth.before.get(below, 0.0) if below else 0.0)
        number = growth.of(name) - (growth.of(below) if below else 0.0)
        high = scale * float(name)
        found.append(Share(name, round(before), max(0, round(number)), (low, high)))
        below, low = name, high
    return found


def _events(sample: Point, growth: Growth, shares: Sequence[Share], prefix: str) -> Iterator[dict[str, Any]]:
    """An id is of the series and of the request's number since it began: told in other steps too, it counts once."""
    given, count, place = sample.attributes, sum(share.number for share in shares), 0
    properties = {
        **sample.source.properties,
        "endpoint": text(given, *_ENDPOINT),
        "method": text(given, *_METHOD),
        "status_code": _status(given),
    }
    series = sample.series
    for share in shares:
        for number in range(share.number):
            place += 1
            at = growth.after + (sample.at - growth.after) * place // count
            id_ = f"{prefix}-request:{digest(series, growth.since, share.name, share.before + number)}"
            yield event("api_request", id_, moment(at), {**properties, "duration_ms": share.took(number)})


def _too_many(sample: Point, growth: Growth, count: int, prefix: str) -> dict[str, Any]:
    told = {"name": sample.name, "value": count, "temporality": "delta", "attributes": dict(sample.attributes)}
    id_ = f"{prefix}-grown:{digest(sample.series, growth.since, growth.after, sample.at)}"
    return event("metric", id_, moment(sample.at), {**sample.source.properties, **told})


def _is_bound(text: str | None) -> bool:
    try:
        return text is not None and float(text) > -math.inf
    except ValueError:
        return False


def _status(given: Attributes) -> int | None:
    """404 of 404, 400 of 4xx."""
    found = _CODE.match(text(given, *_STATUS) or "")
    if found is None:
        return None
    return int(found[0]) if found[0].isdigit() else 100 * int(found[1])
