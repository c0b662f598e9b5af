"""Attributes of OpenTelemetry as plain values, and what they say about who sent them."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

Attributes = Mapping[str, Any]


def attributes(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    return {pair.key: value(pair.value) for pair in pairs}


def value(given: AnyValue) -> Any:
    """As JSON has it: bytes as base64, numbers that JSON does not have as None."""
    kind = given.WhichOneof("value")
    if kind is None:
        return None
    found = getattr(given, kind)
    if kind == "array_value":
        return [value(item) for item in found.values]
    if kind == "kvlist_value":
        return attributes(found.values)
    if kind == "bytes_value":
        return base64.b64encode(found).decode()
    if kind == "double_value" and not math.isfinite(found):
        return None
    return found


def text(given: Attributes, *names: str) -> str | None:
    """The first of these that is there, as text: newer names come before those they took the place of."""
    found = next((given[name] for name in names if given.get(name) not in (None, "")), None)
    return None if found is None else found if isinstance(found, str) else str(found)


def number(given: Attributes, *names: str) -> float | int | None:
    for name in names:
        found = given.get(name)
        if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) < 16:
            return int(found)
        if isinstance(found, int | float) and not isinstance(found, bool):
            return found
    return None


@dataclass(frozen=True, slots=True)
class Source:
    """Who sent: properties that each of its events carries, and all that it said of itself, for ids."""

    properties: dict[str, Any]
    attributes: Attributes


def source(given: Attributes) -> Source:
    """OpenTelemetry's resource: service.name, host.name, service.version, deployment.environment.name."""
    told = {
        "service": text(given, "service.name"),
        "host": text(given, "host.name", "k8s.pod.name", "container.id", "service.instance.id"),
        "version": text(given, "service.version"),
        "environment": text(given, "deployment.environment.name", "deployment.environment"),
    }
    return Source({name: found for name, found in told.items() if found}, given)
