"""One event as it goes over the wire: an id and a time of its own, known fields apart from properties, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

import msgspec
import uuid_utils

from .errors import ClientError

FIELDS = frozenset(
    [
        "event_id", "event_category", "timestamp", "user_id", "anonymous_id", "session_id", "content_id",
        "resource_type", "resource_id", "ip_address", "user_agent", "referrer", "country", "region", "city", "source",
        "correlation_id", "data_class",
    ]
)  # fmt: skip
"""What is a field of the event itself; every other name is a property."""

Encoded: TypeAlias = tuple[str, bytes]
"""An event's id and its JSON."""

_UNWRITABLE = (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError)


def encoded(event_type: str, members: Mapping[str, Any]) -> Encoded:
    """The event's id and its JSON. Raises ClientError naming what cannot be written."""
    if not isinstance(event_type, str) or not event_type:
        raise ClientError("An event needs a type, as text.", field="event_type")
    fields = {name: members[name] for name in members.keys() & FIELDS if members[name] is not None}
    event_id = str(fields.pop("event_id", None) or uuid_utils.uuid7())
    moment = fields.pop("timestamp", None)
    event = {
        "event_id": event_id,
        "event_type": event_type,
        "timestamp": moment or datetime.now(UTC).isoformat(timespec="milliseconds"),
        **{name: value if isinstance(value, str) else str(value) for name, value in fields.items()},
        "properties": _properties(members),
    }
    try:
        return event_id, _ENCODER.encode(event)
    except _UNWRITABLE as error:
        raise ClientError(
            f"This {event_type} cannot be written as JSON: {error}.",
            field=_culprit(event),
            hint="Send text, numbers, booleans, times, and lists and objects of them.",
        ) from None


def parts(events: Iterable[Mapping[str, Any]], most: int, size: int) -> Iterator[list[Encoded]]:
    """Ids and JSON in parts of so many events or bytes; the part before one that cannot be written still comes."""
    part: list[Encoded] = []
    total = 0
    try:
        for event in events:
            members = {name: value for name, value in event.items() if name != "event_type"}
            part.append(encoded(event.get("event_type", ""), members))
            total += len(part[-1][1])
            if len(part) >= most or total >= size:
                yield part
                part, total = [], 0
    except ClientError:
        if part:
            yield part
        raise
    if part:
        yield part


def _properties(members: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: value for name, value in members.items() if name not in FIELDS and name != "properties"}
    given = members.get("properties")
    if given is None:
        return own
    if not isinstance(given, Mapping):
        raise ClientError("`properties` is not an object.", field="properties", hint="Give it as a dict.")
    return {**own, **given}


def _plain(value: Any) -> Any:
    """Numbers of numpy and its kin as Python's own."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"a {type(value).__name__} is no JSON")


_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=_plain)


def _culprit(event: dict[str, Any]) -> str | None:
    """The first field or property that cannot be written."""
    places = {f"properties.{name}": value for name, value in event["properties"].items()}
    for place, value in {**event, **places}.items():
        if place != "properties":
            try:
                _ENCODER.encode(value)
            except _UNWRITABLE:
                return place
    return None
